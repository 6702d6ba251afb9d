"""What is charged for an answer, and what that rests on: the provider's usage, or our own count where it told none."""

from __future__ import annotations

import msgspec

from entrepot.metering.cost import Cost, Unpriced, cost_of
from entrepot.metering.tokens import StreamCounter, count_prompt
from entrepot.upstream.attempt import Opened
from entrepot.values.generation import Evidence
from entrepot.values.money import YOCTO_PER_NANO, half_even
from entrepot.values.price import Price
from entrepot.values.request import Request
from entrepot.values.usage import Usage


class Bill(msgspec.Struct, frozen=True):
    """What was used, what is charged for it, and what that rests on.

    upstream_nano  what the provider charges us: its own figure, or its list price; None where nothing was used
    """

    usage: Usage
    cost: Cost
    evidence: Evidence
    upstream_nano: int | None = None


FREE = Bill(Usage(), Cost(0, 0, 0, 0), "waived")


def bill_of(opened: Opened, counter: StreamCounter, request: Request, at_ms: int) -> Bill:
    """Nothing produced and no finish is free.

    counter  heard the completion as far as it came; counting costs time, so that it is asked only where it must be
    at_ms    when the call began, for prices that depend on the time of day
    """
    used = _used(opened, counter, request)
    if used is None:
        return FREE
    usage, evidence = used
    listed, paid = opened.candidate.endpoint.price, opened.candidate.paid
    cost, whole = _cost(usage, paid, request, at_ms)
    if usage.upstream_cost_yocto is not None:
        upstream = half_even(usage.upstream_cost_yocto, YOCTO_PER_NANO)
    else:
        upstream = cost.total_nano if paid is listed else _cost(usage, listed, request, at_ms)[0].total_nano
    return Bill(usage, cost, evidence if whole else "estimated", upstream)


def _used(opened: Opened, counter: StreamCounter, request: Request) -> tuple[Usage, Evidence] | None:
    said = opened.stream or opened.plain
    usage = said.usage if said is not None else None
    if usage is None:
        counted = counter.total()
        if not counted and (said is None or said.finish_reason is None):
            return None
        return Usage(prompt_tokens=count_prompt(*request.countable()), completion_tokens=counted), "counted"
    if opened.stream is not None and not opened.stream.complete and usage.completion_tokens < (counted := counter.total()):
        # Messages tells what went in when it begins and what came out when it ends: here it did not end.
        return msgspec.structs.replace(usage, completion_tokens=counted), "counted"
    return usage, "reported"


def _cost(usage: Usage, price: Price, request: Request, at_ms: int) -> tuple[Cost, bool]:
    """And whether the price covers all that was used; what it does not is left out."""
    images = request.media.images if price.rates.image else 0
    hour = _utc_hhmm(at_ms) if price.tiers else None
    try:
        return cost_of(usage, price, images=images, at_utc_hhmm=hour), True
    except Unpriced:
        plain = msgspec.structs.replace(usage, audio_tokens=0, completion_audio_tokens=0, completion_image_tokens=0)
        return cost_of(plain, price, images=images, at_utc_hhmm=hour), False


def _utc_hhmm(now_ms: int) -> int:
    minutes = now_ms // 60_000 % 1440
    return minutes // 60 * 100 + minutes % 60
