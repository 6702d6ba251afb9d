"""Cloudflare's paths on a running gateway with a test key: its own SDK, OpenAI's, and bare HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest
from tests.e2e.pages import run_examples

from entrepot.testing.gateway import Gateway, ServerProcess
from entrepot.testing.upstream import FakeUpstream

BASE = "/client/v4/accounts/0a1b2c/ai"
HI: Any = [{"role": "user", "content": "Hello from the quay"}]
ASKED: Any = [{"role": "user", "content": "What is the weather in Oslo?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string", "description": "Which"}}, "required": ["city"]}
TOOL: Any = {"name": "get_weather", "description": "Current weather of a city", "parameters": CITY}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url + BASE, headers={"Authorization": f"Bearer {server.test_key}"}) as made:
        yield made


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    *lines, last = answer.text.strip().split("\n\n")
    assert last == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize("path", ["@cf/openai/gpt-oss-20b", "%40cf%2Fopenai%2Fgpt-oss-20b", "openai%2Fgpt-oss-20b"])
def test_the_model_may_be_encoded_in_the_path(client: httpx.Client, path: str) -> None:
    told = client.post(f"/run/{path}", json={"prompt": "Hello"}).json()
    assert (told["success"], told["errors"], told["messages"]) == (True, [], [])
    assert told["result"]["model"] == "openai/gpt-oss-20b"
    assert told["result"]["response"] and told["result"]["usage"]["cost"] > 0


def test_the_model_may_stand_in_the_body(client: httpx.Client) -> None:
    told = client.post("/run", json={"model": "openai/gpt-5.1", "input": {"messages": HI}}).json()
    assert told["result"]["response"] == told["result"]["choices"][0]["message"]["content"]


def test_a_stream_is_the_plain_answer_in_pieces(client: httpx.Client) -> None:
    body = {"messages": HI, "seed": 7, "reasoning_effort": "low"}
    whole = client.post("/run/openai/gpt-5.1", json=body).json()["result"]
    chunks = events_of(client.post("/run/openai/gpt-5.1", json=body | {"stream": True}))
    assert "".join(chunk["response"] for chunk in chunks) == whole["response"]
    assert "".join(chunk.get("reasoning", "") for chunk in chunks) == whole["choices"][0]["message"]["reasoning"]
    last = chunks[-1]
    assert (last["usage"], last["finish_reason"]) == (whole["usage"], "stop")
    assert last["reasoning_details"] == whole["choices"][0]["message"]["reasoning_details"]


def test_the_responses_form_gives_a_response_in_the_envelope_and_its_own_stream(client: httpx.Client) -> None:
    body = {"input": "Hello from the quay", "instructions": "Be brief."}
    told = client.post("/run/@cf/openai/gpt-oss-120b", json=body).json()
    assert (told["success"], told["result"]["object"], told["result"]["status"]) == (True, "response", "completed")
    stream = client.post("/run/@cf/openai/gpt-oss-120b", json=body | {"stream": True}).text
    assert "event: response.completed" in stream and "Hello from the quay" in stream
    refused = client.post("/run", json={"model": "openai/gpt-5.1", "input": [{"role": "captain", "content": "x"}]}).json()
    assert refused["success"] is False and refused["errors"][0]["source"]["pointer"].startswith("/input/0")


def test_a_tool_goes_round(client: httpx.Client) -> None:
    body = {"messages": ASKED, "tools": [TOOL]}
    first = client.post("/run/openai/gpt-5.1", json=body).json()["result"]
    assert first["response"] is None and first["tool_calls"][0]["arguments"] == {"city": "Oslo"}
    (called,) = [
        chunk for chunk in events_of(client.post("/run/openai/gpt-5.1", json=body | {"stream": True})) if "tool_calls" in chunk
    ]
    assert called["tool_calls"][0]["arguments"] == {"city": "Oslo"}
    turns = [
        *ASKED,
        {"role": "assistant", "content": "", "tool_calls": first["tool_calls"]},
        {"role": "tool", "name": "get_weather", "content": "11 degrees and rain"},
    ]
    second = client.post("/run/openai/gpt-5.1", json={"messages": turns, "tools": [TOOL]}).json()["result"]
    assert "11 degrees and rain" in second["response"]


def test_json_mode_gives_the_object(client: httpx.Client) -> None:
    wanted = {"type": "json_schema", "json_schema": CITY}
    told = client.post("/run/openai/gpt-5.1", json={"messages": HI, "response_format": wanted}).json()
    assert set(told["result"]["response"]) == {"city"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("openai/gpt-5.1", {"messages": HI, "temperature": 6}, 400, 5006),
        ("openai/gpt-5.1", {}, 400, 5006),
        ("@cf/nobody/nothing", {"prompt": "x"}, 400, 5007),
        ("openai/gpt-5.1:sandbox-rate-limit", {"prompt": "x"}, 429, 3040),
        ("openai/gpt-5.1:sandbox-overloaded", {"prompt": "x"}, 529, 3040),
        ("openai/gpt-5.1:sandbox-server-error", {"prompt": "x", "stream": True}, 500, 3000),
        ("openai/gpt-5.1:sandbox-no-credits", {"prompt": "x"}, 402, 3036),
    ],
)  # fmt: skip
def test_a_refusal_is_in_cloudflares_envelope(client: httpx.Client, path: str, body: Any, status: int, code: int) -> None:
    answer = client.post(f"/run/{path}", json=body)
    told = answer.json()
    assert (answer.status_code, told["errors"][0]["code"]) == (status, code)
    assert (told["success"], told["result"], told["messages"]) == (False, None, [])
    assert told["errors"][0]["metadata"]["remedy_hint"] or status >= 500
    assert (answer.headers.get("retry-after") == "1") == (status == 429)


def test_a_bad_key_method_or_body_is_told_in_the_envelope_too(client: httpx.Client) -> None:
    stranger = client.post("/run/openai/gpt-5.1", json={"prompt": "x"}, headers={"Authorization": "Bearer nothing"})
    assert (stranger.status_code, stranger.json()["errors"][0]["code"]) == (401, 10000)
    got = client.get("/run/openai/gpt-5.1")
    assert (got.status_code, got.json()["errors"][0]["code"], got.headers["allow"]) == (405, 7001, "POST, OPTIONS")
    torn = client.post("/run/openai/gpt-5.1", content=b"{torn")
    assert (torn.status_code, torn.json()["errors"][0]["code"]) == (400, 3003)


def test_a_stream_that_breaks_says_so_and_has_no_end_sign(client: httpx.Client) -> None:
    body = {"prompt": "[sandbox: break tokens_per_s=0]", "stream": True}
    answer = client.post("/run/openai/gpt-5.1", json=body)
    last = json.loads(answer.text.strip().split("\n\n")[-1].removeprefix("data: "))
    assert (last["success"], last["finish_reason"]) == (False, "error") and last["errors"][0]["message"]


def test_openais_sdk_calls_and_streams_below_ai_v1_and_reads_its_errors(server: ServerProcess) -> None:
    with openai.OpenAI(base_url=server.url + BASE + "/v1", api_key=server.test_key, max_retries=0) as sdk:
        assert sdk.chat.completions.create(model="openai/gpt-5.1", messages=HI).choices[0].message.content
        assert list(sdk.chat.completions.create(model="openai/gpt-5.1", messages=HI, stream=True))
        with pytest.raises(openai.BadRequestError, match="temperature") as caught:
            sdk.chat.completions.create(model="openai/gpt-5.1", messages=HI, temperature=3)
    told = caught.value.response.json()
    assert (told["success"], told["errors"][0]["code"], told["error"]["code"]) == (False, 5006, 400)


def test_openais_sdk_reaches_every_api_below_ai_v1(server: ServerProcess) -> None:
    with openai.OpenAI(base_url=server.url + BASE + "/v1", api_key=server.test_key, max_retries=0) as sdk:
        assert sdk.responses.create(model="@cf/openai/gpt-oss-20b", input="Hello").output_text
        assert sdk.completions.create(model="@cf/openai/gpt-oss-20b", prompt="Hello").choices[0].text
        assert sdk.embeddings.create(model="@cf/baai/bge-m3", input="Hello").data[0].embedding
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.responses.create(model="nobody/nothing", input="Hello")
    assert caught.value.response.json()["errors"][0]["code"] == 5007


@pytest.mark.parametrize("base", ["", "/v1"])
def test_anthropics_sdk_reaches_messages_and_reads_its_errors(server: ServerProcess, base: str) -> None:
    with anthropic.Anthropic(base_url=server.url + BASE + base, api_key=server.test_key, max_retries=0) as sdk:
        answer = sdk.messages.create(model="@cf/openai/gpt-oss-20b", max_tokens=100, messages=HI)
        assert answer.usage.output_tokens > 0
        with pytest.raises(anthropic.BadRequestError) as caught:
            sdk.messages.create(model="openai/gpt-5.1", max_tokens=100, messages=[])
    told = caught.value.response.json()
    assert (told["type"], told["error"]["type"], told["success"]) == ("error", "invalid_request_error", False)


def test_cloudflares_own_sdk_runs_a_model_and_reads_its_errors(server: ServerProcess) -> None:
    cloudflare = pytest.importorskip("cloudflare", reason="Cloudflare's SDK is not installed")
    with cloudflare.Cloudflare(api_token=server.test_key, base_url=server.url + "/client/v4", max_retries=0) as sdk:
        answer = sdk.ai.run("@cf/openai/gpt-oss-120b", account_id="0a1b2c", prompt="Hello")
        assert answer["response"] and answer["usage"]["total_tokens"] > 0
        with pytest.raises(cloudflare.BadRequestError) as caught:
            sdk.ai.run("openai/gpt-5.1", account_id="0a1b2c", prompt="Hello", temperature=9)
    assert [(error.code, error.source.pointer) for error in caught.value.errors] == [(5006, "/temperature")]


async def test_a_call_reaches_a_provider_in_its_own_dialect_and_leaves_a_record() -> None:
    async with FakeUpstream() as upstream:
        provider = {"dialect": "openai_chat", "base_url": upstream.url, "api_key": ""}
        offer = {"model": "openai/gpt-5.1", "provider": "acme", "upstream_model": "five"}
        async with Gateway(providers={"acme": provider}, endpoints=[offer]) as gateway:
            headers = {"Authorization": f"Bearer {gateway.live_key}"}
            async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
                body = {"messages": ASKED, "tools": [TOOL], "max_tokens": 50, "provider": {"only": ["acme"]}}
                told = (await client.post(BASE + "/run/openai/gpt-5.1", json=body)).json()["result"]
                record = (await client.get("/api/v1/generation", params={"id": told["id"]})).json()["data"]
        sent = upstream.seen[0].json()
    assert sent["model"] == "five" and sent["tools"][0]["function"]["name"] == "get_weather"
    assert record["total_cost"] == told["usage"]["cost"] > 0


def test_the_example_of_the_page_runs(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_examples("cloudflare", server)
    assert "Sandbox answer for openai/gpt-oss-120b" in capsys.readouterr().out
