"""Statistics, as pages and APIs read them: from sums that are kept as records come, never from the records themselves.

What is bounded: a span is read by whole minutes, hours or days (`Span.level` says which), at most 2,000 of them; lists have at
most 100 rows; an answer about all models or apps is remembered for half a minute, and at most 256 of those are. Traffic of test
keys is kept apart: `Scope(test=True)` asks for it, and a page that shows it should say so.

    now      = statistics.now_ms()
    week     = last(now, days=7)
    totals   = statistics.totals(Scope(model="openai/gpt-5.1"), week)
    series   = statistics.series(Scope(model="openai/gpt-5.1"), last(now, hours=24))     # a point for each hour
    split    = statistics.series_by("endpoint", Scope(model="openai/gpt-5.1"), week)     # a series for each endpoint
    served   = statistics.served("openai/gpt-5.1", last(now, minutes=30))                # each with sums, speed, uptime
    speed    = statistics.speed(Scope(model="openai/gpt-5.1"), last(now, hours=1))
    top_apps = statistics.top("app", week, of=Scope(model="openai/gpt-5.1"), limit=20)
    models   = statistics.top("model", week)                                             # beside the week before
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

from entrepot.records import histogram
from entrepot.records.apps import is_local
from entrepot.records.asked import Conditions, Question, TableName, ask, conditions, histograms, kept_level, table_of
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
)
from entrepot.records.remembered import Remembered
from entrepot.storage.database import Database, Row

By = Literal["model", "endpoint", "provider", "author", "app", "key_hash", "tier", "workspace"]
What = Literal["model", "author", "provider", "app"]
SUMS = Totals.__struct_fields__
_ENDINGS = ("ended_stop", "ended_length", "ended_tools", "ended_filter", "streamed", "tool_calls", "attempts")
MOST = 100
_REMEMBERED_MS = 30_000
_REMEMBERED = 256
_SPEEDS = (0.5, 0.75, 0.9, 0.95, 0.99)
_LEAST_REACHED = (0.01, 0.05, 0.1, 0.25, 0.5)


class Statistics:
    """May be asked from any thread. All methods raise StorageAway."""

    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        """db  a sibling of its own that only reads"""
        self._db = db
        self.now_ms = now_ms
        self._remembered = Remembered(now_ms, for_ms=_REMEMBERED_MS, most=_REMEMBERED)

    def totals(self, scope: Scope, span: Span, level: Level | None = None) -> Totals:
        """Of an app and of a key by whole days, of a workspace by whole hours."""
        rows = self._ask(scope, span, level, (), SUMS)
        return Totals(*rows[0]) if rows else Totals()

    def series(self, scope: Scope, span: Span, level: Level | None = None) -> list[Point]:
        """A point for each minute, hour or day of the span, also of those in which nothing happened, oldest first."""
        level = self.level_of(scope, span, level)
        found = {int(at): Totals(*sums) for at, *sums in self._ask(scope, span, level, ("at",), SUMS)}
        return [Point(at * 1000, found.get(at, Totals())) for at in _buckets(span, level)]

    def series_by(self, by: By, scope: Scope, span: Span, level: Level | None = None) -> dict[str, list[Point]]:
        """A series for each model, endpoint or whatever it is split by: the 100 with most tokens."""
        level = self.level_of(scope, span, level)
        found: dict[str, dict[int, Totals]] = {}
        for at, name, *sums in self._ask(scope, span, level, ("at", _column(by)), SUMS):
            held = found.setdefault(_named(by, name), {})
            held[int(at)] = _plus(held.get(int(at), Totals()), Totals(*sums))
        most = sorted(found, key=lambda name: -sum(one.total_tokens for one in found[name].values()))[:MOST]
        return {name: [Point(at * 1000, found[name].get(at, Totals())) for at in _buckets(span, level)] for name in most}

    def totals_by(self, by: By, scope: Scope, span: Span, level: Level | None = None) -> dict[str, Totals]:
        """Of every model, endpoint or whatever it is split by, those with most tokens first."""
        found: dict[str, Totals] = {}
        for name, *sums in self._ask(scope, span, level, (_column(by),), SUMS):
            found[_named(by, name)] = _plus(found.get(_named(by, name), Totals()), Totals(*sums))
        return dict(sorted(found.items(), key=lambda item: (-item[1].total_tokens, -item[1].requests, item[0])))

    def level_of(self, scope: Scope, span: Span, level: Level | None = None) -> Level:
        """What an answer about the scope is made of: the wished level, or the next coarser one that is kept for it."""
        return kept_level(table_of(scope), level or span.level)

    def endings(self, scope: Scope, span: Span) -> Endings:
        """How answers ended. Of models, providers and endpoints."""
        rows = ask(self._db, Question("endpoint_sums", _ENDINGS, (), conditions(scope)), span, span.level)
        return Endings(*(int(one or 0) for one in rows[0])) if rows else Endings()

    def errors(self, scope: Scope, span: Span) -> dict[str, int]:
        """What callers were told, by the kind of error, most first. Of models, providers and endpoints."""
        told = self._failures(scope, span, ("error_type",), "request")
        return dict(sorted(((kind, int(count)) for kind, count in told), key=lambda one: (-one[1], one[0])))

    def errors_series(self, scope: Scope, span: Span, level: Level | None = None) -> list[tuple[int, dict[str, int]]]:
        """The same for each bucket, by its first millisecond."""
        level = level or span.level
        found: dict[int, dict[str, int]] = {}
        for at, kind, count in self._failures(scope, span, ("at", "error_type"), "request", level):
            found.setdefault(int(at), {})[kind] = int(count)
        return [(at * 1000, found.get(at, {})) for at in _buckets(span, level)]

    def uptime(self, scope: Scope, span: Span) -> Uptime:
        """Of models, providers and endpoints."""
        attempts = sum(int(row[0] or 0) for row in self._attempts(scope, span, ()))
        return _uptime(attempts, self._failures(scope, span, ("error_type",), "attempt"))

    def uptime_series(self, scope: Scope, span: Span, level: Level | None = None) -> list[UptimePoint]:
        level = level or span.level
        attempts = {int(at): int(count) for at, count in self._attempts(scope, span, ("at",), level)}
        failed: dict[int, list[Row]] = {}
        for at, kind, count in self._failures(scope, span, ("at", "error_type"), "attempt", level):
            failed.setdefault(int(at), []).append((kind, count))
        return [UptimePoint(at * 1000, _uptime(attempts.get(at, 0), failed.get(at, ()))) for at in _buckets(span, level)]

    def uptimes_of_providers(self, span: Span, level: Level | None = None) -> Mapping[str, list[UptimePoint]]:
        """A series for each provider that was tried, all read at once. Remembered."""
        level = level or span.level

        def made() -> dict[str, list[UptimePoint]]:
            failed: dict[tuple[str, int], list[Row]] = {}
            for provider, at, kind, count in self._failures(Scope(), span, ("provider", "at", "error_type"), "attempt", level):
                failed.setdefault((provider, int(at)), []).append((kind, count))
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
            found: dict[str, list[tuple[bytes, bytes]]] = {}
            for _, _, _, provider, latency, throughput in histograms(self._db, conditions(Scope()), span, span.level):
                found.setdefault(provider, []).append((latency, throughput))
            return {provider: speed_of(rows) for provider, rows in found.items()}

        return self._remembered.get(("speeds of providers", span), made)

    def speed(self, scope: Scope, span: Span, level: Level | None = None) -> Speed:
        """Of models, providers and endpoints: how long until the first token, and how many tokens a second then."""
        rows = histograms(self._db, conditions(scope), span, level or span.level)
        return speed_of((latency, throughput) for *_, latency, throughput in rows)

    def speed_series(self, scope: Scope, span: Span, level: Level | None = None) -> list[SpeedPoint]:
        level = level or span.level
        found: dict[int, list[tuple[bytes, bytes]]] = {}
        for at, _, _, _, latency, throughput in histograms(self._db, conditions(scope), span, level):
            found.setdefault(int(at), []).append((latency, throughput))
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
        sums = self._ask(scope, span, None, ("endpoint", "provider"), (*SUMS, "attempts"))
        speeds: dict[str, list[tuple[bytes, bytes]]] = {}
        for _, _, endpoint, _, latency, throughput in histograms(self._db, conditions(scope), span, span.level):
            speeds.setdefault(endpoint, []).append((latency, throughput))
        failed: dict[str, list[Row]] = {}
        for endpoint, kind, count in self._failures(scope, span, ("endpoint", "error_type"), "attempt"):
            failed.setdefault(endpoint, []).append((kind, count))
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
        failed: dict[str, list[Row]] = {}
        for endpoint, kind, count in self._failures(scope, span, ("endpoint", "error_type"), "attempt"):
            failed.setdefault(endpoint, []).append((kind, count))
        attempts = self._attempts(scope, span, ("endpoint",))
        return {endpoint: _uptime(int(count), failed.get(endpoint, ())) for endpoint, count in attempts if endpoint}

    def speeds(self, span: Span, *, test: bool = False) -> Mapping[str, Speed]:
        """Of every model that was asked in the span. Remembered."""

        def made() -> dict[str, Speed]:
            found: dict[str, list[tuple[bytes, bytes]]] = {}
            for _, model, _, _, latency, throughput in histograms(self._db, conditions(Scope(test=test)), span, span.level):
                found.setdefault(model, []).append((latency, throughput))
            return {model: speed_of(rows) for model, rows in found.items() if model}

        return self._remembered.get(("speeds", span, test), made)

    def models(self, span: Span, *, test: bool = False) -> Mapping[str, Totals]:
        """Of every model, those with most tokens first. Remembered."""
        return self._remembered.get(("models", span, test), lambda: self.totals_by("model", Scope(test=test), span))

    def top(self, what: What, span: Span, *, of: Scope = Scope(), limit: int = MOST, offset: int = 0) -> list[Ranked]:
        """Those with most tokens, beside what they had in the span before. `of` narrows it, as to the apps of a model.

        Apps on the reader's own machine are never told. Remembered."""
        return self.ranking(what, span, of=of)[offset : offset + min(limit, MOST)]

    def ranking(self, what: What, span: Span, *, of: Scope = Scope()) -> list[Ranked]:
        """The whole of it."""
        return self._remembered.get(("top", what, span, of), lambda: self._ranking(what, span, of))

    def trending(self, what: What, span: Span, *, of: Scope = Scope(), limit: int = MOST) -> list[Ranked]:
        """Those that rose most: by their tokens over the mean of the three spans before. Remembered."""
        return self._remembered.get(("trending", what, span, of), lambda: self._trending(what, span, of))[: min(limit, MOST)]

    def ask(self, question: Question, span: Span, level: Level) -> list[Row]:
        """Any sums that are kept: rows of the columns `by`, then of the sums."""
        return ask(self._db, question, span, level)

    def histograms(self, where: Conditions, span: Span, level: Level) -> list[Row]:
        """Rows of the first second, model, endpoint, provider and the stored histograms of latency and throughput."""
        return histograms(self._db, where, span, level)

    def app(self, url: str) -> App | None:
        row = self._db.execute("SELECT url, title, first_ms FROM apps WHERE url = ?", (url,)).fetchone()
        return App(*row) if row else None

    def _ranking(self, what: What, span: Span, of: Scope) -> list[Ranked]:
        now, before = self._split(what, of, span), self._split(what, of, span.preceding, span.level)
        all_tokens = sum(one.total_tokens for one in now.values()) or 1
        places = {name: place for place, name in enumerate(before, 1)}
        titles = self._titles(now) if what == "app" else {}
        return [
            Ranked(
                place,
                name,
                titles.get(name, name),
                totals,
                before.get(name, Totals()),
                totals.total_tokens / all_tokens,
                places.get(name),
            )
            for place, (name, totals) in enumerate(now.items(), 1)
        ]

    def _trending(self, what: What, span: Span, of: Scope) -> list[Ranked]:
        length = span.before_ms - span.from_ms
        earlier = [Span(span.from_ms - length * n, span.before_ms - length * n) for n in (1, 2, 3)]
        before = [self._split(what, of, one, span.level) for one in earlier]

        def excess(one: Ranked) -> float:
            return one.totals.total_tokens - sum(held[one.name].total_tokens for held in before if one.name in held) / 3

        risen = sorted((one for one in self.ranking(what, span, of=of) if excess(one) > 0), key=lambda one: -excess(one))
        return [msgspec.structs.replace(one, rank=place) for place, one in enumerate(risen, 1)]

    def _split(self, what: What, of: Scope, span: Span, level: Level | None = None) -> dict[str, Totals]:
        """By what is ranked; what has no name, as a request without an app, is left out."""
        if what == "app":
            if of.workspace or of.key_hash:
                rows = self._ask(of, span, level, ("app",), SUMS)
            else:
                question = Question("app_sums", SUMS, ("app",), conditions(of))
                rows = ask(self._db, question, span, "day")
            found = {app: Totals(*sums) for app, *sums in rows}
        else:
            found = self.totals_by(what, of, span, level)
        shown = {name: one for name, one in found.items() if name and not (what == "app" and is_local(name))}
        return dict(sorted(shown.items(), key=lambda item: (-item[1].total_tokens, -item[1].requests, item[0])))

    def _titles(self, urls: Iterable[str]) -> dict[str, str]:
        """By an app's address; only for the first ones, which are those that are shown."""
        wished = list(urls)[: MOST * 5]
        marks = ", ".join("?" * len(wished))
        sql = f"SELECT url, title FROM apps WHERE url IN ({marks}) AND title <> ''"  # noqa: S608 # question marks only
        return dict(self._db.execute(sql, wished).fetchall()) if wished else {}

    def _ask(self, scope: Scope, span: Span, level: Level | None, by: tuple[str, ...], sums: tuple[str, ...]) -> list[Row]:
        table: TableName = table_of(scope)
        return ask(self._db, Question(table, sums, by, conditions(scope)), span, self.level_of(scope, span, level))

    def _attempts(self, scope: Scope, span: Span, by: tuple[str, ...], level: Level | None = None) -> list[Row]:
        return ask(self._db, Question("endpoint_sums", ("attempts",), by, conditions(scope)), span, level or span.level)

    def _failures(
        self, scope: Scope, span: Span, by: tuple[str, ...], what: Literal["request", "attempt"], level: Level | None = None
    ) -> list[Row]:
        where = (*conditions(scope), ("what", "=", what))
        return ask(self._db, Question("endpoint_failures", ("failures",), by, where), span, level or span.level)


def _column(by: By) -> str:
    return "model" if by == "author" else by


def _named(by: By, name: str) -> str:
    return name.partition("/")[0] if by == "author" else name


def _plus(one: Totals, other: Totals) -> Totals:
    return Totals(*(int(getattr(one, name)) + int(getattr(other, name)) for name in SUMS))


def _buckets(span: Span, level: Level) -> range:
    first, before = span.bounds(level)
    return range(first, before, LEVEL_S[level])


def _uptime(attempts: int, failed: Iterable[Row]) -> Uptime:
    kinds = {kind: int(count) for kind, count in failed}
    faults = {kind: count for kind, count in kinds.items() if kind in FAULTS}
    counted = attempts - sum(kinds.values()) + sum(faults.values())
    return Uptime(max(counted, 0), faults, kinds.get(THROTTLED, 0))


def speed_of(rows: Iterable[tuple[bytes, bytes]]) -> Speed:
    latency = throughput = 0
    for stored_latency, stored_throughput in rows:
        latency += histogram.unpack(stored_latency)
        throughput += histogram.unpack(stored_throughput)
    return Speed(_quantiles(latency, _SPEEDS), _quantiles(throughput, _LEAST_REACHED, reached=True))


def _quantiles(total: int, shares: tuple[float, ...], *, reached: bool = False) -> Quantiles | None:
    if not total:
        return None
    found = histogram.quantiles(total, shares)
    return Quantiles(histogram.count(total), *(reversed(found) if reached else found))
