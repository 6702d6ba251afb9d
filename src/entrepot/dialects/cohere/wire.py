"""The members of Cohere's answers that have a meaning here; all others are passed over."""

from __future__ import annotations

import msgspec
from msgspec import Raw

NAME = "cohere"
TOOL_PLAN = "tool_plan"
"""The id of the reasoning that stands in `tool_plan`, so that it goes back there."""


class WireFunction(msgspec.Struct, frozen=True, gc=False):
    name: str = ""
    arguments: str | None = None


class WireCall(msgspec.Struct, frozen=True, gc=False):
    id: str = ""
    function: WireFunction = WireFunction()


class WireContent(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None


class WireDocument(msgspec.Struct, frozen=True, gc=False):
    title: str | None = None
    url: str | None = None


class WireSource(msgspec.Struct, frozen=True, gc=False):
    id: str | None = None
    document: WireDocument | None = None


class WireCitation(msgspec.Struct, frozen=True, gc=False):
    start: int = -1
    end: int = -1
    text: str = ""
    type: str = "TEXT_CONTENT"
    content_index: int | None = None
    sources: list[WireSource] | None = None


class WireLogprobs(msgspec.Struct, frozen=True, gc=False):
    text: str | None = None
    logprobs: list[float] | None = None


class WireCount(msgspec.Struct, frozen=True, gc=False):
    input_tokens: float | None = None
    output_tokens: float | None = None


class WireUsage(msgspec.Struct, frozen=True, gc=False):
    billed_units: WireCount | None = None
    tokens: WireCount | None = None
    cached_tokens: float | None = None


class WireMessage(msgspec.Struct, frozen=True, gc=False):
    content: list[Raw] | None = None
    tool_plan: str | None = None
    tool_calls: list[WireCall] | None = None
    citations: list[Raw] | None = None


class WireBody(msgspec.Struct, frozen=True, gc=False):
    id: str | None = None
    message: WireMessage | str | None = None
    finish_reason: str | None = None
    usage: WireUsage | None = None
    logprobs: list[WireLogprobs] | None = None


class WireDeltaMessage(msgspec.Struct, frozen=True, gc=False):
    """What a stream's message holds: one of each where an answer has a list. `citations` may be either."""

    content: WireContent | list[WireContent] | None = None
    tool_plan: str | None = None
    tool_calls: WireCall | list[WireCall] | None = None
    citations: Raw = Raw()


class WireDelta(msgspec.Struct, frozen=True, gc=False):
    message: WireDeltaMessage | str | None = None
    finish_reason: str | None = None
    usage: WireUsage | None = None
    error: str | None = None


class WireEvent(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    id: str | None = None
    index: int = 0
    delta: WireDelta | None = None
    logprobs: WireLogprobs | None = None
    message: str | None = None
