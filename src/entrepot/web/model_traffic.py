"""What was measured of one model: speed, uptime, activity, apps, and what tokens really cost. Read from sums, never from records.

Figures are of live keys; those of test keys are kept apart and not shown. Everything is remembered for a minute by `Measured`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from entrepot.records.figures import (
    Endings,
    Level,
    Point,
    Quantiles,
    Ranked,
    Scope,
    Served,
    Span,
    SpeedPoint,
    Totals,
    Uptime,
    UptimePoint,
    last,
)
from entrepot.records.statistics import Statistics
from entrepot.web import figures
from entrepot.web.charts import Chart, Series, Value, chart
from entrepot.web.listings_measured import Measured

T = TypeVar("T")
_MOST_LINES = 6
_MOST_APPS = 50
_GOOD, _FAIR = 0.995, 0.95
_PER_MILLION = 1_000
"""Nano-dollars per token in dollars per million tokens, the other way round."""


class Reach(msgspec.Struct, frozen=True):
    """How far back a page looks, and by which steps."""

    key: str
    label: str
    hours: int
    days: int
    level: Level

    def span(self, now_ms: int) -> Span:
        return last(now_ms, hours=self.hours, days=self.days)


REACHES = {
    reach.key: reach
    for reach in (
        Reach("24h", "24 hours", 24, 0, "hour"),
        Reach("7d", "7 days", 0, 7, "hour"),
        Reach("30d", "30 days", 0, 30, "day"),
        Reach("90d", "90 days", 0, 90, "day"),
    )
}


class Performance(msgspec.Struct, frozen=True):
    charts: tuple[Chart, ...] = ()
    served: tuple[Served, ...] = ()


class Activity(msgspec.Struct, frozen=True):
    totals: Totals = Totals()
    charts: tuple[Chart, ...] = ()
    endings: Endings = Endings()
    errors: Mapping[str, int] = {}


class Cell(msgspec.Struct, frozen=True):
    """One hour or day of a strip. `grade`: good, fair, bad, or none where nothing was tried."""

    grade: str
    label: str


class Strip(msgspec.Struct, frozen=True):
    """The uptime of one endpoint, or of the model. `failures` are in words."""

    name: str
    uptime: Uptime
    cells: tuple[Cell, ...]
    failures: str


class Traffic:
    """Of one model. All may be asked from any thread; none raises."""

    def __init__(self, measured: Measured, model: str, name_of: Callable[[str], str]) -> None:
        """name_of  how an endpoint is called"""
        self._measured = measured
        self._model = model
        self._scope = Scope(model=model)
        self._name_of = name_of

    def week(self) -> Totals:
        return self._ask("week", lambda them: them.totals(self._scope, last(them.now_ms(), days=7)), Totals())

    def day_by_endpoint(self) -> Mapping[str, Served]:
        """The last 24 hours, by the id of the endpoint."""
        nothing: Sequence[Served] = ()
        found = self._ask("day", lambda them: them.served(self._model, last(them.now_ms(), hours=24)), nothing)
        return {one.endpoint: one for one in found}

    def apps(self) -> Sequence[Ranked]:
        """Of the last 30 days, those with most tokens first."""
        nothing: Sequence[Ranked] = ()
        return self._ask("apps", self._apps, nothing)

    def performance(self, reach: Reach) -> Performance:
        return self._ask(("performance", reach.key), lambda them: self._performance(them, reach), Performance())

    def activity(self, reach: Reach) -> Activity:
        return self._ask(("activity", reach.key), lambda them: self._activity(them, reach), Activity())

    def uptime(self, reach: Reach) -> Sequence[Strip]:
        nothing: Sequence[Strip] = ()
        return self._ask(("uptime", reach.key), lambda them: self._uptime(them, reach), nothing)

    def prices(self, reach: Reach) -> tuple[Totals, Chart | None]:
        """What tokens cost with and without what caches saved."""
        nothing: tuple[Totals, Chart | None] = (Totals(), None)
        return self._ask(("prices", reach.key), lambda them: self._prices(them, reach), nothing)

    def _ask(self, what: Any, question: Callable[[Statistics], T], nothing: T) -> T:
        return self._measured.ask(("model", self._model, what), question, nothing)

    def _apps(self, them: Statistics) -> Sequence[Ranked]:
        return them.top("app", last(them.now_ms(), days=30), of=self._scope, limit=_MOST_APPS)

    def _performance(self, them: Statistics, reach: Reach) -> Performance:
        span = reach.span(them.now_ms())
        served = them.served(self._model, span)
        whole = them.speed_series(self._scope, span, reach.level)
        at = [point.at_ms for point in whole]
        charts = [
            chart("Time to first token", "of streamed answers", at, _quantiles(whole, "latency_ms"), figures.milliseconds),
            chart("Throughput", "tokens a second", at, _quantiles(whole, "throughput_tps"), figures.speed),
        ]
        if len(served) > 1:
            each = {
                self._name_of(one.endpoint): them.speed_series(Scope(model=self._model, endpoint=one.endpoint), span, reach.level)
                for one in served[:_MOST_LINES]
            }
            charts += [
                chart("Time to first token", "median by provider", at, _medians(each, "latency_ms"), figures.milliseconds),
                chart("Throughput", "median tokens a second by provider", at, _medians(each, "throughput_tps"), figures.speed),
            ]
        return Performance(tuple(charts), tuple(served))

    def _activity(self, them: Statistics, reach: Reach) -> Activity:
        span = reach.span(them.now_ms())
        points = them.series(self._scope, span, reach.level)
        at = [point.at_ms for point in points]
        by = "an hour" if reach.level == "hour" else "a day"
        charts = (
            chart("Tokens", by, at, _by_class(points), figures.count, kind="bars"),
            chart("Requests", by, at, _by_outcome(points), figures.count, kind="bars"),
        )
        totals = them.totals(self._scope, span)
        return Activity(totals, charts, them.endings(self._scope, span), them.errors(self._scope, span))

    def _uptime(self, them: Statistics, reach: Reach) -> list[Strip]:
        span = reach.span(them.now_ms())
        served = them.served(self._model, span)
        wished = [(self._name_of(one.endpoint), Scope(model=self._model, endpoint=one.endpoint)) for one in served[:_MOST_LINES]]
        if len(wished) > 1:
            wished.insert(0, ("All providers", self._scope))
        return [_strip(name, them, scope, span, reach.level) for name, scope in wished]

    def _prices(self, them: Statistics, reach: Reach) -> tuple[Totals, Chart | None]:
        span = reach.span(them.now_ms())
        points = them.series(self._scope, span, reach.level)
        listed = tuple(_price(point.totals.list_cost_nano, point.totals) for point in points)
        paid = tuple(_price(point.totals.cost_nano, point.totals) for point in points)
        drawn = chart(
            "What a million tokens cost",
            "US dollars, prompt and completion as they came",
            [point.at_ms for point in points],
            [Series("Without caches", listed), Series("As charged", paid)],
            figures.price,
        )
        return them.totals(self._scope, span), drawn


def _quantiles(points: Sequence[SpeedPoint], what: str) -> list[Series]:
    """The median, and what one in ten is slower than."""
    return [Series(label, tuple(_quantile(point, what, name) for point in points)) for label, name in _SLOWER[what].items()]


_SLOWER = {
    "latency_ms": {"half within": "p50", "90% within": "p90", "99% within": "p99"},
    "throughput_tps": {"half reach": "p50", "90% reach": "p90", "99% reach": "p99"},
}


def _medians(each: Mapping[str, Sequence[SpeedPoint]], what: str) -> list[Series]:
    return [Series(name, tuple(_quantile(point, what, "p50") for point in points)) for name, points in each.items()]


def _quantile(point: SpeedPoint, what: str, name: str) -> Value:
    found: Quantiles | None = getattr(point.speed, what)
    value: float | None = getattr(found, name) if found is not None else None
    return value


def _by_class(points: Sequence[Point]) -> list[Series]:
    """Disjoint: together they are all tokens."""
    sums = [point.totals for point in points]
    return [
        Series("Prompt", tuple(one.prompt_tokens - one.cached_tokens for one in sums)),
        Series("Prompt from the cache", tuple(one.cached_tokens for one in sums)),
        Series("Completion", tuple(one.completion_tokens - one.reasoning_tokens for one in sums)),
        Series("Reasoning", tuple(one.reasoning_tokens for one in sums)),
    ]


def _by_outcome(points: Sequence[Point]) -> list[Series]:
    sums = [point.totals for point in points]
    return [
        Series("Answered", tuple(one.requests - one.errors for one in sums)),
        Series("Refused or failed", tuple(one.errors for one in sums)),
    ]


def _price(nano: int, totals: Totals) -> Value:
    return nano / _PER_MILLION / totals.total_tokens if totals.total_tokens else None


def _strip(name: str, them: Statistics, scope: Scope, span: Span, level: Level) -> Strip:
    uptime = them.uptime(scope, span)
    cells = tuple(_cell(point, level) for point in them.uptime_series(scope, span, level))
    return Strip(name, uptime, cells, _failures(uptime))


def _cell(point: UptimePoint, level: Level) -> Cell:
    share, moment = point.uptime.share, figures.moment(point.at_ms, hours=level == "hour")
    if share is None:
        return Cell("none", f"{moment}: nothing was tried")
    grade = "good" if share >= _GOOD else "fair" if share >= _FAIR else "bad"
    told = _failures(point.uptime)
    return Cell(grade, f"{moment}: {figures.percent(share)} of {point.uptime.attempts:,}" + (f"; {told}" if told else ""))


def _failures(uptime: Uptime) -> str:
    kinds = dict(sorted(uptime.failures.items(), key=lambda one: (-one[1], one[0])))
    told = [f"{count:,} {kind.replace('_', ' ')}" for kind, count in kinds.items() if count]
    return ", ".join(told + ([f"{uptime.throttled:,} throttled, not counted"] if uptime.throttled else []))
