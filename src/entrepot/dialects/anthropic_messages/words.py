"""The words of Messages that have others elsewhere. Facts from its API reference and its published schema, read 2026-11."""

from __future__ import annotations

from entrepot.values.event import Finish

NAME = "anthropic_messages"
FAMILY = "anthropic-claude-v1"
ANSWER_TOOL = "entrepot_answer"
"""The tool a model is made to call where it has no other way to keep to a schema. What it is called with is the answer's text."""

_FINISH: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "compaction": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STOP_REASON = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def finish_of(stop_reason: str, *, has_calls: bool) -> Finish:
    """Those who imitate the dialect may end a turn with calls by `end_turn`: then the calls decide."""
    word = _FINISH.get(stop_reason, "stop")
    return "tool_calls" if has_calls and stop_reason == "end_turn" else word


def stop_reason_of(reason: Finish, native: str) -> str:
    """Our word for the client; the provider's own where it is one of this dialect and means the same."""
    return native if _FINISH.get(native) == reason else _STOP_REASON.get(reason, "end_turn")
