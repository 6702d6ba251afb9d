"""One case put to one endpoint, through the gateway as any caller would, streamed or not, and with nothing to fall back on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from entrepot.checks.case import Body, Reply, ToolCall
from entrepot.dialects.sse import EventReader
from entrepot.errors import BrokenStream
from entrepot.metering.tokens import count_text
from entrepot.values.model import Endpoint
from entrepot.values.usage import Usage

_PATH = "/api/v1/chat/completions"
_HEADERS = {"content-type": "application/json", "x-title": "Endpoint checks"}
_LONGEST_EVENT = 4 * 2**20
_LONGEST_ERROR = 2**20
_WHY = 200
_decode = msgspec.json.decode


class Answer(Protocol):
    @property
    def status(self) -> int: ...

    async def chunk(self) -> bytes:
        """b"" at the end."""
        ...

    def close(self) -> None: ...


class Gateway(Protocol):
    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class Asker:
    """`ask` puts one request to the endpoint. `cost` is what all of them cost so far, in US dollars."""

    def __init__(self, gateway: Gateway, endpoint: Endpoint, monotonic: Callable[[], float]) -> None:
        self._gateway = gateway
        self._where = {"model": endpoint.model, "provider": _only(endpoint), "stream": True}
        self._monotonic = monotonic
        self.cost = 0.0

    async def ask(self, body: Body) -> Reply:
        began = self._monotonic()
        answer = await self._gateway.send("POST", _PATH, _HEADERS, msgspec.json.encode(self._where | body))
        try:
            if answer.status != 200:
                return Reply(error=await _refusal(answer))
            heard = _Heard()
            async for event in _events(answer) if body.get("stream", True) else _whole(answer):
                if heard.take(event) and not heard.first_ms:
                    heard.first_ms = (self._monotonic() - began) * 1000
        except BrokenStream as broken:
            return Reply(error=broken.message)
        finally:
            answer.close()
        self.cost += heard.cost
        return heard.reply((self._monotonic() - began) * 1000)


class _Heard:
    """What has come of a stream."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.thoughts: list[str] = []
        self.calls: dict[int, tuple[str, str]] = {}
        self.finish = self.error = ""
        self.usage: Usage | None = None
        self.cost = self.first_ms = 0.0

    def take(self, event: Any) -> bool:
        """True for a piece that says something."""
        if failure := event.get("error"):
            self.error = str(failure.get("message", "it broke"))[:_WHY]
        if usage := event.get("usage"):
            self._take_usage(usage)
        said = False
        for choice in event.get("choices") or ():
            said |= self._take_choice(choice)
        return said

    def _take_usage(self, usage: Mapping[str, Any]) -> None:
        thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
        self.usage = Usage(usage["prompt_tokens"], usage["completion_tokens"], reasoning_tokens=thought)
        self.cost = float(usage.get("cost") or 0)

    def _take_choice(self, choice: Mapping[str, Any]) -> bool:
        delta = choice.get("delta") or {}
        text, thought, calls = delta.get("content") or "", delta.get("reasoning") or "", delta.get("tool_calls") or ()
        self.finish = choice.get("finish_reason") or self.finish
        self.text.append(text)
        self.thoughts.append(thought)
        for call in calls:
            self._take_call(call.get("index") or 0, call.get("function") or {})
        return bool(text or thought or calls)

    def _take_call(self, index: int, function: Mapping[str, Any]) -> None:
        name, arguments = self.calls.get(index, ("", ""))
        self.calls[index] = name + (function.get("name") or ""), arguments + (function.get("arguments") or "")

    def reply(self, whole_ms: float) -> Reply:
        text = "".join(self.text)
        calls = tuple(ToolCall(name, arguments) for _, (name, arguments) in sorted(self.calls.items()))
        counted = count_text(text) + count_text("".join(self.thoughts))
        return Reply(text, self.finish, calls, self.usage, counted, self.first_ms or whole_ms, whole_ms, self.error)


def _only(endpoint: Endpoint) -> dict[str, Any]:
    name = f"{endpoint.provider}/{endpoint.tag}" if endpoint.tag else endpoint.provider
    return {"only": [name], "allow_fallbacks": False}


async def _events(answer: Answer) -> Any:
    """raises  BrokenStream, also where an event is not JSON"""
    reader = EventReader(_LONGEST_EVENT)
    while data := await answer.chunk():
        for event in reader.feed(data):
            if event == b"[DONE]":
                return
            try:
                yield _decode(event)
            except msgspec.DecodeError:
                raise BrokenStream("A piece of the answer is not JSON.") from None


async def _whole(answer: Answer) -> Any:
    """An answer that is not streamed, as the one event of a stream. raises  BrokenStream"""
    try:
        told = _decode(await _read(answer, _LONGEST_EVENT))
    except msgspec.DecodeError:
        raise BrokenStream("The answer is not JSON.") from None
    yield told | {"choices": [_as_delta(choice) for choice in told.get("choices") or ()]}


def _as_delta(choice: Mapping[str, Any]) -> dict[str, Any]:
    message = choice.get("message") or {}
    calls = [dict(call) | {"index": place} for place, call in enumerate(message.get("tool_calls") or ())]
    return {"delta": message | {"tool_calls": calls}, "finish_reason": choice.get("finish_reason")}


async def _read(answer: Answer, most: int) -> bytes:
    body = b""
    while len(body) < most and (data := await answer.chunk()):
        body += data
    return body


async def _refusal(answer: Answer) -> str:
    body = await _read(answer, _LONGEST_ERROR)
    try:
        return str(_decode(body)["error"]["message"])[:_WHY]
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"status {answer.status}"
