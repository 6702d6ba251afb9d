"""The shape of an answer: a GenerateContentResponse, whole or one piece of a stream, read tolerantly."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.gemini.usage import WireUsage
from entrepot.dialects.voice import Malformed, loads

ABSENT = Raw()
"""The one value of members that were not given, so that a look at its identity is enough."""


class Call(msgspec.Struct):
    """`partialArgs` and `willContinue`: arguments that come in pieces (Vertex)."""

    name: str | None = None
    args: Raw = ABSENT
    id: str | None = None
    partialArgs: list[Raw] | None = None
    willContinue: bool | None = None


class Blob(msgspec.Struct):
    mimeType: str | None = None
    data: str | None = None


class Reference(msgspec.Struct):
    mimeType: str | None = None
    fileUri: str | None = None


class Part(msgspec.Struct):
    """What has no meaning here (code, server tools) is looked up in the part's own bytes."""

    text: str | None = None
    thought: bool | None = None
    thoughtSignature: str | None = None
    functionCall: Call | None = None
    inlineData: Blob | None = None
    fileData: Reference | None = None


class Content(msgspec.Struct):
    parts: list[Raw] | None = None


class Candidate(msgspec.Struct):
    content: Content | None = None
    finishReason: str | int | None = None
    finishMessage: str | None = None
    index: int | None = None
    safetyRatings: Raw = ABSENT
    citationMetadata: Raw = ABSENT
    groundingMetadata: Raw = ABSENT
    urlContextMetadata: Raw = ABSENT
    avgLogprobs: Raw = ABSENT
    logprobsResult: Raw = ABSENT


class Feedback(msgspec.Struct):
    blockReason: str | int | None = None
    blockReasonMessage: str | None = None


class Told(msgspec.Struct):
    candidates: list[Candidate] | None = None
    promptFeedback: Raw = ABSENT
    usageMetadata: WireUsage | None = None
    modelVersion: str | None = None
    responseId: str | None = None
    error: Raw = ABSENT


_decode_told = msgspec.json.Decoder(Told).decode
decode_part = msgspec.json.Decoder(Part).decode
decode_feedback = msgspec.json.Decoder(Feedback).decode
decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_HALF = re.compile("[\ud800-\udfff]")


def told_in(payload: bytes) -> Told:
    """raises  Malformed"""
    try:
        return _decode_told(payload)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _decode_told(json.dumps(_mended(loads(payload))).encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(str(error)) from None


def _mended(value: Any) -> Any:
    """The same with a replacement character for each half of a surrogate pair, which no UTF-8 can carry."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(item) for name, item in value.items()}
    return value


def some(raw: Raw) -> bool:
    """Whether a member was given and is not null."""
    if raw is ABSENT:
        return False
    view = memoryview(raw)
    return len(view) > 0 and (len(view) != 4 or bytes(view) != b"null")
