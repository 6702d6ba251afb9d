"""What a dialect cannot say of a conversation: notes for what is left out, refusals where that would change what was asked.

For dialects that only providers speak; what concerns single parts of messages stands in their `render.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.turns import left_out
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Conversation,
    File,
    Message,
    Part,
    Reasoning,
    Refusal,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    given,
)

_USUAL = Sampling()
_SAMPLING = Sampling.__struct_fields__
_USUAL_TIERS = ("", "auto", "default", "standard_only")
_SHARES = {"minimal": 10, "low": 20, "medium": 50, "high": 80, "xhigh": 95, "max": 95}
_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')
_EMPTY = (b"", b"{}", b"null")


def unsaid(conversation: Conversation, says: Collection[str], dialect: str) -> list[str]:
    """Notes, "name: what" each, for the settings that are given and are not among `says`, by their names in Chat.

    raises  InvalidRequest, for several answers, sound, or a grammar
    """
    _refuse(conversation, says, dialect)
    sampling = conversation.sampling
    names = [] if sampling == _USUAL else [name for name in _SAMPLING if getattr(sampling, name) != getattr(_USUAL, name)]
    names += [name for name, is_given in _BESIDE.items() if is_given(conversation)]
    return [f"{name}: left out, {dialect} has no word for it" for name in names if name not in says and name != "n"]


def _refuse(conversation: Conversation, says: Collection[str], dialect: str) -> None:
    answers, made = conversation.sampling.n, conversation.modalities
    if answers not in (None, 1) and "n" not in says:
        raise cannot("n", f"1, which is all that {dialect} gives", answers, "Ask several times, once for each answer.")
    if made and not {"audio", "image"}.isdisjoint(made) and "modalities" not in says:
        raise cannot("modalities", '["text"]', list(made), "Choose a model that makes what is asked.")
    if conversation.output.kind in ("grammar", "python"):
        raise cannot("response_format", "text, json_object or json_schema", conversation.output.kind, "Use a JSON schema.")


def cannot(field: str, expected: str, received: object, remedy: str) -> InvalidRequest:
    """The refusal of something that the provider's dialect has no form for."""
    return InvalidRequest(
        f"{field} cannot be given to this model's provider.",
        field=field,
        expected=expected,
        received=str(received)[:100],
        remedy=remedy,
    )


def _is_named(said: Conversation) -> bool:
    return any(message.name and message.role != "tool" for message in said.messages)


def _is_cached(said: Conversation) -> bool:
    """As a whole, or up to a mark."""
    return (
        said.cache is not None
        or any(tool.cache is not None for tool in said.tools)
        or any(getattr(part, "cache", None) is not None for message in said.messages for part in message.parts)
    )


_BESIDE: dict[str, Callable[[Conversation], object]] = {
    "parallel_tool_calls": lambda said: said.parallel_tool_calls is False and said.tools,
    "verbosity": lambda said: said.verbosity,
    "user": lambda said: said.user,
    "metadata": lambda said: said.metadata,
    "prompt_cache_key": lambda said: said.cache_key,
    "prompt_cache_retention": lambda said: said.cache_retention,
    "prediction": lambda said: given(said.prediction),
    "web_search_options": lambda said: given(said.web_search),
    "name": _is_named,
    "service_tier": lambda said: said.service_tier not in _USUAL_TIERS,
    "cache_control": _is_cached,
}
"""Settings beside those of sampling, by their names in Chat, and whether they are given."""


def callable_tools(conversation: Conversation, dialect: str, notes: list[str]) -> Sequence[Tool]:
    """The tools that the choice allows: functions, and what this dialect's own maker runs. What another's runs is left out.

    raises  InvalidRequest, for a tool that takes free text, or where what is left out was chosen
    """
    choice = conversation.tool_choice
    if choice is not None and given(choice.hosted):
        raise cannot("tool_choice", "auto, none, required or a function", bytes(choice.hosted).decode(), "Choose a function.")
    names = choice.names if choice is not None else ()
    offered = []
    for position, tool in enumerate(conversation.tools):
        if tool.kind == "hosted" and tool.dialect != dialect:
            if tool.name in names:
                raise cannot("tool_choice", "a function", tool.name, "Choose a function, or a model of the maker that runs this.")
            notes.append(f"tools: {tool.name} left out, only its maker runs it")
        elif tool.kind != "function" and tool.dialect != dialect:
            raise cannot(f"tools[{position}]", "a function", tool.name or tool.kind, "Give it as a function with a JSON schema.")
        elif not names or tool.name in names:
            offered.append(tool)
    return offered


def function_of(tool: Tool) -> dict[str, Any]:
    """A tool as Chat Completions spells it, which others took over."""
    described = {"description": tool.description} if tool.description is not None else {}
    return {"type": "function", "function": {"name": tool.name, **described, "parameters": schema_of(tool)}}


def schema_of(tool: Tool) -> Raw:
    """Its parameters as they came; an object without members where there are none."""
    return _NO_PARAMETERS if bytes(tool.parameters).strip() in _EMPTY else tool.parameters


def arguments_of(call: ToolCall, notes: list[str]) -> Raw:
    """A call's arguments as a JSON object, to the byte where they are one. What is none is kept as text, with a note."""
    text = call.arguments.strip()
    if text in ("", "null"):
        return Raw(b"{}")
    try:
        _decode_object(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        notes.append(f"tool_calls: the arguments of {call.id or call.name} are not a JSON object, sent as text in `_raw`")
        return Raw(msgspec.json.encode({"_raw": call.arguments.encode(errors="replace").decode()}))
    return Raw(text.encode())


_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode


def results_in_words(messages: Iterable[Message], notes: list[str]) -> list[Message]:
    """The messages with tool results that are text alone. Pictures and the like of them follow in a user message."""
    told: list[Message] = []
    held: list[Part] = []
    for message in messages:
        if message.role == "tool":
            told.append(Message("tool", tuple([_in_words(part, held) for part in message.parts])))
            continue
        _let_go(held, told, notes)
        told.append(message)
    _let_go(held, told, notes)
    return told


def _let_go(held: list[Part], told: list[Message], notes: list[str]) -> None:
    if held:
        notes.append("tool results: what is not text follows in a user message")
        told.append(Message("user", tuple(held)))
        held.clear()


def _in_words(part: Part, held: list[Part]) -> Part:
    if not isinstance(part, ToolResult):
        return part
    held += [inner for inner in part.parts if text_in(inner) is None]
    return msgspec.structs.replace(part, parts=tuple([inner for inner in part.parts if text_in(inner) is not None]))


def text_in(part: Part) -> str | None:
    """What a part says in words; None for one that does not."""
    if isinstance(part, Text | Refusal):
        return part.text
    return part.text if isinstance(part, File) and part.text else None


def words_of(parts: Iterable[Part], joint: str = "") -> str:
    """All that is said in words, one after another."""
    return joint.join([text for text in map(text_in, parts) if text])


def thinks_foreign(part: Reasoning, family: str) -> str:
    """The note for reasoning that another maker's endpoint made; "" where its text may go to an endpoint of this family."""
    if part.state is not None and part.state.family != family:
        return left_out(part.state, family)
    if part.family not in ("", "unknown", family):
        return f"reasoning: text of {part.family} left out for {family}"
    return ""


def budget_of(effort: str, whole: int) -> int:
    """Tokens to think with, as the share of the whole answer that OpenRouter publishes for an effort; at least 1024."""
    return max(whole * _SHARES.get(effort, 50) // 100, 1024)
