"""What the assistant said in an earlier turn, in the order in which it came.

Chat says what an answer consisted of in separate members, so the order of thinking, text and calls is told by
`reasoning_details`: `index` is the place of an entry among everything said (`write.py`), and the gaps are where text and calls
stood. State of a call stands under the call's id, state of the text under `TEXT_STATE`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_chat.contents import parts_of
from entrepot.dialects.openai_chat.wire import citation_of
from entrepot.dialects.voice import encode
from entrepot.values import messages as sent
from entrepot.values.conversation import (
    Audio,
    Foreign,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    source_of,
)

States = dict[str | None, sent.ReasoningDetail]
TEXT_STATE = "text"
"""The id under which `reasoning_details` carries the state of the text."""


def said_by(message: sent.AssistantMessage, legacy: str) -> tuple[Part, ...]:
    """legacy  the id of a call that was made before calls had ids"""
    details = sorted(message.reasoning_details or (), key=lambda detail: detail.index or 0)
    states: States = {
        detail.id: detail for detail in details if detail.type == "reasoning.encrypted" and detail.id and detail.data
    }
    calls = [_call(call, states) for call in message.tool_calls or ()]
    if message.function_call:
        calls.append(_legacy_call(message.function_call, legacy))
    spoken = [*_spoken(message, states), *calls]
    owned = {call.id for call in calls} | {TEXT_STATE}
    thoughts = _gathered([detail for detail in details if not (detail.id in owned and detail.type == "reasoning.encrypted")])
    if not thoughts and (text := message.reasoning or message.reasoning_content):
        thoughts = [(0, 1, Reasoning(text))]
    return tuple(_in_order(thoughts, spoken))


def _spoken(message: sent.AssistantMessage, states: States) -> list[Part]:
    parts = [part for part in parts_of(message.content) if not (isinstance(part, Text) and not part.text)]
    citations = tuple([citation_of(msgspec.json.decode(raw), raw) for raw in message.annotations or ()])
    state = states.get(TEXT_STATE)
    for position, part in enumerate(parts):
        if isinstance(part, Text) and (citations or state):
            parts[position] = msgspec.structs.replace(part, citations=citations, state=_opaque(state, "signature"))
            break
    if message.refusal:
        parts.append(Refusal(message.refusal))
    parts += [_image(raw) for raw in message.images or ()]
    if message.audio:
        name = message.audio.get("id")
        parts.append(Audio(Source(), id=str(msgspec.json.decode(name)) if name else ""))
    return parts


def _image(raw: Raw) -> Part:
    told = msgspec.json.decode(raw)
    inner = told.get("image_url") if isinstance(told, dict) else None
    url = inner.get("url") if isinstance(inner, dict) else None
    return Image(source_of(url)) if isinstance(url, str) else Foreign("openai_chat", "images", raw)


def _call(call: sent.ToolCall, states: States) -> ToolCall:
    state = _opaque(states.get(call.id), "signature")
    if call.function is None:
        told = {name: msgspec.json.decode(raw) for name, raw in (call.custom or {}).items()}
        return ToolCall(call.id, str(told.get("name", "")), str(told.get("input", "")), custom=True, state=state)
    arguments = call.function.arguments
    text = arguments if isinstance(arguments, str) else encode(arguments).decode()
    return ToolCall(call.id, call.function.name, text, state=state)


def _legacy_call(call: dict[str, Raw], call_id: str) -> ToolCall:
    told = {name: msgspec.json.decode(raw) for name, raw in call.items()}
    return ToolCall(call_id, str(told.get("name", "")), str(told.get("arguments", "")))


def _opaque(detail: sent.ReasoningDetail | None, kind: Any) -> Opaque | None:
    if detail is None:
        return None
    data = detail.signature if detail.type == "reasoning.text" else detail.data
    return Opaque(detail.format or "unknown", data, kind) if data else None


def _gathered(details: Iterable[sent.ReasoningDetail]) -> list[tuple[int, int, Reasoning]]:
    """Entries to whole thoughts, each with the place of its first entry and how many places it takes."""
    found: list[tuple[int, int, Reasoning]] = []
    last: sent.ReasoningDetail | None = None
    for number, detail in enumerate(details):
        place = number if detail.index is None else detail.index
        if found and last is not None and _continues(found[-1][2], last, detail):
            start, width, thought = found[-1]
            found[-1] = (start, width + (detail.index != last.index), _joined(thought, detail, last))
        else:
            found.append((place, 1, _joined(Reasoning(id=detail.id or "", family=detail.format or "unknown"), detail, None)))
        last = detail
    return found


def _continues(thought: Reasoning, last: sent.ReasoningDetail, detail: sent.ReasoningDetail) -> bool:
    """Whether an entry is more of the thought before it: a piece of it, or the state beside its readable form."""
    if (detail.format or "unknown") != thought.family or ((detail.id or "") not in ("", thought.id) and thought.id):
        return False
    if detail.id and detail.id == thought.id:
        return True
    if detail.index is not None and detail.index == last.index:
        return True
    return detail.type == "reasoning.encrypted" and last.type == "reasoning.summary" and thought.state is None


def _joined(thought: Reasoning, detail: sent.ReasoningDetail, last: sent.ReasoningDetail | None) -> Reasoning:
    kind = "encrypted" if detail.type == "reasoning.encrypted" else "signature"
    summary = thought.summary
    if detail.summary:
        same = last is not None and last.type == detail.type and last.index == detail.index
        summary = (*summary[:-1], summary[-1] + detail.summary) if same and summary else (*summary, detail.summary)
    return Reasoning(
        text=thought.text + (detail.text or ""),
        summary=summary,
        state=_opaque(detail, kind) or thought.state,
        id=thought.id or detail.id or "",
        family=thought.family,
    )


def _in_order(thoughts: Iterable[tuple[int, int, Reasoning]], spoken: list[Part]) -> list[Part]:
    ordered: list[Part] = []
    waiting = list(spoken)
    place = 0
    for start, width, thought in thoughts:
        while place < start and waiting:
            ordered.append(waiting.pop(0))
            place += 1
        ordered.append(thought)
        place = max(place, start) + width
    return ordered + waiting
