"""Calls through the gateway to aimock, a mock of OpenAI's API from npm that checks the key it is shown."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from independent import child, gateway
from node_sdk import HERE, Ran, node
from pydantic import BaseModel

from entrepot.testing.gateway import ServerProcess

pytestmark = pytest.mark.node

MODEL = "openai/gpt-5.1"
UPSTREAM_KEY = "a-key-that-only-the-provider-knows"
FIXTURES: Any = [
    {"match": {"userMessage": "rockets"}, "response": {"content": "Ahoy 🚀🌊 captain 🚢!"}, "chunkSize": 1},
    {"match": {"userMessage": "refuse"}, "response": {"error": {"message": "too sad", "param": "messages"}, "status": 400}},
    {"match": {"userMessage": "slow down"}, "response": {"error": {"message": "too fast"}, "status": 429}},
    {"match": {"userMessage": "break"}, "response": {"error": {"message": "oops"}, "status": 500}},
    {
        "match": {"userMessage": "cut"},
        "response": {"content": "Never to its end."},
        "chunkSize": 2,
        "latency": 20,
        "truncateAfterChunks": 5,
    },
    {"match": {"responseFormat": "json_schema"}, "response": {"content": '{"quay":"north","free":true}'}},
    {"match": {"hasToolResult": True}, "response": {"content": "It rains in Oslo."}},
    {
        "match": {"toolName": "get_weather"},
        "response": {"toolCalls": [{"name": "get_weather", "arguments": '{"city":"Oslo"}'}]},
    },
    {
        "match": {"endpoint": "chat"},
        "response": {
            "content": "Hello from aimock",
            "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107},
        },
    },
]


class Berth(BaseModel):
    quay: str
    free: bool


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
    program = str(HERE / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js")
    with child([node(), program, "-p", "0", "-f", str(fixtures)], {"AIMOCK_API_KEYS": UPSTREAM_KEY}) as url:
        yield url


@pytest.fixture(scope="module")
def server(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    toml = f"""
        [providers.acme]
        name = "Acme"
        base_url = "{upstream}/v1"
        api_key = "env:ACME_API_KEY"

        [providers.lapsed]
        base_url = "{upstream}/v1"
        api_key = "env:LAPSED_API_KEY"

        [[endpoints]]
        model = "{MODEL}"
        provider = "acme"
        upstream_model = "acme-5"
        price = {{ prompt = "1.25", completion = "10", cached = "0.125" }}

        [[endpoints]]
        model = "openai/gpt-5.1-codex"
        provider = "lapsed"
    """
    folder = tmp_path_factory.mktemp("gateway")
    with gateway(folder, toml, ACME_API_KEY=UPSTREAM_KEY, LAPSED_API_KEY="no-longer-good") as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url + "/v1", api_key=server.live_key, max_retries=0) as made:
        yield made


def says(text: str) -> Any:
    return [{"role": "user", "content": text}]


def last_seen(upstream: str) -> Any:
    """What aimock wrote down of the last request it got."""
    journal = httpx.get(upstream + "/__aimock/journal", headers={"authorization": f"Bearer {UPSTREAM_KEY}"})
    return journal.json()[-1]


def test_openai_python_creates_and_streams_at_the_price_of_the_file(client: openai.OpenAI) -> None:
    answer: Any = client.chat.completions.create(model=MODEL, messages=says("hi"))
    with client.chat.completions.stream(model=MODEL, messages=says("hi")) as stream:
        streamed: Any = stream.get_final_completion()
    for one in (answer, streamed):
        assert one.choices[0].message.content == "Hello from aimock"
        assert (one.model, one.provider) == (MODEL, "Acme")
        assert one.usage.cost == 0.000195


def test_the_provider_gets_its_own_key_and_nothing_of_ours(client: openai.OpenAI, upstream: str) -> None:
    client.chat.completions.create(
        model=MODEL,
        messages=says("hi"),
        extra_body={"provider": {"only": ["acme"]}, "models": [MODEL], "usage": {"include": True}, "session_id": "s"},
        extra_headers={"X-Title": "Harbour", "HTTP-Referer": "https://harbour.test"},
    )
    seen = last_seen(upstream)
    assert set(seen["body"]) - {"_endpointType"} == {"model", "messages"}
    assert seen["body"]["model"] == "acme-5"
    assert {"x-title", "http-referer"}.isdisjoint(seen["headers"])
    assert "sk-ep-" not in json.dumps(seen)


def test_a_provider_that_refuses_our_key_is_not_the_callers_401(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError, match="Invalid API key") as caught:
        client.chat.completions.create(model="openai/gpt-5.1-codex", messages=says("hi"))
    assert caught.value.status_code == 502


def test_a_tool_loop_and_a_schema_go_through(client: openai.OpenAI, upstream: str) -> None:
    tools: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    message = client.chat.completions.create(model=MODEL, messages=says("Rain?"), tools=tools).choices[0].message
    assert message.tool_calls is not None
    turns = [*says("Rain?"), message.model_dump(exclude_none=True)]
    turns.append({"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "yes"})
    second = client.chat.completions.create(model=MODEL, messages=turns, tools=tools)
    assert second.choices[0].message.content == "It rains in Oslo."
    berth = client.chat.completions.parse(model=MODEL, messages=says("hi"), response_format=Berth).choices[0].message.parsed
    assert berth == Berth(quay="north", free=True)
    assert last_seen(upstream)["body"]["response_format"]["json_schema"]["name"] == "Berth"


def test_refusals_keep_their_class_and_their_words(client: openai.OpenAI) -> None:
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="Acme answered 400: too sad"):
            client.chat.completions.create(model=MODEL, messages=says("refuse"), stream=stream)
        with pytest.raises(openai.RateLimitError, match="too fast") as limited:
            client.chat.completions.create(model=MODEL, messages=says("slow down"), stream=stream)
        assert limited.value.response.headers["retry-after"] == "1"
        with pytest.raises(openai.InternalServerError, match="oops"):
            client.chat.completions.create(model=MODEL, messages=says("break"), stream=stream)


def test_a_stream_that_is_cut_ends_in_an_error(client: openai.OpenAI) -> None:
    text = ""
    with pytest.raises(openai.APIError, match="broke off"):
        for chunk in client.chat.completions.create(model=MODEL, messages=says("cut"), stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text
    assert "Never to its end.".startswith(text)


def test_halves_of_an_emoji_come_out_as_they_went_in(client: openai.OpenAI) -> None:
    """aimock cuts text between the two surrogates of a character."""
    chunks = [
        chunk.choices[0].delta.content or ""
        for chunk in client.chat.completions.create(model=MODEL, messages=says("rockets"), stream=True)
        if chunk.choices
    ]
    assert "\ud83d" in chunks
    assert "".join(chunks).encode("utf-16", "surrogatepass").decode("utf-16") == "Ahoy 🚀🌊 captain 🚢!"


def test_the_node_sdks_take_what_comes(server: ServerProcess) -> None:
    plan = dict.fromkeys(("create", "stream", "parse", "tools"), (MODEL,))
    openai_node = Ran("openai.mjs", plan, url=server.url, key=server.live_key)
    assert openai_node("create")[MODEL]["choices"][0]["message"]["content"] == "Hello from aimock"
    assert openai_node("stream")[MODEL]["deltas"] == "Hello from aimock"
    assert openai_node("parse")[MODEL] == {"quay": "north", "free": True}
    assert openai_node("tools")[MODEL] == {"said": "It rains in Oslo.", "asked": ["Oslo"]}
    openrouter = Ran("openrouter.mjs", dict.fromkeys(("stream", "generation"), (MODEL,)), url=server.url, key=server.live_key)
    assert openrouter("stream")[MODEL]["text"] == "Hello from aimock"
    found = openrouter("generation")[MODEL]
    assert found["generation"]["totalCost"] == found["answer"]["usage"]["cost"] == 0.000195
    assert found["generation"]["providerName"] == "Acme"
