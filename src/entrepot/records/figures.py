"""What statistics are told in: spans of time, sums, speeds, uptime, ranks. Frozen, and without a database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from entrepot.values.times import DAY_S, HOUR_S, MINUTE_S

Level = Literal["minute", "hour", "day"]
LEVEL_S: dict[Level, int] = {"minute": MINUTE_S, "hour": HOUR_S, "day": DAY_S}
_BY_MINUTE_S = 3 * HOUR_S
_BY_HOUR_S = 4 * DAY_S
MOST_POINTS = 2_000
"""Of a series."""
FAULTS = frozenset({"timeout", "provider_unavailable", "provider_overloaded", "server"})
"""Kinds of errors that are the provider's fault."""
NORMAL, POOR = 0.95, 0.80
"""Shares of attempts that did not fail: from 95 % on a provider is well, below 80 % it is poor (contract 6.2)."""
THROTTLED = "rate_limit_exceeded"
REFUSED = "credential_refused"


class Span(msgspec.Struct, frozen=True):
    """A stretch of time, UTC. Sums are of whole minutes, hours and days, so that it is widened to whole ones of its level."""

    from_ms: int
    before_ms: int

    @property
    def level(self) -> Level:
        """What it is read from when nobody says otherwise: up to three hours minutes, up to four days hours, then days."""
        length_s = (self.before_ms - self.from_ms) / 1000
        return "minute" if length_s <= _BY_MINUTE_S else "hour" if length_s <= _BY_HOUR_S else "day"

    def bounds(self, level: Level) -> tuple[int, int]:
        """The first second of its first bucket, and of the one after its last. At most `MOST_POINTS` buckets, the last ones."""
        each = LEVEL_S[level]
        before = -(-self.before_ms // (each * 1000)) * each
        first = self.from_ms // (each * 1000) * each
        return max(first, before - MOST_POINTS * each), before

    @property
    def preceding(self) -> Span:
        """The stretch of the same length that ends where this one begins."""
        return Span(2 * self.from_ms - self.before_ms, self.from_ms)


def last(now_ms: int, *, minutes: int = 0, hours: int = 0, days: int = 0) -> Span:
    """The whole minutes, hours and days up to now, the one under way included: `days=7` is today and the six days before."""
    each = DAY_S if days else HOUR_S if hours else MINUTE_S
    before = (now_ms // 1000 // each + 1) * each
    return Span((before - each * (days or hours or minutes)) * 1000, before * 1000)


class Totals(msgspec.Struct, frozen=True, array_like=True):
    """Sums over generations.

    errors               of `requests`, those whose caller was told an error
    cancelled            those whose caller left
    prompt_tokens        contain cached_tokens and cache_write_tokens; `completion_tokens` contain reasoning_tokens
    cost_nano            what callers were charged; `cache_discount_nano` is what caches saved them
    upstream_cost_nano   what providers were owed: as they report it, or at list price
    """

    requests: int = 0
    errors: int = 0
    cancelled: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nano: int = 0
    cache_discount_nano: int = 0
    upstream_cost_nano: int = 0

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def list_cost_nano(self) -> int:
        """What it had cost without caches."""
        return self.cost_nano + self.cache_discount_nano

    @property
    def cache_hit_rate(self) -> float | None:
        """The share of prompt tokens that came out of a cache."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else None


class Used(NamedTuple):
    """What rankings go by."""

    total_tokens: int = 0
    requests: int = 0


class Endings(msgspec.Struct, frozen=True, array_like=True):
    """How answers ended, how many were streamed, how many tools they called, and how often endpoints were tried for them."""

    stop: int = 0
    length: int = 0
    tool_calls: int = 0
    content_filter: int = 0
    streamed: int = 0
    tools_called: int = 0
    attempts: int = 0


class Point(msgspec.Struct, frozen=True):
    """One minute, hour or day, by its first millisecond."""

    at_ms: int
    totals: Totals


class Quantiles(msgspec.Struct, frozen=True):
    """Each off by at most 2 %. Of throughput p90 is what 90 % of answers reach at least; of latency what they do not pass."""

    count: int
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float


class Speed(msgspec.Struct, frozen=True):
    """latency_ms      from asking the endpoint to the first token
    throughput_tps  completion tokens a second from the first token to the last, of answers of at least 2 tokens that took a while
    """

    latency_ms: Quantiles | None = None
    throughput_tps: Quantiles | None = None


class SpeedPoint(msgspec.Struct, frozen=True):
    at_ms: int
    speed: Speed


class Uptime(msgspec.Struct, frozen=True):
    """attempts   at endpoints; those that the provider only throttled, or that were the caller's or our own fault, are left out
    failures   of them, by the provider's fault, by the kind of error
    throttled  attempts that the provider refused for its rate limit
    """

    attempts: int = 0
    failures: dict[str, int] = {}
    throttled: int = 0

    @property
    def share(self) -> float | None:
        """Of attempts that did not fail by the provider's fault, 0 to 1; None where nothing was tried."""
        return 1 - sum(self.failures.values()) / self.attempts if self.attempts > 0 else None


def together(parts: Iterable[Uptime]) -> Uptime:
    """Of several spans or endpoints, as if they were one."""
    attempts = throttled = 0
    failures: dict[str, int] = {}
    for part in parts:
        attempts += part.attempts
        throttled += part.throttled
        for kind, count in part.failures.items():
            failures[kind] = failures.get(kind, 0) + count
    return Uptime(attempts, failures, throttled)


class UptimePoint(msgspec.Struct, frozen=True):
    at_ms: int
    uptime: Uptime


class Served(msgspec.Struct, frozen=True):
    """One endpoint over a span."""

    endpoint: str
    model: str
    provider: str
    totals: Totals
    speed: Speed
    uptime: Uptime


class Ranked(msgspec.Struct, frozen=True):
    """rank           from 1
    name           a model, author, provider or the address of an app; `title` is what an app calls itself, else the name
    tokens_before  those of the span before
    share          of the tokens of all
    previous       its rank in the span before; None where it had none
    """

    rank: int
    name: str
    title: str
    total_tokens: int
    requests: int
    tokens_before: int
    share: float
    previous: int | None

    @property
    def change(self) -> float | None:
        """Share of tokens more or less than in the span before, as 0.25; None where there were none."""
        return self.total_tokens / self.tokens_before - 1 if self.tokens_before else None


class App(NamedTuple):
    """An application: the address it tells of itself in `HTTP-Referer` is what it is known by."""

    url: str
    title: str
    first_ms: int


class Scope(msgspec.Struct, frozen=True):
    """What sums are about; empty is all. An app, a workspace or a key stands alone or with a model, a key beside its workspace.
    A category stands alone, or with an app or with a model.

    endpoint  as `openai/gpt-5.1@openai`; needs its model
    author    as `openai`: all its models
    test      of test keys, whose figures are kept apart
    """

    model: str = ""
    endpoint: str = ""
    provider: str = ""
    author: str = ""
    app: str = ""
    category: str = ""
    workspace: str = ""
    key_hash: str = ""
    test: bool = False
