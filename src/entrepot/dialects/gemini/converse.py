"""A parsed request to the conversation it stands for."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw

from entrepot.dialects.gemini import asked
from entrepot.dialects.gemini.abroad import MIME
from entrepot.dialects.gemini.asked import Asked, CallingConfig, FunctionDeclaration, as_list, either, either_raw
from entrepot.dialects.gemini.contents import hear_contents, hear_system, raw_items
from entrepot.dialects.gemini.parse import level_of, member, said_in, schema_given
from entrepot.dialects.gemini.read import DIALECT
from entrepot.dialects.gemini.schema import json_schema
from entrepot.dialects.gemini.thinking import effort_of
from entrepot.dialects.gemini.told import some
from entrepot.dialects.voice import Fields, encode
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    NOTHING,
    Conversation,
    Message,
    OutputFormat,
    ReasoningWish,
    Sampling,
    Tool,
    ToolChoice,
)
from entrepot.values.request import Request

_OWN = ("model", "models", "provider")
_HEARD = frozenset({
    "contents", "systemInstruction", "system_instruction", "tools", "toolConfig", "tool_config", "generationConfig",
    "generation_config", "serviceTier", "service_tier", *_OWN,
})  # fmt: skip
_HEARD_CONFIG = frozenset(asked.GenerationConfig.__struct_fields__)
_JSON = "application/json"


def converse(request: Request) -> Conversation:
    """raises  InvalidRequest"""
    said = said_in(request)
    assert said is not None
    try:
        return conversation_of_fields(said.asked, request.fields, request.stream)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            "The request holds JSON that cannot be read.",
            expected="whole characters, nested less than about 500 levels",
            received=str(error)[:80],
            remedy="Send schemas, arguments and results with a JSON encoder; a \\u escape must not be half of a surrogate pair.",
        ) from None


def conversation_of_fields(told: Asked, fields: Fields, stream: bool) -> Conversation:
    """raises  InvalidRequest"""
    config = told.config
    tools = tuple(_tools(told, member(fields, "tools", "tools")))
    return Conversation(
        messages=tuple(message for group in message_groups(told, fields) for message in group),
        tools=tools,
        tool_choice=_choice(told),
        sampling=_sampling(config),
        max_tokens=either(config.maxOutputTokens, config.max_output_tokens),
        reasoning=_reasoning(told.thinking),
        output=_output(config),
        modalities=_modalities(config),
        service_tier=_tier(either(told.serviceTier, told.service_tier)),
        stream=stream,
        dialect=DIALECT,
        extra=_extra(fields) | _unusual(config),
        source={name: raw for name, raw in fields.items() if name not in _OWN},
    )


def message_groups(told: Asked, fields: Fields) -> list[tuple[Message, ...]]:
    """The messages of the system instruction (none when there is none), then those of each content."""
    system = either(told.systemInstruction, told.system_instruction)
    leading = () if system is None else (hear_system(system, "systemInstruction"),)
    return [leading, *hear_contents(as_list(told.contents), fields["contents"])]


def _sampling(config: asked.GenerationConfig) -> Sampling:
    top_k = either(config.topK, config.top_k)
    return Sampling(
        temperature=config.temperature,
        top_p=either(config.topP, config.top_p),
        top_k=int(top_k) if top_k is not None else None,
        frequency_penalty=either(config.frequencyPenalty, config.frequency_penalty),
        presence_penalty=either(config.presencePenalty, config.presence_penalty),
        seed=config.seed,
        stop=tuple(either(config.stopSequences, config.stop_sequences) or ()),
        logprobs=either(config.responseLogprobs, config.response_logprobs),
        top_logprobs=config.logprobs,
        n=either(config.candidateCount, config.candidate_count),
    )


def _reasoning(thinking: asked.ThinkingConfig) -> ReasoningWish:
    shows = either(thinking.includeThoughts, thinking.include_thoughts)
    budget = either(thinking.thinkingBudget, thinking.thinking_budget)
    level = level_of(thinking)
    return ReasoningWish(
        effort=level if budget is None else effort_of(budget),
        max_tokens=budget if budget is not None and budget > 0 else None,
        exclude=None if shows is None else not shows,
        summary="auto" if shows else None,
        adaptive=budget == -1,
    )


def _output(config: asked.GenerationConfig) -> OutputFormat:
    mime = either(config.responseMimeType, config.response_mime_type)
    if not schema_given(config):
        return OutputFormat("json_object" if mime == _JSON else "text")
    if mime not in (None, "", _JSON):
        return OutputFormat()
    plain = either_raw(config.responseJsonSchema, config.response_json_schema)
    if some(plain):
        return OutputFormat("json_schema", name="answer", schema=plain)
    return OutputFormat(
        "json_schema", name="answer", schema=json_schema(either_raw(config.responseSchema, config.response_schema))
    )


_MODALITIES = {"text": "text", "image": "image", "audio": "audio", "1": "text", "2": "image", "3": "audio"}


def _modalities(config: asked.GenerationConfig) -> tuple[str, ...]:
    told = either(config.responseModalities, config.response_modalities) or ()
    words = [_MODALITIES.get(str(word).lower()) for word in told]
    return tuple([word for word in words if word])


def _tier(told: str | None) -> str:
    word = (told or "").lower().removeprefix("service_tier_")
    return {"standard": "default", "unspecified": ""}.get(word, word)


# Tools


def _tools(told: Asked, raw: Raw) -> list[Tool]:
    tools: list[Tool] = []
    if told.tools is None:
        return tools
    for number, (tool, inner) in enumerate(zip(as_list(told.tools), raw_items(raw), strict=True)):
        declared: list[FunctionDeclaration] = as_list(tool.functionDeclarations or tool.function_declarations)
        tools += [_function(one, f"tools[{number}].functionDeclarations[{place}]") for place, one in enumerate(declared)]
        for name, member_raw in _decode_fields(inner).items():
            if name not in ("functionDeclarations", "function_declarations") and some(member_raw):
                tools.append(Tool(name, kind="hosted", raw=Raw(encode({name: member_raw})), dialect=DIALECT))
    return tools


_decode_fields = msgspec.json.Decoder(Fields).decode


def _function(declared: FunctionDeclaration, path: str) -> Tool:
    if not declared.name:
        raise _wrong(f"{path}.name", "a name", "nothing", "Name the function.")
    plain = either_raw(declared.parametersJsonSchema, declared.parameters_json_schema)
    if some(plain):
        parameters = plain
    else:
        parameters = json_schema(declared.parameters) if some(declared.parameters) else NOTHING
    return Tool(declared.name, declared.description, parameters)


_MODES: dict[str, Literal["none", "auto", "required"]] = {
    "AUTO": "auto", "VALIDATED": "auto", "ANY": "required", "NONE": "none", "1": "auto", "2": "required", "3": "none",
}  # fmt: skip


def _choice(told: Asked) -> ToolChoice | None:
    config = either(told.toolConfig, told.tool_config)
    calling = either(config.functionCallingConfig, config.function_calling_config) if config is not None else None
    if calling is None or calling.mode in (None, 0, "MODE_UNSPECIFIED"):
        return None
    return _mode(calling)


def _mode(calling: CallingConfig) -> ToolChoice:
    mode = _MODES.get(str(calling.mode).upper())
    if mode is None:
        path = "toolConfig.functionCallingConfig.mode"
        raise _wrong(path, "AUTO, ANY, NONE or VALIDATED", str(calling.mode), "Choose one of them, or leave it out.")
    return ToolChoice(mode, tuple(either(calling.allowedFunctionNames, calling.allowed_function_names) or ()))


def _extra(fields: Fields) -> Fields:
    """What stands for nothing here: whole members, and members of the configurations by their paths."""
    extra = {name: raw for name, raw in fields.items() if name not in _HEARD}
    for camel, snake, known in (
        ("generationConfig", "generation_config", _HEARD_CONFIG),
        ("toolConfig", "tool_config", frozenset({"functionCallingConfig", "function_calling_config"})),
    ):
        raw = member(fields, camel, snake)
        if some(raw):
            extra |= {f"{camel}.{name}": value for name, value in _decode_fields(raw).items() if name not in known}
    return extra


def _unusual(config: asked.GenerationConfig) -> Fields:
    """A form of the answer that is neither text nor JSON, as one word of an enum is."""
    mime = either(config.responseMimeType, config.response_mime_type)
    return {} if mime in (None, "", "text/plain", _JSON) else {MIME: Raw(encode(mime))}


def _wrong(path: str, expected: str, received: Any, remedy: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{path}` is not valid.", field=path, expected=expected, received=str(received)[:80] or "nothing", remedy=remedy
    )
