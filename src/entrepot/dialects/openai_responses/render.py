"""The canonical conversation to a provider's body, for clients that speak another dialect.

Nothing is kept by the provider: `store` is false, and reasoning comes encrypted so that it can be sent again. A conversation that
came in this dialect is said as it came, member by member, wherever it has not been changed since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.openai_responses.converse import converse
from entrepot.dialects.openai_responses.create import GATEWAY_ONLY
from entrepot.dialects.openai_responses.items import Items, Object
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.shape import FAMILY, NAME
from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.unsaid import cannot, unsaid
from entrepot.dialects.voice import dumps, encode
from entrepot.providers import Quirk
from entrepot.values.conversation import Conversation, OutputFormat, Reasoning, ReasoningWish, Text, Tool, ToolChoice, given

LEAST = 16
"""The fewest tokens OpenAI lets an answer have."""
_SAYS = frozenset(
    {
        "temperature", "top_p", "logprobs", "top_logprobs", "parallel_tool_calls", "verbosity", "web_search_options", "user",
        "metadata", "service_tier", "prompt_cache_key", "prompt_cache_retention", "modalities",
    }
)  # fmt: skip
_SAYS_AT_OPENAI = _SAYS | {"cache_control"}
_OF_OPENROUTER = frozenset({"top_k", "frequency_penalty", "presence_penalty"})
_ENCRYPTED = "reasoning.encrypted_content"


def render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest"""
    notes: list[str] = []
    family = wishes.family or FAMILY
    body: Object = {"model": wishes.upstream_model}
    _say_messages(conversation, wishes, family, body, notes)
    notes += _unsaid(conversation, family, wishes)
    _say_tools(conversation, body, notes)
    _say_output(conversation, body, notes)
    _say_reasoning(conversation, wishes, body, notes)
    _say_settings(conversation, wishes, body, notes)
    if conversation.dialect == NAME and conversation.extra:
        body = _as_it_came(conversation, family, body)
    return Rendered(dumps(body), tuple(dict.fromkeys(notes)))


def _say_messages(conversation: Conversation, wishes: Wishes, family: str, body: Object, notes: list[str]) -> None:
    messages, first = conversation.messages, 0
    if messages and messages[0].role == "system" and _is_one_text(messages[0].parts):
        [text] = messages[0].parts
        assert isinstance(text, Text)
        body["instructions"], messages, first = text.text, messages[1:], 1
    items = Items(family, own=conversation.dialect == NAME, system_only=Quirk.DEVELOPER_AS_SYSTEM in wishes.quirks, notes=notes)
    body["input"] = items.all(messages, first)


def _is_one_text(parts: tuple[object, ...]) -> bool:
    return len(parts) == 1 and isinstance(parts[0], Text) and parts[0].cache is None


def _unsaid(conversation: Conversation, family: str, wishes: Wishes) -> list[str]:
    says = _SAYS_AT_OPENAI if family == FAMILY else _SAYS
    if Quirk.KEEPS_OPENROUTER_FIELDS in wishes.quirks:
        says |= _OF_OPENROUTER
    if "audio" in conversation.modalities:
        raise cannot("modalities", '["text"]', list(conversation.modalities), "Choose a model that speaks.")
    return unsaid(conversation, says, "Responses")


# Tools


def _say_tools(conversation: Conversation, body: Object, notes: list[str]) -> None:
    choice, offered = conversation.tool_choice, [tool for tool in conversation.tools if _is_ours(tool)]
    for position, tool in enumerate(conversation.tools):
        if not _is_ours(tool):
            if choice is not None and tool.name in choice.names:
                raise cannot(f"tools[{position}]", "a function", tool.name, "Choose a function tool.")
            notes.append(f"tools: {tool.name} left out, only its maker runs it")
    tools = [_tool(tool) for tool in offered]
    if given(conversation.web_search):
        tools.append(_web_search(conversation.web_search))
    if tools:
        body["tools"] = tools
    if choice is not None and tools:
        body["tool_choice"] = _choice(choice, conversation.tools)
    if conversation.parallel_tool_calls is not None and tools:
        body["parallel_tool_calls"] = conversation.parallel_tool_calls


def _is_ours(tool: Tool) -> bool:
    return tool.kind != "hosted" or tool.dialect == NAME


def _tool(tool: Tool) -> Object | Raw:
    """`strict` is said also when it was not: without it, this dialect rewrites the schema as if it were true."""
    if tool.kind == "hosted":
        return tool.raw
    told: Object = {"type": tool.kind, "name": tool.name}
    if tool.description is not None:
        told["description"] = tool.description
    if tool.kind == "custom":
        return told | {"format": _flat_grammar(tool.format)} if given(tool.format) else told
    return told | {"parameters": tool.parameters if given(tool.parameters) else _NO_PARAMETERS, "strict": bool(tool.strict)}


_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')


def _flat_grammar(raw: Raw) -> Object | Raw:
    """Chat nests a grammar's syntax and definition one level deeper."""
    told = msgspec.json.decode(raw)
    nested = told.get("grammar") if isinstance(told, dict) else None
    return {"type": "grammar", **nested} if isinstance(nested, dict) else raw


def _web_search(raw: Raw) -> Object:
    """Chat's `web_search_options` as the tool it stands for."""
    told = msgspec.json.decode(raw)
    tool: Object = {"type": "web_search"}
    if isinstance(told, dict):
        if told.get("search_context_size"):
            tool["search_context_size"] = told["search_context_size"]
        place = told.get("user_location")
        if isinstance(place, dict):
            near = place.get("approximate")
            tool["user_location"] = {"type": "approximate", **(near if isinstance(near, dict) else place)}
    return tool


def _choice(choice: ToolChoice, tools: tuple[Tool, ...]) -> Object | Raw | str:
    if given(choice.hosted) and choice.dialect == NAME:
        return choice.hosted
    custom = {tool.name for tool in tools if tool.kind == "custom"}
    named = [{"type": "custom" if name in custom else "function", "name": name} for name in choice.names]
    if not named or choice.mode == "none":
        return choice.mode
    if len(named) == 1 and choice.mode == "required":
        return named[0]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": named}


# How the answer is to be


def _say_output(conversation: Conversation, body: Object, notes: list[str]) -> None:
    text: Object = {}
    form = _format(conversation.output)
    if form is not None:
        text["format"] = form
    if conversation.verbosity:
        word = {"xhigh": "high", "max": "high"}.get(conversation.verbosity, conversation.verbosity)
        if word != conversation.verbosity:
            notes.append(f"verbosity: {word} instead of {conversation.verbosity}, which Responses does not know")
        text["verbosity"] = word
    if text:
        body["text"] = text


def _format(output: OutputFormat) -> Object | None:
    if output.kind == "json_object":
        return {"type": "json_object"}
    if output.kind != "json_schema":
        return None
    form: Object = {"type": "json_schema", "name": output.name or "response"}
    if output.description is not None:
        form["description"] = output.description
    form["schema"] = output.schema if given(output.schema) else {"type": "object"}
    if output.strict is not None:
        form["strict"] = output.strict
    return form


def _say_reasoning(conversation: Conversation, wishes: Wishes, body: Object, notes: list[str]) -> None:
    wish = conversation.reasoning
    thinks = wish.effort not in (None, "none")
    told = _reasoning(wish, shown=thinks and wishes.shows and wish.exclude is not True)
    if told:
        body["reasoning"] = told
    if wish.max_tokens is not None and wish.effort is None:
        notes.append("reasoning.max_tokens: left out, Responses knows efforts only")
    by_itself = wishes.reasoning is not None and wish.effort != "none"
    if thinks or by_itself or _has_state(conversation):
        body["include"] = [_ENCRYPTED]


def _reasoning(wish: ReasoningWish, *, shown: bool) -> Object:
    """A summary is asked for when thoughts are to be seen: without it this dialect shows none."""
    summary = wish.summary or ("auto" if shown or wish.summary is not None else None)
    told = {"effort": wish.effort, "summary": summary, "context": wish.context, "mode": wish.mode}
    return {name: value for name, value in told.items() if value is not None}


def _has_state(conversation: Conversation) -> bool:
    return any(isinstance(part, Reasoning) and part.state for message in conversation.messages for part in message.parts)


def _say_settings(conversation: Conversation, wishes: Wishes, body: Object, notes: list[str]) -> None:
    sampling = conversation.sampling
    longest = conversation.max_tokens
    if longest is not None:
        if longest < LEAST:
            notes.append(f"max_tokens: raised from {longest} to {LEAST}, the fewest Responses allows")
        body["max_output_tokens"] = max(longest, LEAST)
    if sampling.logprobs:
        body["include"] = [*body.get("include", ()), "message.output_text.logprobs"]
        body["top_logprobs"] = sampling.top_logprobs
    names = ["temperature", "top_p"]
    if Quirk.KEEPS_OPENROUTER_FIELDS in wishes.quirks:
        names += sorted(_OF_OPENROUTER)
    told: dict[str, Any] = {name: getattr(sampling, name) for name in names}
    told["metadata"] = conversation.metadata or None
    told["service_tier"] = conversation.service_tier or None
    told["prompt_cache_key"] = conversation.cache_key or None
    told["prompt_cache_retention"] = conversation.cache_retention or None
    told["safety_identifier"] = pseudonym(conversation.user, wishes.user_salt) or None
    body |= {name: value for name, value in told.items() if value is not None}
    if body.get("top_logprobs", 0) is None:
        del body["top_logprobs"]
    body["store"] = False
    if conversation.stream:
        body["stream"] = True


# A conversation of this dialect


def _as_it_came(conversation: Conversation, family: str, body: Object) -> Object:
    """The client's own members, in their order, but for those that mean something else by now."""
    fields = conversation.extra
    before = converse(parse(encode(fields)))
    changed = _REPLACED | {
        name for name, facet in _FACETS.items() if name in fields and encode(facet(before)) != encode(facet(conversation))
    }
    if not _states_are_plain(conversation, family):
        changed |= {"input"}
    told: Object = {}
    for name, raw in fields.items():
        if name in GATEWAY_ONLY:
            continue
        if name in changed:
            if name in body:
                told[name] = body[name]
        else:
            told[name] = raw
    return told


def _states_are_plain(conversation: Conversation, family: str) -> bool:
    """Whether all opaque state stands in the input as the provider wants it: unsealed, and its own."""
    states = [getattr(part, "state", None) for message in conversation.messages for part in message.parts]
    return all(state is None or state.family == family == FAMILY for state in states)


_REPLACED = frozenset({"model", "user", "safety_identifier"})
_FACETS: dict[str, Callable[[Conversation], object]] = {
    "input": lambda said: said.messages,
    "instructions": lambda said: said.messages,
    "tools": lambda said: said.tools,
    "tool_choice": lambda said: said.tool_choice,
    "parallel_tool_calls": lambda said: said.parallel_tool_calls,
    "text": lambda said: (said.output, said.verbosity),
    "reasoning": lambda said: said.reasoning,
    "temperature": lambda said: said.sampling.temperature,
    "top_p": lambda said: said.sampling.top_p,
    "top_logprobs": lambda said: said.sampling.top_logprobs,
    "include": lambda said: said.sampling.logprobs,
    "max_output_tokens": lambda said: said.max_tokens,
    "metadata": lambda said: said.metadata,
    "service_tier": lambda said: said.service_tier,
}
"""What a member means: where it still means the same, its bytes are kept."""
