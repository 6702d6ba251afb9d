"""What every answer of ours shares: its names, the two ways in which a provider's answer can be no answer, and JSON helpers."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

Fields = dict[str, Raw]
decode_fields = msgspec.json.Decoder(Fields).decode
encode = msgspec.json.Encoder().encode


class ErrorEvent(Exception):
    """The provider said, inside an answer with a good status, that it failed. `payload` is the whole JSON of it.

    before  what the same piece of the stream gave for the client before the failure
    """

    def __init__(self, payload: bytes, before: bytes = b"") -> None:
        super().__init__("error inside an answer")
        self.payload = payload
        self.before = before


class Malformed(Exception):
    """The answer is not what the dialect promises."""


class Voice(msgspec.Struct, frozen=True):
    """How our answer names itself.

    count            given each piece of text that came out, so that tokens can be counted when no usage is reported
    shows_reasoning  false: reasoning is paid for but its text is left out
    """

    id: str
    model: str
    provider: str
    created: int
    count: Callable[[str], None]
    shows_reasoning: bool = True

    def names(self, kind: str) -> Fields:
        return {
            "id": Raw(encode(self.id)),
            "object": Raw(encode(kind)),
            "created": Raw(encode(self.created)),
            "model": Raw(encode(self.model)),
            "provider": Raw(encode(self.provider)),
        }

    def opening(self, kind: bytes) -> bytes:
        """The same names as the beginning of a JSON object, without its end. Ids are letters, digits and dashes."""
        served = _served(self.model, self.provider)
        return b'{"id":"%b","object":"%b","created":%d,%b' % (self.id.encode(), kind, self.created, served)


@functools.lru_cache(4096)
def _served(model: str, provider: str) -> bytes:
    return b'"model":%b,"provider":%b' % (encode(model), encode(provider))


def loads(data: bytes | Raw) -> Any:
    """JSON read by msgspec, or by the standard library where half surrogate pairs make it refuse. raises Malformed"""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(bytes(memoryview(data)))
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def dumps(value: Any) -> bytes:
    """JSON as compact as msgspec's; half surrogate pairs come out escaped, as they went in."""
    try:
        return encode(value)
    except (UnicodeEncodeError, TypeError):
        return json.dumps(value, separators=(",", ":")).encode()
