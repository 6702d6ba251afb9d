"""Messages to alternating turns, for dialects in which tool results stand in user turns; and ids they accept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from entrepot.values.conversation import Message, Opaque, Part, Reasoning, ToolCall, ToolResult


class Turn(msgspec.Struct, frozen=True):
    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]


def turns(messages: Iterable[Message]) -> list[Turn]:
    """Neighbours of one side are joined; in a user turn the tool results come first. System messages in mid-conversation count as
    the user's side: a dialect that has better to offer them takes them out before."""
    found: list[tuple[Literal["user", "assistant"], list[Part]]] = []
    for message in messages:
        role: Literal["user", "assistant"] = "assistant" if message.role == "assistant" else "user"
        if found and found[-1][0] == role:
            found[-1][1].extend(message.parts)
        else:
            found.append((role, list(message.parts)))
    return [Turn(role, tuple(_results_first(parts) if role == "user" else parts)) for role, parts in found if parts]


def _results_first(parts: list[Part]) -> list[Part]:
    results: list[Part] = [part for part in parts if isinstance(part, ToolResult)]
    return results + [part for part in parts if not isinstance(part, ToolResult)] if results else parts


def split_results(role: Literal["user", "assistant"], parts: Sequence[Part]) -> list[Message]:
    """A turn as it came to messages as they are kept: tool results in messages of their own, everything in its order."""
    messages: list[Message] = []
    for part in parts:
        of = "tool" if isinstance(part, ToolResult) else role
        if messages and messages[-1].role == of:
            messages[-1] = Message(of, (*messages[-1].parts, part))
        else:
            messages.append(Message(of, (part,)))
    return messages or [Message(role, ())]


def names_of_calls(messages: Iterable[Message]) -> dict[str, str]:
    """Tool names by call id, for dialects that match results by name."""
    return {part.id: part.name for message in messages for part in message.parts if isinstance(part, ToolCall)}


def safe_id(name: str, *, most: int = 64) -> str:
    """An id of letters, digits, `_` and `-`: the same for call and result, and unchanged where it is one already."""
    if 0 < len(name) <= most and _SAFE.fullmatch(name):
        return name
    return "call_" + hashlib.blake2b(name.encode(errors="replace"), digest_size=12).hexdigest()


_SAFE = re.compile(r"[A-Za-z0-9_-]+")


def takes_back(state: Opaque | None, family: str) -> bool:
    """Whether opaque state goes to an endpoint of this family."""
    return state is not None and state.family == family


def loops_unthinking(messages: Sequence[Message], family: str) -> bool:
    """Whether results end it, of calls before which no thinking stands that goes back: Claude then may not think."""
    if not messages or messages[-1].role != "tool":
        return False
    for message in reversed(messages):
        if message.role == "user":
            return True
        if any(isinstance(part, Reasoning) and takes_back(part.state, family) for part in message.parts):
            return False
    return True


def left_out(state: Opaque, family: str) -> str:
    """The note for state that stays behind."""
    return f"reasoning: opaque state of {state.family} left out for {family}"
