"""What the verdicts of one check come to, with the interval in which the truth lies with 95 % confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from entrepot.checks.case import Verdict

_Z = 1.959964
_MOST_REASONS = 3


class Finding(msgspec.Struct, frozen=True):
    """How an endpoint did in one check.

    share, low, high  of the answered cases: those passed, and the interval of that (Wilson's)
    unanswered        cases without an answer; they say something about availability and nothing about honesty
    value             the median of what was measured, `value_low` and `value_high` its interval; None where nothing is measured
    why               what was wrong, the first few
    """

    check: str
    tried: int
    passed: int
    share: float
    low: float
    high: float
    unanswered: int = 0
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    why: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Nothing failed."""
        return self.tried > 0 and self.passed == self.tried


def finding_of(check: str, verdicts: Sequence[Verdict], unanswered: Sequence[str] = ()) -> Finding:
    """unanswered  why each case without an answer has none"""
    passed = sum(verdict.passed for verdict in verdicts)
    low, high = wilson(passed, len(verdicts))
    values = sorted(verdict.value for verdict in verdicts if verdict.value is not None)
    middle = median_interval(values)
    why = dict.fromkeys([verdict.why for verdict in verdicts if verdict.why] + list(unanswered))
    share = passed / len(verdicts) if verdicts else 0.0
    return Finding(check, len(verdicts), passed, share, low, high, len(unanswered), *middle, tuple(why)[:_MOST_REASONS])


def wilson(passed: int, tried: int) -> tuple[float, float]:
    """The 95 % interval of a share, right also for few trials and for shares near 0 and 1. Nothing tried: nothing known."""
    if not tried:
        return 0.0, 1.0
    share, square = passed / tried, _Z * _Z
    middle = share + square / (2 * tried)
    spread = _Z * math.sqrt(share * (1 - share) / tried + square / (4 * tried * tried))
    whole = 1 + square / tried
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def median_interval(ordered: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """The median with its 95 % interval from the order of the values, whatever their distribution."""
    if not ordered:
        return None, None, None
    count = len(ordered)
    reach = _Z * math.sqrt(count) / 2
    low, high = max(0, math.floor(count / 2 - reach)), min(count - 1, math.ceil(count / 2 + reach))
    half = count // 2
    median = ordered[half] if count % 2 else (ordered[half - 1] + ordered[half]) / 2
    return median, ordered[low], ordered[high]
