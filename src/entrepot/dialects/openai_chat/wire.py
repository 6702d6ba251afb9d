"""What a chat answer looks like, whole or a chunk of it. Loose, since vendors keep few promises."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import Malformed, dumps, loads
from entrepot.values.conversation import NOTHING, Citation


class Said(msgspec.Struct):
    """A message or a delta. `Any`: vendors put other things here than they promise."""

    content: Any = None
    refusal: Any = None
    tool_calls: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None
    function_call: Any = None
    annotations: Any = None
    images: Any = None
    audio: Any = None


class Choice(msgspec.Struct):
    index: Any = None
    delta: Said | None = None
    message: Said | None = None
    finish_reason: Any = None
    native_finish_reason: Any = None
    logprobs: Raw = NOTHING
    error: Any = None


class Chunk(msgspec.Struct):
    """A chunk or a whole answer."""

    choices: list[Choice] | None = None
    id: Any = None
    model: Any = None
    usage: Raw = NOTHING
    error: Any = None
    x_groq: Raw = NOTHING
    service_tier: Any = None
    system_fingerprint: Any = None


class _Groq(msgspec.Struct):
    usage: Raw = NOTHING


_decode_chunk = msgspec.json.Decoder(Chunk).decode
_decode_groq = msgspec.json.Decoder(_Groq).decode


def chunk_in(payload: bytes) -> Chunk:
    """raises  Malformed, when it is no JSON object"""
    try:
        return _decode_chunk(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    told = loads(payload)
    if not isinstance(told, dict):
        raise Malformed("not a JSON object")
    choices = told.get("choices")
    told["choices"] = [_loose(choice) for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else None
    for name in ("usage", "x_groq"):
        if name in told:
            told[name] = Raw(dumps(told[name]))
    return msgspec.convert(told, Chunk)


def _loose(choice: dict[str, Any]) -> dict[str, Any]:
    kept = dict(choice)
    for name in ("delta", "message"):
        if not isinstance(kept.get(name), dict):
            kept.pop(name, None)
    if "logprobs" in kept:
        kept["logprobs"] = Raw(dumps(kept["logprobs"]))
    return kept


def groq_usage(raw: Raw) -> Raw:
    """What `x_groq` has of it."""
    try:
        return _decode_groq(raw).usage
    except msgspec.DecodeError:
        return NOTHING


def text_of(value: Any) -> str:
    """Nothing of what is no text."""
    return value if isinstance(value, str) else ""


def citation_of(annotation: Any, raw: Raw) -> Citation:
    """raw  what is kept of it"""
    inner = annotation.get("url_citation") if isinstance(annotation, dict) else None
    if not isinstance(inner, dict):
        return Citation(raw=raw, dialect="openai_chat")
    url, title, text = [text_of(inner.get(name)) for name in ("url", "title", "content")]
    start, end = [place if isinstance(place, int) else -1 for place in (inner.get("start_index"), inner.get("end_index"))]
    return Citation(url, title, text, start, end, raw, "openai_chat")
