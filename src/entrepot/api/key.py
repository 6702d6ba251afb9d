"""GET /key: what the key shown is, what it has spent, and what bounds it (contract 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.routes import Desk, Route
from entrepot.ledger.leases import room_of
from entrepot.ledger.purses import budget_purse, window_of
from entrepot.ledger.terms import bounds_of
from entrepot.values.caller import Caller
from entrepot.values.money import dollars
from entrepot.values.times import DAY_MS, first_of, iso, iso_or_none


class FreeRequests(msgspec.Struct, frozen=True):
    """Requests to free models today; -1: there is no limit."""

    used: int = 0
    limit: int = -1
    remaining: int = -1


class RateLimit(msgspec.Struct, frozen=True):
    requests: int = -1
    interval: str = "10s"
    note: str = "There is no request limit; this field is kept for old clients."


class Budget(msgspec.Struct, frozen=True):
    """A cap on spend over a period that applies to this key."""

    scope: str
    budget_id: str | None
    guardrail_id: str | None
    limit_usd: Usd
    spend_usd: Usd
    remaining_usd: Usd
    reset_interval: str | None
    resets_at: str | None
    include_byok: bool


class KeyData(msgspec.Struct, frozen=True):
    """Usage windows are UTC: the day from midnight, the week from Monday, the month from the first."""

    label: Annotated[str, Meta(description="The key, masked.")]
    name: str
    usage: Usd
    usage_daily: Usd
    usage_weekly: Usd
    usage_monthly: Usd
    is_management_key: bool
    is_provisioning_key: Annotated[bool, Meta(description="The old name of `is_management_key`.")]
    is_test_key: Annotated[bool, Meta(description="Served by the sandbox; its usage is never charged.")]
    workspace_id: str
    expires_at: str | None
    limit: Usd | None = None
    limit_remaining: Usd | None = None
    limit_reset: Literal["daily", "weekly", "monthly"] | None = None
    include_byok_in_limit: bool = False
    byok_usage: int = 0
    byok_usage_daily: int = 0
    byok_usage_weekly: int = 0
    byok_usage_monthly: int = 0
    is_free_tier: bool = False
    creator_user_id: str | None = None
    organization_id: str | None = None
    allowed_data_regions: tuple[str, ...] = ("global",)
    budgets: tuple[Budget, ...] = ()
    effective_budget: Budget | None = None
    free_model_daily_requests: FreeRequests = FreeRequests()
    rate_limit: RateLimit = RateLimit()


class KeyAnswer(msgspec.Struct, frozen=True):
    data: KeyData


class Spent(msgspec.Struct, frozen=True):
    """Nano-dollars that a key spent, ever and in the windows that last."""

    lifetime: int
    daily: int
    weekly: int
    monthly: int

    def left(self, key: Caller) -> Usd | None:
        """What is left of the key's limit; None: it has none."""
        if key.limit_nano is None:
            return None
        spent: int = getattr(self, key.limit_reset or "lifetime")
        return dollars(max(key.limit_nano - spent, 0))


def show_key(desk: Desk, request: Request) -> Response:
    caller = request.caller
    assert caller is not None
    spent = spent_by(desk, [caller.key_hash])[caller.key_hash]
    management = caller.kind == "management"
    data = KeyData(
        label=caller.label,
        name=caller.name,
        usage=dollars(spent.lifetime),
        usage_daily=dollars(spent.daily),
        usage_weekly=dollars(spent.weekly),
        usage_monthly=dollars(spent.monthly),
        is_management_key=management,
        is_provisioning_key=management,
        is_test_key=caller.kind == "test",
        workspace_id=caller.workspace,
        expires_at=_expiry(caller),
        limit=None if caller.limit_nano is None else dollars(caller.limit_nano),
        limit_remaining=spent.left(caller),
        limit_reset=caller.limit_reset,
        budgets=_budgets(desk, caller),
    )
    return answer(KeyAnswer(data))


def spent_by(desk: Desk, keys: Sequence[str]) -> dict[str, Spent]:
    """By the hash of each key."""
    day, week, month = windows(desk.now_ms())
    return {key: Spent(*sums) for key, sums in desk.spent_by_keys(keys, (0, day, week, month)).items()}


def _budgets(desk: Desk, caller: Caller) -> tuple[Budget, ...]:
    """Those of the workspace, the broadest first."""
    now_ms, shown = desk.now_ms(), []
    for span, limit in bounds_of(desk.store, caller.workspace).budgets.items():
        room = room_of(desk.store, budget_purse(caller.workspace, span, now_ms))
        left = limit if room is None else room.unspent
        ends = None if span == "lifetime" else iso(window_of(span, now_ms).end_day * DAY_MS)
        reset = None if span == "lifetime" else span
        shown.append(
            Budget("workspace", span, None, dollars(limit), dollars(limit - left), dollars(max(left, 0)), reset, ends, False)
        )
    return tuple(shown)


def windows(now_ms: int) -> tuple[int, int, int]:
    """The UTC days (since 1970) on which this day, week and month began."""
    today = now_ms // DAY_MS
    return today, first_of("week", today), first_of("month", today)


def _expiry(caller: Caller) -> str | None:
    return iso_or_none(caller.expires_ms)


ROUTES = (
    Route("GET", "/key", "Show this key", "Account", show_key, "key", returns=KeyAnswer, asks=True),
    Route("GET", "/auth/key", "Show this key (old path)", "Account", show_key, "key", returns=KeyAnswer, asks=True),
)
