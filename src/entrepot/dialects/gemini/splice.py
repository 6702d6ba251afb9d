"""Answers of Google to clients that speak its dialect: their bytes are kept, and only the members that must change are replaced:
the names of model and answer, and the counts with their cost."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gemini.frames import Framing, Sheet
from entrepot.dialects.gemini.parse import said_in
from entrepot.dialects.gemini.read import Hearer, read
from entrepot.dialects.gemini.told import Told, some, told_in
from entrepot.dialects.gemini.usage import render_cost, render_usage
from entrepot.dialects.gemini.write import error_body, names
from entrepot.dialects.voice import ErrorEvent, Fields, Malformed, Voice, decode_fields, encode
from entrepot.errors import GatewayError
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    Event,
    Failed,
    Finished,
    ForeignEvent,
    PartBegan,
    ReasoningDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.request import Request
from entrepot.values.usage import Usage

_WORDS = (TextDelta, ReasoningDelta, ArgumentsDelta)


class _Noted:
    """What the pipeline wants to know of an answer that passes."""

    __slots__ = (
        "_voice",
        "finish_reason",
        "foreign",
        "native_finish_reason",
        "reported_model",
        "service_tier",
        "tool_calls",
        "upstream_id",
        "usage",
    )

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.native_finish_reason: str | None = None
        self.service_tier: str | None = None
        self.upstream_id = self.reported_model = ""
        self.tool_calls = 0
        self.foreign = 0

    def note(self, events: list[Event]) -> None:
        """raises  ErrorEvent"""
        for event in events:
            if isinstance(event, _WORDS):
                self._voice.count(event.text)
            elif isinstance(event, UsageSeen):
                self.usage = event.usage
                self.service_tier = event.service_tier or self.service_tier
            elif isinstance(event, PartBegan):
                if event.kind == "tool_call":
                    self.tool_calls += 1
                    self._voice.count(event.name)
            elif isinstance(event, Finished):
                if self.finish_reason is None:
                    self.finish_reason, self.native_finish_reason = event.reason, event.native or event.reason
            elif isinstance(event, Began):
                self.upstream_id, self.reported_model = event.id, event.model
            elif isinstance(event, Failed):
                raise ErrorEvent(event.payload)
            elif isinstance(event, ForeignEvent):
                self.foreign += 1


class SplicedAnswer(_Noted):
    """A `Plain` answer."""

    __slots__ = ("_fields",)

    def __init__(self, body: bytes, voice: Voice, request: Request, hearing: Hearing) -> None:
        """raises  ErrorEvent, Malformed"""
        super().__init__(voice)
        self.note(read(body, hearing))
        self._fields = fields_of(body)

    def render_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        return finished(self._fields, self._voice, self.usage, usage, prompt_nano, completion_nano)


class SplicedStream(_Noted):
    """A `Streamed` answer. The piece in which everything has ended is held until the cost is known."""

    __slots__ = ("_framing", "_hearer", "_hearing", "_held", "_names", "_sheet", "done")

    def __init__(self, voice: Voice, request: Request, hearing: Hearing) -> None:
        super().__init__(voice)
        said = said_in(request)
        self._sheet = Sheet(said is not None and said.array)
        self._framing = Framing(hearing.max_event_bytes)
        self._hearing = hearing
        self._hearer = Hearer(hearing)
        self._names = {name: Raw(encode(value)) for name, value in names(voice).items()}
        self._held: Fields | None = None
        self.done = False

    @property
    def complete(self) -> bool:
        return self._hearer.finished

    def feed(self, data: bytes) -> bytes:
        """raises  ErrorEvent, Malformed; BrokenStream for an event past the limit"""
        return self._pass(self._framing.feed(data))

    def feed_whole(self, body: bytes) -> bytes:
        """A plain answer that came where a stream was asked for. raises as `feed`"""
        self.note(read(body, self._hearing))
        self._held = fields_of(body)
        self.done = True
        return b""

    def close(self) -> bytes:
        """What an unfinished last event gives. raises as `feed`"""
        out = self._pass(self._framing.close())
        self.done = self.done or self._hearer.finished
        return out

    def end_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        last = finished(self._held or {}, self._voice, self.usage, usage, prompt_nano, completion_nano)
        return self._sheet.piece(last) + self._sheet.end()

    def break_off(self, error: GatewayError) -> bytes:
        return self._sheet.piece(error_body(error, self._voice.id)) + self._sheet.end()

    def _pass(self, payloads: list[bytes]) -> bytes:
        out: list[bytes] = []
        for payload in payloads:
            told = told_in(payload)
            try:
                self.note(self._hearer.take_told(told, payload))
            except ErrorEvent as error:
                raise ErrorEvent(error.payload, b"".join(out)) from None
            out.append(self._piece(payload, told))
        return b"".join(out)

    def _piece(self, payload: bytes, told: Told) -> bytes:
        before = b""
        if self._held is not None:
            before = self._sheet.piece(encode(self._held))
            self._held = None
        fields = fields_of(payload)
        fields |= self._names
        if self._hearer.finished:
            self._held = fields
            return before
        return before + self._sheet.piece(encode(fields))


def fields_of(body: bytes) -> Fields:
    """The members of an answer. raises Malformed"""
    try:
        return decode_fields(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("not a JSON object") from None


def finished(fields: Fields, voice: Voice, heard: Usage | None, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    """The last piece: counts as the provider gave them where they are what is billed, and the cost."""
    kept = dict(fields)
    told = fields.get("usageMetadata", Raw())
    if heard is not None and heard == usage and some(told):
        kept["usageMetadata"] = Raw(encode(decode_fields(told) | render_cost(prompt_nano, completion_nano)))
    else:
        kept["usageMetadata"] = Raw(encode(render_usage(usage, prompt_nano, completion_nano)))
    return encode(kept | names(voice))
