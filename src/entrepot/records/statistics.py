"""Statistics, as pages and APIs read them: from sums that are kept as records come, never from the records themselves.

What is bounded: a span is read by whole minutes, hours or days (`Span.level` says which), at most 2,000 of them; lists have at
most 100 rows; an answer about all models or apps is remembered for half a minute, and at most 768 of those are. Traffic of test
keys is kept apart: `Scope(test=True)` asks for it, and a page that shows it should say so.

    now      = statistics.now_ms()
    week     = last(now, days=7)
    totals   = statistics.totals(Scope(model="openai/gpt-5.1"), week)
    series   = statistics.series(Scope(model="openai/gpt-5.1"), last(now, hours=24))     # a point for each hour
    split    = statistics.series_by("model", Scope(author="openai"), week)               # a series for each model
    served   = statistics.served("openai/gpt-5.1", last(now, minutes=30))                # each with sums, speed, uptime
    speed    = statistics.speed(Scope(model="openai/gpt-5.1"), last(now, hours=1))
    top_apps = statistics.top("app", week, of=Scope(model="openai/gpt-5.1"), limit=20)
    models   = statistics.top("model", week)                                             # beside the week before
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec

from entrepot.records import histogram
from entrepot.records.asked import Conditions, Question, ask, conditions, histograms, parts
from entrepot.records.figures import (
    FAULTS,
    LEVEL_S,
    THROTTLED,
    App,
    Endings,
    Level,
    Point,
    Quantiles,
    Ranked,
    Scope,
    Served,
    Span,
    Speed,
    SpeedPoint,
    Totals,
    Uptime,
    UptimePoint,
    Used,
)
from entrepot.records.ranking import MOST, What, ranking, trending
from entrepot.records.remembered import Remembered
from entrepot.records.sums import SUMS, By, level_of, sums_of, totals_by, used_by
from entrepot.storage.database import Database, Row

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
_ENDINGS = ("ended_stop", "ended_length", "ended_tools", "ended_filter", "streamed", "tool_calls", "attempts")
_REMEMBERED_MS = 30_000
_REMEMBERED = 768
_SPEEDS = (0.5, 0.75, 0.9, 0.95, 0.99)
_NOTHING = Totals()
_LEAST_REACHED = (0.01, 0.05, 0.1, 0.25, 0.5)


class Statistics:
    """May be asked from any thread. All methods raise StorageAway."""

    def __init__(self, db: Database, now_ms: Callable[[], int], *, behind: Database | None = None, stale_ms: int = 0) -> None:
        """db        a sibling of its own that only reads
        behind    another one, for answers that nobody waits for
        stale_ms  how much longer an answer is given while a new one is made; above 0 somebody must call `renew`
        """
        self._front = db
        self._behind = behind or db
        self.now_ms = now_ms
        self._remembered = Remembered(now_ms, for_ms=_REMEMBERED_MS, most=_REMEMBERED, stale_ms=stale_ms)

    @property
    def _db(self) -> Database:
        return self._behind if self._remembered.renewing else self._front

    def remembered(self, name: Hashable, make: Callable[[], T]) -> T:
        """An answer that is made of many sums, half a minute old at most. `name` tells answers apart."""
        return self._remembered.get(name, make)

    def renew(self) -> None:
        """Makes remembered answers again that were asked for since they became old. raises StorageAway, Refused"""
        self._remembered.renew()

    def totals(self, scope: Scope, span: Span, level: Level | None = None) -> Totals:
        """Of an app and of a key by whole days, of a workspace by whole hours."""
        rows = sums_of(self._db, scope, span, level, ())
        return Totals(*rows[0]) if rows else Totals()

    def series(self, scope: Scope, span: Span, level: Level | None = None) -> list[Point]:
        """A point for each minute, hour or day of the span, also of those in which nothing happened, oldest first."""
        level = self.level_of(scope, span, level)
        found = {int(at): Totals(*sums) for at, *sums in sums_of(self._db, scope, span, level, ("at",))}
        return [Point(at * 1000, found.get(at, Totals())) for at in _buckets(span, level)]

    def series_by(
        self, by: What, scope: Scope, span: Span, level: Level | None = None, *, most: int = MOST
    ) -> dict[str, list[Point]]:
        """A series for each model or whatever it is split by: those with most tokens. Only of those is every bucket read."""
        level = self.level_of(scope, span, level)
        return self.series_of(by, list(used_by(self._db, by, scope, span, level))[:most], scope, span, level)

    def series_of_apps(self, span: Span) -> list[Point]:
        """Of all applications together, by the day."""
        question = Question("app_totals", SUMS, ("at",), conditions(Scope()))
        found = {int(at): Totals(*sums) for at, *sums in ask(self._db, question, span, "day")}
        return [Point(at * 1000, found.get(at, _NOTHING)) for at in _buckets(span, "day")]

    def series_of(
        self, by: What, names: Sequence[str], scope: Scope, span: Span, level: Level | None = None
    ) -> dict[str, list[Point]]:
        """A series for each of some models or whatever it is."""
        if by == "author":
            # They have no column of their own.
            return {name: self.series(msgspec.structs.replace(scope, author=name), span, level) for name in names}
        found: dict[str, dict[int, Totals]] = {name: {} for name in names}
        for at, name, *sums in sums_of(self._db, scope, span, level, ("at", by), only=tuple(names)) if names else ():
            found[name][int(at)] = Totals(*sums)
        buckets = _buckets(span, self.level_of(scope, span, level))
        return {name: [Point(at * 1000, held.get(at, _NOTHING)) for at in buckets] for name, held in found.items()}

    def totals_by(self, by: By, scope: Scope, span: Span, level: Level | None = None) -> dict[str, Totals]:
        """Of every model, endpoint or whatever it is split by, those with most tokens first."""
        return totals_by(self._db, by, scope, span, level)

    def level_of(self, scope: Scope, span: Span, level: Level | None = None) -> Level:
        """What an answer about the scope is made of: the wished level, or the next coarser one that is kept for it."""
        return level_of(scope, span, level)

    def endings(self, scope: Scope, span: Span) -> Endings:
        """How answers ended. Of models, providers and endpoints."""
        rows = ask(self._db, Question("endpoint_sums", _ENDINGS, (), conditions(scope)), span, span.level)
        return Endings(*(int(one or 0) for one in rows[0])) if rows else Endings()

    def errors(self, scope: Scope, span: Span) -> dict[str, int]:
        """What callers were told, by the kind of error, most first. Of models, providers and endpoints."""
        told = self._failures(scope, span, ("error_type",), "request")
        return dict(sorted(((kind, int(count)) for kind, count in told), key=lambda one: (-one[1], one[0])))

    def uptime(self, scope: Scope, span: Span) -> Uptime:
        """Of models, providers and endpoints."""
        attempts = sum(int(row[0] or 0) for row in self._attempts(scope, span, ()))
        return _uptime(attempts, self._failures(scope, span, ("error_type",), "attempt"))

    def uptime_series(self, scope: Scope, span: Span, level: Level | None = None) -> list[UptimePoint]:
        level = level or span.level
        attempts = {int(at): int(count) for at, count in self._attempts(scope, span, ("at",), level)}
        failures = self._failures(scope, span, ("at", "error_type"), "attempt", level)
        failed = _grouped((int(at), (kind, count)) for at, kind, count in failures)
        return [UptimePoint(at * 1000, _uptime(attempts.get(at, 0), failed.get(at, ()))) for at in _buckets(span, level)]

    def uptimes_of_providers(self, span: Span, level: Level | None = None) -> Mapping[str, list[UptimePoint]]:
        """A series for each provider that was tried, all read at once. Remembered."""
        level = level or span.level

        def made() -> dict[str, list[UptimePoint]]:
            failures = self._failures(Scope(), span, ("provider", "at", "error_type"), "attempt", level)
            failed = _grouped(((provider, int(at)), (kind, count)) for provider, at, kind, count in failures)
            found: dict[str, dict[int, Uptime]] = {}
            for provider, at, count in self._attempts(Scope(), span, ("provider", "at"), level):
                if count and provider:
                    found.setdefault(provider, {})[int(at)] = _uptime(int(count), failed.get((provider, int(at)), ()))
            buckets = _buckets(span, level)
            return {
                provider: [UptimePoint(at * 1000, held.get(at, Uptime())) for at in buckets] for provider, held in found.items()
            }

        return self._remembered.get(("uptimes", span, level), made)

    def speeds_of_providers(self, span: Span) -> Mapping[str, Speed]:
        """Of every provider that was asked in the span, all read at once. Remembered."""

        def made() -> dict[str, Speed]:
            rows = histograms(self._db, conditions(Scope()), span, span.level, ("provider",))
            found = _grouped((provider, (latency, throughput)) for provider, latency, throughput in rows)
            return {provider: speed_of(speeds) for provider, speeds in found.items()}

        return self._remembered.get(("speeds of providers", span), made)

    def speed(self, scope: Scope, span: Span, level: Level | None = None) -> Speed:
        """Of models, providers and endpoints: how long until the first token, and how many tokens a second then."""
        return speed_of(histograms(self._db, conditions(scope), span, level or span.level, ()))

    def speed_series(self, scope: Scope, span: Span, level: Level | None = None) -> list[SpeedPoint]:
        level = level or span.level
        rows = histograms(self._db, conditions(scope), span, level, ("at",))
        found = _grouped((int(at), (latency, throughput)) for at, latency, throughput in rows)
        return [SpeedPoint(at * 1000, speed_of(found.get(at, ()))) for at in _buckets(span, level)]

    def served(self, model: str, span: Span, *, test: bool = False) -> list[Served]:
        """Every endpoint of a model that was asked in the span, those with most requests first."""
        return self._served(Scope(model=model, test=test), span)

    def served_by(self, provider: str, span: Span, *, test: bool = False) -> list[Served]:
        """The same of a provider, with all its models. Remembered."""
        scope = Scope(provider=provider, test=test)
        return self._remembered.get(("served by", provider, span, test), lambda: self._served(scope, span))

    def everywhere(self, span: Span) -> list[Served]:
        """The same of all endpoints, of live traffic, for routing: a short span."""
        return self._served(Scope(), span)

    def _served(self, scope: Scope, span: Span) -> list[Served]:
        sums = sums_of(self._db, scope, span, None, ("endpoint", "provider"), (*SUMS, "attempts"))
        rows = histograms(self._db, conditions(scope), span, span.level, ("endpoint",))
        speeds = _grouped((endpoint, (latency, throughput)) for endpoint, latency, throughput in rows)
        failed = self._failed_by_endpoint(scope, span)
        found = [
            Served(
                endpoint,
                endpoint.partition("@")[0],
                provider,
                Totals(*map(int, figures[:-1])),
                speed_of(speeds.get(endpoint, ())),
                _uptime(int(figures[-1]), failed.get(endpoint, ())),
            )
            for endpoint, provider, *figures in sums
            if endpoint
        ]
        return sorted(found, key=lambda one: (-one.totals.requests, one.endpoint))

    def uptimes(self, model: str, span: Span, *, test: bool = False) -> dict[str, Uptime]:
        """Of every endpoint of a model that was asked in the span."""
        scope = Scope(model=model, test=test)
        failed = self._failed_by_endpoint(scope, span)
        attempts = self._attempts(scope, span, ("endpoint",))
        return {endpoint: _uptime(int(count), failed.get(endpoint, ())) for endpoint, count in attempts if endpoint}

    def speeds(self, span: Span, *, test: bool = False) -> Mapping[str, Speed]:
        """Of every model that was asked in the span. Remembered."""

        def made() -> dict[str, Speed]:
            rows = histograms(self._db, conditions(Scope(test=test)), span, span.level, ("model",))
            found = _grouped((model, (latency, throughput)) for model, latency, throughput in rows)
            return {model: speed_of(speeds) for model, speeds in found.items() if model}

        return self._remembered.get(("speeds", span, test), made)

    def models(self, span: Span, *, test: bool = False) -> Mapping[str, Used]:
        """Of every model, those with most tokens first. Remembered."""
        return self._remembered.get(("models", span, test), lambda: used_by(self._db, "model", Scope(test=test), span))

    def categories_seen(self, span: Span) -> frozenset[str]:
        """Those that anything was counted for. Remembered."""
        return self._remembered.get(
            ("categories seen", span), lambda: frozenset(self.totals_by("category", Scope(), span, "day"))
        )

    def categories(self, span: Span) -> Mapping[str, Mapping[str, int]]:
        """Tokens by category and model, by whole days. Remembered."""

        def made() -> dict[str, dict[str, int]]:
            tokens, by = ("prompt_tokens", "completion_tokens"), ("category", "model")
            found: dict[str, dict[str, int]] = {}
            for category, model, prompt, completion in sums_of(self._db, Scope(), span, "day", by, tokens):
                if model:
                    found.setdefault(category, {})[model] = prompt + completion
            return found

        return self._remembered.get(("categories", span), made)

    def top(self, what: What, span: Span, *, of: Scope = Scope(), limit: int = MOST, offset: int = 0) -> list[Ranked]:
        """Those with most tokens, beside what they had in the span before. `of` narrows it, as to the apps of a model.

        Apps on the reader's own machine are never told. Remembered."""
        return self.ranking(what, span, of=of)[offset : offset + min(limit, MOST)]

    def ranking(self, what: What, span: Span, *, of: Scope = Scope()) -> list[Ranked]:
        """The whole of it."""
        return self._remembered.get(("top", what, span, of), lambda: ranking(self._db, what, span, of))

    def trending(self, what: What, span: Span, *, of: Scope = Scope(), limit: int = MOST) -> list[Ranked]:
        """Those that rose most: by their tokens over the mean of the three spans before. Remembered."""

        def made() -> list[Ranked]:
            return trending(self._db, what, span, of, self.ranking(what, span, of=of))

        return self._remembered.get(("trending", what, span, of), made)[: min(limit, MOST)]

    def ask(self, question: Question, span: Span, level: Level) -> list[Row]:
        """Any sums that are kept: rows of the columns `by`, then of the sums."""
        return ask(self._db, question, span, level)

    def parts(self, question: Question, span: Span, level: Level) -> list[Row]:
        """The same of which one place may have several rows, for whom adds them up in any case."""
        return parts(self._db, question, span, level)

    def histograms(self, where: Conditions, span: Span, level: Level) -> list[Row]:
        """Rows of the first second, model, endpoint, provider and the stored histograms of latency and throughput."""
        return histograms(self._db, where, span, level, ("at", "model", "endpoint", "provider"))

    def app(self, url: str) -> App | None:
        row = self._db.execute("SELECT url, title, first_ms FROM apps WHERE url = ?", (url,)).fetchone()
        return App(*row) if row else None

    def _attempts(self, scope: Scope, span: Span, by: tuple[str, ...], level: Level | None = None) -> list[Row]:
        return ask(self._db, Question("endpoint_sums", ("attempts",), by, conditions(scope)), span, level or span.level)

    def _failed_by_endpoint(self, scope: Scope, span: Span) -> dict[str, list[Row]]:
        """The kind and number of failed attempts at each."""
        rows = self._failures(scope, span, ("endpoint", "error_type"), "attempt")
        return _grouped((endpoint, (kind, count)) for endpoint, kind, count in rows)

    def _failures(
        self, scope: Scope, span: Span, by: tuple[str, ...], what: Literal["request", "attempt"], level: Level | None = None
    ) -> list[Row]:
        where = (*conditions(scope), ("what", "=", what))
        return ask(self._db, Question("endpoint_failures", ("failures",), by, where), span, level or span.level)


def _grouped(rows: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = {}
    for key, value in rows:
        found.setdefault(key, []).append(value)
    return found


def _buckets(span: Span, level: Level) -> range:
    first, before = span.bounds(level)
    return range(first, before, LEVEL_S[level])


def _uptime(attempts: int, failed: Iterable[Row]) -> Uptime:
    kinds = {kind: int(count) for kind, count in failed}
    faults = {kind: count for kind, count in kinds.items() if kind in FAULTS}
    counted = attempts - sum(kinds.values()) + sum(faults.values())
    return Uptime(max(counted, 0), faults, kinds.get(THROTTLED, 0))


def speed_of(rows: Iterable[Sequence[bytes]]) -> Speed:
    latency, throughput = map(histogram.merged, tuple(zip(*rows, strict=True)) or ((), ()))
    return Speed(_quantiles(latency, _SPEEDS), _quantiles(throughput, _LEAST_REACHED, reached=True))


def _quantiles(total: int, shares: tuple[float, ...], *, reached: bool = False) -> Quantiles | None:
    if not total:
        return None
    count, found = histogram.counted_quantiles(total, shares)
    return Quantiles(count, *(reversed(found) if reached else found))
