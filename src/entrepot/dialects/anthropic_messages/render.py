"""A conversation to the body that a provider of Messages takes. What it cannot say is left out with a note, or refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.blocks import Blocks
from entrepot.dialects.anthropic_messages.schema import fitted_schema
from entrepot.dialects.anthropic_messages.thinking import Thinking, thinking_for
from entrepot.dialects.anthropic_messages.words import ANSWER_TOOL, FAMILY, NAME
from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.turns import loops_unthinking
from entrepot.dialects.unsaid import cannot, schema_of, unsaid
from entrepot.dialects.voice import encode
from entrepot.values.conversation import (
    Conversation,
    Message,
    OutputFormat,
    Sampling,
    Tool,
    ToolCall,
    ToolChoice,
    given,
)

Object = dict[str, Any]
_SAYS = ("temperature", "top_p", "top_k", "stop", "parallel_tool_calls", "user", "cache_control")
BETA_HEADER = "anthropic-beta"
_USUAL_LENGTH = 4096
_INTERLEAVED_BETA = "interleaved-thinking-2025-05-14"
_FREE_TEXT = Raw(b'{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}')
_OBJECT = Raw(b'{"type":"object"}')
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest"""
    notes = unsaid(conversation, _SAYS, "Messages")
    blocks = Blocks(wishes.family, notes, native=conversation.dialect == NAME)
    length = longest(conversation.max_tokens, wishes)
    tools, choice = _tools(conversation, blocks, notes)
    output, more = _output(conversation.output, wishes, notes)
    if more is not None:
        tools, choice = [*tools, more], _answering(choice, tools)
    thinking = thinking_for(conversation.reasoning, wishes, length, notes)
    thinking = _possible(thinking, conversation, choice, wishes.family or FAMILY, notes)
    system, messages = blocks.messages(conversation.messages)
    if conversation.output.kind == "json_object" and more is None:
        system.append({"type": "text", "text": "Answer with one JSON object and nothing else."})
    body: Object = {"model": wishes.upstream_model, "max_tokens": length, "messages": messages}
    _say(body, system=system, tools=tools, tool_choice=choice, thinking=thinking.control)
    if thinking.effort is not None:
        output["effort"] = thinking.effort
    _say(body, output_config=output, **_sampled(conversation.sampling, thinking, notes))
    _say_rest(body, conversation, wishes, blocks)
    blocks.few_marks()
    if thinking.on and tools and thinking.control is not None and thinking.control["type"] == "enabled":
        blocks.betas.add(_INTERLEAVED_BETA)
    return Rendered(encode(body), tuple(dict.fromkeys(notes)), beta_header(blocks.betas))


def beta_header(betas: set[str]) -> dict[str, str]:
    return {BETA_HEADER: ",".join(sorted(betas))} if betas else {}


def longest(max_tokens: int | None, wishes: Wishes) -> int:
    """A length must be said: what was asked, or the most the endpoint writes."""
    return max_tokens if max_tokens is not None else wishes.longest_answer or _USUAL_LENGTH


def _say(body: Object, **members: Any) -> None:
    body.update({name: value for name, value in members.items() if value is not None and value != [] and value != {}})


def _say_rest(body: Object, conversation: Conversation, wishes: Wishes, blocks: Blocks) -> None:
    if conversation.user:
        body["metadata"] = {"user_id": pseudonym(conversation.user, wishes.user_salt)}
    tier = {"auto": "auto", "priority": "auto", "default": "standard_only"}.get(conversation.service_tier)
    _say(body, service_tier=tier)
    if conversation.cache is not None:
        blocks.mark(body, conversation.cache)
    if conversation.stream:
        body["stream"] = True


# Tools


def _tools(conversation: Conversation, blocks: Blocks, notes: list[str]) -> tuple[list[Object | Raw], Object | None]:
    choice = conversation.tool_choice
    _refuse_hosted(conversation)
    names = choice.names if choice is not None and len(choice.names) > 1 else ()
    offered = [tool for tool in conversation.tools if not names or tool.name in names]
    tools = [told for tool in offered if (told := tool_of(tool, blocks, notes)) is not None]
    if not tools:
        return _remembered(conversation.messages, notes)
    return tools, choice_of(choice, conversation.parallel_tool_calls)


def _refuse_hosted(conversation: Conversation) -> None:
    choice = conversation.tool_choice
    foreign = {tool.name for tool in conversation.tools if tool.kind == "hosted" and tool.dialect != NAME}
    if choice is not None and ((given(choice.hosted) and choice.dialect != NAME) or not foreign.isdisjoint(choice.names)):
        received = choice.names[0] if choice.names else bytes(memoryview(choice.hosted)).decode(errors="replace")
        raise cannot(
            "tool_choice", "a function tool", received, "Choose another tool, or a model of the maker that runs this one."
        )


def tool_of(tool: Tool, blocks: Blocks, notes: list[str]) -> Object | Raw | None:
    """None for a tool that only another maker runs."""
    if tool.kind == "hosted":
        if tool.dialect == NAME:
            return tool.raw
        notes.append(f"tools: {tool.name} left out, only its maker runs it")
        return None
    if not _NAME.fullmatch(tool.name):
        raise cannot("tools[].function.name", "1 to 128 letters, digits, _ and -", tool.name, "Rename the tool.")
    told: Object = {"name": tool.name}
    if tool.description is not None:
        told["description"] = tool.description
    if tool.kind == "custom":
        notes.append(f"tools: {tool.name} takes its free text as `input` of an object")
        told["input_schema"] = _FREE_TEXT
    else:
        told["input_schema"] = _typed(schema_of(tool))
    if tool.strict is not None and tool.kind == "function":
        told["strict"] = tool.strict
    return blocks.mark(told, tool.cache)


class _Typed(msgspec.Struct):
    type: Raw = Raw()


def _typed(schema: Raw) -> Raw:
    """The schema to the byte; with its type where it says none, as Messages wants it said."""
    text = bytes(memoryview(schema)).strip()
    if given(msgspec.json.decode(text, type=_Typed).type):
        return schema
    return Raw(b'{"type":"object",' + text[1:].lstrip())


def choice_of(choice: ToolChoice | None, parallel: bool | None) -> Object | None:
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True} if parallel is False else None
    if choice.mode == "none":
        return {"type": "none"}
    told: Object = {"type": {"auto": "auto", "required": "any"}[choice.mode]}
    if choice.mode == "required" and len(choice.names) == 1:
        told = {"type": "tool", "name": choice.names[0]}
    if parallel is False:
        told["disable_parallel_tool_use"] = True
    return told


def _remembered(messages: Sequence[Message], notes: list[str]) -> tuple[list[Object | Raw], Object | None]:
    """A history with calls is refused without tools: those it called are named, and not to be called."""
    names = dict.fromkeys([part.name for message in messages for part in message.parts if isinstance(part, ToolCall)])
    if not names:
        return [], None
    notes.append("tools: those called before are named, and not to be called")
    return [{"name": name, "input_schema": _OBJECT} for name in names], {"type": "none"}


# Structured output


def _output(output: OutputFormat, wishes: Wishes, notes: list[str]) -> tuple[Object, Object | None]:
    """`output_config`, or a tool whose call is the answer, for models that keep to a schema in no other way."""
    if output.kind not in ("json_schema", "json_object"):
        return {}, None
    schema = output.schema if given(output.schema) and output.kind == "json_schema" else _OBJECT
    if not wishes.schemas:
        notes.append("response_format: the answer is made by a call of one tool")
        described = output.description or "Gives the answer. Call it once, with the whole answer, instead of writing text."
        return {}, {"name": ANSWER_TOOL, "description": described, "input_schema": _typed(schema)}
    if output.kind == "json_object":
        notes.append("response_format: JSON is asked for in the system prompt")
        return {}, None
    return {"format": {"type": "json_schema", "schema": fitted_schema(schema, notes)}}, None


def _answering(choice: Object | None, others: Sequence[Object | Raw]) -> Object:
    """The answer tool must be called, unless another may be."""
    if choice is not None and choice["type"] in ("any", "tool"):
        return choice
    if not others or (choice is not None and choice["type"] == "none"):
        return {"type": "tool", "name": ANSWER_TOOL}
    return {"type": "any"}


# Thinking and sampling


def _possible(thinking: Thinking, said: Conversation, choice: Object | None, family: str, notes: list[str]) -> Thinking:
    """Without thinking where it is refused: beside a forced call, and by a budget in a tool loop that was begun without."""
    if not thinking.on or thinking.control is None:
        return thinking
    if choice is not None and choice["type"] in ("any", "tool"):
        notes.append("reasoning: thinking left out, a call is forced")
        return Thinking(None, thinking.effort)
    if thinking.control["type"] == "enabled" and loops_unthinking(said.messages, family):
        notes.append("reasoning: thinking left out until the calls under way are over, which began without it")
        return Thinking(None, thinking.effort)
    return thinking


def _sampled(sampling: Sampling, thinking: Thinking, notes: list[str]) -> Object:
    told: Object = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k}
    if sampling.temperature is not None and sampling.temperature > 1:
        notes.append(f"temperature: 1 instead of {sampling.temperature:g}, the most Messages takes")
        told["temperature"] = 1.0
    if sampling.temperature is not None and sampling.top_p is not None:
        notes.append("top_p: left out, Messages takes it or a temperature")
        told["top_p"] = None
    if thinking.on:
        refused = {"temperature": told["temperature"] not in (None, 1.0), "top_k": sampling.top_k is not None}
        refused["top_p"] = told["top_p"] is not None and told["top_p"] < 0.95
        for name in [name for name, is_refused in refused.items() if is_refused]:
            notes.append(f"{name}: left out, a model that thinks does not take it")
            told[name] = None
    stops = [stop for stop in sampling.stop if stop.strip()]
    if len(stops) < len(sampling.stop):
        notes.append("stop: sequences of white space left out, Messages does not take them")
    return told | {"stop_sequences": stops}
