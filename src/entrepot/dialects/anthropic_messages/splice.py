"""Answers whose bytes are kept: the provider and the client both speak Messages.

What must change is replaced: id, model, usage with its cost. Every text block says its `citations`, if only that there are none:
some clients want the member, and some refuse null. State of another maker than Claude is marked as that maker's, so that it goes
back to no one else. Everything else, known or not, stays as it came and where it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.carried import Carried, carry
from entrepot.dialects.anthropic_messages.failure import error_event
from entrepot.dialects.anthropic_messages.said import json_of, message_id, one_line
from entrepot.dialects.anthropic_messages.told import REFUSED, without_halves
from entrepot.dialects.anthropic_messages.usage import (
    COST,
    WireUsage,
    render_usage,
    tier_of,
    told_tier,
    usage_of,
    with_cost,
    without_cost,
)
from entrepot.dialects.anthropic_messages.words import FAMILY, finish_of
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.sse import EventReader
from entrepot.dialects.voice import ErrorEvent, Fields, Malformed, Voice, decode_fields, encode, loads
from entrepot.errors import GatewayError
from entrepot.values.conversation import NOTHING, given
from entrepot.values.request import Request
from entrepot.values.usage import Usage

_NULL = b"null"
_KINDS: dict[str, Literal["signature", "encrypted"]] = {"signature": "signature", "data": "encrypted"}
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


class _Piece(msgspec.Struct):
    """A block as far as it is looked at."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    name: str | None = None
    input: Raw = NOTHING
    citations: Raw = NOTHING


class _Answer(msgspec.Struct):
    content: list[_Piece] | None = None
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: WireUsage | None = None
    error: Raw = NOTHING


class _Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    signature: str | None = None
    stop_reason: str | None = None


class _Told(msgspec.Struct):
    type: str
    delta: _Delta | None = None
    content_block: _Piece | None = None
    message: _Answer | None = None
    usage: WireUsage | None = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_told = msgspec.json.Decoder(_Told).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode


class _Spliced:
    """What plain and streamed answers know of themselves. `foreign` is 0: what has no meaning here passes on."""

    foreign = 0

    __slots__ = (
        "_family", "_raw_usage", "_voice", "_wire", "finish_reason", "native_finish_reason", "reported_model", "service_tier",
        "tool_calls", "upstream_id",
    )  # fmt: skip

    def __init__(self, voice: Voice, hearing: Hearing) -> None:
        self._voice = voice
        self._family = hearing.family if hearing.family != FAMILY else ""
        self._wire = WireUsage()
        self._raw_usage: Fields = {}
        self.finish_reason: str | None = None
        self.native_finish_reason: str | None = None
        self.service_tier: str | None = None
        self.tool_calls = 0
        self.upstream_id = self.reported_model = ""

    def _finish(self, stop_reason: str) -> None:
        if self.finish_reason is None:
            self.finish_reason = finish_of(stop_reason, has_calls=bool(self.tool_calls))
            self.native_finish_reason = stop_reason

    def _use(self, wire: WireUsage | None, raw: Raw | None) -> None:
        if wire is None or raw is None or not wire.said:
            return
        self._wire = wire.after(self._wire)
        self._raw_usage |= decode_fields(raw)
        self.service_tier = told_tier(self._wire) or self.service_tier

    def _read_usage(self) -> Usage | None:
        return usage_of(self._wire) if self._wire.said else None

    def _write_usage(self, usage: Usage, prompt_nano: int, completion_nano: int) -> Raw:
        """The provider's own object where it says the same, so that nothing of it is lost."""
        if usage == self._read_usage():
            return Raw(with_cost(self._raw_usage, prompt_nano, completion_nano))
        return Raw(render_usage(usage, prompt_nano, completion_nano, tier_of(self.service_tier or "")))

    def _named(self, fields: Fields) -> Fields:
        """The message with our names in the places of the provider's."""
        ours = {"id": Raw(encode(message_id(self._voice))), "model": Raw(encode(self._voice.model))}
        return fields | ours | {"provider": Raw(encode(self._voice.provider))}

    def _complete(self, piece: _Piece, raw: Raw) -> Raw:
        """A block with its citations said and its state marked; most are given back as they are."""
        citations = bytes(memoryview(piece.citations)) if piece.type == "text" else b"[]"
        if citations == b"":
            text = bytes(memoryview(raw))
            raw = Raw(text[: text.rindex(b"}")] + b',"citations":[]}')
        elif citations == _NULL:
            raw = Raw(encode(decode_fields(raw) | {"citations": Raw(b"[]")}))
        if self._family:
            marks = {"signature": piece.signature, "data": piece.data}
            changes = {name: self._mark(held, _KINDS[name]) for name, held in marks.items() if held}
            raw = Raw(encode(decode_fields(raw) | changes)) if changes else raw
        return raw

    def _mark(self, state: str, kind: Literal["signature", "encrypted"]) -> Raw:
        return Raw(json_of(carry(Carried("block", self._family, kind, data=state))))


class SplicedPlain(_Spliced):
    __slots__ = ("_fields", "usage")

    def __init__(self, body: bytes, voice: Voice, request: Request, hearing: Hearing) -> None:
        """raises  ErrorEvent, Malformed"""
        super().__init__(voice, hearing)
        told, fields = _read_answer(body)
        if given(told.error) and told.content is None:
            raise ErrorEvent(body)
        if told.content is None or not told.stop_reason:
            raise Malformed("no content, or no end")
        try:
            self._read(told, told.content, fields)
        except REFUSED as error:
            raise Malformed(str(error)) from None
        self.upstream_id, self.reported_model = told.id or "", told.model or ""
        self.usage: Usage | None = self._read_usage()
        self._finish(told.stop_reason)

    def _read(self, told: _Answer, content: list[_Piece], fields: Fields) -> None:
        raws = _decode_list(fields["content"])
        kept = [self._note(piece, raw) for piece, raw in zip(content, raws, strict=True)]
        if any(new is not old for new, old in zip(kept, raws, strict=True)):
            fields["content"] = Raw(b"[" + b",".join([bytes(memoryview(raw)) for raw in kept]) + b"]")
        self._fields = fields
        self._use(told.usage, fields.get("usage"))

    def render_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        told = self._write_usage(usage, prompt_nano, completion_nano)
        return encode(self._named(self._fields) | {"usage": told})

    def _note(self, piece: _Piece, raw: Raw) -> Raw:
        if piece.type == "tool_use":
            self.tool_calls += 1
            self._voice.count(piece.name or "")
            self._voice.count(bytes(memoryview(piece.input)).decode(errors="replace"))
        else:
            self._voice.count(piece.text or piece.thinking or "")
        return self._complete(piece, raw)


def _read_answer(body: bytes) -> tuple[_Answer, Fields]:
    try:
        return _decode_answer(body), decode_fields(body)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None
    except REFUSED:
        body = without_halves(body)
    try:
        return _decode_answer(body), decode_fields(body)
    except REFUSED:
        raise Malformed("not a message") from None


class SplicedStream(_Spliced):
    """Fed with bytes of the provider, gives bytes for the client. The end waits for `end_with`, which knows the cost."""

    __slots__ = ("_events", "_last", "done")

    def __init__(self, voice: Voice, request: Request, hearing: Hearing) -> None:
        super().__init__(voice, hearing)
        self._events = EventReader(hearing.max_event_bytes)
        self._last: Fields = {}
        self.done = False

    @property
    def usage(self) -> Usage | None:
        return self._read_usage()

    @property
    def complete(self) -> bool:
        return self.done or self.finish_reason is not None

    def feed(self, data: bytes) -> bytes:
        """raises  ErrorEvent, Malformed; BrokenStream for an event past the limit"""
        return self._take(self._events.feed(data))

    def feed_whole(self, body: bytes) -> bytes:
        """A plain answer that came where a stream was asked for. raises as `feed`"""
        told, fields = _read_answer(body)
        if told.content is None:
            raise ErrorEvent(body) if given(told.error) else Malformed("no content")
        try:
            stream = _as_stream(fields)
        except REFUSED as error:
            raise Malformed(str(error)) from None
        out = self.feed(stream)
        self.done = True
        return out

    def close(self) -> bytes:
        """What an unfinished last event gives. raises as `feed`"""
        return self._take(self._events.close())

    def end_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        told = self._last | {"usage": self._write_usage(usage, prompt_nano, completion_nano)}
        return b"event: message_delta\ndata: " + one_line(encode(told)) + b"\n\n" + _STOP

    def break_off(self, error: GatewayError) -> bytes:
        return error_event(error, self._voice.id)

    def _take(self, payloads: list[bytes]) -> bytes:
        out = b""
        for payload in payloads:
            try:
                out += self._event(payload)
            except ErrorEvent as failure:
                raise ErrorEvent(failure.payload, out) from None
            except REFUSED as error:
                raise Malformed(str(error)) from None
        return out

    def _event(self, payload: bytes) -> bytes:
        if self.done:
            return b""
        try:
            told = _decode_told(payload)
        except REFUSED as error:
            return self._departing(payload, error)
        kind = told.type
        if kind == "content_block_delta":
            return self._grow(told.delta, payload)
        if kind == "content_block_start" and told.content_block is not None:
            return self._begin(told.content_block, payload)
        if kind == "message_delta":
            self._hold(told, payload)
            return b""
        if kind == "message_start" and told.message is not None:
            return self._start(told.message, payload)
        if kind == "message_stop":
            self.done = True
            return b""
        if kind == "error":
            raise ErrorEvent(payload)
        return _line(kind, payload)

    def _grow(self, delta: _Delta | None, payload: bytes) -> bytes:
        if delta is not None:
            text = delta.text or delta.partial_json or delta.thinking
            if text:
                self._voice.count(text)
            elif self._family and delta.signature:
                fields = decode_fields(payload)
                marked = decode_fields(fields["delta"]) | {"signature": self._mark(delta.signature, "signature")}
                payload = encode(fields | {"delta": Raw(encode(marked))})
        return _line("content_block_delta", payload)

    def _begin(self, piece: _Piece, payload: bytes) -> bytes:
        if piece.type == "tool_use":
            self.tool_calls += 1
            self._voice.count(piece.name or "")
        fields = decode_fields(payload)
        block = self._complete(piece, fields["content_block"])
        return _line(
            "content_block_start", payload if block is fields["content_block"] else encode(fields | {"content_block": block})
        )

    def _start(self, message: _Answer, payload: bytes) -> bytes:
        self.upstream_id, self.reported_model = message.id or "", message.model or ""
        fields = decode_fields(payload)
        inner = decode_fields(fields["message"])
        self._use(message.usage, inner.get("usage"))
        if not COST.isdisjoint(self._raw_usage):
            inner["usage"] = Raw(encode(without_cost(self._raw_usage)))
        return _line("message_start", encode(fields | {"message": Raw(encode(self._named(inner)))}))

    def _hold(self, told: _Told, payload: bytes) -> None:
        """The last one is sent when the cost is known; those before it had nothing that it does not repeat."""
        fields = decode_fields(payload)
        self._use(told.usage, fields.get("usage"))
        if told.delta is not None and told.delta.stop_reason:
            self._finish(told.delta.stop_reason)
            self._last = fields
        elif not self._last:
            self._last = fields

    def _departing(self, payload: bytes, error: Exception) -> bytes:
        """What msgspec refuses: an end sign of another dialect, half a surrogate pair, or nothing of this dialect."""
        if payload.strip() in (b"[DONE]", b""):
            self.done = bool(payload.strip())
            return b""
        told = loads(payload)
        if isinstance(told, dict) and told.get("error") and not told.get("type"):
            raise ErrorEvent(payload)
        if isinstance(error, msgspec.ValidationError) or not isinstance(told, dict):
            raise Malformed(str(error))
        if told.get("type") == "content_block_delta":
            return _line("content_block_delta", payload)
        return self._event(without_halves(payload))


def _line(kind: str, payload: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), payload if b"\n" not in payload else one_line(payload))


def _as_stream(fields: Fields) -> bytes:
    """A whole message as the events that say it."""
    return b"".join([b"data: " + one_line(encode(event)) + b"\n\n" for event in _events_of(fields)])


def _events_of(fields: Fields) -> Iterator[dict[str, Any]]:
    ends = ("stop_reason", "stop_sequence", "stop_details", "container")
    head = fields | {"content": Raw(b"[]"), "stop_reason": Raw(_NULL), "stop_sequence": Raw(_NULL)}
    yield {"type": "message_start", "message": head}
    for number, raw in enumerate(_decode_list(fields["content"])):
        block = decode_fields(raw)
        deltas = list(_deltas_of(block))
        yield {"type": "content_block_start", "index": number, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": number, "delta": delta}
        yield {"type": "content_block_stop", "index": number}
    delta = {name: fields[name] for name in ends if name in fields}
    yield {"type": "message_delta", "delta": delta, "usage": fields.get("usage", Raw(b"{}"))}


def _deltas_of(block: Fields) -> Iterator[dict[str, Any]]:
    """What a stream tells of a block by deltas, taken out of it: clients count on it coming that way."""
    if bytes(memoryview(block.get("input", NOTHING))) not in (b"", _NULL):
        arguments = bytes(memoryview(block["input"])).decode(errors="replace")
        block["input"] = Raw(b"{}")
        yield {"type": "input_json_delta", "partial_json": arguments}
    if bytes(memoryview(block.get("citations", NOTHING)))[:1] == b"[":
        citations = _decode_list(block["citations"])
        block["citations"] = Raw(b"[]")
        for citation in citations:
            yield {"type": "citations_delta", "citation": citation}
    for name in ("text", "thinking", "signature"):
        if name in block:
            told, block[name] = block[name], Raw(b'""')
            yield {"type": f"{name}_delta", name: told}
