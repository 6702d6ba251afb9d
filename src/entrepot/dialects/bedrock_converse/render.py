"""A conversation to Converse's body. The model stands in the path; single model families' settings come from `thinking`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from entrepot.dialects.anthropic_messages.schema import fitted_schema
from entrepot.dialects.anthropic_messages.words import ANSWER_TOOL
from entrepot.dialects.bedrock_converse.content import Blocks, Object, cache_point
from entrepot.dialects.bedrock_converse.thinking import is_claude, longest_answer, model_fields, sampled
from entrepot.dialects.bedrock_converse.wire import NAME
from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.turns import turns
from entrepot.dialects.unsaid import callable_tools, schema_of, unsaid, words_of
from entrepot.dialects.voice import encode
from entrepot.values.conversation import Conversation, Message, Text, Tool, ToolCall, ToolChoice, ToolResult, leading_system

_SAYS = frozenset({"temperature", "top_p", "top_k", "stop", "user", "service_tier", "cache_control"})
_TIERS = {"flex": "flex", "priority": "priority", "default": "default", "fast": "priority"}
_JSON_IN_WORDS = "Answer with one JSON object and nothing else."
_ANY_OBJECT = msgspec.Raw(b'{"type":"object","properties":{}}')


def render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest, for what Converse has no form for"""
    notes = unsaid(conversation, _SAYS, "Bedrock")
    system, messages = leading_system(conversation.messages)
    blocks = Blocks(conversation.messages, wishes.family, notes)
    body: Object = {"messages": _messages(messages, blocks, notes)}
    if conversation.cache is not None:
        body["messages"][-1]["content"].append(cache_point(conversation.cache))
    told = _in_system(system)
    conversation = _say_output(conversation, wishes, body, told, notes)
    if told:
        body["system"] = told
    fields = model_fields(conversation, wishes, notes)
    _say_settings(conversation, fields, is_claude(wishes.upstream_model), body, notes)
    _say_tools(conversation, body, notes)
    if fields:
        body["additionalModelRequestFields"] = fields
    _say_rest(conversation, wishes, body, notes)
    return Rendered(encode(body), tuple(dict.fromkeys(notes)))


def _messages(messages: Sequence[Message], blocks: Blocks, notes: list[str]) -> list[Object]:
    if any(message.role in ("system", "developer") for message in messages):
        notes.append("messages: a system message in mid-conversation is sent as the user's")
    told: list[Object] = []
    for turn in turns([_without_empty_text(message) for message in messages]):
        content = blocks.of(turn)
        if not content:
            continue
        if told and told[-1]["role"] == turn.role:
            told[-1]["content"] += content
        else:
            told.append({"role": turn.role, "content": content})
    if not told or told[0]["role"] == "assistant":
        notes.append("messages: a user turn stands before the first, Bedrock demands one")
        told.insert(0, {"role": "user", "content": [{"text": "."}]})
    return told


def _without_empty_text(message: Message) -> Message:
    parts = tuple([part for part in message.parts if not isinstance(part, Text) or part.text])
    return message if len(parts) == len(message.parts) else Message(message.role, parts)


def _in_system(system: Sequence[Message]) -> list[Object]:
    told: list[Object] = []
    for message in system:
        for part in message.parts:
            text = words_of((part,))
            told += [{"text": text}] if text else []
            cache = getattr(part, "cache", None)
            told += [cache_point(cache)] if cache is not None and told else []
    return told


def _say_output(conversation: Conversation, wishes: Wishes, body: Object, system: list[Object], notes: list[str]) -> Conversation:
    """A schema by the model's own means; where it has none, by one tool whose call is the answer."""
    output = conversation.output
    if output.kind == "json_object":
        system.append({"text": _JSON_IN_WORDS})
        notes.append("response_format: json_object is asked for in words")
    if output.kind != "json_schema":
        return conversation
    if not wishes.schemas:
        notes.append("response_format: the answer is made by a call of one tool")
        return _with_answer_tool(conversation)
    schema = fitted_schema(output.schema, notes) if is_claude(wishes.upstream_model) else output.schema
    told: Object = {"schema": bytes(schema).decode(), "name": output.name or "answer"}
    if output.description:
        told["description"] = output.description
    body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": told}}}
    return conversation


def _with_answer_tool(conversation: Conversation) -> Conversation:
    choice = conversation.tool_choice
    described = conversation.output.description or "Gives the answer. Call it once, with the whole answer, instead of text."
    answer = Tool(ANSWER_TOOL, described, conversation.output.schema)
    if not conversation.tools or (choice is not None and choice.mode == "none"):
        return msgspec.structs.replace(conversation, tools=(answer,), tool_choice=ToolChoice("required", (ANSWER_TOOL,)))
    forced = choice if choice is not None and choice.mode == "required" else ToolChoice("required")
    return msgspec.structs.replace(conversation, tools=(*conversation.tools, answer), tool_choice=forced)


def _say_settings(conversation: Conversation, fields: Object, claude: bool, body: Object, notes: list[str]) -> None:
    told: dict[str, Any] = {
        "maxTokens": longest_answer(conversation, fields, notes),
        **sampled(conversation, fields, claude, notes),
    }
    told["stopSequences"] = list(conversation.sampling.stop) or None
    told = {name: value for name, value in told.items() if value is not None}
    if told:
        body["inferenceConfig"] = told


def _say_tools(conversation: Conversation, body: Object, notes: list[str]) -> None:
    """Without tools there is no `toolConfig`, unless calls in the history demand one."""
    tools, choice = callable_tools(conversation, NAME, notes), conversation.tool_choice
    called = _called(conversation)
    forbidden = choice is not None and choice.mode == "none"
    if forbidden and called and tools:
        notes.append("tool_choice: none left out, the calls in the conversation demand the tools")
    if (forbidden or not tools) and not called:
        return
    told = [block for tool in tools for block in _tool(tool)]
    if not told:
        notes.append("tools: those called in the conversation are sent without their parameters")
        told = [{"toolSpec": {"name": name, "inputSchema": {"json": _ANY_OBJECT}}} for name in called]
    body["toolConfig"] = {"tools": told}
    if choice is not None and tools and not forbidden:
        body["toolConfig"]["toolChoice"] = _choice(choice.mode, choice.names)


def _called(conversation: Conversation) -> list[str]:
    """The tools whose calls and results are in the conversation, each once."""
    parts = [part for message in conversation.messages for part in message.parts]
    names = [part.name for part in parts if isinstance(part, ToolCall)]
    if not names and any(isinstance(part, ToolResult) for part in parts):
        names = ["tool"]
    return list(dict.fromkeys(names))


def _choice(mode: str, names: tuple[str, ...]) -> Object:
    if mode == "required":
        return {"tool": {"name": names[0]}} if len(names) == 1 else {"any": {}}
    return {"auto": {}}


def _tool(tool: Tool) -> list[Object]:
    if tool.kind != "function":
        return [msgspec.json.decode(tool.raw)]
    spec: Object = {"name": tool.name}
    if tool.description:
        spec["description"] = tool.description
    spec["inputSchema"] = {"json": schema_of(tool)}
    if tool.strict is not None:
        spec["strict"] = tool.strict
    return [{"toolSpec": spec}, *([cache_point(tool.cache)] if tool.cache is not None else [])]


def _say_rest(conversation: Conversation, wishes: Wishes, body: Object, notes: list[str]) -> None:
    if conversation.sampling.stop and is_claude(wishes.upstream_model):
        body["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    tier = _TIERS.get(conversation.service_tier)
    if tier is not None:
        body["serviceTier"] = {"type": tier}
    elif conversation.service_tier not in ("", "auto", "standard_only"):
        notes.append(f"service_tier: {conversation.service_tier} left out, Bedrock has flex, priority and default")
    user = pseudonym(conversation.user, wishes.user_salt)
    if user:
        body["requestMetadata"] = {"user": user}
