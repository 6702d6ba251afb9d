"""Figures over time as a drawing that needs no script, beside the table it is made of.

The drawing is an SVG that stretches: a plot of 1000 by 1000 units, with ticks placed in per cent, so that nothing moves when the
page has loaded and text keeps its size on a phone. A script adds values under the pointer and the keys; it reads the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from entrepot.values.times import DAY_MS, utc
from entrepot.web import figures

Kind = Literal["line", "bars"]
Value = float | int | None
_SIZE = 1000
_GAP = 0.16
"""Of the width of a bar, what is left free."""


class Series(msgspec.Struct, frozen=True):
    """A value for each bucket; None where nothing was measured. `shown` is how it is written, `path` how it is drawn.

    rest  what is left when the others are named; drawn in a quiet colour
    dots  values with nothing beside them, of which no line can be made
    """

    name: str
    values: tuple[Value, ...]
    rest: bool = False
    shown: tuple[str, ...] = ()
    path: str = ""
    dots: str = ""


class Tick(msgspec.Struct, frozen=True):
    """place  in per cent from the left, or from the top"""

    place: str
    label: str


class Chart(msgspec.Struct, frozen=True):
    """`buckets` are the times, in words; `summary` is what the drawing says to who does not see it."""

    title: str
    unit: str
    kind: Kind
    buckets: tuple[str, ...]
    series: tuple[Series, ...]
    heights: tuple[Tick, ...]
    times: tuple[Tick, ...]
    summary: str

    @property
    def empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)

    @property
    def newest_first(self) -> list[tuple[str, tuple[str, ...]]]:
        rows = zip(self.buckets, zip(*(one.shown for one in self.series), strict=True), strict=True)
        return list(rows)[::-1]


def chart(
    title: str,
    unit: str,
    at_ms: Sequence[int],
    series: Sequence[Series],
    show: Callable[[float], str],
    *,
    kind: Kind = "line",
    least: float = 0.0,
) -> Chart:
    """Bars stand on one another, lines go their own ways.

    show   writes a value, as a tick too
    least  where the scale begins
    """
    top = _top(series, kind)
    step = _step(top - least)
    most = least + step * max(1, math.ceil((top - least) / step - 1e-9))
    drawn = _bars(series, most) if kind == "bars" else [_line(one, least, most) for one in series]
    written = tuple(
        msgspec.structs.replace(
            one, shown=tuple("–" if value is None else show(value) for value in one.values), path=path, dots=dots
        )
        for one, (path, dots) in zip(series, drawn, strict=True)
    )
    hourly = len(at_ms) > 1 and at_ms[1] - at_ms[0] < DAY_MS
    buckets = tuple(figures.moment(at, hours=hourly) for at in at_ms)
    heights = tuple(
        Tick(_percent(1 - step * n / (most - least)), show(least + step * n).removesuffix(".0"))
        for n in range(round((most - least) / step) + 1)
    )
    return Chart(title, unit, kind, buckets, written, heights, _times(at_ms), _summary(title, unit, written))


def _top(series: Sequence[Series], kind: Kind) -> float:
    together = sum if kind == "bars" else max
    columns = zip(*([value or 0 for value in one.values] for one in series), strict=True)
    return float(max((together(column) for column in columns), default=0)) or 1.0


def _step(reach: float) -> float:
    """A round figure of which two to four make the scale."""
    rough = max(reach, 1e-12) / 3
    unit = 10.0 ** math.floor(math.log10(rough))
    return next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough * (1 - 1e-9))


def _line(one: Series, least: float, most: float) -> tuple[str, str]:
    """Broken where nothing was measured, and the values that stand alone; their ends are round, so that these are dots."""
    lines, dots = [], []
    for stretch in _stretches(one.values):
        points = [
            f"{(place + 0.5) / len(one.values) * _SIZE:.1f} {(1 - (value - least) / (most - least)) * _SIZE:.1f}"
            for place, value in stretch
        ]
        if len(points) > 1:
            lines.append("M" + "L".join(points))
        else:
            dots.append(f"M{points[0]}h0")
    return "".join(lines), "".join(dots)


def _stretches(values: Sequence[Value]) -> list[list[tuple[int, float]]]:
    """Of values beside one another, each with its place."""
    found: list[list[tuple[int, float]]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if not found or found[-1][-1][0] != place - 1:
            found.append([])
        found[-1].append((place, value))
    return found


def _bars(series: Sequence[Series], most: float) -> list[tuple[str, str]]:
    buckets = len(series[0].values) if series else 0
    wide = _SIZE / max(buckets, 1)
    feet = [0.0] * buckets
    paths = []
    for one in series:
        pieces = []
        for place, value in enumerate(one.values):
            height = float(value or 0) / most * _SIZE
            if height:
                x, y = (place + _GAP / 2) * wide, _SIZE - feet[place]
                pieces.append(f"M{x:.1f} {y:.1f}h{wide * (1 - _GAP):.1f}v{-height:.1f}h{-wide * (1 - _GAP):.1f}z")
                feet[place] += height
        paths.append(("".join(pieces), ""))
    return paths


def _times(at_ms: Sequence[int]) -> tuple[Tick, ...]:
    """The beginnings of days, at most seven; of a day the hours of six."""
    if not at_ms:
        return ()
    days = (at_ms[-1] - at_ms[0]) / DAY_MS
    each = 6 if days < 2 else 24 * max(1, math.ceil(days / 6))
    found = []
    for place, at in enumerate(at_ms):
        moment = utc(at)
        hours = at // 3_600_000
        if hours % each == 0 and 0.02 < place / len(at_ms) < 0.96:
            label = f"{moment:%H:%M}" if days < 2 else f"{moment.day} {moment:%b}"
            found.append(Tick(_percent((place + 0.5) / len(at_ms)), label))
    return tuple(found)


def _summary(title: str, unit: str, series: Sequence[Series]) -> str:
    told = []
    for one in series:
        known = [(value, shown) for value, shown in zip(one.values, one.shown, strict=True) if value is not None]
        if known:
            told.append(f"{one.name} from {min(known)[1]} to {max(known)[1]}, last {known[-1][1]}")
    return f"{title}, {unit}: " + ("; ".join(told) or "nothing measured") + "."


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"
