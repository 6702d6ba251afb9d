"""Client bytes to `values.chat.Request`, or an error that names the field, its bounds, what came and what would mend it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.errors import InvalidRequest
from entrepot.values.chat import AssistantMessage, Chat, NamedChoice, Request, Tool

_KNOWN = frozenset(Chat.__struct_fields__)
_decode_chat = msgspec.json.Decoder(Chat).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


def parse_request(body: bytes) -> Request:
    """raises  InvalidRequest"""
    try:
        chat = _decode_chat(body)
        fields = _decode_fields(body)
    except msgspec.ValidationError as error:
        raise _wrong_field(str(error), body) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_json(body, error) from None
    except RecursionError:
        raise _too_deep() from None
    _refuse_duplicates(body, fields)
    _check(chat)
    unknown = tuple(fields.keys() - _KNOWN) if not fields.keys() <= _KNOWN else ()
    return Request(chat, fields, unknown, len(body))


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


def _refuse_missing_features(chat: Chat) -> None:
    for position, plugin in enumerate(chat.plugins or ()):
        if plugin.enabled is not False:
            raise InvalidRequest(
                f"The plugin `{plugin.id}` is not offered here.",
                field=f"plugins[{position}].id",
                expected="no plugins, or `enabled: false`",
                received=plugin.id,
                remedy="Leave the plugin out.",
            )
    if chat.preset:
        raise InvalidRequest(
            "Presets are not offered here.", field="preset", received=chat.preset, remedy="Send the fields themselves."
        )


# What is wrong with a body that did not decode


def _too_deep() -> InvalidRequest:
    return InvalidRequest(
        "The request body is nested too deeply.",
        expected="JSON nested less than about 500 levels",
        remedy="Flatten the body; a schema can use $ref instead of nesting.",
    )


def _not_json(body: bytes, error: Exception) -> InvalidRequest:
    what = "is empty" if not body.strip() else "is not valid JSON"
    told = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else _tidy(str(error))
    if rb"\ud" in body.lower() and "truncated" in told:
        told += " (or a \\u escape is half of a surrogate pair)"
    return InvalidRequest(
        f"The request body {what}." if what == "is empty" else f"The request body {what}: {told}.",
        expected="a JSON object in UTF-8",
        received=f"{len(body)} bytes",
        remedy="Send the body with a JSON encoder, with Content-Type: application/json.",
    )


def _tidy(error: str) -> str:
    return error.removeprefix("JSON is malformed: ").rstrip(".")


def _wrong_field(error: str, body: bytes) -> InvalidRequest:
    """msgspec says "Expected `float` <= 2.0 - at `$.temperature`"."""
    told, _, path = error.partition(" - at `")
    path = path.rstrip("`").removeprefix("key` in `").removeprefix("$").lstrip(".")
    value = _value_at(body, path)
    missing = re.fullmatch(r"Object missing required field `(\w+)`", told)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
        return InvalidRequest(
            f"`{path}` is required.", field=path, expected="a value", received="nothing", remedy=_remedy(path, told)
        )
    expected = _expected(told, path)
    received = _show(value)
    where = f"`{path}`" if path else "The request body"
    return InvalidRequest(
        f"{where} is not valid: expected {expected}, got {received}.",
        field=path or None,
        expected=expected,
        received=received,
        remedy=_remedy(path, told),
    )


_WORDS = {
    "role": "one of system, developer, user, assistant, tool",
    "type": "a known type",
    "tool_choice": "none, auto, required or {type, function: {name}}",
    "reasoning_effort": "one of none, minimal, low, medium, high, xhigh, max",
    "effort": "one of none, minimal, low, medium, high, xhigh, max",
}
_TYPES = {"message": "", "part": "one of text, image_url, input_audio, video_url, file, refusal"}


def _expected(told: str, path: str) -> str:
    last = path.rpartition(".")[2]
    if path.endswith("image_url.url"):
        return "an http(s) URL or a data:image/... URL"
    if path.endswith("video_url.url"):
        return "an http(s) URL or a data:video/... URL"
    if ".content[" in path and last == "type":
        return _TYPES["part"]
    if path == "response_format.type":
        return "one of text, json_object, json_schema, grammar, python"
    if told.startswith("Invalid"):
        return _WORDS.get(last, "one of the values of the reference")
    if told.startswith("Object contains unknown field"):
        return "only known fields (" + told.partition("`")[2].rstrip("`") + " is not one)"
    told = told.removeprefix("Expected ").partition(", got ")[0].replace("`", "")
    return told.replace("str | array", "a string or a list of content parts").replace("| null", "or null")


def _remedy(path: str, told: str) -> str:
    if path.endswith("_url.url"):
        return "Give a public URL or the bytes as a data URL."
    if path == "messages":
        return 'Send `messages: [{"role": "user", "content": "..."}]`; a plain `prompt` belongs to /completions.'
    if "Object contains unknown field" in told:
        return "Leave the field out or correct its name."
    return f"Correct `{path}`; the reference at /reference lists its type and bounds." if path else "Send a JSON object."


def _value_at(body: bytes, path: str) -> Any:
    """What stands at `messages[0].content`; a marker when it cannot be told."""
    try:
        value: Any = msgspec.json.decode(body)
        for step in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path):
            value = value[int(step[0])] if step[0] else value[step[1]]
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, RecursionError):
        return ...
    return value


def _show(value: Any) -> str:
    if value is ...:
        return "something else"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return type(value).__name__
    if len(text) <= 80:
        return text
    kind = "a string" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
    return f"{kind} of {len(value)}" if isinstance(value, str | list | dict) else text[:80]


# Duplicate keys: two readers of one body could see two requests, so there is no such body


def _refuse_duplicates(body: bytes, fields: dict[str, Raw]) -> None:
    """Top-level only. A compact body whose members account for every byte cannot hide a second one; others are looked at."""
    accounted = 1
    for name, raw in fields.items():
        accounted += len(name) + len(memoryview(raw)) + 4
    if accounted == len(body):
        return
    seen: set[str] = set()
    for name in _top_level_names(body):
        if name in seen:
            raise InvalidRequest(
                f"`{name}` is given twice.",
                field=name,
                expected="each field once",
                received="two or more",
                remedy="Leave one of them out.",
            )
        seen.add(name)


def _top_level_names(body: bytes) -> Iterator[str]:
    decoder = json.JSONDecoder(object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=str)
    try:
        return (name for name, _ in decoder.decode(body.decode()))
    except RecursionError:
        raise _too_deep() from None
