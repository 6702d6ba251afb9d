"""Canonical events to a client's message, whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages import said
from entrepot.dialects.anthropic_messages.carried import thinking_of
from entrepot.dialects.anthropic_messages.said import Object
from entrepot.dialects.anthropic_messages.usage import render_usage, tier_of
from entrepot.dialects.anthropic_messages.words import NAME
from entrepot.dialects.gather import Answered, gather
from entrepot.dialects.unsaid import arguments_of
from entrepot.dialects.voice import Voice, dumps, encode
from entrepot.values.conversation import Audio, Foreign, Part, Reasoning, Refusal, Text, ToolCall
from entrepot.values.event import Event
from entrepot.values.request import Asked, Request
from entrepot.values.usage import Usage

_NOTHING = Answered((), ())
DIRECT = {"type": "direct"}


def write(events: Sequence[Event], voice: Voice, request: Request, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    whole = gather(events)
    answered = whole.choices[0] if whole.choices else _NOTHING
    shows = shows_thinking(request)
    content = [block for number, part in enumerate(answered.parts) for block in _blocks(part, voice, number, shows)]
    tier = whole.began.service_tier or (whole.seen.service_tier if whole.seen is not None else "")
    refused = any(isinstance(part, Refusal) for part in answered.parts)
    return b'%b,"content":%b,%b,"usage":%b}' % (
        said.names(voice),
        _encode(content),
        said.ending(answered.finish, refused=refused),
        render_usage(usage, prompt_nano, completion_nano, tier_of(tier)),
    )


def shows_thinking(request: Request) -> bool:
    """`display: omitted` wants thinking blocks with their signatures and without their text."""
    told = getattr(cast(Asked, request).said, "thinking", None)
    return told is None or told.display != "omitted"


def _encode(content: list[Object]) -> bytes:
    try:
        return encode(content)
    except UnicodeEncodeError:
        return b"[" + b",".join([_tolerantly(block) for block in content]) + b"]"


def _tolerantly(block: Object) -> bytes:
    """A block with half a surrogate pair in one of its texts."""
    members = [said.json_of(name) + b":" + (_bytes(value)) for name, value in block.items()]
    return b"{" + b",".join(members) + b"}"


def _bytes(value: object) -> bytes:
    if isinstance(value, Raw):
        return bytes(memoryview(value))
    return dumps(value)


def _blocks(part: Part, voice: Voice, number: int, shows: bool) -> list[Object]:
    if isinstance(part, Text):
        return _text(part)
    if isinstance(part, ToolCall):
        return _call(part, voice, number)
    if isinstance(part, Reasoning):
        return _thinking(part, shows)
    if isinstance(part, Refusal):
        return [_text_block(part.text)] if part.text else []
    if isinstance(part, Foreign):
        return [msgspec.json.decode(part.raw, type=dict[str, Raw])] if part.dialect == NAME else []
    return [_text_block(part.transcript)] if isinstance(part, Audio) and part.transcript else []


def _text_block(text: str, citations: Sequence[Object | Raw] = ()) -> Object:
    return {"type": "text", "text": text, "citations": list(citations)}


def _text(part: Text) -> list[Object]:
    citations = [told for citation in part.citations if (told := said.citation_block(citation)) is not None]
    state = said.state_of_text(part.state) if part.state is not None else ""
    if not part.text and not citations:
        return [_redacted(state)] if state else []
    return [_text_block(part.text, citations) | ({"signature": state} if state else {})]


def _redacted(data: str) -> Object:
    return {"type": "redacted_thinking", "data": data}


def _call(part: ToolCall, voice: Voice, number: int) -> list[Object]:
    """State stands before the call: clients take a last block of thinking for cut short, and leave it out."""
    name = said.call_id(part.id, voice, number)
    arguments = Raw(said.free_text(part.arguments).encode()) if part.custom else arguments_of(part, [])
    block = {"type": "tool_use", "id": name, "name": part.name, "input": arguments, "caller": DIRECT}
    return [block] if part.state is None else [_redacted(said.state_of_call(part.state, name)), block]


def _thinking(part: Reasoning, shows: bool) -> list[Object]:
    thinking, cuts = thinking_of(part)
    if said.shows_text(part, thinking):
        told, cuts = (thinking, cuts) if shows else ("", ())
        return [{"type": "thinking", "thinking": told, "signature": said.signature_of(part, cuts)}]
    hidden = said.hidden_of(part)
    return [_redacted(hidden)] if hidden is not None else []
