"""When calls are made: growth over the month, the rhythm of the week and of the day, and chance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

import msgspec

from entrepot.demo.people import APPS, App, Ask, ask

HOUR_S = 3600
DAY_S = 24 * HOUR_S
_NIGHT = 0.18
_MONTH_DAYS = 30
_MOST_MONTHS = 2.0
"""Nothing grows for ever."""


class Plan(msgspec.Struct, frozen=True):
    """How many calls each app makes in each hour.

    since_s, until_s   seconds since 1970; the first hour begins at the one, and none goes beyond the other
    story_s            from when to when the history goes, of which this may be a part or what comes after
    """

    since_s: float
    until_s: float
    seed: int
    hours: tuple[tuple[int, ...], ...]
    story_s: tuple[float, float]

    @property
    def calls(self) -> int:
        return sum(map(sum, self.hours))


def plan(since_s: float, until_s: float, seed: int, scale: float = 1.0, story_s: tuple[float, float] | None = None) -> Plan:
    """The same for the same arguments. `scale` multiplies all traffic."""
    story_s = story_s or (since_s, until_s)
    random = Random(f"{seed} {since_s}")  # a play, not a secret
    hours = []
    for number in range(math.ceil((until_s - since_s) / HOUR_S)):
        began_s = since_s + number * HOUR_S
        part = min(1.0, (until_s - began_s) / HOUR_S)
        progress = (began_s - story_s[0]) / (story_s[1] - story_s[0])
        means = [expected(app, began_s, story_s[0]) if progress < app.until else 0.0 for app in APPS]
        hours.append(tuple(_chance(scale * part * mean, random) for mean in means))
    return Plan(since_s, until_s, seed, tuple(hours), story_s)


def asks(plan: Plan) -> Iterator[Ask]:
    """Every call in the order of time."""
    random = Random(f"{plan.seed} {plan.since_s} asks")
    story_since_s, story_until_s = plan.story_s
    for number, counts in enumerate(plan.hours):
        began_s = plan.since_s + number * HOUR_S
        length_s = min(HOUR_S, plan.until_s - began_s)
        times = [(began_s + random.random() * length_s, place) for place, count in enumerate(counts) for _ in range(count)]
        for at_s, place in sorted(times):
            progress = (at_s - story_since_s) / (story_until_s - story_since_s)
            yield ask(APPS[place], at_s, min(progress, 1.0), random)


def expected(app: App, at_s: float, since_s: float) -> float:
    """Calls that the hour from `at_s` on can expect."""
    grown: float = app.growth ** min((at_s - since_s) / DAY_S / _MONTH_DAYS, _MOST_MONTHS)
    weekend = app.weekend if int(at_s // DAY_S + 4) % 7 in (0, 6) else 1.0
    return app.daily / 24 * grown * weekend * _of_day(app, at_s % DAY_S / HOUR_S)


def _of_day(app: App, hour: float) -> float:
    """1 on the average of a day."""
    away = min(abs(hour - app.peak_hour), 24 - abs(hour - app.peak_hour))
    awake = _NIGHT + 2.06 * math.exp(-((away / 5.2) ** 2))
    return app.flat + (1 - app.flat) * awake


def _chance(mean: float, random: Random) -> int:
    """How often something happens that happens so often on the average."""
    if mean > 30:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count
