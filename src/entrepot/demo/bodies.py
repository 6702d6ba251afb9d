"""What a simulated call sends, in the words of each surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from entrepot.demo.people import Ask, Surface

PATHS: Mapping[Surface, str] = {
    "chat": "/api/v1/chat/completions",
    "responses": "/api/v1/responses",
    "messages": "/api/v1/messages",
    "embeddings": "/api/v1/embeddings",
}
_MISSPELT = "openai/gpt-5.1-turbo"
_TOLD, _ASKED = "Answer in short.", "When does the tide turn?"
_USER = {"role": "user", "content": _ASKED}
_NAME, _MEANING = "read_file", "Reads a file."
_TAKES = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


def body(ask: Ask) -> bytes:
    """Also one that cannot be done, where the call is to be wrong."""
    asked = {"model": ask.model} | _SPOKEN[ask.app.surface](ask)
    if ask.order:
        asked["provider"] = {"order": ask.order}
    if ask.wrong == "temperature":
        asked["temperature"] = 9
    if ask.wrong == "model":
        asked["model"] = _MISSPELT
    return msgspec.json.encode(asked)


def _chat(ask: Ask) -> dict[str, Any]:
    messages = [{"role": "system", "content": _TOLD}, _USER]
    asked: dict[str, Any] = {"messages": messages, "stream": ask.stream, "max_tokens": ask.app.most}
    if ask.tools:
        asked["tools"] = [{"type": "function", "function": {"name": _NAME, "description": _MEANING, "parameters": _TAKES}}]
    if ask.json:
        asked["response_format"] = {"type": "json_object"}
    return asked | ({"user": ask.user} if ask.user else {})


def _responses(ask: Ask) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "instructions": _TOLD,
        "input": [_USER],
        "stream": ask.stream,
        "max_output_tokens": ask.app.most,
        "store": False,
    }
    if ask.tools:
        asked["tools"] = [{"type": "function", "name": _NAME, "description": _MEANING, "parameters": _TAKES, "strict": False}]
    if ask.json:
        asked["text"] = {"format": {"type": "json_object"}}
    return asked


def _messages(ask: Ask) -> dict[str, Any]:
    asked: dict[str, Any] = {"system": _TOLD, "messages": [_USER], "stream": ask.stream, "max_tokens": ask.app.most}
    if ask.tools:
        asked["tools"] = [{"name": _NAME, "description": _MEANING, "input_schema": _TAKES}]
    return asked


def _embeddings(ask: Ask) -> dict[str, Any]:
    return {"input": [_ASKED]}


_SPOKEN: Mapping[Surface, Callable[[Ask], dict[str, Any]]] = {
    "chat": _chat,
    "responses": _responses,
    "messages": _messages,
    "embeddings": _embeddings,
}
