"""`values.chat.Request` to the bytes one provider accepts. What need not change is passed on as the bytes it came as."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.openai_chat.shape import Fields, decode_fields, encode
from entrepot.dialects.pseudonym import pseudonym
from entrepot.providers import Quirk
from entrepot.values.chat import Request
from entrepot.values.messages import AssistantMessage, DeveloperMessage

_GATEWAY_ONLY = frozenset(
    {
        "models", "provider", "plugins", "route", "preset", "usage", "transforms", "trace", "debug", "session_id",
        "include_reasoning", "structured_outputs", "reasoning", "reasoning_effort", "max_tokens", "max_completion_tokens",
        "cache_control", "max_tool_calls", "stop_server_tools_when", "x_search_filter", "speed", "image_config", "user",
    }
)  # fmt: skip
_TOUCHED = _GATEWAY_ONLY | {"seed", "parallel_tool_calls", "tools", "stream_options", "tool_choice"}
_STREAM_OPTIONS = Raw(b'{"include_usage":true}')
_NULL = Raw(b"null")


def respeak(request: Request, wishes: Wishes) -> bytes:
    """The body for the provider. The end user's id is sent as a keyed digest, never as it came."""
    fields, quirks = dict(request.fields), wishes.quirks
    fields["model"] = Raw(encode(wishes.upstream_model))
    for name in wishes.dropped:
        fields.pop(name, None)
    if not fields.keys().isdisjoint(_TOUCHED) or request.stream:
        _render_controls(request, wishes, quirks, fields)
    rewrite = _rewriting(request, quirks)
    if rewrite is not None:
        fields["messages"] = Raw(encode([rewrite(message) for message in _decode_messages(fields["messages"])]))
    return encode(fields)


_decode_messages = msgspec.json.Decoder(list[Fields]).decode


def _render_controls(request: Request, wishes: Wishes, quirks: frozenset[Quirk], fields: Fields) -> None:
    if Quirk.KEEPS_OPENROUTER_FIELDS in quirks:
        _keep_openrouters(request, wishes, fields)
    else:
        _drop_gateways(request, wishes, quirks, fields)
    if wishes.max_tokens is not None:
        fields.pop("max_tokens", None)
        fields.pop("max_completion_tokens", None)
        fields[wishes.max_tokens_field] = Raw(b"%d" % wishes.max_tokens)
    if request.chat.user:
        fields["user"] = Raw(encode(pseudonym(request.chat.user, wishes.user_salt)))
    if request.stream and Quirk.NO_STREAM_OPTIONS not in quirks:
        fields["stream_options"] = _STREAM_OPTIONS
    else:
        fields.pop("stream_options", None)
    if not request.chat.tools:
        fields.pop("parallel_tool_calls", None)
    if request.chat.tool_choice == "any" and "tool_choice" in fields and Quirk.TOOL_IDS_NINE not in quirks:
        fields["tool_choice"] = Raw(b'"required"')
    if "seed" in fields and Quirk.RANDOM_SEED in quirks:
        fields["random_seed"] = fields.pop("seed")


def _keep_openrouters(request: Request, wishes: Wishes, fields: Fields) -> None:
    """Such a provider understands them as we do; only what has been acted on here is taken out."""
    for name in ("models", "provider", "plugins", "route", "preset"):
        fields.pop(name, None)
    if wishes.effort is not None and wishes.effort != request.effort:
        fields.pop("reasoning_effort", None)
        fields["reasoning"] = Raw(encode({"effort": wishes.effort}))


def _drop_gateways(request: Request, wishes: Wishes, quirks: frozenset[Quirk], fields: Fields) -> None:
    """Any other knows none of them."""
    for name in [name for name in fields if name in _GATEWAY_ONLY]:
        del fields[name]
    if wishes.effort is not None:
        _render_effort(wishes.effort, quirks, fields)
    tools = request.chat.tools
    if tools and any(tool.cache_control for tool in tools):
        fields["tools"] = Raw(encode([_without(tool, "cache_control") for tool in _decode_messages(fields["tools"])]))


def _render_effort(effort: str, quirks: frozenset[Quirk], fields: Fields) -> None:
    if Quirk.THINKING_SWITCH in quirks:
        fields["thinking"] = Raw(b'{"type":"disabled"}' if effort == "none" else b'{"type":"enabled"}')
        if effort == "none":
            return
    fields["reasoning_effort"] = Raw(encode(effort))


def _rewriting(request: Request, quirks: frozenset[Quirk]) -> Callable[[Fields], Fields] | None:
    """What must be done to each message; None when none of them needs anything."""
    steps: list[Callable[[Fields], Fields]] = []
    keeps = Quirk.KEEPS_OPENROUTER_FIELDS in quirks
    developer = foreign = marked = False
    for message in request.chat.messages:
        if isinstance(message, DeveloperMessage):
            developer = True
        elif isinstance(message, AssistantMessage):
            foreign = foreign or _has_foreign_fields(message)
        content = getattr(message, "content", None)
        if isinstance(content, list):
            marked = marked or any(getattr(part, "cache_control", None) is not None for part in content)
    if developer and Quirk.DEVELOPER_AS_SYSTEM in quirks:
        steps.append(_developer_as_system)
    if foreign and not keeps:
        steps.append(_reasoning_back if Quirk.REASONING_CONTENT_BACK in quirks else _without_foreign_fields)
    if marked and not keeps:
        steps.append(_without_markers)
    if Quirk.TOOL_IDS_NINE in quirks:
        steps.append(_nine_character_ids)
    if not steps:
        return None

    def rewrite(message: Fields) -> Fields:
        for step in steps:
            message = step(message)
        return message

    return rewrite


def _has_foreign_fields(message: AssistantMessage) -> bool:
    return bool(
        message.reasoning or message.reasoning_content or message.reasoning_details or message.images or message.annotations
    ) or (message.reasoning == "" or message.reasoning_details == [])


_FOREIGN = ("reasoning", "reasoning_content", "reasoning_details", "images", "annotations")


def _without(fields: Fields, *names: str) -> Fields:
    return {name: raw for name, raw in fields.items() if name not in names}


def _without_foreign_fields(message: Fields) -> Fields:
    return _without(message, *_FOREIGN)


def _reasoning_back(message: Fields) -> Fields:
    """For makers who want their own reasoning text again in a tool loop."""
    text = message.get("reasoning_content") or message.get("reasoning")
    kept = _without(message, *_FOREIGN)
    if text is not None and bytes(text) != b"null":
        kept["reasoning_content"] = text
    return kept


def _developer_as_system(message: Fields) -> Fields:
    return message | {"role": Raw(b'"system"')} if bytes(message["role"]) == b'"developer"' else message


def _without_markers(message: Fields) -> Fields:
    content = message.get("content")
    if content is None or not bytes(content).lstrip().startswith(b"["):
        return message
    parts = [_without(part, "cache_control", "prompt_cache_breakpoint") for part in _decode_messages(content)]
    return message | {"content": Raw(encode(parts))}


def _nine_character_ids(message: Fields) -> Fields:
    """Mistral demands ids of nine letters and digits: foreign ones become a digest, the same on call and result."""
    kept = dict(message)
    if "tool_call_id" in kept:
        kept["tool_call_id"] = Raw(encode(nine(msgspec.json.decode(kept["tool_call_id"], type=str))))
    if "tool_calls" in kept and bytes(kept["tool_calls"]) != b"null":
        calls: list[Any] = [decode_fields(encode(call)) for call in _decode_messages(kept["tool_calls"])]
        for call in calls:
            if "id" in call:
                call["id"] = Raw(encode(nine(msgspec.json.decode(call["id"], type=str))))
        kept["tool_calls"] = Raw(encode(calls))
    return kept


def nine(name: str) -> str:
    if len(name) == 9 and name.isascii() and name.isalnum():
        return name
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()[:9]
