"""Walking the plan until the first byte of an answer commits us.

Before that byte a failed attempt moves on to the next endpoint, silently; after it, what came is what counts. One endpoint is
asked at a time, unless the operator lets a slow one be overtaken (`hedge`).
"""

from __future__ import annotations

from entrepot.errors import InvalidRequest, ProviderBusy, RequestRejected, Throttled, Unavailable, UpstreamError
from entrepot.routing.plan import Plan
from entrepot.upstream.attempt import Course, Failed, Opened, Trial
from entrepot.upstream.hedge import NO_HEDGE, Hedge, Race
from entrepot.values.generation import Attempt


async def walk(plan: Plan, course: Course, hedge: Hedge = NO_HEDGE) -> Opened:
    """The first answer that begins well. Every attempt is added to the course's as it ends, the one that answers last.

    raises Unavailable, when every attempt failed; InvalidRequest, when no endpoint's dialect can express the request
    """
    failed = Failed()
    after_s = hedge.after_s(course.request)
    if after_s and len(plan.candidates) > 1:
        opened = await Race(plan, course, failed, after_s, hedge.at_once).run()
    else:
        opened = await _one_by_one(plan, course, failed)
    if opened is not None:
        return opened
    if failed.inexpressible is not None and not failed.upstream:
        raise failed.inexpressible
    raise nothing_worked(failed.upstream, plan, course)


async def _one_by_one(plan: Plan, course: Course, failed: Failed) -> Opened | None:
    for candidate in plan.candidates:
        trial = Trial(course, candidate, course.clock.monotonic())
        try:
            opened = await trial.open(await trial.prepare())
        except (InvalidRequest, UpstreamError) as error:
            course.attempts.append(trial.told(error))
            failed.add(error)
            if failed.final:
                break
        else:
            course.attempts.append(trial.told())
            return opened
    return None


def nothing_worked(failures: list[UpstreamError], plan: Plan, course: Course) -> Unavailable:
    """One error for the caller from all that happened, whatever the order it happened in.

    1. If a provider says that the request itself is wrong: that, for the caller can mend it.
    2. If all failed with the same status: that status.
    3. Otherwise 503.
    The words are those of a failure that may pass, before one that will not, and of the lowest status among equals.
    """
    chosen = min(failures, key=lambda one: (not isinstance(one, RequestRejected), not one.retryable, one.status, one.message))
    shown_last = sorted(course.attempts, key=lambda attempt: attempt.message == chosen.message)
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
        remedy=chosen.remedy or _remedy(chosen),
        field=chosen.field,
        expected=chosen.expected,
        received=chosen.received,
        metadata=_metadata(chosen, code, plan, shown_last, waits) | {"provider_name": _name(shown_last[-1], plan, course)},
    )
    error.retryable = chosen.retryable
    return error


def _remedy(chosen: UpstreamError) -> str | None:
    """Where the request is wrong the provider's own words are all that is known."""
    if isinstance(chosen, RequestRejected):
        return None
    if not chosen.retryable:
        return "Allow other providers or models to answer; asking again helps only when the operator has mended what it says."
    return "Try again in a moment, or allow other providers or models to answer."


def _name(attempt: Attempt, plan: Plan, course: Course) -> str:
    """The provider of an attempt as it is shown."""
    tried = (candidate for candidate in plan.candidates if candidate.endpoint.id == attempt.endpoint)
    return next((course.sender.name_of(candidate) for candidate in tried), attempt.provider)


def _metadata(chosen: UpstreamError, code: str, plan: Plan, attempts: list[Attempt], waits: list[float]) -> dict[str, object]:
    told: dict[str, object] = {**chosen.extra, "attempts": len(attempts)}
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
