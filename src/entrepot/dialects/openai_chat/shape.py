"""What makes an answer ours: its names, and reasoning in the contract's fields. Shared by plain and streamed answers."""

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
    """The provider said, inside an answer with a good status, that it failed. `payload` is the whole JSON of it."""

    def __init__(self, payload: bytes) -> None:
        super().__init__("error inside an answer")
        self.payload = payload


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
    except (msgspec.DecodeError, RecursionError):
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


def normalise_message(message: dict[str, Any], voice: Voice) -> None:
    """A message or delta as decoded JSON, brought to the contract's fields in place and counted.

    Cases: content as a list with thinking parts (Mistral); content as an object (Cloudflare with a schema); arguments as an
    object (Mistral, Cloudflare); reasoning in `reasoning_content`; reasoning text without details.
    """
    content = message.get("content")
    if isinstance(content, list):
        _split_thinking(message, content)
    elif isinstance(content, dict):
        message["content"] = json.dumps(content, ensure_ascii=False)
    for position, call in enumerate(message.get("tool_calls") or ()):
        if isinstance(call, dict):
            _complete_call(call, position)
    _normalise_reasoning(message)
    count_message(message, voice)
    if not voice.shows_reasoning:
        message.pop("reasoning", None)
        message.pop("reasoning_details", None)


def _split_thinking(message: dict[str, Any], parts: list[Any]) -> None:
    text, thoughts, kept = [], [], []
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "thinking":
            inner = part.get("thinking")
            if isinstance(inner, list):
                thoughts += [piece["text"] for piece in inner if isinstance(piece, dict) and isinstance(piece.get("text"), str)]
            elif isinstance(inner, str):
                thoughts.append(inner)
        elif kind == "text" and isinstance(part.get("text"), str):
            text.append(part["text"])
        else:
            kept.append(part)
    if thoughts:
        message["reasoning"] = (message.get("reasoning") or "") + "".join(thoughts)
    message["content"] = "".join(text)
    if kept:
        message["content_parts"] = kept


def _complete_call(call: dict[str, Any], position: int) -> None:
    call.setdefault("index", position)
    call.setdefault("type", "function")
    function = call.get("function")
    if isinstance(function, dict):
        arguments = function.get("arguments")
        if arguments is not None and not isinstance(arguments, str):
            function["arguments"] = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))


def _normalise_reasoning(message: dict[str, Any]) -> None:
    text = message.pop("reasoning_content", None)
    if isinstance(text, str) and not message.get("reasoning"):
        message["reasoning"] = text
    text = message.get("reasoning")
    if isinstance(text, str) and text and not message.get("reasoning_details"):
        message["reasoning_details"] = [{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}]


def count_message(message: dict[str, Any], voice: Voice) -> None:
    for name in ("reasoning", "content", "refusal"):
        text = message.get(name)
        if isinstance(text, str) and text:
            voice.count(text)
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            voice.count(f"{function.get('name') or ''}{function.get('arguments') or ''}")
