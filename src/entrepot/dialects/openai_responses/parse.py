"""Client bytes to a request, or an error that names the field, its bounds, what came and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw

from entrepot.dialects.body import Words, read_body
from entrepot.dialects.openai_responses.create import SERVER_TOOLS, Content, Create, Item, Said, Tool
from entrepot.dialects.openai_responses.shape import NAME, says
from entrepot.dialects.voice import encode
from entrepot.errors import InvalidRequest
from entrepot.values.media import Media, media_of
from entrepot.values.request import Asked

_KNOWN = frozenset(Create.__struct_fields__)
_decode_create = msgspec.json.Decoder(Create).decode
_decode_raws = msgspec.json.Decoder(list[Raw]).decode
_decode_contents = msgspec.json.Decoder(list[Content]).decode


def parse(body: bytes) -> Asked:
    """raises  InvalidRequest"""
    create, fields = read_body(body, _decode_create, _WORDS)
    _check(create)
    items, raws = _input(create, fields.get("input", Raw()))
    return Asked(
        dialect=NAME,
        fields=fields,
        size=len(body),
        slugs=_slugs(create),
        unknown=tuple(fields.keys() - _KNOWN) if not fields.keys() <= _KNOWN else (),
        stream=bool(create.stream),
        effort=effort_of(create),
        max_tokens=create.max_output_tokens,
        preferences=create.provider,
        parameters=_parameters(create),
        media=media_in(items),
        user=create.user or create.safety_identifier or "",
        session_id=create.session_id or "",
        said=Said(create, items, raws),
    )


def media_in(items: Sequence[Item]) -> Media:
    return media_of([_KINDS[part.type] for part in _parts_of(items) if part.type in _KINDS])


_KINDS = {"input_image": "image", "input_audio": "audio"}


def _parts_of(items: Sequence[Item]) -> Iterator[Content]:
    """The content of messages and of tools' outputs."""
    for item in items:
        if isinstance(item.content, list):
            yield from item.content
        if says(item.output):
            parts = output_of(item)
            if not isinstance(parts, str):
                yield from parts


def output_of(item: Item) -> str | list[Content]:
    """The output of a tool: a text, or parts where it is a list of them; nothing where it is something else."""
    raw = item.output
    if bytes(memoryview(raw)[:1]) == b'"':
        return str(msgspec.json.decode(raw))
    try:
        return _decode_contents(raw)
    except msgspec.DecodeError:
        return []


def _input(create: Create, raw: Raw) -> tuple[list[Item], list[Raw]]:
    if isinstance(create.input, list):
        return create.input, _decode_raws(raw)
    if create.input is None:
        return [], []
    return [Item(role="user", content=create.input)], [Raw(b'{"role":"user","content":%b}' % bytes(raw))]


def _slugs(create: Create) -> tuple[str, ...]:
    first = (create.model,) if create.model else ()
    return tuple(dict.fromkeys((*first, *create.models))) if create.models else first


def effort_of(create: Create) -> str | None:
    """The wished effort; None when nothing was said."""
    control = create.reasoning
    if control is None or control.effort is not None:
        return control.effort if control else None
    if control.enabled is False or control.max_tokens == 0:
        return "none"
    return "medium" if control.enabled or control.max_tokens is not None else None


def _parameters(create: Create) -> frozenset[str]:
    """The parameters given, under their names in Chat Completions."""
    found = {name for ours, name in _NAMES.items() if getattr(create, ours) is not None}
    if create.text is not None:
        if create.text.verbosity is not None:
            found.add("verbosity")
        if create.text.format is not None and create.text.format.type != "text":
            found.add("response_format")
    if create.include and "message.output_text.logprobs" in create.include:
        found.add("logprobs")
    if create.tools == []:
        found -= {"tools", "parallel_tool_calls"}
    return frozenset(found)


_NAMES = {
    "max_output_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "top_logprobs": "top_logprobs",
    "tools": "tools",
    "tool_choice": "tool_choice",
    "parallel_tool_calls": "parallel_tool_calls",
    "reasoning": "reasoning",
    "service_tier": "service_tier",
    "metadata": "metadata",
    "user": "user",
    "stream": "stream",
}


# Rules that join two fields, and what is not offered


def _check(create: Create) -> None:
    if create.background:
        raise InvalidRequest(
            "Responses cannot be made in the background here.",
            field="background",
            expected="false, or nothing",
            received="true",
            remedy="Leave `background` out, and set `stream` to see the answer as it is made.",
        )
    if create.conversation is not None:
        raise InvalidRequest(
            "Conversations are not kept here.",
            field="conversation",
            expected="nothing",
            received="a conversation",
            remedy="Send `previous_response_id`, or all items in `input`.",
        )
    if create.input is None and create.previous_response_id is None and create.prompt is None:
        raise InvalidRequest(
            "`input` is required.",
            field="input",
            expected="a text or a list of items",
            received="nothing",
            remedy='Send `input: "..."`; `messages` belongs to /chat/completions.',
        )
    for position, tool in enumerate(create.tools or ()):
        _check_tool(tool, f"tools[{position}]")
    for position, plugin in enumerate(create.plugins or ()):
        if plugin.enabled is not False:
            raise InvalidRequest(
                f"The plugin `{plugin.id}` is not offered here.",
                field=f"plugins[{position}].id",
                expected="no plugins, or `enabled: false`",
                received=plugin.id,
                remedy="Leave the plugin out.",
            )
    if create.preset:
        raise InvalidRequest(
            "Presets are not offered here.",
            field="preset",
            expected="nothing",
            received=create.preset,
            remedy="Send the fields themselves.",
        )
    _check_text(create)
    if isinstance(create.input, list):
        _check_roles(create.input)


def _check_tool(tool: Tool, path: str) -> None:
    if tool.type in ("function", "custom", "namespace") and not tool.name:
        raise InvalidRequest(
            f"`{path}` has no name.",
            field=f"{path}.name",
            expected="a name",
            received="nothing",
            remedy='Responses is flat: {"type": "function", "name": ..., "parameters": {...}}, nothing is nested in `function`.',
        )
    if tool.type.startswith(SERVER_TOOLS):
        raise InvalidRequest(
            f"The server tool `{tool.type}` is not offered here.",
            field=f"{path}.type",
            expected="function, custom or a tool of the provider",
            received=tool.type,
            remedy="Run the tool in your application as a function tool.",
        )


def _check_text(create: Create) -> None:
    wanted = create.text.format if create.text else None
    if wanted is not None and wanted.type == "json_schema" and not (wanted.name and says(wanted.schema)):
        missing = "schema" if wanted.name else "name"
        raise InvalidRequest(
            f"`text.format` has no {missing}.",
            field=f"text.format.{missing}",
            expected="{type, name, schema, strict?, description?}",
            received="nothing",
            remedy="Responses is flat: name and schema stand beside type, with nothing nested in `json_schema`.",
        )


def _check_roles(items: Sequence[Item]) -> None:
    for position, item in enumerate(items):
        if item.kind == "message" and item.role not in _ROLES:
            raise InvalidRequest(
                f"`input[{position}].role` is not valid.",
                field=f"input[{position}].role",
                expected="user, assistant, system or developer",
                received=str(item.role)[:80],
                remedy="Results of tools are items of type function_call_output.",
            )


_ROLES = frozenset({"user", "assistant", "system", "developer"})


# What a wrong body is told


def _expected(told: str, path: str) -> str:
    last = path.rpartition(".")[2]
    if told.startswith("Invalid") and last in _VALUES:
        return _VALUES[last]
    return "a text or a list of items" if path == "input" else ""


_VALUES = {
    "effort": "one of none, minimal, low, medium, high, xhigh, max",
    "summary": "one of auto, concise, detailed",
    "tool_choice": "none, auto, required or {type, name}",
    "type": "one of text, json_object, json_schema",
    "verbosity": "one of low, medium, high",
    "truncation": "auto or disabled",
}


def _remedy(path: str) -> str:
    if path.startswith("input") and path.endswith("image_url"):
        return "`image_url` is a text here, not an object: an http(s) URL or a data URL."
    return 'Send `input: [{"role": "user", "content": "..."}]` or a text.' if path == "input" else ""


_WORDS = Words(_expected, _remedy)


def as_input(raws: Sequence[Raw]) -> Raw:
    """Items as one `input` member."""
    return Raw(encode(list(raws)))
