"""How a chat request wants to be answered: with which tools, sampled and reasoned how, and in which form."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_chat.contents import cache_of
from entrepot.dialects.voice import encode
from entrepot.values import chat as asked
from entrepot.values.conversation import (
    NOTHING,
    Cache,
    OutputFormat,
    ReasoningWish,
    Sampling,
    Tool,
    ToolChoice,
)


def tools_of(request: asked.Request) -> tuple[Tool, ...]:
    chat, found = request.chat, list[Tool]()
    raws = _decode_tools(request.fields["tools"]) if chat.tools else []
    for tool, raw in zip(chat.tools or (), raws, strict=True):
        if tool.function is not None:
            found.append(_function(tool.function, raw["function"], cache_of(tool.cache_control)))
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


def tool_choice_of(chat: asked.Chat) -> ToolChoice | None:
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


def sampling_of(chat: asked.Chat, fields: dict[str, Raw]) -> Sampling:
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


def reasoning_of(request: asked.Request) -> ReasoningWish:
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


def output_of(chat: asked.Chat, fields: dict[str, Raw]) -> OutputFormat:
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
