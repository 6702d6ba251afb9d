"""OpenAI's and OpenRouter's own Node SDKs against a running gateway with a test key: no provider, no account."""

from collections.abc import Iterator

import pytest
from node_sdk import Ran

from entrepot.testing.gateway import ServerProcess

pytestmark = pytest.mark.node

FAMILY = (
    "openai/gpt-5.1",
    "openai/gpt-5.1-chat",
    "openai/gpt-5.1-codex",
    "openai/gpt-5.1-codex-mini",
    "openai/gpt-5.1-2025-11-13",
)
REFUSED = ("openai/gpt-51", "openai/gpt-5.1:sandbox-rate-limit", "openai/gpt-5.1:sandbox-overloaded")


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def openai(server: ServerProcess) -> Ran:
    """Loading an SDK costs a second or three, so every step is run in one go."""
    plan = dict.fromkeys(("create", "stream", "parse", "tools", "models"), FAMILY)
    plan |= {"error": REFUSED, "streamError": ("openai/gpt-5.1:sandbox-break",)}
    return Ran("openai.mjs", plan, url=server.url, key=server.test_key)


@pytest.fixture(scope="module")
def openrouter(server: ServerProcess) -> Ran:
    plan = dict.fromkeys(("send", "stream", "models", "get", "endpoints", "generation"), FAMILY)
    plan |= {"error": REFUSED, "key": FAMILY[:1]}
    return Ran("openrouter.mjs", plan, url=server.url, key=server.test_key)


def test_openai_creates_with_each_of_the_family(openai: Ran) -> None:
    for model, answer in openai("create").items():
        assert answer["id"].startswith("gen-")
        assert answer["model"] == model
        assert model in answer["choices"][0]["message"]["content"]
        assert answer["usage"]["cost"] > 0


def test_openai_streams_each_of_the_family(openai: Ran) -> None:
    for model, streamed in openai("stream").items():
        final = streamed["final"]
        assert model in streamed["deltas"]
        assert final["choices"][0]["message"]["content"] == streamed["deltas"]
        assert final["choices"][0]["finish_reason"] == "stop"
        assert final["usage"]["cost"] > 0


def test_openai_parses_by_a_zod_schema(openai: Ran) -> None:
    for parsed in openai("parse").values():
        assert parsed["quay"] in ("north", "south")
        assert isinstance(parsed["free"], bool)


def test_openai_runs_a_tool_and_gets_its_second_turn(openai: Ran) -> None:
    for ran in openai("tools").values():
        assert ran["asked"] == ["Oslo"]
        assert "11 degrees and rain" in ran["said"]


def test_openai_lists_the_family(openai: Ran) -> None:
    assert all(openai("models").values())


def test_openai_sees_refusals_as_its_own_error_classes(openai: Ran) -> None:
    unknown, limited, overloaded = openai("error").values()
    assert (unknown["name"], unknown["status"]) == ("BadRequestError", 400)
    assert "Did you mean openai/gpt-5.1" in unknown["message"]
    assert (limited["name"], limited["status"]) == ("RateLimitError", 429)
    assert (overloaded["name"], overloaded["status"]) == ("InternalServerError", 529)


def test_openai_sees_a_stream_that_breaks(openai: Ran) -> None:
    (broken,) = openai("streamError").values()
    assert broken["text"]
    assert broken["name"] == "APIError"
    assert "broke" in broken["message"]


def test_openrouter_accepts_plain_answers_with_reasoning(openrouter: Ran) -> None:
    for model, answer in openrouter("send").items():
        message = answer["choices"][0]["message"]
        assert model in message["content"]
        assert {detail["type"] for detail in message["reasoningDetails"]} == {"reasoning.summary", "reasoning.encrypted"}
        assert answer["usage"]["completionTokensDetails"]["reasoningTokens"] > 0


def test_openrouter_accepts_every_chunk(openrouter: Ran) -> None:
    for model, streamed in openrouter("stream").items():
        assert model in streamed["text"]
        assert streamed["usage"]["cost"] > 0


def test_openrouter_accepts_all_models_and_their_endpoints(openrouter: Ran) -> None:
    listed, single, endpoints = openrouter("models"), openrouter("get"), openrouter("endpoints")
    for model in FAMILY[:4]:
        assert listed[model] == single[model]
        assert listed[model]["pricing"]["prompt"] == ("0.00000025" if model.endswith("mini") else "0.00000125")
        assert "OpenAI" in {endpoint["providerName"] for endpoint in endpoints[model]["endpoints"]}


def test_openrouter_reads_a_generation_at_once(openrouter: Ran) -> None:
    for model, found in openrouter("generation").items():
        answer, generation = found["answer"], found["generation"]
        assert generation["id"] == answer["id"]
        assert generation["model"] == model
        assert generation["totalCost"] == answer["usage"]["cost"]


def test_openrouter_reads_the_key(openrouter: Ran) -> None:
    (key,) = openrouter("key").values()
    assert key["label"].startswith("sk-ep-test-")
    assert key["isManagementKey"] is False


def test_openrouter_sees_refusals_as_its_own_error_classes(openrouter: Ran) -> None:
    assert [(one["name"], one["status"]) for one in openrouter("error").values()] == [
        ("BadRequestResponseError", 400),
        ("TooManyRequestsResponseError", 429),
        ("ProviderOverloadedResponseError", 529),
    ]
