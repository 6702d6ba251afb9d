"""Blocks of a Messages answer while they grow, and the events that come of them.

A block is a part, numbered as it began. What the provider's own tools did (`server_tool_use` and the results) is `Foreign`: it is
told whole, when its block ends.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.told import REFUSED, Block, Delta, Message, block_in
from entrepot.dialects.anthropic_messages.words import ANSWER_TOOL, NAME, finish_of
from entrepot.dialects.voice import Fields, Malformed, decode_fields, encode
from entrepot.values.conversation import NOTHING, Citation, Foreign, Opaque, given
from entrepot.values.event import (
    ArgumentsDelta,
    CitationAdded,
    Event,
    Finished,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    StateDelta,
    TextDelta,
)

_NULL = b"null"


class _Cited(msgspec.Struct):
    cited_text: str | None = None
    url: str | None = None
    source: str | None = None
    title: str | None = None
    document_title: str | None = None


_decode_cited = msgspec.json.Decoder(_Cited).decode


class _Open:
    """A block while it grows. `as_text`: the answer tool's call, whose arguments are text of the answer."""

    __slots__ = ("as_text", "fields", "half", "index", "kind", "pieces", "type", "whole")

    def __init__(self, index: int, block: Block, kind: str) -> None:
        self.index = index
        self.type = block.type
        self.kind = kind
        self.whole = block.input
        self.as_text = kind == "tool_call" and block.name == ANSWER_TOOL
        self.pieces: list[str] = []
        self.fields: Fields = {}
        self.half = ""


_KINDS = {"text": "text", "thinking": "reasoning", "redacted_thinking": "reasoning", "tool_use": "tool_call"}


class Blocks:
    """Blocks by the provider's numbers, as parts by ours."""

    __slots__ = ("_calls", "_family", "_next", "_open")

    def __init__(self, family: str) -> None:
        self._family = family
        self._open: dict[int, _Open] = {}
        self._next = 0
        self._calls = False

    def begin(self, number: int, raw: Raw) -> list[Event]:
        events = self.end(number)
        block = block_in(raw)
        kind = _KINDS.get(block.type, "foreign")
        self._open[number] = now = _Open(self._next, block, kind)
        if kind == "foreign":
            now.fields = decode_fields(raw)
            return events
        self._next += 1
        return events + self._beginning(now, block)

    def _beginning(self, now: _Open, block: Block) -> list[Event]:
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

    def grow(self, number: int, delta: Delta) -> list[Event]:
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

    def finish(self, told: Delta | Message) -> Finished:
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
