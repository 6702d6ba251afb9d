"""Finish reasons: Google's words and Chat's. A call finishes with STOP there; calls decide."""

from __future__ import annotations

from entrepot.values.event import Finish

_REFUSED = (
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "JAILBREAK", "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
)  # fmt: skip
_FAILED = (
    "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE",
    "OTHER", "NO_IMAGE", "IMAGE_OTHER",
)  # fmt: skip
_NORMAL: dict[str, Finish] = {
    "MAX_TOKENS": "length",
    **dict.fromkeys(_REFUSED, "content_filter"),
    **dict.fromkeys(_FAILED, "error"),
}
_NUMBERS = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER"}
"""Google's older Vertex client asks for enums as numbers; only these mean the same in both of its services."""
_NATIVE: dict[str, str] = {"length": "MAX_TOKENS", "content_filter": "SAFETY", "error": "OTHER"}


def native_finish(told: str | int) -> str:
    return told if isinstance(told, str) else _NUMBERS.get(told, str(told))


def normal_finish(native: str, *, calls: bool) -> Finish:
    """Words that nobody knows yet are taken as a normal end."""
    word = _NORMAL.get(native, "stop")
    return "tool_calls" if calls and word == "stop" else word


def google_finish(reason: str) -> str:
    return _NATIVE.get(reason, "STOP")
