"""Converse's answers to events: a whole body, and the frames of a stream.

Text and reasoning blocks of a stream begin with their first delta; only tool blocks are announced. `metadata` is the end sign.
"""

from __future__ import annotations

import base64
import binascii
from typing import NoReturn

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.words import ANSWER_TOOL
from entrepot.dialects.bedrock_converse.frames import Frame, FrameReader
from entrepot.dialects.bedrock_converse.wire import (
    NAME,
    WireBlock,
    WireBody,
    WireCitation,
    WireDelta,
    WireEvent,
    WireException,
    WireMore,
    WireReasoning,
    WireToolUse,
    WireUsage,
)
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.voice import Malformed, encode
from entrepot.values.conversation import Audio, Citation, Foreign, Image, Opaque, Source, Video
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
    Event,
    Failed,
    Finish,
    Finished,
    ForeignEvent,
    Kind,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    StateDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.usage import Usage

_FINISH: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}
_STATUS = {
    "validationException": 400,
    "throttlingException": 429,
    "modelStreamErrorException": 424,
    "serviceUnavailableException": 503,
}


_decode_body = msgspec.json.Decoder(WireBody).decode
_decode_block = msgspec.json.Decoder(WireBlock).decode
_decode_event = msgspec.json.Decoder(WireEvent).decode
_decode_citation = msgspec.json.Decoder(WireCitation).decode
_decode_more = msgspec.json.Decoder(WireMore).decode
_decode_names = msgspec.json.Decoder(dict[str, Raw]).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    try:
        told = _decode_body(body)
        if told.output is None:
            if told.message:
                return [Began(), Failed(body)]
            _refuse("it has no output")
        blocks = [(_decode_block(raw), raw) for raw in told.output.message.content]
    except _UNREADABLE:
        _refuse("not an answer of Converse")
    tier = told.serviceTier.type if told.serviceTier else ""
    events: list[Event] = [Began(service_tier=tier)]
    for index, (block, raw) in enumerate(blocks):
        events += _block(index, block, raw, hearing.family)
        events.append(PartEnded(index))
    if told.usage is not None:
        events.append(UsageSeen(usage_of(told.usage), tier))
    called = any(isinstance(event, PartBegan) and event.kind == "tool_call" for event in events)
    events.append(_finished(told.stopReason, told.additionalModelResponseFields, called))
    return events


def _refuse(why: str) -> NoReturn:
    raise Malformed(why) from None


def _block(index: int, block: WireBlock, raw: Raw, family: str) -> list[Event]:
    """A whole block, all but its end."""
    if block.text is not None:
        return _text(index, block.text)
    if block.toolUse is not None:
        call = block.toolUse
        if call.name == ANSWER_TOOL:
            return _text(index, bytes(call.input).decode())
        began = PartBegan(index, "tool_call", id=call.toolUseId, name=call.name)
        return [began, ArgumentsDelta(index, bytes(call.input).decode() or "{}")]
    if block.reasoningContent is not None:
        return [PartBegan(index, "reasoning", family=family), *_thought(index, block.reasoningContent, family)]
    if block.citationsContent is not None:
        cited = block.citationsContent
        events = _text(index, "".join([quote.text for quote in cited.content]))
        return events + [CitationAdded(index, _citation(citation)) for citation in cited.citations]
    return [_media(index, block, raw)]


def _text(index: int, text: str) -> list[Event]:
    return [PartBegan(index, "text"), TextDelta(index, text)] if text else [PartBegan(index, "text")]


def _media(index: int, block: WireBlock, raw: Raw) -> Event:
    if block.image is not None:
        image = Image(Source(data=block.image.source.bytes, media_type=f"image/{block.image.format}"))
        return PartBegan(index, "media", part=image)
    if block.audio is not None:
        told = block.audio
        audio = Audio(Source(data=told.source.bytes, media_type=f"audio/{told.format}"), told.format)
        return PartBegan(index, "media", part=audio)
    if block.video is not None:
        video = Video(Source(data=block.video.source.bytes, media_type=f"video/{block.video.format}"))
        return PartBegan(index, "media", part=video)
    name = next(iter(_decode_names(raw)), "")
    return PartBegan(index, "foreign", name=name, part=Foreign(NAME, name, raw))


def _thought(index: int, told: WireReasoning, family: str) -> list[Event]:
    events: list[Event] = []
    text, signature = told.text, told.signature
    if told.reasoningText is not None:
        text, signature = told.reasoningText.text, told.reasoningText.signature
    if text:
        events.append(ReasoningDelta(index, text))
    if signature:
        events.append(StateDelta(index, Opaque(family, signature)))
    if told.redactedContent:
        events.append(StateDelta(index, Opaque(family, _bytes_as_text(told.redactedContent), "encrypted")))
    return events


def _bytes_as_text(blob: str) -> str:
    """What a maker's hidden thinking is at the maker's own service: Bedrock carries it as bytes, so in base64 once more.

    Latin-1 has a character for every byte, so `render` finds the same bytes again.
    """
    try:
        return base64.b64decode(blob, validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        _refuse("hidden reasoning that is not base64")


def _citation(raw: Raw) -> Citation:
    told = _decode_citation(raw)
    web = told.location.web if told.location else None
    text = "".join([quote.text for quote in told.sourceContent or ()])
    return Citation(url=web.url if web else "", title=told.title or "", text=text, raw=Raw(bytes(raw)), dialect=NAME)


def usage_of(told: WireUsage) -> Usage:
    """Bedrock's input leaves out what was read from and written to the cache; `cacheDetails` tell the writes by their length."""
    read, written = max(told.cacheReadInputTokens, 0), max(told.cacheWriteInputTokens, 0)
    hour = sum([detail.inputTokens for detail in told.cacheDetails or () if detail.ttl == "1h"])
    hour = min(max(hour, 0), written)
    return Usage(
        prompt_tokens=max(told.inputTokens, 0) + read + written,
        completion_tokens=max(told.outputTokens, 0),
        cached_tokens=read,
        cache_write_tokens=written - hour,
        cache_write_1h_tokens=hour,
    )


def _finished(reason: str, more: Raw, called: bool) -> Finished:
    """A call of the answer tool alone is an answer, and no call."""
    stop = None
    if bytes(more):
        try:
            stop = _decode_more(more).stop_sequence
        except _UNREADABLE:
            stop = None
    finish = _FINISH.get(reason, "stop")
    return Finished("stop" if finish == "tool_calls" and not called else finish, reason, stop=stop)


class Reader:
    """A stream's frames to events."""

    __slots__ = ("_answers", "_blocks", "_called", "_family", "_frames", "_next", "_silent", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._frames = FrameReader(hearing.max_event_bytes)
        self._family = hearing.family
        self._blocks: dict[int, int] = {}
        self._silent: set[int] = set()
        self._answers: set[int] = set()
        self._called = False
        self._next = 0
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        """raises  Malformed; BrokenStream for a frame past the limit"""
        events: list[Event] = []
        for frame in self._frames.feed(data):
            if not self.done:
                self._take(frame, events)
        return events

    def close(self) -> list[Event]:
        return []

    def _take(self, frame: Frame, events: list[Event]) -> None:
        headers = frame.headers
        if headers.get(":message-type") in ("exception", "error"):
            self.done = True
            events.append(Failed(_failure(headers, frame.payload)))
            return
        name = headers.get(":event-type", "")
        if name not in _EVENTS:
            events.append(ForeignEvent(name, Raw(frame.payload)))
            return
        try:
            self._understand(name, _decode_event(frame.payload), frame.payload, events)
        except _UNREADABLE:
            raise Malformed(f"an event {name} that cannot be read") from None

    def _understand(self, name: str, told: WireEvent, payload: bytes, events: list[Event]) -> None:
        block = told.contentBlockIndex
        if name == "contentBlockDelta":
            if told.delta is None or not self._delta(block, told.delta, events):
                events.append(ForeignEvent(name, Raw(payload)))
        elif name == "contentBlockStart":
            if told.start is not None and told.start.toolUse is not None:
                self._begin(block, "tool_call", events, told.start.toolUse)
            else:
                events.append(ForeignEvent(name, Raw(payload)))
        elif name == "contentBlockStop":
            self._end(block, events)
        elif name == "messageStart":
            events.append(Began())
        elif name == "messageStop":
            for open_block in list(self._blocks):
                self._end(open_block, events)
            events.append(_finished(told.stopReason, told.additionalModelResponseFields, self._called))
        else:
            self.done = True
            if told.usage is not None:
                events.append(UsageSeen(usage_of(told.usage), told.serviceTier.type if told.serviceTier else ""))

    def _delta(self, block: int, delta: WireDelta, events: list[Event]) -> bool:
        """False: nothing of it has a meaning here."""
        if delta.text is not None:
            events.append(TextDelta(self._begin(block, "text", events), delta.text))
        elif delta.toolUse is not None:
            self._piece(block, delta.toolUse.input, events)
        elif delta.reasoningContent is not None:
            events += _thought(self._begin(block, "reasoning", events), delta.reasoningContent, self._family)
        elif bytes(delta.citation):
            events.append(CitationAdded(self._begin(block, "text", events), _citation(delta.citation)))
        else:
            return False
        return True

    def _piece(self, block: int, text: str, events: list[Event]) -> None:
        index = self._begin(block, "tool_call", events)
        if text:
            self._silent.discard(block)
            events.append(TextDelta(index, text) if block in self._answers else ArgumentsDelta(index, text))

    def _begin(self, block: int, kind: Kind, events: list[Event], call: WireToolUse | None = None) -> int:
        """The part of a block, begun when it was not yet."""
        index = self._blocks.get(block)
        if index is None:
            index = self._blocks[block] = self._next
            self._next += 1
            call = call or _NO_CALL
            if call.name == ANSWER_TOOL:
                self._answers.add(block)
                events.append(PartBegan(index, "text"))
                return index
            if kind == "tool_call":
                self._called = True
                self._silent.add(block)
            family = self._family if kind == "reasoning" else ""
            events.append(PartBegan(index, kind, id=call.toolUseId, name=call.name, family=family))
        return index

    def _end(self, block: int, events: list[Event]) -> None:
        index = self._blocks.pop(block, None)
        if index is not None:
            if block in self._silent:
                events.append(ArgumentsDelta(index, "{}"))
                self._silent.discard(block)
            events.append(PartEnded(index))


_NO_CALL = WireToolUse()
_EVENTS = frozenset(
    {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}
)  # fmt: skip


_decode_exception = msgspec.json.Decoder(WireException).decode


def _failure(headers: dict[str, str], payload: bytes) -> bytes:
    """An exception frame as JSON that says status, name and message."""
    name = headers.get(":exception-type") or headers.get(":error-code") or "exception"
    try:
        told = _decode_exception(payload)
        message = told.message or told.originalMessage or ""
    except _UNREADABLE:
        message = ""
    message = message or headers.get(":error-message") or name
    return encode({"error": {"code": _STATUS.get(name, 500), "type": name, "message": message}})
