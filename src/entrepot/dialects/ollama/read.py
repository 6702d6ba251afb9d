"""Ollama's answers to events: one object, or one on each line. Calls come whole, mostly without an id: they are given one."""

from __future__ import annotations

import hashlib
from typing import NoReturn

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream
from entrepot.values.conversation import Image, Source
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    Event,
    Failed,
    Finish,
    Finished,
    ForeignEvent,
    Kind,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.usage import Usage

_FINISH: dict[str, Finish] = {"stop": "stop", "length": "length"}
_NO_ARGUMENTS = (b"", b"null", b'""')


class WireFunction(msgspec.Struct, frozen=True, gc=False):
    name: str = ""
    arguments: Raw = Raw()


class WireCall(msgspec.Struct, frozen=True, gc=False):
    id: str | None = None
    function: WireFunction = WireFunction()


class WireMessage(msgspec.Struct, frozen=True, gc=False):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[WireCall] | None = None
    images: list[str] | None = None


class WireLine(msgspec.Struct, frozen=True, gc=False):
    """A plain answer, or one line of a stream."""

    model: str = ""
    created_at: str = ""
    message: WireMessage | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    logprobs: Raw = Raw()
    error: Raw = Raw()


_decode = msgspec.json.Decoder(WireLine).decode
_decode_text = msgspec.json.Decoder(str).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    answer = _Answer()
    events = answer.take(body)
    if not answer.done:
        _refuse("it has no end")
    return events


def _refuse(why: str) -> NoReturn:
    raise Malformed(why) from None


class Reader:
    """A stream's lines to events."""

    __slots__ = ("_answer", "_buffer", "_limit", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._answer = _Answer()
        self._buffer = bytearray()
        self._limit = hearing.max_event_bytes
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        """raises  Malformed; BrokenStream for a line past the limit"""
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = bytes(self._buffer) + lines[0]
            self._buffer.clear()
        self._buffer += rest
        if len(self._buffer) > self._limit:
            raise BrokenStream(f"The provider sent an event of more than {self._limit} bytes.")
        return self._read(lines)

    def close(self) -> list[Event]:
        """What a last line without its end gives. raises  Malformed"""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return self._read([rest])

    def _read(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        for line in lines:
            if not self._answer.done and line.strip():
                events += self._answer.take(line)
        self.done = self._answer.done
        return events


class _Answer:
    """What has come so far of one answer."""

    __slots__ = ("_began", "_calls", "_index", "_kind", "done")

    def __init__(self) -> None:
        self._began = False
        self._kind: Kind | None = None
        self._index = -1
        self._calls = 0
        self.done = False

    def take(self, line: bytes) -> list[Event]:
        try:
            told = _decode(line)
        except _UNREADABLE:
            _refuse("not an answer of /api/chat")
        events: list[Event] = []
        if not self._began:
            self._began = True
            events.append(Began(model=told.model))
        if bytes(told.error) not in (b"", b"null"):
            self.done = True
            return [*events, Failed(line)]
        if told.message is not None:
            self._message(told, told.message, events)
        elif not told.done:
            events.append(ForeignEvent("line without a message", Raw(line)))
        if told.done:
            self._end(told, events)
        return events

    def _message(self, told: WireLine, message: WireMessage, events: list[Event]) -> None:
        if message.thinking:
            events.append(ReasoningDelta(self._part("reasoning", events), message.thinking))
        if message.content:
            events.append(TextDelta(self._part("text", events), message.content))
        if self._kind == "text" and bytes(told.logprobs).startswith(b"["):
            events.append(LogprobsDelta(self._index, told.logprobs))
        for image in message.images or ():
            self._close(events)
            self._index += 1
            events.append(PartBegan(self._index, "media", part=Image(Source(data=image))))
            events.append(PartEnded(self._index))
        for call in message.tool_calls or ():
            self._call(told, call, events)

    def _part(self, kind: Kind, events: list[Event]) -> int:
        if self._kind != kind:
            self._close(events)
            self._kind = kind
            self._index += 1
            events.append(PartBegan(self._index, kind))
        return self._index

    def _call(self, told: WireLine, call: WireCall, events: list[Event]) -> None:
        self._close(events)
        self._index += 1
        self._calls += 1
        arguments = _arguments(call.function.arguments)
        name = call.id or _made_up_id(told.created_at, self._calls, call.function.name, arguments)
        events.append(PartBegan(self._index, "tool_call", id=name, name=call.function.name))
        events.append(ArgumentsDelta(self._index, arguments))
        events.append(PartEnded(self._index))

    def _close(self, events: list[Event]) -> None:
        if self._kind is not None:
            events.append(PartEnded(self._index))
            self._kind = None

    def _end(self, told: WireLine, events: list[Event]) -> None:
        self.done = True
        self._close(events)
        if told.eval_count is not None or told.prompt_eval_count is not None:
            counted = Usage(prompt_tokens=_whole(told.prompt_eval_count), completion_tokens=_whole(told.eval_count))
            events.append(UsageSeen(counted))
        finish = _FINISH.get(told.done_reason or "stop", "stop")
        reason: Finish = "tool_calls" if self._calls and finish == "stop" else finish
        events.append(Finished(reason, told.done_reason or ""))


def _whole(count: int | None) -> int:
    """A count that is missing is of a prompt that was all in the cache, which nobody counted."""
    return max(count or 0, 0)


def _arguments(raw: Raw) -> str:
    """The JSON text of the arguments: mostly an object, with some models a string of JSON."""
    text = bytes(raw)
    if text.strip() in _NO_ARGUMENTS:
        return "{}"
    return _decode_text(text) if text.startswith(b'"') else text.decode()


def _made_up_id(created_at: str, number: int, name: str, arguments: str) -> str:
    """An id that no other call has: of the moment, to the nanosecond, and of what is called."""
    said = f"{created_at} {number} {name} {arguments}".encode(errors="replace")
    return "call_" + hashlib.blake2b(said, digest_size=12).hexdigest()
