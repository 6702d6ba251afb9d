"""A provider's embeddings to ours: vectors keep their bytes where they come in the encoding that was asked for.

Not every provider heeds `encoding_format`, and some clients decode what comes without a look, so the other encoding is turned
into the one that was asked for.
"""

from __future__ import annotations

import base64
import sys
from array import array
from typing import Any, cast

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_chat.usage import WireUsage, usage_of
from entrepot.dialects.openai_embeddings.parse import Embedding
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice, encode
from entrepot.values.money import usd
from entrepot.values.request import Request
from entrepot.values.usage import Usage


class _Item(msgspec.Struct):
    embedding: Raw
    index: int | None = None


class _Body(msgspec.Struct):
    data: list[_Item] = []
    id: str | None = None
    model: Any = None
    usage: Raw = Raw()
    error: Raw = Raw()


class PlainEmbeddings:
    """`usage` is None where the provider tells of no tokens; then they are counted."""

    finish_reason: str | None = "stop"
    """An answer that is whole is finished; there is nothing else to say of it."""
    native_finish_reason: str | None = None
    service_tier: str | None = None
    tool_calls = 0
    foreign = 0

    __slots__ = ("_details", "_vectors", "_voice", "reported_model", "upstream_id", "usage")

    def __init__(self, body: bytes, voice: Voice, request: Request) -> None:
        """raises  ErrorEvent, Malformed"""
        asked = cast(Embedding, request)
        told = _read(body)
        self._voice = voice
        self._vectors = _vectors(told.data, len(asked.items), asked.said.encoding_format == "base64")
        self.upstream_id = told.id or ""
        self.reported_model = told.model if isinstance(told.model, str) else ""
        self.usage, self._details = _usage(told.usage)

    def render_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        data = [
            b'{"object":"embedding","index":%d,"embedding":%b}' % (place, vector) for place, vector in enumerate(self._vectors)
        ]
        details = b'"prompt_tokens_details":%b,' % self._details if self._details else b""
        return (
            b'{"object":"list","data":[%b],"model":%b,"id":%b,"provider":%b,'
            b'"usage":{"prompt_tokens":%d,"total_tokens":%d,"cost":%b,"is_byok":false,%b'
            b'"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":%b,'
            b'"upstream_inference_completions_cost":%b}}}'
        ) % (
            b",".join(data),
            encode(self._voice.model),
            encode(self._voice.id),
            encode(self._voice.provider),
            usage.prompt_tokens,
            usage.prompt_tokens,
            usd(prompt_nano + completion_nano).encode(),
            details,
            usd(prompt_nano).encode(),
            usd(completion_nano).encode(),
        )


def _read(body: bytes) -> _Body:
    try:
        told = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if not told.data and bytes(memoryview(told.error)) not in (b"", b"null"):
        raise ErrorEvent(body)
    return told


_decode = msgspec.json.Decoder(_Body).decode
_decode_usage = msgspec.json.Decoder(WireUsage).decode
_decode_floats = msgspec.json.Decoder(list[float]).decode


def _vectors(items: list[_Item], wanted: int, in_base64: bool) -> list[bytes]:
    """One for each input, in the order of the inputs."""
    if len(items) != wanted:
        raise Malformed(f"{len(items)} embeddings for {wanted} inputs")
    placed = {place if item.index is None else item.index: item for place, item in enumerate(items)}
    if placed.keys() != set(range(wanted)):
        raise Malformed("its embeddings are not numbered like the inputs")
    return [_as_asked(bytes(memoryview(placed[place].embedding)), in_base64) for place in range(wanted)]


def _as_asked(vector: bytes, in_base64: bool) -> bytes:
    comes_in_base64 = vector.startswith(b'"')
    if not comes_in_base64 and not vector.startswith(b"["):
        raise Malformed("an embedding is neither numbers nor base64")
    if comes_in_base64 == in_base64:
        return vector
    try:
        turned = b'"%b"' % packed(_decode_floats(vector)) if in_base64 else encode(unpacked(vector[1:-1]))
    except (msgspec.DecodeError, OverflowError, ValueError):
        raise Malformed("an embedding that cannot be read") from None
    if b"null" in turned and not in_base64:
        raise Malformed("an embedding with something that is not a number")
    return turned


def packed(vector: list[float]) -> bytes:
    """Numbers as base64 of 32 bit floats, little endian."""
    floats = array("f", vector)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes())


def unpacked(text: bytes) -> list[float]:
    """raises  ValueError"""
    floats = array("f")
    floats.frombytes(base64.b64decode(text, validate=True))
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tolist()


def _usage(raw: Raw) -> tuple[Usage | None, bytes]:
    """What was used, and the provider's own split of it. No tokens for an input that is not empty is no usage at all."""
    try:
        told = _decode_usage(raw)
    except msgspec.DecodeError:
        return None, b""
    if not told.prompt_tokens and told.total_tokens:
        told.prompt_tokens = told.total_tokens
    usage = usage_of(told)
    if usage is None or not usage.prompt_tokens:
        return None, b""
    usage = Usage(
        prompt_tokens=usage.prompt_tokens, audio_tokens=usage.audio_tokens, upstream_cost_yocto=usage.upstream_cost_yocto
    )
    return usage, _details(raw)


class _Detailed(msgspec.Struct):
    prompt_tokens_details: Raw = Raw()


_decode_detailed = msgspec.json.Decoder(_Detailed).decode


def _details(raw: Raw) -> bytes:
    details = bytes(memoryview(_decode_detailed(raw).prompt_tokens_details))
    return details if details.startswith(b"{") else b""
