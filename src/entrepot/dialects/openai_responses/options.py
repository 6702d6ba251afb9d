"""Tools and settings of a request, to the canonical ones.

Tools of a namespace are offered one by one under joined names, for models that know no namespaces; `write.py` takes the names of
their calls apart again.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_responses.create import Create
from entrepot.dialects.openai_responses.create import Tool as Asked
from entrepot.dialects.openai_responses.parse import effort_of
from entrepot.dialects.openai_responses.shape import NAME, says
from entrepot.dialects.openai_responses.state import joined_name
from entrepot.values.bounded import Object
from entrepot.values.conversation import (
    NOTHING,
    Cache,
    OutputFormat,
    ReasoningWish,
    Sampling,
    Tool,
    ToolChoice,
)

_decode_raws = msgspec.json.Decoder(list[Raw]).decode
_CALLABLE = frozenset({"function", "custom", "namespace"})


def tools(create: Create, fields: dict[str, Raw]) -> tuple[Tool, ...]:
    """What may be called, then what the provider runs itself, as it came."""
    offered = create.tools or ()
    found = [tool for asked in offered for tool in _called(asked)]
    if any(asked.type not in _CALLABLE for asked in offered):
        raws = _decode_raws(fields["tools"])
        hosted = [(asked, raw) for asked, raw in zip(offered, raws, strict=True) if asked.type not in _CALLABLE]
        found += [Tool(asked.type, kind="hosted", raw=raw, dialect=NAME) for asked, raw in hosted]
    return tuple(found)


def _called(asked: Asked, namespace: str = "") -> list[Tool]:
    if asked.type == "namespace" and not namespace:
        return [tool for inner in asked.tools or () for tool in _called(inner, asked.name or "")]
    name, cache = joined_name(namespace, asked.name or ""), cache_of(asked.cache_control)
    if asked.type == "function":
        parameters = asked.parameters if says(asked.parameters) else NOTHING
        return [Tool(name, asked.description, parameters, asked.strict, cache=cache)]
    if asked.type == "custom":
        form = asked.format if says(asked.format) else NOTHING
        return [Tool(name, asked.description, kind="custom", format=form, cache=cache)]
    return []


def cache_of(marker: Object | None) -> Cache | None:
    """OpenRouter's `cache_control`."""
    if marker is None:
        return None
    ttl = msgspec.json.decode(marker["ttl"]) if "ttl" in marker else ""
    return Cache(ttl if isinstance(ttl, str) else "")


def tool_choice(create: Create, fields: dict[str, Raw]) -> ToolChoice | None:
    choice = create.tool_choice
    if choice == "none" or choice == "auto" or choice == "required":
        return ToolChoice(choice)
    if choice is None:
        return None
    told = msgspec.json.decode(fields["tool_choice"])
    kind, name = told.get("type"), told.get("name")
    if kind in ("function", "custom") and isinstance(name, str):
        return ToolChoice("required", (joined_name(_text(told.get("namespace")), name),))
    if kind == "allowed_tools":
        tools = told.get("tools") if isinstance(told.get("tools"), list) else []
        named = [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
        names = tuple([joined_name(_text(tool.get("namespace")), tool["name"]) for tool in named])
        return ToolChoice("required" if told.get("mode") == "required" else "auto", names)
    return ToolChoice("required", (str(kind),), hosted=fields["tool_choice"], dialect=NAME)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def sampling(create: Create) -> Sampling:
    wants = create.include is not None and "message.output_text.logprobs" in create.include
    return Sampling(
        temperature=create.temperature,
        top_p=create.top_p,
        top_k=create.top_k,
        frequency_penalty=create.frequency_penalty,
        presence_penalty=create.presence_penalty,
        logprobs=True if wants else None,
        top_logprobs=create.top_logprobs if wants else None,
    )


def reasoning(create: Create) -> ReasoningWish:
    control = create.reasoning
    if control is None:
        return ReasoningWish()
    return ReasoningWish(
        effort=effort_of(create),
        max_tokens=control.max_tokens or None,
        summary=control.summary or control.generate_summary,
        context=control.context,
        mode=control.mode,
    )


def output(create: Create) -> OutputFormat:
    wanted = create.text.format if create.text else None
    if wanted is None:
        return OutputFormat()
    schema = wanted.schema if says(wanted.schema) else NOTHING
    return OutputFormat(wanted.type, wanted.name or "", schema, wanted.strict, wanted.description)
