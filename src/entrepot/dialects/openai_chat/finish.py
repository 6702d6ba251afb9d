"""Finish reasons and service tiers: what vendors say, and the words of the contract."""

from __future__ import annotations

_NORMAL = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "COMPLETE": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "function_call",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
    "refusal": "content_filter",
    "error": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
}


def normal_finish(native: str | None, *, has_tool_calls: bool = False) -> str | None:
    """`stop`, `length`, `tool_calls`, `content_filter`, `error` (or the legacy `function_call`); None while it goes on.

    Older models finish with `stop` after a forced call, and some vendors have words of their own: calls decide.
    """
    if native is None or native == "":
        return None
    word = _NORMAL.get(native, "stop")
    return "tool_calls" if has_tool_calls and word == "stop" else word


_TIERS = {"on_demand": "default", "standard": "default", "performance": "priority"}


def normal_tier(native: str) -> str:
    """The contract's word for a vendor's service tier (Groq says on_demand where OpenAI says default)."""
    return _TIERS.get(native, native)
