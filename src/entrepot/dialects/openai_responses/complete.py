"""Items of imitators, completed with what the dialect demands of them and they leave out; all others keep their bytes.

xAI's calls of its own tools have `arguments` in place of an action or code, its citations have no places in the text, and
OpenRouter leaves out probabilities (recorded in 2025).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_responses.shape import says
from entrepot.dialects.voice import decode_fields, encode


class _Kind(msgspec.Struct):
    type: str = ""
    arguments: str | None = None
    action: Raw = Raw()
    code: Raw = Raw()
    content: list[Any] | str | None = None


_decode_kind = msgspec.json.Decoder(_Kind).decode


def complete_item(raw: Raw) -> Raw:
    """The same object when nothing was missing."""
    if _is_usual(bytes(raw)):
        return raw
    try:
        told = _decode_kind(raw)
    except msgspec.DecodeError:
        return raw
    if told.type == "web_search_call" and not says(told.action):
        return _with(raw, {"action": {"type": "search", "query": _argument(told, "query")}})
    if told.type == "code_interpreter_call" and not says(told.code):
        return _with(raw, {"code": _argument(told, "code"), "container_id": "", "outputs": None})
    if told.type == "message" and isinstance(told.content, list):
        parts = [complete_part(part) for part in told.content]
        return raw if parts == told.content else _with(raw, {"content": parts})
    return raw


def _is_usual(item: bytes) -> bool:
    """Whether it can be told at a glance that nothing is missing."""
    if b'_call"' in item or b"url_citation" in item:
        return False
    return b'"output_text"' not in item or (b'"annotations":' in item and b'"logprobs":' in item)


def complete_part(part: Any) -> Any:
    """Content of a message, as decoded JSON."""
    if not isinstance(part, dict) or part.get("type") != "output_text":
        return part
    text = part.get("text")
    length = len(text) if isinstance(text, str) else 0
    cited = [complete_annotation(told, length) for told in part.get("annotations") or []]
    return {**part, "annotations": cited, "logprobs": part.get("logprobs") or []}


def complete_annotation(told: Any, length: int) -> Any:
    """length  of the text, where the citation says no place in it"""
    if not isinstance(told, dict) or told.get("type") != "url_citation":
        return told
    demanded = {"start_index": 0, "end_index": length, "title": ""}
    missing = {name: value for name, value in demanded.items() if told.get(name) is None}
    return {**told, **missing} if missing else told


def _argument(told: _Kind, name: str) -> str:
    try:
        found = msgspec.json.decode(told.arguments or "").get(name)
    except (msgspec.DecodeError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""


def _with(raw: Raw, members: dict[str, Any]) -> Raw:
    return Raw(encode({**decode_fields(raw), **members}))
