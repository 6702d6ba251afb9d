"""The words of the wire that both directions share: decoders made once, and JSON that is not quite JSON.

Half surrogate pairs: a provider that cuts text by UTF-16 units sends one emoji as two halves in two events, each escaped.
`Halves` joins them again; a half that stays alone becomes U+FFFD, for no client can read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import Malformed, dumps, loads

NAME = "openai_responses"
FAMILY = "openai-responses-v1"
NULL = b"null"
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are not what it was made for."""

CALLED_BY_CLIENT = frozenset({"local_shell_call", "shell_call", "apply_patch_call", "computer_call"})
"""Items by which the model asks the client to run one of the provider's own tools."""

T = TypeVar("T")


class Content(msgspec.Struct):
    """One part of a message, of reasoning content or of a summary."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    annotations: list[Raw] | None = None
    logprobs: list[Raw] | None = None


class Item(msgspec.Struct):
    """An output item of a kind that has a meaning here. Others are only asked for their `type`."""

    type: str = "message"
    id: str | None = None
    phase: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: str | None = None
    input: str | None = None
    content: list[Content] | str | None = None
    summary: list[Content] | None = None
    encrypted_content: str | None = None
    format: str | None = None
    result: str | None = None
    output_format: str | None = None


class _Kind(msgspec.Struct):
    type: str = "message"


class _Named(msgspec.Struct):
    name: str | None = None


class Incomplete(msgspec.Struct):
    reason: str | None = None


class Response(msgspec.Struct):
    """A response object as providers send it."""

    id: str | None = None
    object: str | None = None
    model: str | None = None
    status: str | None = None
    service_tier: str | None = None
    output: list[Raw] | None = None
    usage: Raw = Raw()
    error: Raw = Raw()
    incomplete_details: Incomplete | None = None


kind_of = msgspec.json.Decoder(_Kind).decode
decode_item = msgspec.json.Decoder(Item).decode
decode_response = msgspec.json.Decoder(Response).decode


def name_of(raw: Raw) -> str:
    """The name of the tool that an item calls; "" for other items."""
    try:
        return _decode_named(raw).name or ""
    except BROKEN:
        return ""


_decode_named = msgspec.json.Decoder(_Named).decode


def says(raw: Raw) -> bool:
    """Whether a raw member is there and is not null."""
    size = len(memoryview(raw))
    return size > 0 and (size != len(NULL) or bytes(raw) != NULL)


def tolerantly(decode: Callable[[bytes], T], data: bytes | Raw, halves: Halves | None = None) -> T:
    """What `decode` makes of the JSON once its strings are whole. raises Malformed"""
    told = loads(data)
    if halves is not None and isinstance(told, dict) and isinstance(told.get("delta"), str):
        told["delta"] = halves.join(told["delta"])
    try:
        return decode(dumps(_whole_strings(told)))
    except BROKEN as error:
        raise Malformed(str(error)[:200]) from None


class Halves:
    """The half of a surrogate pair with which one delta ended, for the beginning of the next."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def join(self, delta: str) -> str:
        delta = self._held + delta
        self._held = ""
        if delta and "\ud800" <= delta[-1] <= "\udbff":
            delta, self._held = delta[:-1], delta[-1]
        return delta


def whole(text: str) -> str:
    """Text whose surrogate pairs are joined; lone halves are U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _whole_strings(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_whole_strings(item) for item in value]
    if isinstance(value, dict):
        return {whole(name): _whole_strings(item) for name, item in value.items()}
    return value
