"""Whose encrypted reasoning is whose, in a dialect that has one member for it and no name of its maker.

What a client of this dialect keeps and sends back for certain is `encrypted_content` of a reasoning item. State of OpenAI's own
family stands there as it is. State of any other maker is sealed: `entrepot|family|kind|of|data`, with the data as it came at the
end, so that it finds its way back to its maker and to no other. `of` is the call whose state it is (`call:ID`), `text` for the
text before it, or nothing for the reasoning itself: Gemini signs calls and texts, which have no member for it here.
"""

from __future__ import annotations

from typing import Literal, cast
from urllib.parse import quote, unquote

import msgspec

from entrepot.dialects.openai_responses.shape import FAMILY
from entrepot.values.conversation import Opaque

_MARK = "entrepot|"


class Unsealed(msgspec.Struct, frozen=True):
    """State, and what it belongs to: "" the reasoning, `text` the text before, or `call:ID`."""

    state: Opaque
    of: str = ""


def sealed(state: Opaque, of: str = "") -> str:
    """What stands in `encrypted_content`."""
    if state.family == FAMILY and state.kind == "encrypted" and not of:
        return state.data
    return f"{_MARK}{state.family}|{state.kind}|{quote(of, safe=':')}|{state.data}"


def unsealed(data: str, family: str = FAMILY) -> Unsealed:
    """family  whose it is when it is not sealed. raises ValueError, for a seal that was broken"""
    if not data.startswith(_MARK):
        return Unsealed(Opaque(family, data, "encrypted"))
    pieces = data.split("|", 4)
    if len(pieces) != 5 or not pieces[1] or pieces[2] not in ("signature", "encrypted"):
        raise ValueError("not of the form in which it was given out")
    kind = cast(Literal["signature", "encrypted"], pieces[2])
    return Unsealed(Opaque(pieces[1], pieces[4], kind), unquote(pieces[3]))


TEXT = "text"
_CALL = "call:"


def of_call(call_id: str) -> str:
    return _CALL + call_id


def called(of: str) -> str:
    """The call that state belongs to; "" when it is none's."""
    return of.removeprefix(_CALL) if of.startswith(_CALL) else ""


_JOINT = "__"


def joined_name(namespace: str | None, name: str) -> str:
    """One name for a tool of a namespace, for models that know no namespaces."""
    return f"{namespace}{_JOINT}{name}" if namespace else name
