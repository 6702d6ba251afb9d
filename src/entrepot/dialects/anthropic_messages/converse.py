"""A Messages request as a conversation. What joins members was checked when it was parsed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.carried import Carried, carried, load_of, reasoning_of
from entrepot.dialects.anthropic_messages.growing import citation_of
from entrepot.dialects.anthropic_messages.parse import KNOWN, effort_of
from entrepot.dialects.anthropic_messages.wire import FOR_US, Block, Body, CacheControl, Choice, Source, SystemBlock, Tool
from entrepot.dialects.anthropic_messages.words import FAMILY, NAME
from entrepot.dialects.turns import split_results
from entrepot.dialects.voice import Fields
from entrepot.values import conversation as canonical
from entrepot.values.conversation import (
    NOTHING,
    Cache,
    Citation,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningWish,
    Sampling,
    Text,
    ToolCall,
    ToolChoice,
    ToolResult,
    given,
)
from entrepot.values.request import Asked, Request


class _RawMessage(msgspec.Struct):
    content: Raw


_decode_raw_messages = msgspec.json.Decoder(list[_RawMessage]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode


def converse(request: Request) -> Conversation:
    """raises  InvalidRequest"""
    asked = cast(Asked, request)
    return conversation_of(asked.said, asked.fields)


def conversation_of(said: Body, fields: Fields) -> Conversation:
    format_ = said.output_config.format if said.output_config is not None and said.output_config.format else said.output_format
    choice = said.tool_choice
    parallel = None if choice is None or choice.disable_parallel_tool_use is None else not choice.disable_parallel_tool_use
    return Conversation(
        messages=(*_system(said.system), *_Messages(fields).all(said)),
        tools=_tools(said.tools or (), fields),
        tool_choice=_choice(choice) if choice is not None else None,
        parallel_tool_calls=parallel,
        sampling=Sampling(said.temperature, said.top_p, said.top_k, stop=tuple(said.stop_sequences or ())),
        max_tokens=said.max_tokens,
        reasoning=_reasoning(said),
        output=OutputFormat("json_schema", schema=format_.schema) if format_ is not None else OutputFormat(),
        user=said.user or (said.metadata.user_id if said.metadata is not None else None) or "",
        cache=_cache(said.cache_control),
        service_tier={None: "", "auto": "auto", "standard_only": "default"}[said.service_tier],
        stream=bool(said.stream),
        dialect=NAME,
        extra={name: raw for name, raw in fields.items() if name not in KNOWN and name not in FOR_US},
        source=fields,
    )


def _cache(control: CacheControl | None) -> Cache | None:
    return Cache(control.ttl or "") if control is not None else None


def _system(system: str | list[SystemBlock] | None) -> tuple[Message, ...]:
    if not system:
        return ()
    if isinstance(system, str):
        return (Message("system", (Text(system),)),)
    return (Message("system", tuple([Text(block.text, cache=_cache(block.cache_control)) for block in system])),)


def _reasoning(said: Body) -> ReasoningWish:
    thinking = said.thinking
    if thinking is None:
        return ReasoningWish(effort_of(said))
    budget = thinking.budget_tokens if thinking.type == "enabled" else None
    effort = None if budget is not None and (said.output_config is None or said.output_config.effort is None) else effort_of(said)
    return ReasoningWish(effort, budget, exclude=thinking.display == "omitted" or None, adaptive=thinking.type == "adaptive")


def _choice(choice: Choice) -> ToolChoice:
    if choice.type == "none":
        return ToolChoice("none")
    if choice.type == "auto":
        return ToolChoice("auto")
    return ToolChoice("required", (choice.name,) if choice.type == "tool" and choice.name else ())


def _tools(tools: Sequence[Tool], fields: Fields) -> tuple[canonical.Tool, ...]:
    raws = _decode_list(fields["tools"]) if tools else []
    return tuple([_tool(tool, raw) for tool, raw in zip(tools, raws, strict=True)])


class _Schema(msgspec.Struct):
    input_schema: Raw = NOTHING


_decode_schema = msgspec.json.Decoder(_Schema).decode


def _tool(tool: Tool, raw: Raw) -> canonical.Tool:
    cache = _cache(tool.cache_control)
    if not tool.is_function:
        return canonical.Tool(tool.name or str(tool.type), tool.description, kind="hosted", raw=raw, dialect=NAME, cache=cache)
    schema = _decode_schema(raw).input_schema
    return canonical.Tool(tool.name, tool.description, schema, tool.strict, cache=cache)


# Messages


class _Messages:
    """Messages as they are kept. The raw blocks are cut out only where a block is kept raw."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._raw: list[_RawMessage] | None = None
        self._names: dict[str, str] = {}

    def all(self, said: Body) -> list[Message]:
        kept: list[Message] = []
        for place, message in enumerate(said.messages):
            if isinstance(message.content, str):
                kept.append(Message(message.role, (Text(message.content),) if message.content else ()))
                continue
            parts = self._parts(message.content, place)
            if message.role == "user":
                kept += split_results("user", parts)
            else:
                kept.append(Message(message.role, tuple(parts)))
        return kept

    def _parts(self, blocks: list[Block], place: int) -> list[Part]:
        parts: list[Part] = []
        signed: dict[str, Opaque] = {}
        for number, block in enumerate(blocks):
            load = _load(block)
            if load is None or load.of == "block":
                parts.append(self._part(block, load, place, number))
            elif load.state is not None and load.of == "call":
                signed[load.name] = load.state
            elif load.state is not None:
                _sign_text(parts, load.state)
        if signed:
            parts = [_signed(part, signed) for part in parts]
        return parts

    def _part(self, block: Block, load: Carried | None, place: int, number: int) -> Part:
        if block.type == "tool_use":
            self._names[block.id or ""] = block.name or ""
            arguments = bytes(memoryview(block.input)).decode()
            return ToolCall(block.id or "", block.name or "", arguments, cache=_cache(block.cache_control))
        if block.type == "tool_result":
            return self._result(block, place, number)
        if block.type == "thinking":
            return _thinking(block.thinking or "", block.signature or "", load)
        if block.type == "redacted_thinking":
            return (
                reasoning_of("", load) if load else Reasoning(state=Opaque(FAMILY, block.data or "", "encrypted"), family=FAMILY)
            )
        return _content(block) or self._foreign(block, place, number)

    def _result(self, block: Block, place: int, number: int) -> ToolResult:
        parts: list[Part] = []
        if isinstance(block.content, str):
            parts = [Text(block.content)] if block.content else []
        elif isinstance(block.content, list):
            for inner, item in enumerate(block.content):
                parts.append(_content(item) or self._foreign(item, place, number, inner))
        return ToolResult(
            block.tool_use_id or "",
            tuple(parts),
            self._names.get(block.tool_use_id or "", ""),
            bool(block.is_error),
            cache=_cache(block.cache_control),
        )

    def _foreign(self, block: Block, place: int, number: int, inner: int | None = None) -> Foreign:
        if self._raw is None:
            self._raw = _decode_raw_messages(self._fields["messages"])
        raw = _decode_list(self._raw[place].content)[number]
        if inner is not None:
            raw = _decode_list(msgspec.json.decode(raw, type=_RawMessage).content)[inner]
        return Foreign(NAME, block.type, raw)


def _load(block: Block) -> Carried | None:
    if block.type == "thinking":
        return carried(block.signature or "")
    return carried(block.data or "") if block.type == "redacted_thinking" else None


def _thinking(thinking: str, signature: str, load: Carried | None) -> Reasoning:
    if load is not None:
        return reasoning_of(thinking, load)
    return Reasoning(thinking, state=Opaque(FAMILY, signature) if signature else None, family=FAMILY if signature else "")


def _sign_text(parts: list[Part], state: Opaque) -> None:
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        if isinstance(part, Text):
            parts[place] = msgspec.structs.replace(part, state=state)
            return
    parts.append(Text("", state=state))


def _signed(part: Part, states: dict[str, Opaque]) -> Part:
    if isinstance(part, ToolCall) and part.id in states:
        return msgspec.structs.replace(part, state=states[part.id])
    return part


def _content(block: Block) -> Part | None:
    """What a user or a tool says; None for what has a meaning only here."""
    cache = _cache(block.cache_control)
    if block.type == "text":
        return _text(block, cache)
    if block.type == "search_result":
        text = "\n".join([item.text or "" for item in block.content if isinstance(item, Block)] if block.content else [])
        where = block.source if isinstance(block.source, str) else ""
        return File(canonical.Source(media_type="text/plain"), block.title or "", text, where, _citable(block), cache)
    source = block.source
    if not isinstance(source, Source):
        return None
    if block.type == "image":
        return Image(canonical.Source(source.url, source.data, source.media_type, source.file_id), cache=cache)
    return _document(block, source, cache) if block.type == "document" else None


def _document(block: Block, source: Source, cache: Cache | None) -> File | None:
    text, held = "", canonical.Source(source.url, source.data, source.media_type, source.file_id)
    if source.type == "text":
        text, held = source.data, canonical.Source(media_type=source.media_type or "text/plain")
    elif source.type == "content":
        blocks = [Block("text", source.content)] if isinstance(source.content, str) else source.content or []
        if any(inner.type != "text" for inner in blocks):
            return None
        text, held = "\n".join([inner.text or "" for inner in blocks]), canonical.Source(media_type="text/plain")
    return File(held, block.title or "", text, block.context or "", _citable(block), cache)


class _Citable(msgspec.Struct):
    enabled: bool | None = None


def _citable(block: Block) -> bool:
    try:
        return given(block.citations) and bool(msgspec.json.decode(block.citations, type=_Citable).enabled)
    except msgspec.DecodeError:
        return False


def _text(block: Block, cache: Cache | None) -> Text:
    """With the state that stands in its signature or in one of its citations."""
    load = carried(block.signature) if block.signature else None
    citations: list[Citation] = []
    for raw in _decode_list(block.citations) if bytes(memoryview(block.citations))[:1] == b"[" else ():
        found = load_of(raw)
        if found is None:
            citations.append(citation_of(raw))
        load = found or load
    return Text(block.text or "", tuple(citations), cache, load.state if load is not None else None)
