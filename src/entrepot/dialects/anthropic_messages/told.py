"""What a provider's Messages answer looks like: whole, or an event of a stream."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.usage import WireUsage
from entrepot.dialects.voice import Malformed, loads
from entrepot.values.conversation import NOTHING

_TEXTS = ("text", "partial_json", "thinking", "signature")


class Block(msgspec.Struct):
    type: str
    id: str = ""
    name: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str = ""
    input: Raw = NOTHING
    citations: list[Raw] | None = None


class Delta(msgspec.Struct):
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


class Message(msgspec.Struct):
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


class Told(msgspec.Struct):
    """An event of a stream, whichever it is."""

    type: str
    index: int = 0
    delta: Delta | None = None
    content_block: Raw = NOTHING
    message: Message | None = None
    usage: WireUsage | None = None


_decode_told = msgspec.json.Decoder(Told).decode
_decode_message = msgspec.json.Decoder(Message).decode
_decode_block = msgspec.json.Decoder(Block).decode
REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def message_in(body: bytes) -> Message:
    """raises  Malformed"""
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


def event_in(payload: bytes) -> Told:
    """raises  Malformed"""
    try:
        return _decode_told(payload)
    except REFUSED as error:
        return _departing(payload, error)


def block_in(raw: Raw) -> Block:
    """raises  what is in REFUSED"""
    try:
        return _decode_block(raw)
    except msgspec.ValidationError:
        raise
    except REFUSED:
        return _decode_block(without_halves(bytes(memoryview(raw))))


def _departing(payload: bytes, error: Exception) -> Told:
    """An event that msgspec refuses: an end sign of another dialect, half a surrogate pair, or none of this dialect's."""
    if payload.strip() in (b"[DONE]", b""):
        return Told("message_stop" if payload.strip() else "ping")
    value = loads(payload)
    if isinstance(value, dict) and value.get("error") and not value.get("type"):
        return Told("error")
    if isinstance(error, msgspec.ValidationError) or not isinstance(value, dict):
        raise Malformed(str(error))
    if value.get("type") == "content_block_delta" and isinstance(value.get("delta"), dict):
        return _with_halves(value)
    try:
        return _decode_told(without_halves(payload))
    except REFUSED:
        raise Malformed(str(error)) from None


def _with_halves(value: dict[str, Any]) -> Told:
    """A delta whose text was cut within a surrogate pair: its half waits for the next."""
    delta, index = value["delta"], value.get("index")
    text, arguments, thinking, signature = [told if isinstance(told := delta.get(name), str) else "" for name in _TEXTS]
    grown = Delta(str(delta.get("type")), text, arguments, thinking, signature)
    return Told("content_block_delta", index if isinstance(index, int) else 0, grown)


def without_halves(body: bytes) -> bytes:
    """The same JSON with halves of surrogate pairs, which are no text, replaced. raises Malformed"""
    return json.dumps(loads(body), ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
