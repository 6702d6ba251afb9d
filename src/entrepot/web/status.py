"""What works now and how it went: this gateway's own parts, each provider's uptime by day, and incidents.

Nobody writes incidents down. They are read off uptime by the hour: one begins with an hour in which a provider failed markedly,
and ends with the first hour after it in which it did not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from entrepot.records.figures import NORMAL, POOR, Span, Uptime, UptimePoint, last, together
from entrepot.records.statistics import Statistics
from entrepot.values.times import DAY_MS, HOUR_MS, date_at, to_the_minute
from entrepot.web.listings_measured import Measured

DAYS = 90
INCIDENT_DAYS = 30
_LEAST_ATTEMPTS = 5
"""Of an hour, for it to begin an incident: one failure of one call is none."""
_MOST_INCIDENTS = 50
ByProvider = Mapping[str, list[UptimePoint]]


class Component(msgspec.Struct, frozen=True):
    """A part of the gateway itself: `said` is why it is not well, or what waits."""

    name: str
    ok: bool
    said: str = ""


class Incident(msgspec.Struct, frozen=True):
    """`until_ms` is None while it lasts. worst is the least share of attempts that did not fail, in any hour of it"""

    provider: str
    from_ms: int
    until_ms: int | None
    worst: float
    attempts: int
    failures: dict[str, int]

    @property
    def hours(self) -> int:
        return (self.until_ms - self.from_ms) // HOUR_MS if self.until_ms is not None else 0

    @property
    def began(self) -> str:
        return to_the_minute(self.from_ms)

    @property
    def ended(self) -> str:
        """ "" while it lasts."""
        return "" if self.until_ms is None else to_the_minute(self.until_ms)


class Day(msgspec.Struct, frozen=True):
    """In words, since the page shows more than a thousand of them.

    grade  none (nothing was tried), good, fair or poor
    share  of attempts that did not fail
    said   the share, and what failed
    """

    date: str
    grade: str
    share: str
    said: str


class Line(msgspec.Struct, frozen=True):
    """One provider: the last hour in which it was tried, the days, and all of them together."""

    slug: str
    days: tuple[Day, ...]
    now: Uptime
    whole: Uptime
    incidents: tuple[Incident, ...]

    @property
    def grade(self) -> str:
        return grade_of(self.now)


class Hours:
    """Uptimes of providers by the hour. Days that are long over change no more: they are asked for once, and kept."""

    def __init__(self, days: int = INCIDENT_DAYS) -> None:
        self._days = days
        self._kept: dict[int, ByProvider] = {}

    def of(self, statistics: Statistics) -> ByProvider:
        """The hours in which each provider was tried, oldest first."""
        today = statistics.now_ms() // DAY_MS
        over = range(today - self._days + 1, today - 1)
        if missing := [day for day in over if day not in self._kept]:
            read = _by_day(statistics, missing[0], missing[-1])
            self._kept = {day: read[day] if day in read else self._kept[day] for day in over}
        # Records of yesterday may still come, from another process or its journal.
        told = self._kept | _by_day(statistics, today - 1, today)
        found: dict[str, list[UptimePoint]] = {}
        for day in sorted(told):
            for provider, points in told[day].items():
                found.setdefault(provider, []).extend(points)
        return found


def _by_day(statistics: Statistics, first: int, last: int) -> dict[int, ByProvider]:
    days: dict[int, dict[str, list[UptimePoint]]] = {day: {} for day in range(first, last + 1)}
    for provider, points in statistics.uptimes_of_providers(Span(first * DAY_MS, (last + 1) * DAY_MS), "hour").items():
        for point in points:
            if point.uptime.attempts:
                days[point.at_ms // DAY_MS].setdefault(provider, []).append(point)
    return dict(days)


def context(
    measured: Measured, hours: Hours, components: Callable[[], Iterable[Component]], names: Mapping[str, str]
) -> dict[str, Any]:
    """What the page reads. names  of providers, by slug"""
    nothing: tuple[Line, ...] = ()
    lines = measured.ask("status", lambda statistics: _lines(statistics, hours), nothing)
    incidents = sorted((one for line in lines for one in line.incidents), key=lambda one: -one.from_ms)
    parts = list(components())
    return {
        "components": parts,
        "lines": sorted(lines, key=lambda line: names.get(line.slug, line.slug).lower()),
        "incidents": incidents[:_MOST_INCIDENTS],
        "open": [one for one in incidents if one.until_ms is None],
        "unwell": [part for part in parts if not part.ok],
        "names": names,
        "days": DAYS,
        "incident_days": INCIDENT_DAYS,
        "share": share_of,
        "kinds": kinds_of,
    }


def _lines(statistics: Statistics, hours: Hours) -> tuple[Line, ...]:
    """Of the providers that were tried in the last ninety days."""
    now_ms = statistics.now_ms()
    by_day = statistics.uptimes_of_providers(last(now_ms, days=DAYS), "day")
    by_hour = hours.of(statistics)
    return tuple(_line(slug, days, by_hour.get(slug, []), now_ms - DAY_MS) for slug, days in by_day.items())


def _line(slug: str, days: Sequence[UptimePoint], hours: Sequence[UptimePoint], lately_ms: int) -> Line:
    return Line(
        slug,
        tuple(_day(point) for point in days),
        hours[-1].uptime if hours and hours[-1].at_ms > lately_ms else Uptime(),
        together(point.uptime for point in days),
        tuple(incidents_of(slug, hours)),
    )


def _day(point: UptimePoint) -> Day:
    uptime, share = point.uptime, share_of(point.uptime)
    said = f"{share} ({kinds_of(uptime.failures)})" if uptime.failures else share if uptime.attempts else "not tried"
    return Day(date_at(point.at_ms), grade_of(uptime), share, said)


def share_of(uptime: Uptime) -> str:
    """Rounded down, so that only what is whole says 100%."""
    if uptime.share is None or uptime.share == 1:
        return "–" if uptime.share is None else "100%"
    return f"{math.floor(uptime.share * 10_000) / 100:.2f}%"


def kinds_of(failures: Mapping[str, int]) -> str:
    """The most frequent first."""
    ordered = sorted(failures.items(), key=lambda one: -one[1])
    return ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in ordered)


def incidents_of(provider: str, hours: Sequence[UptimePoint]) -> list[Incident]:
    """Oldest first. An hour in which nothing was tried neither begins nor ends one."""
    found: list[Incident] = []
    bad: list[UptimePoint] = []
    for point in hours:
        share, attempts = point.uptime.share, point.uptime.attempts
        if share is None:
            continue
        if share < NORMAL and (bad or attempts >= _LEAST_ATTEMPTS):
            bad.append(point)
        elif bad:
            found.append(_incident(provider, bad, bad[-1].at_ms + HOUR_MS))
            bad = []
    if bad:
        found.append(_incident(provider, bad, None))
    return found


def _incident(provider: str, bad: Sequence[UptimePoint], until_ms: int | None) -> Incident:
    whole = together(point.uptime for point in bad)
    worst = min(point.uptime.share or 0.0 for point in bad)
    return Incident(provider, bad[0].at_ms, until_ms, worst, whole.attempts, whole.failures)


def grade_of(uptime: Uptime) -> str:
    share = uptime.share
    if share is None:
        return "none"
    return "good" if share >= NORMAL else "fair" if share >= POOR else "poor"
