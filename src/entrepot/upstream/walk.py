"""Walking the plan: one attempt at a time, until the first byte of an answer commits us.

Before that byte a failed attempt moves on to the next endpoint, silently; after it, what came is what counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from entrepot.dialects.dialect import Hearing, Plain, Rendered, Streamed
from entrepot.dialects.translated import plain_answer, shown, streamed_answer
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import (
    BrokenStream,
    GatewayError,
    InvalidRequest,
    ProviderBroke,
    ProviderBusy,
    RequestRejected,
    Throttled,
    Unavailable,
    UpstreamError,
)
from entrepot.routing.fit import Fit
from entrepot.routing.plan import Candidate, Plan
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


async def walk(
    plan: Plan,
    request: Request,
    sender: Sender,
    *,
    suit: Callable[[Candidate], Fit],
    voice: Callable[[Candidate, str], Voice],
    attempts: list[Attempt],
    clock: Clock,
    max_answer_bytes: int,
) -> Opened:
    """The first answer that begins well. Every attempt is added to `attempts` as it ends.

    suit   what must change in the request for a candidate
    voice  how our answer names itself, from a candidate and its provider's shown name
    raises Unavailable, when every attempt failed; InvalidRequest, when no endpoint's dialect can express the request
    """
    failures: list[UpstreamError] = []
    inexpressible: InvalidRequest | None = None
    for candidate in plan.candidates:
        suited = suit(candidate)
        name = sender.name_of(candidate)
        began = clock.monotonic()
        answer: Answer | None = None
        try:
            if request.may_point:
                await sender.attach(request, candidate)
            rendered = sender.render(request, candidate, suited)
            answer = await sender.send(candidate, rendered, request.stream)
            opened = Opened(candidate, answer, suited.notes + rendered.notes if rendered.notes else suited.notes)
            await _begin(opened, request, voice(candidate, name), sender.hearing_of(candidate), name, max_answer_bytes)
        except InvalidRequest as error:
            attempts.append(_attempt(candidate, None, 0, error))
            inexpressible = error
        except UpstreamError as error:
            attempts.append(_attempt(candidate, answer, clock.monotonic() - began, error))
            failures.append(error)
            if answer is not None:
                answer.close()
            if not error.try_next:
                break
        except BaseException:
            if answer is not None:
                answer.close()
            raise
        else:
            attempts.append(_attempt(candidate, answer, clock.monotonic() - began, None))
            return opened
    if inexpressible is not None and not failures:
        raise inexpressible
    raise nothing_worked(failures, plan, attempts)


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


def _attempt(candidate: Candidate, answer: Answer | None, took_s: float, error: GatewayError | None) -> Attempt:
    endpoint = candidate.endpoint
    status = answer.status if answer is not None else 0
    return Attempt(
        endpoint=endpoint.id,
        provider=endpoint.provider,
        upstream_model=endpoint.upstream_model,
        status=(error.upstream_status or status) if isinstance(error, UpstreamError) else status,
        error_type=error.error_type if error else "",
        message=error.message if error else "",
        latency_ms=round(took_s * 1000, 3),
    )


def nothing_worked(failures: list[UpstreamError], plan: Plan, attempts: list[Attempt]) -> Unavailable:
    """One error for the caller from all that happened, whatever the order it happened in.

    1. If a provider says that the request itself is wrong: that, for the caller can mend it.
    2. If all failed with the same status: that status.
    3. Otherwise 503.
    The words are those of a failure that may pass, before one that will not, and of the lowest status among equals.
    """
    chosen = min(failures, key=lambda one: (not isinstance(one, RequestRejected), not one.retryable, one.status, one.message))
    shown_last = sorted(attempts, key=lambda attempt: attempt.message == chosen.message)
    if isinstance(chosen, RequestRejected):
        code, status, error_type = "", chosen.status, chosen.error_type
    elif all(failure.status == chosen.status for failure in failures):
        code = "capacity_exhausted" if isinstance(chosen, Throttled) else "temporarily_unavailable"
        status, error_type = chosen.status, chosen.error_type
    else:
        code, status, error_type = "temporarily_unavailable", ProviderBusy.status, ProviderBusy.error_type
    waits = [failure.retry_after_s for failure in failures if failure.retry_after_s is not None]
    error = Unavailable(
        chosen.message,
        error_type=error_type,
        status=status,
        retry_after_s=min(waits) if waits and status in (429, 503) else None,
        detail=chosen.detail,
        remedy=chosen.remedy,
        field=chosen.field,
        metadata=_metadata(chosen, code, plan, shown_last, waits),
    )
    error.retryable = chosen.retryable
    return error


def _metadata(chosen: UpstreamError, code: str, plan: Plan, attempts: list[Attempt], waits: list[float]) -> dict[str, object]:
    told: dict[str, object] = {**chosen.extra, "provider_name": attempts[-1].provider, "attempts": len(attempts)}
    if chosen.raw:
        told["raw"] = chosen.raw
    if chosen.upstream_status:
        told["provider_code"] = chosen.upstream_status
    if len(attempts) > 1:
        told["previous_errors"] = [
            {"provider": attempt.provider, "code": attempt.error_type, "status": attempt.status, "message": attempt.message}
            for attempt in attempts[:-1]
        ]
    if code:
        told["availability"] = {
            "code": code,
            "retryable": chosen.retryable,
            "requested_models": list(dict.fromkeys(candidate.model.id for candidate in plan.candidates)),
            "affected_providers": list(dict.fromkeys(attempt.provider for attempt in attempts)),
            "docs_url": "/docs/look-up/errors#" + code,
            **({"retry_after": min(waits)} if waits else {}),
        }
    return told
