"""Cohere's answers to events. Its tool plan is reasoning; citations belong to the text part they point at.

Usage is what is billed: `billed_units`. `cached_tokens` are counted among `tokens`, which also hold what Cohere adds and bills
nobody for, so only as many count as cached as cannot lie in that.
"""

from __future__ import annotations

from typing import Any, NoReturn

import msgspec
from msgspec import Raw

from entrepot.dialects.cohere.wire import (
    NAME,
    TOOL_PLAN,
    WireBody,
    WireCall,
    WireCitation,
    WireContent,
    WireCount,
    WireDelta,
    WireDeltaMessage,
    WireEvent,
    WireLogprobs,
    WireMessage,
    WireUsage,
)
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.sse import EventReader
from entrepot.dialects.voice import Malformed, encode
from entrepot.values.conversation import Citation, Foreign
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
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

_FINISH: dict[str, Finish] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
}
_FAILURES = {"ERROR": 500, "TIMEOUT": 504}
_MOST = 2**40

_decode_body = msgspec.json.Decoder(WireBody).decode
_decode_event = msgspec.json.Decoder(WireEvent).decode
_decode_content = msgspec.json.Decoder(WireContent).decode
_decode_citation = msgspec.json.Decoder(WireCitation).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    try:
        told = _decode_body(body)
        if not isinstance(told.message, WireMessage):
            if told.message:
                return [Began(), Failed(body)]
            _refuse("it has no message")
        events: list[Event] = [Began(told.id or "")]
        events += _parts(told.message, told.logprobs)
    except _UNREADABLE:
        _refuse("not an answer of v2/chat")
    return events + _end(told.finish_reason or "", told.usage, bool(told.message.tool_calls), "")


def _refuse(why: str) -> NoReturn:
    raise Malformed(why) from None


def _parts(message: WireMessage, logprobs: list[WireLogprobs] | None) -> list[Event]:
    events: list[Event] = []
    index = 0
    if message.tool_plan:
        events += [PartBegan(0, "reasoning", id=TOOL_PLAN), ReasoningDelta(0, message.tool_plan), PartEnded(0)]
        index = 1
    citations = [(_decode_citation(raw), raw) for raw in message.citations or ()]
    tokens = _probabilities(logprobs or ())
    for place, raw in enumerate(message.content or ()):
        block = _decode_content(raw)
        events += _block(index, block, raw)
        if block.type == "text":
            events += [CitationAdded(index, _citation(said, raw)) for said, raw in citations if _points_at(said, place)]
            if tokens:
                events.append(LogprobsDelta(index, tokens))
                tokens = None
        events.append(PartEnded(index))
        index += 1
    events += [ForeignEvent(f"citation of {said.type}", raw) for said, raw in citations if said.type != "TEXT_CONTENT"]
    for number, call in enumerate(message.tool_calls or (), index):
        events.append(PartBegan(number, "tool_call", id=call.id, name=call.function.name))
        events.append(ArgumentsDelta(number, _arguments(call.function.arguments)))
        events.append(PartEnded(number))
    return events


def _block(index: int, block: WireContent, raw: Raw) -> list[Event]:
    if block.type == "text":
        return [PartBegan(index, "text"), TextDelta(index, block.text or "")]
    if block.type == "thinking":
        return [PartBegan(index, "reasoning"), ReasoningDelta(index, block.thinking or "")]
    return [PartBegan(index, "foreign", name=block.type, part=Foreign(NAME, block.type, raw))]


def _points_at(said: WireCitation, place: int) -> bool:
    """Whether a citation is one of the text at this place of the content; the first when it does not say."""
    return said.type == "TEXT_CONTENT" and (said.content_index or 0) == place


def _citation(said: WireCitation, raw: Raw) -> Citation:
    sources = said.sources or ()
    documents = [source.document for source in sources if source.document is not None]
    title = next((document.title for document in documents if document.title), "")
    url = next((document.url for document in documents if document.url), "")
    name = next((source.id for source in sources if source.id), "")
    return Citation(url, title or name or "", said.text, said.start, said.end, Raw(bytes(raw)), NAME)


def _arguments(said: str | None) -> str:
    """Cohere says `null` for a call without arguments."""
    return "{}" if said is None or said.strip() in ("", "null") else said


def _probabilities(told: list[WireLogprobs] | tuple[WireLogprobs, ...]) -> Raw | None:
    """Chat's form. A piece of several tokens is one entry with their sum, the logarithm of the chance of the piece."""
    entries: list[dict[str, Any]] = [
        {"token": piece.text or "", "logprob": sum(piece.logprobs), "bytes": None, "top_logprobs": []}
        for piece in told
        if piece.logprobs
    ]
    return Raw(encode(entries)) if entries else None


def _end(reason: str, usage: WireUsage | None, has_calls: bool, error: str) -> list[Event]:
    events: list[Event] = [UsageSeen(usage_of(usage))] if usage is not None else []
    if reason in _FAILURES:
        said = {"code": _FAILURES[reason], "type": reason, "message": error or f"the generation ended with {reason}"}
        return [*events, Failed(encode({"error": said}))]
    finish = _FINISH.get(reason, "stop")
    return [*events, Finished("tool_calls" if has_calls and finish == "stop" else finish, reason)]


def usage_of(told: WireUsage) -> Usage:
    nothing = WireCount()
    billed, all_of = told.billed_units or told.tokens or nothing, told.tokens or nothing
    prompt = _whole(billed.input_tokens)
    unbilled = max(_whole(all_of.input_tokens) - prompt, 0)
    cached = min(max(_whole(told.cached_tokens) - unbilled, 0), prompt)
    return Usage(prompt_tokens=prompt, completion_tokens=_whole(billed.output_tokens), cached_tokens=cached)


def _whole(count: float | None) -> int:
    return int(count) if count is not None and 0 <= count < _MOST else 0


class Reader:
    """A stream to events. A text part ends when the next part begins, because its citations may come after its own end."""

    __slots__ = ("_block", "_calls", "_events", "_index", "_kind", "_next", "_plan", "_silent", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._events = EventReader(hearing.max_event_bytes)
        self._next = 0
        self._index = -1
        self._block = -1
        self._kind: Kind | None = None
        self._plan = False
        self._silent = True
        self._calls = False
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        """raises  Malformed; BrokenStream for an event past the limit"""
        return self._read(self._events.feed(data))

    def close(self) -> list[Event]:
        """raises  Malformed"""
        return self._read(self._events.close())

    def _read(self, payloads: list[bytes]) -> list[Event]:
        events: list[Event] = []
        for payload in payloads:
            if self.done:
                break
            if payload.strip() == b"[DONE]":
                self.done = True
                break
            try:
                self._take(_decode_event(payload), payload, events)
            except _UNREADABLE:
                raise Malformed("an event that cannot be read") from None
        return events

    def _take(self, told: WireEvent, payload: bytes, events: list[Event]) -> None:
        delta = told.delta or WireDelta()
        message = delta.message if isinstance(delta.message, WireDeltaMessage) else WireDeltaMessage()
        kind = told.type
        if kind == "content-delta":
            self._content(told.index, message.content, told.logprobs, events)
        elif kind == "tool-call-delta":
            self._arguments(told.index, message.tool_calls, events)
        elif kind == "content-start":
            self._content(told.index, message.content, None, events, begins=True)
        elif kind == "tool-plan-delta":
            self._plan_goes_on(message.tool_plan or "", events)
        elif kind == "tool-call-start":
            self._call_begins(told.index, message.tool_calls, events)
        elif kind == "citation-start":
            self._cited(message.citations, payload, events)
        elif kind == "message-start":
            events.append(Began(told.id or ""))
        elif kind == "message-end":
            self._close_part(events)
            events += _end(delta.finish_reason or "", delta.usage, self._calls, delta.error or "")
        elif kind == "tool-call-end":
            self._close_part(events)
        elif told.message and not kind:
            self.done = True
            events.append(Failed(payload))
        elif kind not in _PASSED_OVER:
            events.append(ForeignEvent(kind, Raw(payload)))

    def _content(
        self,
        block: int,
        told: WireContent | list[WireContent] | None,
        logprobs: WireLogprobs | None,
        events: list[Event],
        *,
        begins: bool = False,
    ) -> None:
        for piece in told if isinstance(told, list) else [told] if told else ():
            kind: Kind = "reasoning" if piece.type == "thinking" or piece.thinking is not None else "text"
            if begins or self._kind != kind or self._block != block:
                self._open_part(kind, block, events)
            text = piece.thinking if kind == "reasoning" else piece.text
            if text:
                events.append(ReasoningDelta(self._index, text) if kind == "reasoning" else TextDelta(self._index, text))
            tokens = _probabilities((logprobs,)) if logprobs is not None and kind == "text" else None
            if tokens is not None:
                events.append(LogprobsDelta(self._index, tokens))

    def _plan_goes_on(self, text: str, events: list[Event]) -> None:
        if self._kind != "reasoning" or not self._plan:
            self._open_part("reasoning", -1, events, TOOL_PLAN)
            self._plan = True
        if text:
            events.append(ReasoningDelta(self._index, text))

    def _call_begins(self, block: int, told: WireCall | list[WireCall] | None, events: list[Event]) -> None:
        for call in told if isinstance(told, list) else [told] if told else ():
            self._calls = True
            self._open_part("tool_call", block, events, call.id, call.function.name)
            self._more_arguments(call.function.arguments, events)

    def _arguments(self, block: int, told: WireCall | list[WireCall] | None, events: list[Event]) -> None:
        for call in told if isinstance(told, list) else [told] if told else ():
            if self._kind != "tool_call" or self._block != block:
                self._call_begins(block, call, events)
            else:
                self._more_arguments(call.function.arguments, events)

    def _more_arguments(self, text: str | None, events: list[Event]) -> None:
        if text and not (self._silent and text.strip() == "null"):
            self._silent = False
            events.append(ArgumentsDelta(self._index, text))

    def _cited(self, told: Raw, payload: bytes, events: list[Event]) -> None:
        """A citation of the text part that is open; one of anything else has no place."""
        raws = _decode_list(told) if bytes(told).lstrip().startswith(b"[") else [told]
        for raw in raws:
            said = _decode_citation(raw)
            if self._kind == "text" and said.type == "TEXT_CONTENT":
                events.append(CitationAdded(self._index, _citation(said, raw)))
            else:
                events.append(ForeignEvent(f"citation of {said.type}", Raw(payload)))

    def _open_part(self, kind: Kind, block: int, events: list[Event], name: str = "", tool: str = "") -> None:
        self._close_part(events)
        self._kind, self._block, self._index, self._plan = kind, block, self._next, False
        self._next += 1
        self._silent = True
        events.append(PartBegan(self._index, kind, id=name, name=tool))

    def _close_part(self, events: list[Event]) -> None:
        if self._kind is not None:
            if self._kind == "tool_call" and self._silent:
                events.append(ArgumentsDelta(self._index, "{}"))
            events.append(PartEnded(self._index))
            self._kind = None


_PASSED_OVER = frozenset({"content-end", "citation-end", "debug"})
