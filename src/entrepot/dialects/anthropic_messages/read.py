"""A provider's Messages answer to events: plain, and streamed.

A block is a part, numbered as it began. What the provider's own tools did (`server_tool_use` and the results) is `Foreign`: it is
told whole, when its block ends. Facts from recordings, read 2026-11: a call without arguments streams none, or one empty piece;
hidden thinking comes whole at its block's start; payloads are padded with spaces; `ping` comes anywhere.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.usage import WireUsage, told_tier, usage_of
from entrepot.dialects.anthropic_messages.words import ANSWER_TOOL, FAMILY, NAME, finish_of
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.sse import EventReader
from entrepot.dialects.voice import Fields, Malformed, decode_fields, encode, loads
from entrepot.values.conversation import NOTHING, Citation, Foreign, Opaque, given
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
    Event,
    Failed,
    Finished,
    ForeignEvent,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    StateDelta,
    TextDelta,
    UsageSeen,
)

_NULL = b"null"
_TEXTS = ("text", "partial_json", "thinking", "signature")


class _Block(msgspec.Struct):
    type: str
    id: str = ""
    name: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str = ""
    input: Raw = NOTHING
    citations: list[Raw] | None = None


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    partial_json: str = ""
    thinking: str = ""
    signature: str = ""
    content: str | None = None
    encrypted_content: str | None = None
    citation: Raw = NOTHING
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Raw = NOTHING
    container: Raw = NOTHING
    context_management: Raw = NOTHING


class _Message(msgspec.Struct):
    id: str = ""
    model: str = ""
    content: list[Raw] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Raw = NOTHING
    container: Raw = NOTHING
    context_management: Raw = NOTHING
    usage: WireUsage | None = None
    error: Raw = NOTHING


class _Told(msgspec.Struct):
    """An event of a stream, whichever it is."""

    type: str
    index: int = 0
    delta: _Delta | None = None
    content_block: Raw = NOTHING
    message: _Message | None = None
    usage: WireUsage | None = None


class _Cited(msgspec.Struct):
    cited_text: str | None = None
    url: str | None = None
    source: str | None = None
    title: str | None = None
    document_title: str | None = None


_decode_told = msgspec.json.Decoder(_Told).decode
_decode_message = msgspec.json.Decoder(_Message).decode
_decode_block = msgspec.json.Decoder(_Block).decode
_decode_cited = msgspec.json.Decoder(_Cited).decode
REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    told = _whole_answer(body)
    if given(told.error) and told.content is None:
        return [Failed(body)]
    if told.content is None:
        raise Malformed("no content")
    blocks = _Blocks(hearing.family or FAMILY)
    usage = told.usage or WireUsage()
    events: list[Event] = [Began(told.id, told.model, told_tier(usage))]
    try:
        for number, raw in enumerate(told.content):
            events += blocks.begin(number, raw)
            events += blocks.end(number)
    except REFUSED as error:
        raise Malformed(str(error)) from None
    if usage.said:
        events.append(UsageSeen(usage_of(usage), told_tier(usage)))
    if told.stop_reason:
        events.append(blocks.finish(told))
    return events


def _whole_answer(body: bytes) -> _Message:
    try:
        return _decode_message(body)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None
    except REFUSED:
        body = without_halves(body)
    try:
        return _decode_message(body)
    except REFUSED:
        raise Malformed("not a message") from None


class Reader:
    """A stream of Messages to events."""

    __slots__ = ("_blocks", "_events", "_told_usage", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._events = EventReader(hearing.max_event_bytes)
        self._blocks = _Blocks(hearing.family or FAMILY)
        self._told_usage = WireUsage()
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        """raises  Malformed; BrokenStream for an event past the limit"""
        return self._take(self._events.feed(data))

    def close(self) -> list[Event]:
        """What an unfinished last event gives."""
        return self._take(self._events.close())

    def _take(self, payloads: list[bytes]) -> list[Event]:
        events: list[Event] = []
        try:
            for payload in payloads:
                if not self.done:
                    self._event(payload, events)
        except REFUSED as error:
            raise Malformed(str(error)) from None
        return events

    def _event(self, payload: bytes, events: list[Event]) -> None:
        try:
            told = _decode_told(payload)
        except REFUSED as error:
            told = self._departing(payload, error)
        kind, delta = told.type, told.delta
        if kind == "content_block_delta" and delta is not None:
            events += self._blocks.grow(told.index, delta) if delta.type in _GROWTH else [ForeignEvent(delta.type, Raw(payload))]
        elif kind == "content_block_start":
            events += self._blocks.begin(told.index, told.content_block)
        elif kind == "content_block_stop":
            events += self._blocks.end(told.index)
        elif kind == "message_delta":
            self._finish(told, events)
        elif kind == "message_start":
            self._begin(told.message or _Message(), events)
        elif kind == "message_stop":
            self.done = True
        elif kind == "error":
            events.append(Failed(payload))
        elif kind != "ping":
            events.append(ForeignEvent(kind, Raw(payload)))

    def _begin(self, message: _Message, events: list[Event]) -> None:
        events.append(Began(message.id, message.model, told_tier(message.usage or self._told_usage)))
        for number, raw in enumerate(message.content or ()):
            events += self._blocks.begin(number, raw)
        self._use(message.usage, events)

    def _finish(self, told: _Told, events: list[Event]) -> None:
        self._use(told.usage, events)
        if told.delta is not None and told.delta.stop_reason:
            events += self._blocks.end_all()
            events.append(self._blocks.finish(told.delta))

    def _use(self, usage: WireUsage | None, events: list[Event]) -> None:
        if usage is not None and usage.said:
            self._told_usage = usage.after(self._told_usage)
            events.append(UsageSeen(usage_of(self._told_usage), told_tier(self._told_usage)))

    def _departing(self, payload: bytes, error: Exception) -> _Told:
        """An event that msgspec refuses: an end sign of another dialect, half a surrogate pair, or none of this dialect's."""
        if payload.strip() in (b"[DONE]", b""):
            return _Told("message_stop" if payload.strip() else "ping")
        value = loads(payload)
        if isinstance(value, dict) and value.get("error") and not value.get("type"):
            return _Told("error")
        if isinstance(error, msgspec.ValidationError) or not isinstance(value, dict):
            raise Malformed(str(error))
        if value.get("type") == "content_block_delta" and isinstance(value.get("delta"), dict):
            return _with_halves(value)
        try:
            return _decode_told(without_halves(payload))
        except REFUSED:
            raise Malformed(str(error)) from None


_GROWTH = frozenset(
    {"text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta", "compaction_delta"}
)


def _with_halves(value: dict[str, Any]) -> _Told:
    """A delta whose text was cut within a surrogate pair: its half waits for the next."""
    delta, index = value["delta"], value.get("index")
    text, arguments, thinking, signature = [told if isinstance(told := delta.get(name), str) else "" for name in _TEXTS]
    grown = _Delta(str(delta.get("type")), text, arguments, thinking, signature)
    return _Told("content_block_delta", index if isinstance(index, int) else 0, grown)


def without_halves(body: bytes) -> bytes:
    """The same JSON with halves of surrogate pairs, which are no text, replaced. raises Malformed"""
    return json.dumps(loads(body), ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


class _Open:
    """A block while it grows. `as_text`: the answer tool's call, whose arguments are text of the answer."""

    __slots__ = ("as_text", "fields", "half", "index", "kind", "pieces", "type", "whole")

    def __init__(self, index: int, block: _Block, kind: str) -> None:
        self.index = index
        self.type = block.type
        self.kind = kind
        self.whole = block.input
        self.as_text = kind == "tool_call" and block.name == ANSWER_TOOL
        self.pieces: list[str] = []
        self.fields: Fields = {}
        self.half = ""


_KINDS = {"text": "text", "thinking": "reasoning", "redacted_thinking": "reasoning", "tool_use": "tool_call"}


class _Blocks:
    """Blocks by the provider's numbers, as parts by ours."""

    __slots__ = ("_calls", "_family", "_next", "_open")

    def __init__(self, family: str) -> None:
        self._family = family
        self._open: dict[int, _Open] = {}
        self._next = 0
        self._calls = False

    def begin(self, number: int, raw: Raw) -> list[Event]:
        events = self.end(number)
        try:
            block = _decode_block(raw)
        except msgspec.ValidationError:
            raise
        except REFUSED:
            block = _decode_block(without_halves(bytes(memoryview(raw))))
        kind = _KINDS.get(block.type, "foreign")
        self._open[number] = now = _Open(self._next, block, kind)
        if kind == "foreign":
            now.fields = decode_fields(raw)
            return events
        self._next += 1
        return events + self._beginning(now, block)

    def _beginning(self, now: _Open, block: _Block) -> list[Event]:
        index = now.index
        if now.kind == "text":
            events: list[Event] = [PartBegan(index, "text")]
            events += [CitationAdded(index, citation_of(raw)) for raw in block.citations or ()]
            return [*events, TextDelta(index, block.text)] if block.text else events
        if now.kind == "tool_call":
            if now.as_text:
                return [PartBegan(index, "text")]
            self._calls = True
            return [PartBegan(index, "tool_call", id=block.id, name=block.name)]
        events = [PartBegan(index, "reasoning", family=self._family)]
        if block.thinking:
            events.append(ReasoningDelta(index, block.thinking))
        if block.signature:
            events.append(StateDelta(index, Opaque(self._family, block.signature)))
        if block.data:
            events.append(StateDelta(index, Opaque(self._family, block.data, "encrypted")))
        return events

    def grow(self, number: int, delta: _Delta) -> list[Event]:
        now = self._open.get(number)
        if now is None:
            raise Malformed(f"a delta of block {number}, which is not open")
        if delta.type == "text_delta" and now.kind == "text":
            text = _mended(now, delta.text)
            return [TextDelta(now.index, text)] if text else []
        if delta.type == "input_json_delta":
            return self._arguments(now, _mended(now, delta.partial_json))
        if delta.type == "thinking_delta" and now.kind == "reasoning":
            text = _mended(now, delta.thinking)
            return [ReasoningDelta(now.index, text)] if text else []
        if delta.type == "signature_delta" and now.kind == "reasoning":
            return [StateDelta(now.index, Opaque(self._family, delta.signature))] if delta.signature else []
        if delta.type == "citations_delta" and now.kind == "text" and given(delta.citation):
            return [CitationAdded(now.index, citation_of(delta.citation))]
        if now.kind == "foreign":
            kept = {"content": delta.content, "encrypted_content": delta.encrypted_content, "signature": delta.signature or None}
            now.fields |= {name: Raw(encode(value)) for name, value in kept.items() if value is not None}
        return []

    def _arguments(self, now: _Open, piece: str) -> list[Event]:
        if not piece:
            return []
        now.pieces.append(piece)
        if now.kind != "tool_call":
            return []
        return [TextDelta(now.index, piece)] if now.as_text else [ArgumentsDelta(now.index, piece)]

    def end(self, number: int) -> list[Event]:
        now = self._open.pop(number, None)
        if now is None:
            return []
        if now.kind == "foreign":
            if now.pieces:
                now.fields["input"] = Raw("".join(now.pieces).encode(errors="replace"))
            part = Foreign(NAME, now.type, Raw(encode(now.fields)))
            now.index, self._next = self._next, self._next + 1
            return [PartBegan(now.index, "foreign", name=now.type, part=part), PartEnded(now.index)]
        events: list[Event] = []
        if now.half:
            events += self._rest(now)
        if now.kind == "tool_call" and not now.pieces:
            whole = bytes(memoryview(now.whole)) if given(now.whole) else _NULL
            events += self._arguments(now, "{}" if whole == _NULL else whole.decode(errors="replace"))
        events.append(PartEnded(now.index))
        return events

    def _rest(self, now: _Open) -> list[Event]:
        """Half of a pair whose other half never came."""
        if now.kind == "tool_call":
            return self._arguments(now, "\ufffd")
        return [ReasoningDelta(now.index, "\ufffd") if now.kind == "reasoning" else TextDelta(now.index, "\ufffd")]

    def end_all(self) -> list[Event]:
        return [event for number in list(self._open) for event in self.end(number)]

    def finish(self, told: _Delta | _Message) -> Finished:
        native = told.stop_reason or ""
        reason = finish_of(native, has_calls=self._calls)
        if reason == "tool_calls" and not self._calls:
            reason = "stop"
        more = {name: getattr(told, name) for name in _BESIDE}
        more = {name: raw for name, raw in more.items() if given(raw) and bytes(memoryview(raw)) != _NULL}
        raw = Raw(encode(more)) if more else NOTHING
        return Finished(reason, native, stop=told.stop_sequence, raw=raw, dialect=NAME if more else "")


_BESIDE = ("stop_details", "container", "context_management")


def _mended(now: _Open, text: str) -> str:
    """The piece with the half of a surrogate pair that waited for it, and without a half that must wait. A half that stays alone
    becomes U+FFFD."""
    if not now.half and text.isascii():
        return text
    text = now.half + text
    now.half = ""
    if text and "\ud800" <= text[-1] <= "\udbff":
        text, now.half = text[:-1], text[-1]
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def citation_of(raw: Raw) -> Citation:
    """The places it tells are the document's, not the answer's, so that they stay in `raw`."""
    try:
        told = _decode_cited(raw)
    except REFUSED:
        return Citation(raw=raw, dialect=NAME)
    return Citation(
        url=told.url or "",
        title=told.title or told.document_title or "",
        text=told.cited_text or "",
        raw=raw,
        dialect=NAME,
    )
