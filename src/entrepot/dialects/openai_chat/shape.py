"""What makes an answer ours: its names, and reasoning in the contract's fields. Shared by plain and streamed answers."""

from __future__ import annotations

import json
from typing import Any

from entrepot.dialects.voice import ErrorEvent, Fields, Malformed, Voice, decode_fields, dumps, encode, loads

__all__ = [
    "ErrorEvent",
    "Fields",
    "Malformed",
    "Voice",
    "count_message",
    "decode_fields",
    "dumps",
    "encode",
    "loads",
    "normalise_message",
]


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
