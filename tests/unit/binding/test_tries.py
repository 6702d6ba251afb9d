"""When a call is sent again, after how long, and what a failure says."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from entrepot import AIError, AsyncAI
from entrepot.binding.answers import Answer, Chunk


class Given:
    """A reply that is here at once, in the pieces given."""

    def __init__(self, status: int, *pieces: Any, **headers: str) -> None:
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._pieces = [piece if isinstance(piece, bytes) else json.dumps(piece).encode() for piece in pieces]
        self.closed = False

    async def chunk(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self.closed = True


class Script:
    """A transport that gives these replies, or raises these failures, one after another."""

    def __init__(self, *replies: Given | AIError) -> None:
        self._replies = list(replies)
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.waited: list[float] = []

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Given:
        self.sent.append((method, path, json.loads(body)))
        reply = self._replies.pop(0)
        if isinstance(reply, AIError):
            raise reply
        return reply

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


def caller(script: Script, retries: int = 2) -> AsyncAI:
    return AsyncAI(transport=script, sleep=script.sleep, retries=retries)


def good() -> Given:
    return Given(200, {"result": {"response": "Hi", "usage": {"cost": 0.000001}}, "success": True, "errors": [], "messages": []})


def bad(status: int, *, retryable: bool = True, **headers: str) -> Given:
    said = {"code": 3040, "message": "Not now.", "metadata": {"error_type": "x", "retryable": retryable, "field": "f"}}
    return Given(status, {"errors": [said], "success": False, "id": "gen-1"}, **headers)


def unreachable() -> AIError:
    return AIError("Nobody there.", code="unreachable", retryable=True)


async def test_a_call_names_its_model_in_the_path_and_sends_what_it_was_given() -> None:
    script = Script(good())
    answer = await caller(script).run("@cf/openai/gpt oss", {"prompt": "Hello"})
    assert script.sent == [
        ("POST", "/client/v4/accounts/entrepot/ai/run/@cf/openai/gpt%20oss", {"prompt": "Hello", "stream": False})
    ]
    assert (answer["response"], str(answer.cost)) == ("Hi", "0.000001")


async def test_it_is_sent_again_after_as_long_as_the_refusal_says() -> None:
    script = Script(bad(429, retry_after="7"), bad(503), good())
    assert (await caller(script).run("m", {"prompt": "x"}))["response"] == "Hi"
    assert script.waited == [7.0, 1.0]


async def test_it_is_sent_again_when_nobody_was_there() -> None:
    script = Script(unreachable(), unreachable(), good())
    await caller(script).run("m", {"prompt": "x"})
    assert script.waited == [0.5, 1.0]


@pytest.mark.parametrize(
    "failure",
    [bad(400, retryable=False), bad(429, retry_after="3600"), AIError("Slow.", code="timeout", retryable=True)],
    ids=["refused for good", "refused for an hour", "timed out"],
)
async def test_it_is_not_sent_again_where_that_would_not_help(failure: Given | AIError) -> None:
    script = Script(failure, good())
    with pytest.raises(AIError):
        await caller(script).run("m", {"prompt": "x"})
    assert script.waited == []


async def test_after_so_many_tries_the_last_failure_is_told() -> None:
    script = Script(bad(503), bad(503), bad(429, retry_after="2"))
    with pytest.raises(AIError) as caught:
        await caller(script, retries=2).run("m", {"prompt": "x"})
    told = caught.value
    assert (told.status, told.code, told.field, told.retry_after_s, told.generation_id) == (429, "x", "f", 2.0, "gen-1")


async def test_a_page_of_a_proxy_is_a_failure_with_its_status() -> None:
    with pytest.raises(AIError) as caught:
        await caller(Script(Given(502, b"<html>Bad gateway")), retries=0).run("m", {"prompt": "x"})
    assert (caught.value.status, caught.value.code, caught.value.retryable) == (502, "broken_answer", True)


async def test_a_stream_is_read_whatever_pieces_it_comes_in() -> None:
    events = b'data: {"response":"A"}\n\ndata: {"response":"B"}\n\ndata: {"response":"","usage":{"cost":0.5}}\n\ndata: [DONE]\n\n'
    reply = Given(200, events[:5], events[5:40], events[40:])
    chunks = [chunk async for chunk in await caller(Script(reply)).run("m", {"prompt": "x"}, stream=True)]
    assert ("".join(chunk.text for chunk in chunks), str(chunks[-1].cost), reply.closed) == ("AB", "0.5", True)


@pytest.mark.parametrize(
    ("last", "code", "status"),
    [
        (b"", "broken_answer", 0),
        (b'data: {"response":"","success":false,"status":502,"errors":[{"message":"x","metadata":{"error_type":"y"}}]}\n\n', "y", 502),
    ],
    ids=["without an end", "with an error"],
)  # fmt: skip
async def test_a_stream_that_breaks_is_a_failure_after_what_came(last: bytes, code: str, status: int) -> None:
    stream = await caller(Script(Given(200, b'data: {"response":"A"}\n\n', last))).run("m", {"prompt": "x", "stream": True})
    seen: list[Chunk] = []
    with pytest.raises(AIError) as caught:
        while True:
            seen.append(await anext(stream))  # type: ignore[arg-type] # asked for in the inputs, which types do not see
    assert ([chunk.text for chunk in seen], caught.value.code, caught.value.status) == (["A"], code, status)


async def test_a_stream_that_is_left_is_closed() -> None:
    reply = Given(200, b'data: {"response":"A"}\n\n', b'data: {"response":"B"}\n\n')
    async with await caller(Script(reply)).run("m", {"prompt": "x"}, stream=True) as stream:
        assert (await anext(stream)).text == "A"
    assert reply.closed


async def test_an_answer_that_never_comes_is_a_timeout() -> None:
    class Silent(Script):
        async def send(self, *_: Any) -> Given:
            await asyncio.Event().wait()
            return good()

    with pytest.raises(AIError) as caught:
        await AsyncAI(transport=Silent(), timeout_s=0.01).run("m", {"prompt": "x"})
    assert (caught.value.code, caught.value.status) == ("timeout", 0) and caught.value.remedy


def test_in_json_mode_the_text_is_that_of_the_object() -> None:
    answer = Answer({"response": {"a": 1}, "choices": [{"message": {"content": '{"a": 1}'}}], "id": "gen-1"})
    assert (answer.text, answer.id, answer.tool_calls) == ('{"a": 1}', "gen-1", [])
