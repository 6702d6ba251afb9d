"""What works now and how it went: this gateway's own parts, each provider's uptime by day, and incidents.

Nobody writes incidents down. They are read off uptime by the hour: one begins with an hour in which a provider failed markedly,
and ends with the first hour after it in which it did not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from entrepot.records.figures import NORMAL, POOR, Uptime, UptimePoint, last, together
from entrepot.records.statistics import Statistics
from entrepot.values.times import HOUR_MS, date_at, to_the_minute
from entrepot.web.listings_measured import Measured

DAYS = 90
_LEAST_ATTEMPTS = 5
"""Of an hour, for it to begin an incident: one failure of one call is none."""
_MOST_INCIDENTS = 50


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
    """grade  none (nothing was tried), good, fair or poor"""

    at_ms: int
    uptime: Uptime
    grade: str

    @property
    def date(self) -> str:
        return date_at(self.at_ms)


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


def context(measured: Measured, components: Callable[[], Iterable[Component]], names: Mapping[str, str]) -> dict[str, Any]:
    """What the page reads. names  of providers, by slug"""
    nothing: tuple[Line, ...] = ()
    lines = measured.ask("status", _lines, nothing)
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
    }


def _lines(statistics: Statistics) -> tuple[Line, ...]:
    """Of the providers that were tried in the last ninety days."""
    now_ms = statistics.now_ms()
    by_day = statistics.uptimes_of_providers(last(now_ms, days=DAYS), "day")
    by_hour = statistics.uptimes_of_providers(last(now_ms, hours=24 * 30), "hour")
    return tuple(_line(slug, days, by_hour.get(slug, [])) for slug, days in by_day.items())


def _line(slug: str, days: Sequence[UptimePoint], hours: Sequence[UptimePoint]) -> Line:
    tried = [point.uptime for point in hours[-24:] if point.uptime.attempts]
    return Line(
        slug,
        tuple(Day(point.at_ms, point.uptime, grade_of(point.uptime)) for point in days),
        tried[-1] if tried else Uptime(),
        together(point.uptime for point in days),
        tuple(incidents_of(slug, hours)),
    )


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
