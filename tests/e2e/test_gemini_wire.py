"""Google's paths as bare HTTP on a running gateway: spellings of the path, keys, forms of streams, refusals, and any body at all."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from gemini_schema import PUBLISHED, faults
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.testing.gateway import Gateway, ServerProcess

HI: Any = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
ASK = "/v1beta/models/openai/gpt-5.1:generateContent"
STREAM = "/v1beta/models/openai/gpt-5.1:streamGenerateContent"
COUNT = "/v1beta/models/openai/gpt-5.1:countTokens"


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"x-goog-api-key": server.test_key}) as made:
        yield made


def refused(answer: httpx.Response) -> dict[str, Any]:
    told = answer.json()
    error = told[0]["error"] if isinstance(told, list) else told["error"]
    assert answer.headers["content-type"] == "application/json"
    assert error["code"] == answer.status_code and error["message"] and error["status"].isupper()
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    return dict(error)


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/openai/gpt-5.1",
        "/v1beta/models/openai%2Fgpt-5.1",
        "/v1beta/models/gpt-5.1",
        "/v1beta/models/openai/gpt-5.1:nitro",
        "/v1/models/openai/gpt-5.1",
        "/v1/projects/p/locations/europe-west1/publishers/openai/models/gpt-5.1",
        "/v1beta1/publishers/openai/models/gpt-5.1",
    ],
)
def test_a_model_may_be_spelt_in_many_ways(client: httpx.Client, path: str) -> None:
    assert client.post(f"{path}:generateContent", json=HI).json()["modelVersion"] == "openai/gpt-5.1"
    assert client.post(f"{path}:streamGenerateContent?alt=sse", json=HI).text.startswith("data: {")


@pytest.mark.parametrize(
    "path", [COUNT, "/v1/models/gpt-5.1:countTokens", "/v1/projects/p/locations/l/publishers/openai/models/gpt-5.1:countTokens"]
)
def test_tokens_are_counted_of_contents_or_of_a_whole_request(client: httpx.Client, path: str) -> None:
    alone = client.post(path, json=HI).json()["totalTokens"]
    whole = HI | {"system_instruction": {"parts": [{"text": "Be brief."}]}, "model": "models/gpt-5.1"}
    assert client.post(path, json={"generateContentRequest": whole}).json()["totalTokens"] > alone > 0
    assert refused(client.post(path, json={}))["details"][1]["fieldViolations"][0]["field"] == "contents"


def test_openais_models_stay_where_they_are(client: httpx.Client) -> None:
    assert client.get("/v1/models/openai/gpt-5.1").json()["object"] == "model"
    assert client.get("/v1/models").json()["object"] == "list"


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent", "countTokens"])
def test_a_key_may_come_in_a_header_or_in_the_query(server: ServerProcess, method: str) -> None:
    url, key = f"{server.url}/v1beta/models/gpt-5.1:{method}", server.test_key
    ways: list[Any] = [
        {"headers": {"x-goog-api-key": key}},
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"params": {"key": key}},
    ]
    for way in ways:
        assert httpx.post(url, json=HI, **way).status_code == 200
    for bad in ({}, {"params": {"key": "AIzaSyOther"}}, {"headers": {"x-goog-api-key": "sk-ep-test-wrong"}}):
        error = refused(httpx.post(url, json=HI, **bad))
        assert (error["status"], error["details"][0]["reason"]) == ("UNAUTHENTICATED", "API_KEY_INVALID")


def test_models_are_read_with_a_key_alone(server: ServerProcess) -> None:
    for path in ("/v1beta/models", "/v1beta/models/gpt-5.1"):
        assert httpx.get(server.url + path, params={"key": server.test_key}).status_code == 200
        assert refused(httpx.get(server.url + path))["code"] == 401


def test_a_key_in_the_query_is_for_googles_paths_alone_and_never_comes_back(server: ServerProcess) -> None:
    key = {"key": server.test_key}
    assert httpx.get(server.url + "/api/v1/key", params=key).status_code == 401
    for path in ("/v1beta/models/nothing", "/v1beta/nothing", "/v1beta/models?pageSize=x"):
        answer = httpx.get(server.url + path, params=key if "?" not in path else None)
        assert server.test_key not in answer.text + str(answer.headers)
    bad = httpx.post(server.url + ASK, params={"key": "sk-ep-test-canary"}, json=HI)
    assert bad.status_code == 401 and "canary" not in bad.text
    assert server.test_key not in httpx.get(server.url + "/metrics").text


def test_a_stream_without_events_is_one_array_of_the_same_pieces(client: httpx.Client) -> None:
    body = HI | {"generationConfig": {"seed": 5, "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "low"}}}
    events, array = client.post(STREAM + "?alt=sse", json=body), client.post(STREAM, json=body)
    assert events.headers["content-type"].startswith("text/event-stream")
    assert array.headers["content-type"] == "application/json"
    told = [json.loads(event.removeprefix("data: ")) for event in events.text.split("\n\n") if event]

    def text(pieces: list[Any]) -> str:
        return "".join(part.get("text", "") for piece in pieces for part in piece["candidates"][0]["content"]["parts"])

    assert text(array.json()) == text(told) and array.json()[-1]["usageMetadata"] == told[-1]["usageMetadata"]
    broken = client.post(STREAM, json={"contents": [{"parts": [{"text": "[sandbox: break tokens_per_s=0]"}]}]}).json()
    assert broken[-1]["error"]["status"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("path", "body", "code", "status"),
    [
        (ASK, b"{torn", 400, "INVALID_ARGUMENT"),
        (ASK, b"[]", 400, "INVALID_ARGUMENT"),
        (ASK, b'{"messages": []}', 400, "INVALID_ARGUMENT"),
        (STREAM, b"{torn", 400, "INVALID_ARGUMENT"),
        (COUNT, b"{torn", 400, "INVALID_ARGUMENT"),
        ("/v1beta/models/no/such:generateContent", b"{}", 400, "INVALID_ARGUMENT"),
        ("/v1beta/models/no/such:generateContent", json.dumps(HI).encode(), 404, "NOT_FOUND"),
        ("/v1beta/models/no/such:streamGenerateContent", json.dumps(HI).encode(), 404, "NOT_FOUND"),
        ("/v1beta/models/no/such:countTokens", json.dumps(HI).encode(), 404, "NOT_FOUND"),
        ("/v1beta/models/openai/gpt-5.1:embedContent", b"{}", 405, "UNIMPLEMENTED"),
        (f"/v1beta/models/{'x' * 300}:generateContent", b"{}", 405, "UNIMPLEMENTED"),
        ("/v1beta/cachedContents", b"{}", 404, "NOT_FOUND"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_googles_envelope(
    client: httpx.Client, path: str, body: bytes, code: int, status: str
) -> None:
    answer = client.post(path, content=body)
    error = refused(answer)
    assert (error["code"], error["status"]) == (code, status)
    assert isinstance(answer.json(), list) == ("streamGenerateContent" in path)


def test_a_call_without_its_result_is_refused_by_its_path(client: httpx.Client) -> None:
    called = {"role": "model", "parts": [{"functionCall": {"name": "get_weather", "args": {}}}]}
    error = refused(client.post(ASK, json={"contents": [*HI["contents"], called, *HI["contents"]]}))
    assert error["details"][1]["fieldViolations"][0]["field"].startswith("contents[")


async def test_a_body_that_is_too_long_is_refused_too() -> None:
    async with Gateway(server={"max_body_bytes": 2000}) as gateway, httpx.AsyncClient(base_url=gateway.url) as http:
        for path in (ASK, STREAM, COUNT):
            answer = await http.post(path, content=b" " * 3000, headers={"x-goog-api-key": gateway.test_key})
            assert refused(answer)["code"] == 413


def test_a_management_key_does_not_generate(server: ServerProcess) -> None:
    error = refused(httpx.post(server.url + ASK, json=HI, headers={"x-goog-api-key": server.management_key}))
    assert (error["code"], error["status"]) == (403, "PERMISSION_DENIED")


def test_pages_of_models_make_the_whole_list(client: httpx.Client) -> None:
    names: list[str] = []
    token = ""
    while token or not names:
        page = client.get("/v1beta/models", params={"pageSize": 150, "pageToken": token}).json()
        names += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken", "")
    assert names == [f"models/{model['id']}" for model in client.get("/v1/models").json()["data"]]
    assert len(client.get("/v1beta/models").json()["models"]) == 50
    assert client.get("/v1beta/models", params={"pageToken": "999999"}).json() == {"models": []}
    assert refused(client.get("/v1beta/models", params={"pageToken": "-1"}))["code"] == 400


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="Google's published schema is not beside the repository")
def test_lists_counts_and_sandbox_answers_keep_to_googles_schema(client: httpx.Client) -> None:
    listed = client.get("/v1beta/models", params={"pageSize": 1000}).json()
    assert [fault for fault in faults("ListModelsResponse", listed) if "thinking" not in fault] == []
    assert faults("CountTokensResponse", client.post(COUNT, json=HI).json()) == []
    answer = client.post(ASK, json=HI).json()
    assert answer["usageMetadata"].pop("cost") > 0 and answer["usageMetadata"].pop("costDetails")
    assert faults("GenerateContentResponse", answer) == []


NAMES = ["text", "functionCall", "functionResponse", "name", "args", "response", "inlineData", "mimeType", "data", "fileData", "fileUri",
         "thought", "thoughtSignature", "role", "parts", "thinkingConfig", "thinkingBudget", "maxOutputTokens", "responseSchema", "type",
         "responseMimeType", "functionDeclarations", "parameters", "mode", "functionCallingConfig", "candidateCount", "stopSequences"]  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers(-2, 2**65) | st.floats(allow_nan=False) | st.text(max_size=5)
LEAVES |= st.sampled_from(["user", "model", "f", "image/png", "aGk=", "application/json", "OBJECT", "gs://berth/x.png", "ANY"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), max_leaves=10
)
CONTENTS = st.lists(st.fixed_dictionaries({"parts": st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2), max_size=3)},
                                          optional={"role": st.sampled_from(["user", "model"])}), max_size=3)  # fmt: skip
TOP = [
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "generateContentRequest",
    "models",
    "provider",
]
BODIES = VALUES | st.fixed_dictionaries({"contents": CONTENTS | VALUES}, optional=dict.fromkeys(TOP, VALUES))


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40))
def test_whatever_the_body_is_it_is_answered_or_refused(client: httpx.Client, body: bytes) -> None:
    for path in (ASK, STREAM, STREAM + "?alt=sse", COUNT):
        answer = client.post(path, content=body)
        assert answer.status_code < 500, answer.text
        if answer.status_code != 200:
            refused(answer)
