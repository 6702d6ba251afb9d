"""From one dialect to another: the request on the way up, the answer on the way down.

`body_for`, `plain_answer` and `streamed_answer` are all that the rooms above call. They keep bytes where both sides speak the
same dialect and that dialect offers it, and translate by way of the conversation and its events where they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from entrepot.dialects import all_dialects
from entrepot.dialects.dialect import Dialect, Hearing, Plain, Rendered, Streamed, Wishes
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import GatewayError, Internal
from entrepot.values.conversation import Conversation, fitted
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    Event,
    Failed,
    Finished,
    ForeignEvent,
    PartBegan,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.request import Request
from entrepot.values.usage import Usage


def dialect(name: str) -> Dialect:
    """raises  Internal, for a name that no package here has"""
    found = all_dialects().get(name)
    if found is None:
        raise Internal(f"No dialect is called {name}.")
    return found


def shown(name: str) -> str:
    return dialect(name).shown or name


def conversation_of(request: Request) -> Conversation:
    """The canonical conversation, made once for a request. raises InvalidRequest"""
    if request.heard is None:
        converse = dialect(request.dialect).converse
        if converse is None:
            raise Internal(f"{request.dialect} is not a client's dialect.")
        request.heard = converse(request)
    return request.heard


def body_for(request: Request, provider_dialect: str, wishes: Wishes) -> Rendered:
    """The request as one endpoint is to get it. raises InvalidRequest, for what the endpoint's dialect cannot express"""
    speaks = dialect(provider_dialect)
    if request.dialect == provider_dialect and speaks.respeak is not None and not request.rewritten:
        return speaks.respeak(request, wishes)
    if speaks.render is None:
        raise Internal(f"{provider_dialect} is not a provider's dialect.")
    wishes = msgspec.structs.replace(wishes, family=wishes.family or speaks.family, shows=request.wishes_reasoning_text)
    conversation = conversation_of(request)
    told_abroad = dialect(request.dialect).abroad if request.dialect != provider_dialect else None
    notes = told_abroad(conversation) if told_abroad is not None else ()
    rendered = speaks.render(fitted(conversation, wishes.dropped, wishes.effort, wishes.max_tokens), wishes)
    return msgspec.structs.replace(rendered, notes=(*notes, *rendered.notes)) if notes else rendered


def plain_answer(body: bytes, voice: Voice, request: Request, provider_dialect: str, hearing: Hearing) -> Plain:
    """raises  ErrorEvent, Malformed"""
    speaks = dialect(provider_dialect)
    if request.dialect == provider_dialect and speaks.plain is not None and not request.rewritten:
        return speaks.plain(body, voice, request, hearing)
    return TranslatedPlain(body, voice, request, speaks, dialect(request.dialect), hearing)


def streamed_answer(voice: Voice, request: Request, provider_dialect: str, hearing: Hearing) -> Streamed:
    speaks = dialect(provider_dialect)
    if request.dialect == provider_dialect and speaks.streamed is not None and not request.rewritten:
        return speaks.streamed(voice, request, hearing)
    return TranslatedStream(voice, request, speaks, dialect(request.dialect), hearing)


_SAID = frozenset({TextDelta, ReasoningDelta, RefusalDelta, ArgumentsDelta})


class _Heard:
    """What passes by: usage, finish and counts. Gives on what the client is to see."""

    __slots__ = (
        "_hidden",
        "_voice",
        "failure",
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
        self._hidden: set[tuple[int, int]] = set()
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.native_finish_reason: str | None = None
        self.service_tier: str | None = None
        self.upstream_id = self.reported_model = ""
        self.tool_calls = 0
        self.foreign = 0
        self.failure: bytes | None = None

    def take(self, events: list[Event]) -> list[Event]:
        for event in events:
            kind = type(event)
            if kind in _SAID:
                self._voice.count(event.text)  # type: ignore[attr-defined] # all of these have it
            elif (note := _NOTES.get(kind)) is not None:
                note(self, event)
        return events if self._voice.shows_reasoning else self._without_reasoning(events)

    def _note_part(self, event: PartBegan) -> None:
        if event.kind == "tool_call":
            self.tool_calls += 1
            self._voice.count(event.name)

    def _note_finish(self, event: Finished) -> None:
        if self.finish_reason is None:
            self.finish_reason, self.native_finish_reason = event.reason, event.native or event.reason

    def _note_usage(self, event: UsageSeen) -> None:
        self.usage = event.usage
        self.service_tier = event.service_tier or self.service_tier

    def _note_beginning(self, event: Began) -> None:
        self.upstream_id, self.reported_model = event.id, event.model
        self.service_tier = event.service_tier or None

    def _note_failure(self, event: Failed) -> None:
        self.failure = event.payload

    def _note_foreign(self, event: ForeignEvent) -> None:
        self.foreign += 1

    def _without_reasoning(self, events: Iterable[Event]) -> list[Event]:
        shown = []
        for event in events:
            if isinstance(event, PartBegan) and event.kind == "reasoning":
                self._hidden.add((event.choice, event.index))
            if (getattr(event, "choice", -1), getattr(event, "index", -1)) not in self._hidden:
                shown.append(event)
        return shown


_NOTES: dict[type[Event], Callable[[Any, Any], None]] = {
    PartBegan: _Heard._note_part,
    Finished: _Heard._note_finish,
    UsageSeen: _Heard._note_usage,
    Began: _Heard._note_beginning,
    Failed: _Heard._note_failure,
    ForeignEvent: _Heard._note_foreign,
}


class TranslatedPlain(_Heard):
    """A whole answer of one dialect for a client of another."""

    __slots__ = ("_client", "_events", "_request")

    def __init__(self, body: bytes, voice: Voice, request: Request, provider: Dialect, client: Dialect, hearing: Hearing) -> None:
        """raises  ErrorEvent, Malformed"""
        super().__init__(voice)
        assert provider.read is not None
        self._client, self._request = client, request
        self._events = self.take(provider.read(body, _own_family(hearing, provider)))
        if self.failure is not None:
            raise ErrorEvent(self.failure)
        if self.finish_reason is None:
            raise Malformed("it has no end")

    def render_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        assert self._client.write is not None
        return self._client.write(self._events, self._voice, self._request, usage, prompt_nano, completion_nano)


class TranslatedStream(_Heard):
    """A streamed answer of one dialect for a client of another."""

    __slots__ = ("_hearing", "_provider", "_reader", "_writer")

    def __init__(self, voice: Voice, request: Request, provider: Dialect, client: Dialect, hearing: Hearing) -> None:
        super().__init__(voice)
        assert provider.reader is not None and client.writer is not None
        self._provider = provider
        self._hearing = _own_family(hearing, provider)
        self._reader = provider.reader(self._hearing)
        self._writer = client.writer(voice, request)

    @property
    def done(self) -> bool:
        return self._reader.done

    @property
    def complete(self) -> bool:
        """It has its end sign, or a finish for those providers who send none."""
        return self._reader.done or self.finish_reason is not None

    def feed(self, data: bytes) -> bytes:
        """raises  ErrorEvent, Malformed; BrokenStream for an event past the limit"""
        return self._write(self._reader.feed(data))

    def feed_whole(self, body: bytes) -> bytes:
        """A plain answer that came where a stream was asked for. raises as `feed`"""
        assert self._provider.read is not None
        out = self._write(self._provider.read(body, self._hearing))
        self._reader.done = True
        return out

    def close(self) -> bytes:
        """What an unfinished last event gives. raises as `feed`"""
        return self._write(self._reader.close())

    def end_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        return self._writer.end(usage, prompt_nano, completion_nano)

    def break_off(self, error: GatewayError) -> bytes:
        return self._writer.error(error)

    def _write(self, events: list[Event]) -> bytes:
        if not events:
            return b""
        out = self._writer.feed(self.take(events))
        if self.failure is not None:
            raise ErrorEvent(self.failure, out)
        return out


def _own_family(hearing: Hearing, provider: Dialect) -> Hearing:
    return hearing if hearing.family else msgspec.structs.replace(hearing, family=provider.family)
