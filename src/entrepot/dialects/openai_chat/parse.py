"""Client bytes to `values.chat.Request`, or an error that names the field, its bounds, what came and what would mend it."""

from __future__ import annotations

import json

import msgspec

from entrepot.dialects.body import Words, read_body
from entrepot.errors import InvalidRequest
from entrepot.values.chat import Chat, NamedChoice, Request, Tool, media_in
from entrepot.values.messages import AssistantMessage

_KNOWN = frozenset(Chat.__struct_fields__)
_decode_chat = msgspec.json.Decoder(Chat).decode


def parse_request(body: bytes) -> Request:
    """raises  InvalidRequest"""
    chat, fields = read_body(body, _decode_chat, _WORDS)
    _check(chat)
    unknown = tuple(fields.keys() - _KNOWN) if not fields.keys() <= _KNOWN else ()
    request = Request(chat, fields, unknown, len(body), media_in(chat.messages))
    request.rewritten = request.heals
    return request


def _check(chat: Chat) -> None:
    """Rules that join two fields."""
    if chat.tools:
        _check_tools(chat.tools)
    if chat.plugins or chat.preset:
        _refuse_missing_features(chat)
    if chat.tool_choice is not None:
        _check_tool_choice(chat)
    if chat.reasoning is not None:
        _check_reasoning(chat)
    if chat.top_logprobs and not chat.logprobs:
        raise InvalidRequest(
            "`top_logprobs` needs `logprobs`.",
            field="top_logprobs",
            expected="`logprobs: true` beside it",
            received=f"logprobs: {json.dumps(chat.logprobs)}",
            remedy="Set `logprobs` to true, or leave `top_logprobs` out.",
        )
    for position, message in enumerate(chat.messages):
        if isinstance(message, AssistantMessage) and message.content is None and _says_nothing(message):
            raise InvalidRequest(
                f"`messages[{position}]` says nothing.",
                field=f"messages[{position}].content",
                expected="text, content parts, `tool_calls`, `function_call`, `refusal`, `audio` or reasoning",
                received="none of them",
                remedy="Leave the message out, or give it content.",
            )


def _says_nothing(message: AssistantMessage) -> bool:
    return not (
        message.tool_calls
        or message.function_call
        or message.refusal
        or message.audio
        or message.images
        or message.reasoning
        or message.reasoning_content
        or message.reasoning_details
    )


def _check_tools(tools: list[Tool]) -> None:
    for position, tool in enumerate(tools):
        if tool.type == "function" and tool.function is None:
            raise InvalidRequest(
                f"`tools[{position}]` has no function.",
                field=f"tools[{position}].function",
                expected="{name, description?, parameters?}",
                received="nothing",
                remedy='Chat Completions nests it: {"type": "function", "function": {"name": ...}}.',
            )
        if tool.type.startswith("openrouter:"):
            raise InvalidRequest(
                f"The server tool `{tool.type}` is not offered here.",
                field=f"tools[{position}].type",
                expected="function or custom",
                received=tool.type,
                remedy="Run the tool in your application as a function tool.",
            )


def _check_tool_choice(chat: Chat) -> None:
    choice = chat.tool_choice
    offered = {tool.function.name for tool in chat.tools or () if tool.function}
    if isinstance(choice, NamedChoice) and choice.function and choice.function.name not in offered:
        raise InvalidRequest(
            f"`tool_choice` names `{choice.function.name}`, which is not among `tools`.",
            field="tool_choice.function.name",
            expected=", ".join(sorted(offered)[:20]) or "a tool in `tools`",
            received=choice.function.name,
            remedy="Name one of the tools of this request; tools are sent again on every turn.",
        )
    if choice == "required" and not chat.tools:
        raise InvalidRequest(
            "`tool_choice` is `required` but there are no `tools`.",
            field="tool_choice",
            expected="at least one entry in `tools`",
            received="none",
            remedy="Send `tools`, or leave `tool_choice` out.",
        )


def _check_reasoning(chat: Chat) -> None:
    control = chat.reasoning
    assert control is not None
    if control.effort is not None and control.max_tokens is not None:
        raise InvalidRequest(
            "`reasoning` takes an effort or a budget, not both.",
            field="reasoning",
            expected="`effort` or `max_tokens`",
            received="both",
            remedy="Leave one of them out.",
        )
    if chat.reasoning_effort is not None and control.effort is not None and chat.reasoning_effort != control.effort:
        raise InvalidRequest(
            "`reasoning_effort` and `reasoning.effort` differ.",
            field="reasoning_effort",
            expected=control.effort,
            received=chat.reasoning_effort,
            remedy="Send one of them.",
        )


_PLUGINS = ("file-parser", "response-healing")


def _refuse_missing_features(chat: Chat) -> None:
    for position, plugin in enumerate(chat.plugins or ()):
        if plugin.enabled is False:
            continue
        if plugin.id not in _PLUGINS:
            raise InvalidRequest(
                f"The plugin `{plugin.id}` is not offered here.",
                field=f"plugins[{position}].id",
                expected=" or ".join(_PLUGINS),
                received=plugin.id,
                remedy="Leave the plugin out.",
            )
        if plugin.pdf and plugin.pdf.engine == "mistral-ocr":
            raise InvalidRequest(
                "Pictures in a PDF are not read here, only its text.",
                field=f"plugins[{position}].pdf.engine",
                expected="pdf-text, or native for a model that reads files",
                received="mistral-ocr",
                remedy="Leave the engine out: a model that reads files gets the file, others its text.",
            )
    if chat.preset:
        raise InvalidRequest(
            "Presets are not offered here.", field="preset", received=chat.preset, remedy="Send the fields themselves."
        )


# What is expected, where msgspec's own words would not help


def _expected(told: str, path: str) -> str:
    last = path.rpartition(".")[2]
    if path.endswith("image_url.url"):
        return "an http(s) URL or a data:image/... URL"
    if path.endswith("video_url.url"):
        return "an http(s) URL or a data:video/... URL"
    if ".content[" in path and last == "type":
        return "one of text, image_url, input_audio, video_url, file, refusal"
    if path == "response_format.type":
        return "one of text, json_object, json_schema, grammar, python"
    return _VALUES.get(last, "") if told.startswith("Invalid") else ""


_VALUES = {
    "role": "one of system, developer, user, assistant, tool",
    "type": "a known type",
    "tool_choice": "none, auto, required, any (Mistral's word for required) or {type, function: {name}}",
    "reasoning_effort": "one of none, minimal, low, medium, high, xhigh, max",
    "effort": "one of none, minimal, low, medium, high, xhigh, max",
}


def _remedy(path: str) -> str:
    if path.endswith("_url.url"):
        return "Give a public URL or the bytes as a data URL."
    if path == "messages":
        return 'Send `messages: [{"role": "user", "content": "..."}]`; a plain `prompt` belongs to /completions.'
    return ""


_WORDS = Words(_expected, _remedy)
