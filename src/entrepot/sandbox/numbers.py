"""A number for a schema's bounds: those that are preferred are tried, then those beside the bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

import msgspec


class Range(msgspec.Struct, frozen=True):
    """least, most  may be reached; above, below  may not
    step  what it is a multiple of
    """

    least: Any
    most: Any
    above: Any
    below: Any
    step: float | None
    whole: bool

    @property
    def bounds(self) -> list[float]:
        return [bound for bound in (self.least, self.above, self.most, self.below) if is_number(bound) and math.isfinite(bound)]

    def has(self, value: float) -> bool:
        if (is_number(self.above) and value <= self.above) or (is_number(self.below) and value >= self.below):
            return False
        if not self.least <= value <= self.most:
            return False
        return (not self.whole or isinstance(value, int)) and _is_multiple(value, self.step)


def range_of(schema: dict[str, Any]) -> Range:
    told = schema.get("type")
    whole = told == "integer" or (isinstance(told, list) and "integer" in told)
    return Range(
        schema.get("minimum", -math.inf),
        schema.get("maximum", math.inf),
        schema.get("exclusiveMinimum"),
        schema.get("exclusiveMaximum"),
        schema.get("multipleOf") or (1 if whole else None),
        whole,
    )


def number_in(wanted: Range, preferred: Iterable[float]) -> int | float | None:
    """None: none was found."""
    for value in (*preferred, 0, 1, *_beside_bounds(wanted), *_between_bounds(wanted), *_multiples(wanted.step)):
        found = int(value) if wanted.whole and float(value).is_integer() else value
        if wanted.has(found):
            return found
    return None


def _beside_bounds(wanted: Range) -> Iterator[float]:
    edge = wanted.step or 0.5
    for bound in wanted.bounds:
        near = math.ceil(bound / edge) * edge
        yield from (bound, near, near + edge, near - edge, math.floor(bound / edge) * edge)
        if wanted.step is None:
            yield from (bound + 1e-6, bound - 1e-6)


def _between_bounds(wanted: Range) -> Iterator[float]:
    bounds = wanted.bounds
    if len(bounds) >= 2 and wanted.step is None:
        yield (min(bounds) + max(bounds)) / 2


def _multiples(step: float | None) -> Iterator[float]:
    if step:
        yield from (step, -step, step * 2)


def _is_multiple(value: float, step: float | None) -> bool:
    if step is None or (isinstance(value, int) and step == 1):
        return True
    quotient = value / step
    return quotient == int(quotient) if math.isfinite(quotient) else False


def is_number(value: Any) -> TypeGuard[int | float]:
    """JSON's: true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
