"""Rows of an answer about the statistics: read, put into the wished spans of time, filtered, ordered, cut."""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from entrepot.api.metrics import DIMENSIONS, METRICS, TIMED
from entrepot.records.asked import Conditions, Question, TableName
from entrepot.records.figures import Level, Span, Speed, Totals
from entrepot.records.statistics import Statistics, speed_of
from entrepot.values.times import DAY_S, first_of, iso

_SUMS = Totals.__struct_fields__
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq, "neq": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip
Group = tuple[Any, ...]
"""The first second of the span of time, where there is a granularity, and the values of the dimensions."""


class Sought(msgspec.Struct, frozen=True):
    """having       metrics that a row must have: name, operator, figure
    granularity  "" for one span
    order        a metric, a dimension or `date`
    group_limit  rows of each combination of dimensions
    """

    table: TableName
    level: Level
    span: Span
    where: Conditions
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    having: tuple[tuple[str, str, float], ...]
    granularity: str
    order: str
    rising: bool
    limit: int
    group_limit: int | None


def sought_rows(statistics: Statistics, sought: Sought) -> tuple[list[dict[str, Any]], bool]:
    """Rows, and whether there were more of them. raises StorageAway"""
    sums = _sums(statistics, sought)
    speeds = _speeds(statistics, sought) if TIMED & {*sought.metrics, *(name for name, _, _ in sought.having)} else {}
    if not sought.granularity and not sought.dimensions and not sums:
        sums = {(): Totals()}
    kept = [group for group in sums if _has(sought, sums[group], speeds.get(group, Speed()))]
    kept.sort(key=lambda group: _place(sought, group, sums[group], speeds.get(group, Speed())))
    if sought.group_limit is not None and sought.dimensions:
        kept = _limited(kept, sought.group_limit, dated=bool(sought.granularity))
    shown = [_row(sought, group, sums[group], speeds.get(group, Speed())) for group in kept[: sought.limit]]
    return shown, len(shown) < len(kept)


def _sums(statistics: Statistics, sought: Sought) -> dict[Group, Totals]:
    columns = tuple(DIMENSIONS[name][0] for name in sought.dimensions)
    by = (*(("at",) if sought.granularity else ()), *columns)
    found: dict[Group, list[int]] = {}
    for row in statistics.ask(Question(sought.table, _SUMS, by, sought.where), sought.span, sought.level):
        group, figures = _group(sought, row[: len(by)]), row[len(by) :]
        held = found.setdefault(group, [0] * len(_SUMS))
        for number, figure in enumerate(figures):
            held[number] += figure
    return {group: Totals(*figures) for group, figures in found.items()}


def _speeds(statistics: Statistics, sought: Sought) -> dict[Group, Speed]:
    found: dict[Group, list[tuple[bytes, bytes]]] = {}
    for at, model, endpoint, provider, *histograms in statistics.histograms(sought.where, sought.span, sought.level):
        told = {"model": model, "endpoint": endpoint, "provider": provider}
        values = tuple(told[name] for name in sought.dimensions)
        group = _group(sought, (at, *values) if sought.granularity else values)
        found.setdefault(group, []).append((histograms[0], histograms[1]))
    return {group: speed_of(rows) for group, rows in found.items()}


def _group(sought: Sought, values: tuple[Any, ...]) -> Group:
    """Weeks and months are made of days."""
    if sought.granularity not in ("week", "month"):
        return tuple(values)
    return first_of(sought.granularity, values[0] // DAY_S) * DAY_S, *values[1:]


def _has(sought: Sought, sums: Totals, speed: Speed) -> bool:
    return all(_compared(METRICS[name].of(sums, speed), how, figure) for name, how, figure in sought.having)


def _compared(value: Any, how: str, figure: float) -> bool:
    return value is not None and _COMPARED[how](_as_number(value), figure)


def _as_number(value: Any) -> float:
    return float(bytes(value)) if isinstance(value, msgspec.Raw) else float(value)


def _place(sought: Sought, group: Group, sums: Totals, speed: Speed) -> tuple[Any, ...]:
    """What has no value comes last, whatever the direction; equals go by time and name."""
    values = group[1:] if sought.granularity else group
    sign = 1 if sought.rising else -1
    if sought.order in METRICS:
        value = METRICS[sought.order].of(sums, speed)
        return (math.inf if value is None else sign * _as_number(value), *group)
    if sought.order == "date":
        return (sign * (group[0] if sought.granularity else 0), -sums.total_tokens, *values)
    letters = values[sought.dimensions.index(sought.order)]
    return (letters if sought.rising else [-ord(letter) for letter in letters], *group)


def _limited(groups: list[Group], most: int, *, dated: bool) -> list[Group]:
    seen: Counter[Group] = Counter()
    kept = []
    for group in groups:
        combination = group[1:] if dated else group
        seen[combination] += 1
        if seen[combination] <= most:
            kept.append(group)
    return kept


def _row(sought: Sought, group: Group, sums: Totals, speed: Speed) -> dict[str, Any]:
    dated = {f"date__{sought.granularity}": iso(group[0] * 1000)} if sought.granularity else {}
    values = group[1:] if sought.granularity else group
    named = {name: value or None for name, value in zip(sought.dimensions, values, strict=True)}
    return dated | named | {name: METRICS[name].of(sums, speed) for name in sought.metrics}
