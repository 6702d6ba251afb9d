"""A Chat Completions request to the canonical conversation, for endpoints that speak another dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from entrepot.dialects.openai_chat.contents import cache_of, parts_of
from entrepot.dialects.openai_chat.controls import output_of, reasoning_of, sampling_of, tool_choice_of, tools_of
from entrepot.dialects.openai_chat.said import said_by
from entrepot.errors import InvalidRequest
from entrepot.values import chat as asked
from entrepot.values import messages as sent
from entrepot.values.conversation import (
    NOTHING,
    Conversation,
    Message,
    OutputFormat,
    Part,
    Sampling,
    Text,
    ToolCall,
    ToolResult,
)
from entrepot.values.request import Request


def converse(request: Request) -> Conversation:
    """raises  InvalidRequest, for calls and results that do not fit together"""
    request = cast(asked.Request, request)
    chat, fields = request.chat, request.fields
    messages = _messages(chat.messages)
    return Conversation(
        messages=messages,
        tools=tools_of(request) if chat.tools or chat.functions else (),
        tool_choice=tool_choice_of(chat),
        parallel_tool_calls=chat.parallel_tool_calls,
        sampling=_UNSAID if _SAMPLED.isdisjoint(fields) else sampling_of(chat, fields),
        max_tokens=request.max_tokens,
        reasoning=reasoning_of(request),
        output=output_of(chat, fields) if chat.response_format is not None else _AS_TEXT,
        verbosity=chat.verbosity,
        modalities=tuple(chat.modalities or ()),
        audio=fields.get("audio", NOTHING) if chat.audio else NOTHING,
        prediction=fields.get("prediction", NOTHING) if chat.prediction else NOTHING,
        web_search=fields.get("web_search_options", NOTHING) if chat.web_search_options is not None else NOTHING,
        user=chat.user or chat.safety_identifier or "",
        metadata=dict(chat.metadata or {}),
        cache=cache_of(chat.cache_control),
        cache_key=chat.prompt_cache_key or "",
        cache_retention=chat.prompt_cache_retention or "",
        service_tier=chat.service_tier or "",
        stream=request.stream,
        extra={name: fields[name] for name in request.unknown} if request.unknown else {},
    )


_UNSAID, _AS_TEXT = Sampling(), OutputFormat()
_SAMPLED = frozenset(Sampling.__struct_fields__)


def _messages(messages: Sequence[sent.Message]) -> tuple[Message, ...]:
    found: list[Message] = []
    legacy = ""
    open_calls: dict[str, str] = {}
    for position, message in enumerate(messages):
        path = f"messages[{position}]"
        if isinstance(message, sent.ToolMessage):
            _close(open_calls, message.tool_call_id, f"{path}.tool_call_id")
            found.append(_result(message.tool_call_id, parts_of(message.content), message.name or ""))
        elif isinstance(message, sent.FunctionMessage):
            _close(open_calls, legacy, f"{path}.name")
            found.append(_result(legacy, (Text(message.content or ""),), message.name))
        else:
            _refuse_open(open_calls)
            if isinstance(message, sent.AssistantMessage):
                legacy = f"call_{position}"
                told = Message("assistant", said_by(message, legacy), name=message.name or "")
                calls = [part for part in told.parts if isinstance(part, ToolCall)]
                open_calls = {call.id: f"{path}.tool_calls[{number}]" for number, call in enumerate(calls)}
                found.append(told)
            else:
                found.append(Message(_ROLES[type(message)], parts_of(message.content), name=message.name or ""))
    return tuple(found)


_ROLES: dict[type, Any] = {sent.SystemMessage: "system", sent.DeveloperMessage: "developer", sent.UserMessage: "user"}


def _result(call_id: str, parts: tuple[Part, ...], name: str) -> Message:
    return Message("tool", (ToolResult(call_id, parts, name=name),))


def _close(open_calls: dict[str, str], call_id: str, path: str) -> None:
    if open_calls.pop(call_id, None) is None:
        raise InvalidRequest(
            f"`{path}` answers no call of the assistant message before it.",
            field=path,
            expected="the id of a call in `tool_calls` that has no result yet",
            received=call_id[:80],
            remedy="Send the assistant message with its `tool_calls` first, then one result for each call.",
        )


def _refuse_open(open_calls: dict[str, str]) -> None:
    for call_id, path in open_calls.items():
        raise InvalidRequest(
            f"`{path}` has no result.",
            field=path,
            expected=f"a message of role tool with tool_call_id {call_id[:80]} right after it",
            received="none",
            remedy="Send one result for each call before the next message.",
        )
