"""A Responses request to the canonical conversation, for endpoints that speak another dialect.

What the assistant said comes as items: thoughts, messages and calls. Neighbours are one message of a conversation, but two
messages stay two, for each has an id and a phase. Results stand right after the message that called, also where the client put a
message in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from entrepot.dialects.openai_responses.create import Content, Item, Said
from entrepot.dialects.openai_responses.options import cache_of, output, reasoning, sampling, tool_choice, tools
from entrepot.dialects.openai_responses.parse import output_of
from entrepot.dialects.openai_responses.parts import citation
from entrepot.dialects.openai_responses.shape import FAMILY, NAME, says
from entrepot.dialects.openai_responses.state import TEXT, Unsealed, called, joined_name, unsealed
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Audio,
    Cache,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Role,
    Source,
    Text,
    ToolCall,
    ToolResult,
    source_of,
)
from entrepot.values.request import Asked, Request


def converse(request: Request) -> Conversation:
    """raises  InvalidRequest, for items that do not fit together or that nobody but their maker could read"""
    asked = cast(Asked, request)
    said: Said = asked.said
    create = said.create
    refuse_what_is_not_kept(said)
    _refuse_templates(create.prompt)
    messages = _Messages(said).all()
    if create.instructions:
        messages = [Message("system", (Text(create.instructions),)), *messages]
    return Conversation(
        messages=tuple(messages),
        tools=tools(create, asked.fields),
        tool_choice=tool_choice(create, asked.fields),
        parallel_tool_calls=create.parallel_tool_calls,
        sampling=sampling(create),
        max_tokens=create.max_output_tokens,
        reasoning=reasoning(create),
        output=output(create),
        verbosity=create.text.verbosity if create.text else None,
        modalities=tuple(create.modalities or ()),
        user=asked.user,
        metadata=dict(create.metadata or {}),
        cache=cache_of(create.cache_control),
        cache_key=create.prompt_cache_key or "",
        cache_retention=create.prompt_cache_retention or "",
        service_tier=create.service_tier or "",
        stream=asked.stream,
        dialect=NAME,
        extra=asked.fields,
    )


def refuse_what_is_not_kept(said: Said) -> None:
    """raises  InvalidRequest, for a request that goes on from a response whose items were not put before it (`stored.py`)"""
    before = said.create.previous_response_id
    if before is not None and not said.joined:
        raise InvalidRequest(
            f"The response `{before[:80]}` is not kept here.",
            field="previous_response_id",
            expected="the id of a response that was stored",
            received=before[:80],
            remedy="Send all items in `input`.",
        )


def _refuse_templates(prompt: object) -> None:
    if prompt is not None:
        raise InvalidRequest(
            "A `prompt` is a template that OpenAI keeps; this model's provider cannot read it.",
            field="prompt",
            expected="nothing",
            received="a template",
            remedy="Send its text as `instructions` and `input`, or choose a model that OpenAI serves.",
        )


# Items to messages


class _Messages:
    def __init__(self, said: Said) -> None:
        self._said = said
        self._found: list[Message] = []
        self._parts: list[Part] = []
        self._spoken: Item | None = None
        self._owners: dict[str, int] = {}
        """Calls without a result, by id, and the place in the input of each"""
        self._after: dict[str, int] = {}
        """How many messages there were when a call was made: its results go there"""

    def all(self) -> list[Message]:
        for position, item in enumerate(self._said.items):
            self._take(item, position)
        self._close()
        for call_id, position in self._owners.items():
            raise InvalidRequest(
                f"The call `{call_id[:80]}` in `{_path(position)}` has no result.",
                field=f"{_path(position)}.call_id",
                expected=f"a function_call_output with call_id {call_id[:80]} later in `input`",
                received="none",
                remedy="Send one result for each call.",
            )
        return self._found

    def _take(self, item: Item, position: int) -> None:
        kind = item.kind
        if kind == "message" and item.role == "assistant":
            self._speak(item, position)
        elif kind == "message":
            self._close()
            self._found.append(Message(cast(Role, item.role), _parts_of(item, position), id=item.id or ""))
        elif kind == "reasoning":
            self._think(item, position)
        elif kind in ("function_call", "custom_tool_call"):
            self._parts.append(_call(item, position))
            self._owners[item.call_id or ""] = position
        elif kind in ("function_call_output", "custom_tool_call_output"):
            self._result(item, position)
        elif kind in _OF_CLIENT:
            self._close()
            self._found.append(Message("user", (self._foreign(kind, position),)))
        elif kind in _OF_MODEL:
            self._parts.append(self._foreign(kind, position))
        else:
            raise _unknown(kind, position)

    def _foreign(self, kind: str, position: int) -> Foreign:
        return Foreign(NAME, kind, self._said.raws[position])

    def _speak(self, item: Item, position: int) -> None:
        if self._spoken is not None:
            self._close()
        self._spoken = item
        self._parts += _parts_of(item, position)

    def _think(self, item: Item, position: int) -> None:
        text = "".join([part.text or "" for part in item.content or () if isinstance(part, Content)])
        summary = tuple([part.text or "" for part in item.summary or ()])
        if not item.encrypted_content:
            state = Opaque(item.format or "unknown", item.signature, "signature") if item.signature else None
            self._parts.append(Reasoning(text, summary, state, item.id or "", item.format or ""))
            return
        found = state_of(item, position)
        if found.of:
            self._sign(found.of, found.state)
            return
        if found.state.kind == "signature" and not text:
            text, summary = "".join(summary), ()
        self._parts.append(Reasoning(text, summary, found.state, item.id or "", found.state.family))

    def _sign(self, of: str, state: Opaque) -> None:
        """State of the text or the call before it."""
        call_id = called(of)
        for place in range(len(self._parts) - 1, -1, -1):
            part = self._parts[place]
            if (isinstance(part, Text) and of == TEXT) or (isinstance(part, ToolCall) and part.id == call_id):
                self._parts[place] = msgspec.structs.replace(part, state=state)
                return

    def _result(self, item: Item, position: int) -> None:
        self._close()
        call_id, path = item.call_id or "", f"{_path(position)}.call_id"
        if self._owners.pop(call_id, None) is None:
            raise InvalidRequest(
                f"`{path}` answers no call before it.",
                field=path,
                expected="the call_id of a function_call in `input` that has no result yet",
                received=call_id[:80],
                remedy="Send the call itself before its result: call_id joins them, not id.",
            )
        custom = item.kind == "custom_tool_call_output"
        told = output_of(item) if says(item.output) else ""
        parts = (Text(told),) if isinstance(told, str) else _content(told, f"{_path(position)}.output")
        place = self._after.pop(call_id)
        self._found.insert(place, Message("tool", (ToolResult(call_id, parts, item.name or "", custom=custom),)))
        self._after = {other: at + (at >= place) for other, at in self._after.items()}

    def _close(self) -> None:
        """What the assistant said so far is one message."""
        if not self._parts:
            return
        spoken = self._spoken
        name, phase = (spoken.id or "", spoken.phase or "") if spoken is not None else ("", "")
        self._found.append(Message("assistant", tuple(self._parts), id=name, phase=phase))
        for part in self._parts:
            if isinstance(part, ToolCall):
                self._after[part.id] = len(self._found)
        self._parts, self._spoken = [], None


def state_of(item: Item, position: int) -> Unsealed:
    """raises  InvalidRequest, for state that is not as it was given out"""
    data = item.encrypted_content or ""
    try:
        return unsealed(data, item.format or FAMILY)
    except ValueError as error:
        raise InvalidRequest(
            f"`{_path(position)}.encrypted_content` is {error}.",
            field=f"{_path(position)}.encrypted_content",
            expected="what was given with the answer, to the byte",
            received=f"a text of {len(data)}",
            remedy="Send the item back as it came, or leave it out.",
        ) from None


def _path(position: int) -> str:
    return f"input[{position}]"


def _call(item: Item, position: int) -> ToolCall:
    path, custom = _path(position), item.kind == "custom_tool_call"
    for member in ("call_id", "name"):
        if not getattr(item, member):
            raise _missing(f"{path}.{member}")
    if custom:
        arguments = item.input or ""
    elif bytes(memoryview(item.arguments)[:1]) in (b'"', b""):
        arguments = msgspec.json.decode(item.arguments) if says(item.arguments) else ""
    else:
        raise InvalidRequest(
            f"`{path}.arguments` is not a text.",
            field=f"{path}.arguments",
            expected="the arguments as JSON in a text",
            received=bytes(item.arguments)[:80].decode(errors="replace"),
            remedy="Send the arguments as they came with the call.",
        )
    return ToolCall(
        item.call_id or "", joined_name(item.namespace, item.name or ""), arguments, custom=custom, item=item.id or ""
    )


def _missing(path: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{path}` is required.", field=path, expected="a text", received="nothing", remedy="Send the item as it came."
    )


def _unknown(kind: str, position: int) -> InvalidRequest:
    if kind == "item_reference":
        return InvalidRequest(
            f"`{_path(position)}` names an item that is not kept here.",
            field=f"{_path(position)}.id",
            expected="the id of an item of the response in `previous_response_id`",
            received="an id of something else",
            remedy="Send the item itself.",
        )
    return InvalidRequest(
        f"`{_path(position)}` is of an unknown type.",
        field=f"{_path(position)}.type",
        expected="message, reasoning, function_call, function_call_output, custom_tool_call, custom_tool_call_output, …",
        received=kind[:80],
        remedy="Leave the item out, or choose a model whose provider speaks Responses itself.",
    )


def _parts_of(item: Item, position: int) -> tuple[Part, ...]:
    if item.content is None:
        raise _missing(f"{_path(position)}.content")
    if isinstance(item.content, str):
        return (Text(item.content),)
    return _content(item.content, f"{_path(position)}.content")


def _content(content: list[Content], path: str) -> tuple[Part, ...]:
    return tuple([_part(part, f"{path}[{number}]") for number, part in enumerate(content)])


def _part(part: Content, path: str) -> Part:
    make = _PARTS.get(part.type)
    if make is None or (part.type == "input_audio" and part.input_audio is None):
        raise InvalidRequest(
            f"`{path}` is of an unknown type.",
            field=f"{path}.type",
            expected="input_text, input_image, input_file or input_audio; output_text or refusal in what the assistant said",
            received=part.type[:80],
            remedy="Correct the type of the part.",
        )
    return make(part, cache_of(part.cache_control) or (Cache() if part.prompt_cache_breakpoint is not None else None), path)


def _text(part: Content, cache: Cache | None, path: str) -> Text:
    return Text(part.text or "", tuple([citation(raw) for raw in part.annotations or ()]), cache)


def _image(part: Content, cache: Cache | None, path: str) -> Image:
    if not (part.image_url or part.file_id):
        raise _missing(f"{path}.image_url")
    source = source_of(part.image_url) if part.image_url else Source(file_id=part.file_id or "")
    return Image(source, part.detail or "", cache)


def _file(part: Content, cache: Cache | None, path: str) -> File:
    return File(_file_source(part, path), part.filename or "", cache=cache)


def _audio(part: Content, cache: Cache | None, path: str) -> Audio:
    sound = part.input_audio
    assert sound is not None
    kind = "audio/mpeg" if sound.format == "mp3" else f"audio/{sound.format}"
    return Audio(Source(data=sound.data, media_type=kind), sound.format, cache=cache)


def _refusal(part: Content, cache: Cache | None, path: str) -> Refusal:
    return Refusal(part.refusal or "")


_PARTS: dict[str, Callable[[Content, Cache | None, str], Part]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
    "refusal": _refusal,
}


def _file_source(part: Content, path: str) -> Source:
    if part.file_data:
        if part.file_data[:5].lower() == "data:":
            return source_of(part.file_data)
        return Source(data=part.file_data, media_type="application/pdf")
    if part.file_url:
        return Source(url=part.file_url)
    if part.file_id:
        return Source(file_id=part.file_id)
    raise _missing(f"{path}.file_data")


_OF_MODEL = frozenset(
    {
        "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "computer_call",
        "mcp_list_tools", "mcp_call", "mcp_approval_request", "shell_call", "local_shell_call", "apply_patch_call",
        "tool_search_call", "program",
    }
)  # fmt: skip
"""What the model did with tools of its provider, or asked of a client that knows them."""
_OF_CLIENT = frozenset(
    {
        "computer_call_output", "mcp_approval_response", "shell_call_output", "local_shell_call_output",
        "apply_patch_call_output", "tool_search_output", "program_output", "additional_tools", "compaction",
        "compaction_summary", "compaction_trigger",
    }
)  # fmt: skip
"""What is put before the model: results of such tools, and a shortened past."""
