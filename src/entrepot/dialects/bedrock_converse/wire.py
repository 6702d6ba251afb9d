"""The members of Converse's answers that have a meaning here; all others are passed over."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.values.conversation import NOTHING

NAME = "bedrock_converse"


class WireToolUse(msgspec.Struct, frozen=True, gc=False):
    toolUseId: str = ""
    name: str = ""
    input: Raw = NOTHING


class WireReasoningText(msgspec.Struct, frozen=True, gc=False):
    text: str = ""
    signature: str | None = None


class WireReasoning(msgspec.Struct, frozen=True, gc=False):
    """A block has `reasoningText`, a delta `text` or `signature`; both may have `redactedContent`."""

    reasoningText: WireReasoningText | None = None
    text: str | None = None
    signature: str | None = None
    redactedContent: str | None = None


class WireWeb(msgspec.Struct, frozen=True, gc=False):
    url: str = ""


class WireLocation(msgspec.Struct, frozen=True, gc=False):
    web: WireWeb | None = None


class WireQuote(msgspec.Struct, frozen=True, gc=False):
    text: str = ""


class WireCitation(msgspec.Struct, frozen=True, gc=False):
    title: str | None = None
    sourceContent: list[WireQuote] | None = None
    location: WireLocation | None = None


class WireCited(msgspec.Struct, frozen=True, gc=False):
    content: list[WireQuote] = []
    citations: list[Raw] = []


class WireMediaSource(msgspec.Struct, frozen=True, gc=False):
    bytes: str = ""


class WireMedia(msgspec.Struct, frozen=True, gc=False):
    format: str = ""
    source: WireMediaSource = WireMediaSource()


class WireBlock(msgspec.Struct, frozen=True, gc=False):
    text: str | None = None
    toolUse: WireToolUse | None = None
    reasoningContent: WireReasoning | None = None
    citationsContent: WireCited | None = None
    image: WireMedia | None = None
    audio: WireMedia | None = None
    video: WireMedia | None = None


class WireMessage(msgspec.Struct, frozen=True, gc=False):
    content: list[Raw] = []


class WireOutput(msgspec.Struct, frozen=True, gc=False):
    message: WireMessage = WireMessage()


class WireCacheDetail(msgspec.Struct, frozen=True, gc=False):
    ttl: str = ""
    inputTokens: int = 0


class WireUsage(msgspec.Struct, frozen=True, gc=False):
    inputTokens: int = 0
    outputTokens: int = 0
    cacheReadInputTokens: int = 0
    cacheWriteInputTokens: int = 0
    cacheDetails: list[WireCacheDetail] | None = None


class WireTier(msgspec.Struct, frozen=True, gc=False):
    type: str = ""


class WireMore(msgspec.Struct, frozen=True, gc=False):
    stop_sequence: str | None = None


class WireBody(msgspec.Struct, frozen=True, gc=False):
    output: WireOutput | None = None
    stopReason: str = ""
    usage: WireUsage | None = None
    serviceTier: WireTier | None = None
    additionalModelResponseFields: Raw = NOTHING
    message: str = ""


class WireStart(msgspec.Struct, frozen=True, gc=False):
    toolUse: WireToolUse | None = None


class WireToolDelta(msgspec.Struct, frozen=True, gc=False):
    input: str = ""


class WireDelta(msgspec.Struct, frozen=True, gc=False):
    text: str | None = None
    toolUse: WireToolDelta | None = None
    reasoningContent: WireReasoning | None = None
    citation: Raw = NOTHING


class WireEvent(msgspec.Struct, frozen=True, gc=False):
    """The members of all events; each has few of them."""

    contentBlockIndex: int = 0
    start: WireStart | None = None
    delta: WireDelta | None = None
    stopReason: str = ""
    additionalModelResponseFields: Raw = NOTHING
    usage: WireUsage | None = None
    serviceTier: WireTier | None = None


class WireException(msgspec.Struct, frozen=True, gc=False):
    message: str = ""
    originalMessage: str | None = None
