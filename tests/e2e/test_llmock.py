"""Calls through the gateway to llmock from PyPI, which fails on request and writes down how it was treated."""

import contextlib
import importlib.util
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from independent import child, gateway
from pydantic import BaseModel

from entrepot.testing.gateway import ServerProcess

MODEL = "openai/gpt-5.1"
HI: Any = [{"role": "user", "content": "hi"}]
LONG = "tide " * 400


class Berth(BaseModel):
    quay: str
    free: bool


class Upstream:
    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url + "/_llmock")

    def will(self, *behaviors: dict[str, Any]) -> None:
        self._http.post("/reset").raise_for_status()
        self._http.post("/scenario", json={"behaviors": behaviors}).raise_for_status()

    def seen(self) -> list[dict[str, Any]]:
        """What was asked and how each call ended; waits up to two seconds for calls that still run."""
        found: list[dict[str, Any]] = self._http.get("/requests").json()["requests"]
        return found

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    if importlib.util.find_spec("llmock") is None:
        pytest.skip("llmock is not installed")
    serve = [sys.executable, "-c", "from llmock.cli import app; app()", "serve", "--host", "127.0.0.1", "--port", "0"]
    with child([*serve, "--stream-chunk-delay-ms", "5"]) as url, contextlib.closing(Upstream(url)) as made:
        yield made


@pytest.fixture(scope="module")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Two providers of one model; `first` is cheaper, so it is asked first."""
    toml = f"""
        [upstream]
        between_bytes_s = 0.5
        first_byte_s = 2

        [providers.first]
        base_url = "{upstream.url}/v1"
        api_key = ""

        [providers.second]
        base_url = "{upstream.url}/v1"
        api_key = ""

        [[endpoints]]
        model = "{MODEL}"
        provider = "first"
        upstream_model = "at-first"
        price = {{ prompt = "1", completion = "10" }}

        [[endpoints]]
        model = "{MODEL}"
        provider = "second"
        upstream_model = "at-second"
        price = {{ prompt = "2", completion = "10" }}
    """
    with gateway(tmp_path_factory.mktemp("gateway"), toml) as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url + "/v1", api_key=server.live_key, max_retries=0) as made:
        yield made


def fault(kind: str, after_chunks: int) -> dict[str, Any]:
    return {
        "type": "stream_fault",
        "kind": kind,
        "after_chunks": after_chunks,
        "stall_seconds": 60,
        "match": {"model": "at-first"},
    }


def test_the_openai_sdk_creates_streams_calls_tools_and_parses(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.will({"type": "reply", "text": "Fair wind", "times": 2})
    answer: Any = client.chat.completions.create(model=MODEL, messages=HI)
    with client.chat.completions.stream(model=MODEL, messages=HI) as stream:
        streamed: Any = stream.get_final_completion()
    assert answer.choices[0].message.content == streamed.choices[0].message.content == "Fair wind"
    assert answer.usage.cost == streamed.usage.cost > 0
    parsed = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Berth)
    assert isinstance(parsed.choices[0].message.parsed, Berth)
    weather: Any = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    tools: Any = [{"type": "function", "function": weather}]
    called: Any = client.chat.completions.create(model=MODEL, messages=HI, tools=tools).choices[0]
    assert (called.finish_reason, called.message.tool_calls[0].function.name) == ("tool_calls", "get_weather")


def test_a_throttled_endpoint_is_left_for_the_next(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.will({"type": "fail", "status": 429, "retry_after": 30, "match": {"model": "at-first"}})
    answer: Any = client.chat.completions.create(model=MODEL, messages=HI)
    assert answer.provider == "second"
    assert [(one["model"], one["status"]) for one in upstream.seen()] == [("at-first", 429), ("at-second", 200)]


def test_when_all_are_throttled_the_caller_hears_the_shortest_wait(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.will(
        {"type": "fail", "status": 429, "retry_after": 9, "match": {"model": "at-first"}},
        {"type": "fail", "status": 429, "retry_after": 7, "match": {"model": "at-second"}},
    )
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=HI)
    assert caught.value.response.headers["retry-after"] == "7"


def test_what_no_endpoint_takes_is_told_as_the_callers_to_mend(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.will(
        {"type": "fail", "status": 400, "message": "no such voice", "match": {"model": "at-first"}},
        {"type": "fail", "status": 503, "match": {"model": "at-second"}},
    )
    with pytest.raises(openai.BadRequestError, match="no such voice"):
        client.chat.completions.create(model=MODEL, messages=HI)
    assert [one["status"] for one in upstream.seen()] == [400, 503]


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "stall", "malformed"])
def test_a_stream_that_goes_wrong_ends_in_an_error(client: openai.OpenAI, upstream: Upstream, kind: str) -> None:
    upstream.will({"type": "reply", "text": LONG}, fault(kind, 5))
    text = ""
    with pytest.raises(openai.APIError) as caught:
        for chunk in client.chat.completions.create(model=MODEL, messages=HI, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert caught.type is openai.APIError
    assert text
    assert LONG.startswith(text)
    (seen,) = upstream.seen()
    assert not seen["completed"]


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "stall", "malformed"])
def test_a_stream_that_goes_wrong_before_it_began_is_had_elsewhere(client: openai.OpenAI, upstream: Upstream, kind: str) -> None:
    upstream.will(fault(kind, 0), {"type": "reply", "text": "Fair wind", "times": 2})
    with client.chat.completions.stream(model=MODEL, messages=HI) as stream:
        final: Any = stream.get_final_completion()
    assert (final.choices[0].message.content, final.provider) == ("Fair wind", "second")
    assert [one["model"] for one in upstream.seen()] == ["at-first", "at-second"]


def test_a_client_that_leaves_ends_the_call_within_a_second(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.will({"type": "reply", "text": LONG})
    with client.chat.completions.create(model=MODEL, messages=HI, stream=True) as stream:
        next(iter(stream))
    left_at = time.monotonic()
    (seen,) = upstream.seen()
    assert not seen["completed"]
    assert seen["chunks_sent"] < 400
    assert seen["ended_at"] - left_at < 1.0
