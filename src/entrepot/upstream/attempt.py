"""One attempt: one endpoint is asked, and its answer read until it is committed or has failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from entrepot.dialects.dialect import Hearing, Plain, Rendered, Streamed
from entrepot.dialects.translated import plain_answer, shown, streamed_answer
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import BrokenStream, GatewayError, InvalidRequest, ProviderBroke, ProviderBusy, UpstreamError
from entrepot.routing.fit import Fit
from entrepot.routing.plan import Candidate
from entrepot.upstream.answer import Answer
from entrepot.upstream.failures import classify, classify_event
from entrepot.values.clock import Clock
from entrepot.values.generation import Attempt
from entrepot.values.request import Request

_MAX_ERROR_BODY = 256 * 1024


class Opened(msgspec.Struct):
    """An answer that has begun. Either `plain` is whole, or `stream` goes on after `first`.

    notes  what was changed in the request for this endpoint, one "name: what" each
    """

    candidate: Candidate
    answer: Answer
    notes: tuple[str, ...] = ()
    plain: Plain | None = None
    stream: Streamed | None = None
    first: bytes = b""


class Sender(Protocol):
    """Where an attempt goes: a provider over HTTP, or the sandbox."""

    def name_of(self, candidate: Candidate) -> str: ...

    def hearing_of(self, candidate: Candidate) -> Hearing: ...

    async def attach(self, request: Request, candidate: Candidate) -> None:
        """Fetches and reads what the request points at and this endpoint cannot get. raises InvalidRequest"""
        ...

    def render(self, request: Request, candidate: Candidate, fit: Fit) -> Rendered:
        """raises  InvalidRequest, for what this endpoint's dialect cannot express"""
        ...

    async def send(self, candidate: Candidate, rendered: Rendered, stream: bool) -> Answer: ...


class Course(msgspec.Struct, frozen=True):
    """What the attempts of one call share.

    suit      what must change in the request for a candidate
    voice     how our answer names itself, from a candidate and its provider's shown name
    attempts  those that are over, in the order in which they ended
    """

    request: Request
    sender: Sender
    suit: Callable[[Candidate], Fit]
    voice: Callable[[Candidate, str], Voice]
    attempts: list[Attempt]
    clock: Clock
    max_answer_bytes: int


class Failed(msgspec.Struct):
    """What went wrong so far. `final`: no other endpoint may be tried."""

    upstream: list[UpstreamError] = []
    inexpressible: InvalidRequest | None = None
    final: bool = False

    def add(self, error: InvalidRequest | UpstreamError) -> None:
        if isinstance(error, InvalidRequest):
            self.inexpressible = error
        else:
            self.upstream.append(error)
            self.final = self.final or not error.try_next


class Trial(msgspec.Struct, eq=False):
    """An attempt under way: `prepare`, then `open`. Whoever runs it adds it to the course's attempts when it is over.

    began  on the course's clock, in seconds
    """

    course: Course
    candidate: Candidate
    began: float
    answer: Answer | None = None
    notes: tuple[str, ...] = ()

    async def prepare(self) -> Rendered:
        """raises  InvalidRequest, when this endpoint's dialect cannot express the request"""
        course, candidate = self.course, self.candidate
        suited = course.suit(candidate)
        if course.request.may_point:
            await course.sender.attach(course.request, candidate)
        rendered = course.sender.render(course.request, candidate, suited)
        self.notes = suited.notes + rendered.notes if rendered.notes else suited.notes
        return rendered

    async def open(self, rendered: Rendered) -> Opened:
        """Returns when the answer has begun well. raises UpstreamError"""
        course, candidate = self.course, self.candidate
        name = course.sender.name_of(candidate)
        try:
            answer = self.answer = await course.sender.send(candidate, rendered, course.request.stream)
            opened = Opened(candidate, answer, self.notes)
            hearing = course.sender.hearing_of(candidate)
            await _begin(opened, course.request, course.voice(candidate, name), hearing, name, course.max_answer_bytes)
        except BaseException:
            self.close()
            raise
        return opened

    def close(self) -> None:
        if self.answer is not None:
            self.answer.close()

    def told(self, error: GatewayError | None = None) -> Attempt:
        """How it went, as it is over now."""
        endpoint, status = self.candidate.endpoint, self.answer.status if self.answer is not None else 0
        asked = not isinstance(error, InvalidRequest)
        return Attempt(
            endpoint=endpoint.id,
            provider=endpoint.provider,
            upstream_model=endpoint.upstream_model,
            status=(error.upstream_status or status) if isinstance(error, UpstreamError) else status,
            error_type=error.error_type if error else "",
            message=error.message if error else "",
            latency_ms=round((self.course.clock.monotonic() - self.began) * 1000, 3) if asked else 0,
        )


async def _begin(opened: Opened, request: Request, voice: Voice, hearing: Hearing, name: str, max_answer_bytes: int) -> None:
    """Reads until the answer is committed: the whole of a plain one, the first event of a stream. raises UpstreamError"""
    answer, speaks = opened.answer, opened.candidate.endpoint.dialect
    if answer.status not in (200, 201):
        raise classify(answer.status, answer.headers, await _refusal(answer), name)
    try:
        if request.stream:
            opened.stream = streamed_answer(voice, request, speaks, hearing)
            opened.first = await _first_bytes(answer, opened.stream, max_answer_bytes, name)
        else:
            opened.plain = plain_answer(await answer.read(max_answer_bytes), voice, request, speaks, hearing)
            if opened.plain.finish_reason == "error":
                raise ProviderBusy(f"{name} gave up: {opened.plain.native_finish_reason}.", upstream_status=answer.status)
    except ErrorEvent as event:
        raise classify_event(event.payload, name) from None
    except Malformed as what:
        raise ProviderBroke(
            f"{name} sent an answer that is not {shown(speaks)}: {what}.", upstream_status=answer.status
        ) from None
    except BrokenStream as error:
        raise ProviderBroke(error.message, upstream_status=answer.status) from None


async def _refusal(answer: Answer) -> bytes:
    """The body of a refusal; b"" when it breaks off or is endless, for the status alone says enough to go on."""
    try:
        return await answer.read(_MAX_ERROR_BODY)
    except UpstreamError:
        return b""


async def _first_bytes(answer: Answer, stream: Streamed, max_answer_bytes: int, name: str) -> bytes:
    if answer.headers.get("content-type", "").startswith("application/json"):
        return stream.feed_whole(await answer.read(max_answer_bytes))
    while True:
        data = await answer.chunk()
        out = stream.feed(data) if data else stream.close()
        if out or stream.done:
            return out
        if not data:
            raise ProviderBroke(f"{name} ended its stream before it began.", upstream_status=answer.status)
