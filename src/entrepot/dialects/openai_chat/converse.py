"""A Chat Completions request to the canonical conversation, for endpoints that speak another dialect.

Chat says what an answer consisted of in separate members, so the order of thinking, text and calls is told by
`reasoning_details`: `index` is the place of an entry among everything said (`write.py`), and the gaps are where text and calls
stood. State of a call stands under the call's id, state of the text under `TEXT_STATE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import encode
from entrepot.errors import InvalidRequest
from entrepot.values import chat as asked
from entrepot.values import messages as sent
from entrepot.values.conversation import (
    NOTHING,
    Audio,
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
    Refusal,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
    source_of,
)
from entrepot.values.request import Request

States = dict[str | None, sent.ReasoningDetail]
TEXT_STATE = "text"
"""The id under which `reasoning_details` carries the state of the text."""


def converse(request: Request) -> Conversation:
    """raises  InvalidRequest, for calls and results that do not fit together"""
    request = cast(asked.Request, request)
    chat, fields = request.chat, request.fields
    messages = _messages(chat.messages)
    return Conversation(
        messages=messages,
        tools=_tools(request) if chat.tools or chat.functions else (),
        tool_choice=_tool_choice(chat),
        parallel_tool_calls=chat.parallel_tool_calls,
        sampling=_UNSAID if _SAMPLED.isdisjoint(fields) else _sampling(chat, fields),
        max_tokens=request.max_tokens,
        reasoning=_reasoning(request),
        output=_output(chat, fields) if chat.response_format is not None else _AS_TEXT,
        verbosity=chat.verbosity,
        modalities=tuple(chat.modalities or ()),
        audio=fields.get("audio", NOTHING) if chat.audio else NOTHING,
        prediction=fields.get("prediction", NOTHING) if chat.prediction else NOTHING,
        web_search=fields.get("web_search_options", NOTHING) if chat.web_search_options is not None else NOTHING,
        user=chat.user or chat.safety_identifier or "",
        metadata=dict(chat.metadata or {}),
        cache=_cache(chat.cache_control),
        cache_key=chat.prompt_cache_key or "",
        cache_retention=chat.prompt_cache_retention or "",
        service_tier=chat.service_tier or "",
        stream=request.stream,
        extra={name: fields[name] for name in request.unknown} if request.unknown else {},
    )


_UNSAID, _AS_TEXT = Sampling(), OutputFormat()
_SAMPLED = frozenset(Sampling.__struct_fields__)


# Messages


def _messages(messages: Sequence[sent.Message]) -> tuple[Message, ...]:
    found: list[Message] = []
    legacy = ""
    open_calls: dict[str, str] = {}
    for position, message in enumerate(messages):
        path = f"messages[{position}]"
        if isinstance(message, sent.ToolMessage):
            _close(open_calls, message.tool_call_id, f"{path}.tool_call_id")
            found.append(_result(message.tool_call_id, _parts(message.content), message.name or ""))
        elif isinstance(message, sent.FunctionMessage):
            _close(open_calls, legacy, f"{path}.name")
            found.append(_result(legacy, (Text(message.content or ""),), message.name))
        else:
            _refuse_open(open_calls)
            if isinstance(message, sent.AssistantMessage):
                legacy = f"call_{position}"
                told = Message("assistant", _said(message, legacy), name=message.name or "")
                calls = [part for part in told.parts if isinstance(part, ToolCall)]
                open_calls = {call.id: f"{path}.tool_calls[{number}]" for number, call in enumerate(calls)}
                found.append(told)
            else:
                found.append(Message(_ROLES[type(message)], _parts(message.content), name=message.name or ""))
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


def _parts(content: sent.Content | None) -> tuple[Part, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    return tuple([_part(part) for part in content])


def _part(part: sent.Part) -> Part:
    if isinstance(part, sent.TextPart):
        return Text(part.text, cache=_cache(part.cache_control) or (Cache() if part.prompt_cache_breakpoint else None))
    if isinstance(part, sent.ImagePart):
        return Image(source_of(part.image_url.url), part.image_url.detail or "", _cache(part.cache_control))
    if isinstance(part, sent.AudioPart):
        told = part.input_audio
        kind = "audio/mpeg" if told.format == "mp3" else f"audio/{told.format}"
        return Audio(Source(data=told.data, media_type=kind), told.format, cache=_cache(part.cache_control))
    if isinstance(part, sent.VideoPart | sent.InputVideoPart):
        return Video(source_of(part.video_url.url))
    if isinstance(part, sent.FilePart):
        return File(_file_source(part.file), part.file.filename or "", cache=_cache(part.cache_control))
    if isinstance(part, sent.RefusalPart):
        return Refusal(part.refusal)
    return Reasoning(_thoughts(part.thinking))


def _file_source(file: sent.File) -> Source:
    if file.file_id:
        return Source(file_id=file.file_id)
    data = file.file_data or ""
    if data[:5].lower() == "data:" or data[:4].lower() == "http":
        return source_of(data)
    return Source(data=data, media_type="application/pdf")


def _thoughts(thinking: Any) -> str:
    if isinstance(thinking, str):
        return thinking
    pieces = thinking if isinstance(thinking, list) else ()
    return "".join([piece["text"] for piece in pieces if isinstance(piece, dict) and isinstance(piece.get("text"), str)])


def _cache(marker: dict[str, Raw] | None) -> Cache | None:
    if marker is None:
        return None
    ttl = marker.get("ttl")
    told = msgspec.json.decode(ttl) if ttl else ""
    return Cache(told if isinstance(told, str) else "")


# What the assistant said


def _said(message: sent.AssistantMessage, legacy: str) -> tuple[Part, ...]:
    """Thinking, text and calls in the order in which they came."""
    details = sorted(message.reasoning_details or (), key=lambda detail: detail.index or 0)
    states: States = {
        detail.id: detail for detail in details if detail.type == "reasoning.encrypted" and detail.id and detail.data
    }
    calls = [_call(call, states) for call in message.tool_calls or ()]
    if message.function_call:
        calls.append(_legacy_call(message.function_call, legacy))
    spoken = [*_spoken(message, states), *calls]
    owned = {call.id for call in calls} | {TEXT_STATE}
    thoughts = _gathered([detail for detail in details if not (detail.id in owned and detail.type == "reasoning.encrypted")])
    if not thoughts and (text := message.reasoning or message.reasoning_content):
        thoughts = [(0, 1, Reasoning(text))]
    return tuple(_in_order(thoughts, spoken))


def _spoken(message: sent.AssistantMessage, states: States) -> list[Part]:
    parts = [part for part in _parts(message.content) if not (isinstance(part, Text) and not part.text)]
    citations = tuple([_citation(raw) for raw in message.annotations or ()])
    state = states.get(TEXT_STATE)
    for position, part in enumerate(parts):
        if isinstance(part, Text) and (citations or state):
            parts[position] = msgspec.structs.replace(part, citations=citations, state=_opaque(state, "signature"))
            break
    if message.refusal:
        parts.append(Refusal(message.refusal))
    parts += [_image(raw) for raw in message.images or ()]
    if message.audio:
        name = message.audio.get("id")
        parts.append(Audio(Source(), id=str(msgspec.json.decode(name)) if name else ""))
    return parts


def _image(raw: Raw) -> Part:
    told = msgspec.json.decode(raw)
    inner = told.get("image_url") if isinstance(told, dict) else None
    url = inner.get("url") if isinstance(inner, dict) else None
    return Image(source_of(url)) if isinstance(url, str) else Foreign("openai_chat", "images", raw)


def _citation(raw: Raw) -> Citation:
    told = msgspec.json.decode(raw)
    inner = told.get("url_citation") if isinstance(told, dict) else None
    if not isinstance(inner, dict):
        return Citation(raw=raw, dialect="openai_chat")
    url, title, text = [value if isinstance(value, str) else "" for value in map(inner.get, ("url", "title", "content"))]
    start, end = [value if isinstance(value, int) else -1 for value in map(inner.get, ("start_index", "end_index"))]
    return Citation(url, title, text, start, end, raw, "openai_chat")


def _call(call: sent.ToolCall, states: States) -> ToolCall:
    state = _opaque(states.get(call.id), "signature")
    if call.function is None:
        told = {name: msgspec.json.decode(raw) for name, raw in (call.custom or {}).items()}
        return ToolCall(call.id, str(told.get("name", "")), str(told.get("input", "")), custom=True, state=state)
    arguments = call.function.arguments
    text = arguments if isinstance(arguments, str) else encode(arguments).decode()
    return ToolCall(call.id, call.function.name, text, state=state)


def _legacy_call(call: dict[str, Raw], call_id: str) -> ToolCall:
    told = {name: msgspec.json.decode(raw) for name, raw in call.items()}
    return ToolCall(call_id, str(told.get("name", "")), str(told.get("arguments", "")))


def _opaque(detail: sent.ReasoningDetail | None, kind: Any) -> Opaque | None:
    if detail is None:
        return None
    data = detail.signature if detail.type == "reasoning.text" else detail.data
    return Opaque(detail.format or "unknown", data, kind) if data else None


def _gathered(details: Iterable[sent.ReasoningDetail]) -> list[tuple[int, int, Reasoning]]:
    """Entries to whole thoughts, each with the place of its first entry and how many places it takes."""
    found: list[tuple[int, int, Reasoning]] = []
    last: sent.ReasoningDetail | None = None
    for number, detail in enumerate(details):
        place = number if detail.index is None else detail.index
        if found and last is not None and _continues(found[-1][2], last, detail):
            start, width, thought = found[-1]
            found[-1] = (start, width + (detail.index != last.index), _joined(thought, detail, last))
        else:
            found.append((place, 1, _joined(Reasoning(id=detail.id or "", family=detail.format or "unknown"), detail, None)))
        last = detail
    return found


def _continues(thought: Reasoning, last: sent.ReasoningDetail, detail: sent.ReasoningDetail) -> bool:
    """Whether an entry is more of the thought before it: a piece of it, or the state beside its readable form."""
    if (detail.format or "unknown") != thought.family or ((detail.id or "") not in ("", thought.id) and thought.id):
        return False
    if detail.id and detail.id == thought.id:
        return True
    if detail.index is not None and detail.index == last.index:
        return True
    return detail.type == "reasoning.encrypted" and last.type == "reasoning.summary" and thought.state is None


def _joined(thought: Reasoning, detail: sent.ReasoningDetail, last: sent.ReasoningDetail | None) -> Reasoning:
    kind = "encrypted" if detail.type == "reasoning.encrypted" else "signature"
    summary = thought.summary
    if detail.summary:
        same = last is not None and last.type == detail.type and last.index == detail.index
        summary = (*summary[:-1], summary[-1] + detail.summary) if same and summary else (*summary, detail.summary)
    return Reasoning(
        text=thought.text + (detail.text or ""),
        summary=summary,
        state=_opaque(detail, kind) or thought.state,
        id=thought.id or detail.id or "",
        family=thought.family,
    )


def _in_order(thoughts: Iterable[tuple[int, int, Reasoning]], spoken: list[Part]) -> list[Part]:
    ordered: list[Part] = []
    waiting = list(spoken)
    place = 0
    for start, width, thought in thoughts:
        while place < start and waiting:
            ordered.append(waiting.pop(0))
            place += 1
        ordered.append(thought)
        place = max(place, start) + width
    return ordered + waiting


# Tools and settings


def _tools(request: asked.Request) -> tuple[Tool, ...]:
    chat, found = request.chat, list[Tool]()
    raws = _decode_tools(request.fields["tools"]) if chat.tools else []
    for tool, raw in zip(chat.tools or (), raws, strict=True):
        if tool.function is not None:
            found.append(_function(tool.function, raw["function"], _cache(tool.cache_control)))
        elif tool.custom is not None:
            told = tool.custom
            words = {name: msgspec.json.decode(told[name]) for name in ("name", "description") if name in told}
            found.append(
                Tool(str(words.get("name", "")), words.get("description"), kind="custom", format=told.get("format", NOTHING))
            )
        else:
            found.append(Tool(tool.type, kind="hosted", raw=Raw(encode(raw)), dialect="openai_chat"))
    if chat.functions:
        raws = _decode_tools(request.fields["functions"])
        found += [_function(function, Raw(encode(raw))) for function, raw in zip(chat.functions, raws, strict=True)]
    return tuple(found)


_decode_tools = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode


def _function(function: asked.Function, raw: Raw, cache: Cache | None = None) -> Tool:
    parameters = _decode_members(raw).get("parameters", NOTHING) if function.parameters is not None else NOTHING
    return Tool(function.name, function.description, parameters, function.strict, cache=cache)


def _tool_choice(chat: asked.Chat) -> ToolChoice | None:
    choice = chat.tool_choice
    if isinstance(choice, asked.NamedChoice):
        named = choice.function or choice.custom
        if named is not None:
            return ToolChoice("required", (named.name,))
        return _allowed(choice.allowed_tools) if choice.allowed_tools else ToolChoice("auto")
    if choice is not None:
        return ToolChoice("required" if choice == "any" else choice)
    legacy = chat.function_call
    if isinstance(legacy, asked.NamedFunction):
        return ToolChoice("required", (legacy.name,))
    return ToolChoice(legacy) if legacy is not None else None


def _allowed(allowed: dict[str, Raw]) -> ToolChoice:
    told = {name: msgspec.json.decode(raw) for name, raw in allowed.items()}
    tools = [tool for tool in told.get("tools") or () if isinstance(tool, dict)]
    inner = [tool.get("function") or tool.get("custom") or tool for tool in tools]
    names = tuple([tool["name"] for tool in inner if isinstance(tool.get("name"), str)])
    return ToolChoice("required" if told.get("mode") == "required" else "auto", names)


def _sampling(chat: asked.Chat, fields: dict[str, Raw]) -> Sampling:
    stop = (chat.stop,) if isinstance(chat.stop, str) else tuple(chat.stop or ())
    return Sampling(
        temperature=chat.temperature,
        top_p=chat.top_p,
        top_k=chat.top_k,
        min_p=chat.min_p,
        top_a=chat.top_a,
        frequency_penalty=chat.frequency_penalty,
        presence_penalty=chat.presence_penalty,
        repetition_penalty=chat.repetition_penalty,
        seed=chat.seed,
        stop=stop,
        logit_bias=fields["logit_bias"] if chat.logit_bias else NOTHING,
        logprobs=chat.logprobs,
        top_logprobs=chat.top_logprobs,
        n=chat.n,
    )


def _reasoning(request: asked.Request) -> ReasoningWish:
    control = request.chat.reasoning or _NO_CONTROL
    return ReasoningWish(
        effort=request.effort,
        max_tokens=control.max_tokens,
        exclude=not request.wishes_reasoning_text,
        summary=control.summary,
        context=control.context,
        mode=control.mode,
    )


_NO_CONTROL = asked.ReasoningControl()


def _output(chat: asked.Chat, fields: dict[str, Raw]) -> OutputFormat:
    wanted = chat.response_format
    if isinstance(wanted, asked.JsonSchemaFormat):
        told = wanted.json_schema
        schema = _decode_members(_decode_members(fields["response_format"])["json_schema"]).get("schema", NOTHING)
        return OutputFormat(
            "json_schema", told.name, schema if told.schema is not None else NOTHING, told.strict, told.description
        )
    if isinstance(wanted, asked.JsonObjectFormat):
        return OutputFormat("json_object")
    if isinstance(wanted, asked.GrammarFormat):
        return OutputFormat("grammar", grammar=wanted.grammar)
    return OutputFormat("python") if isinstance(wanted, asked.PythonFormat) else OutputFormat()
