"""What we recorded that a provider charges, beside what it says it charged: by day and model, and what of it nothing explains.

A name on a bill is ours when both are the same but for the author, signs between the words, and a date at the end: `Claude
Haiku 4.5` and `claude-haiku-4-5-20251001` are `anthropic/claude-haiku-4.5`, unless we have a model of that very name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from entrepot.values.money import NANO

_SIGNS = re.compile(r"[^a-z0-9]+")
_DATE = re.compile(r"-20\d{6}$|-20\d\d-\d\d-\d\d$")
Sums = Mapping[tuple[str, str], int]
"""Nano-dollars by day and model."""
Recorded = Callable[[str], Mapping[str, int]]
"""What we recorded on a day: nano-dollars by model."""
Verdict = Literal["agrees", "differs", "not on the bill", "not in our records"]


class Tolerance(msgspec.Struct, frozen=True):
    """A difference within so many millionths of the larger side, or within so many nano-dollars, is explained by rounding."""

    millionths: int = 10_000
    nano: int = NANO // 100

    def covers(self, ours: int, theirs: int) -> bool:
        return abs(ours - theirs) <= max(self.nano, max(abs(ours), abs(theirs)) * self.millionths // 10**6)


class Row(msgspec.Struct, frozen=True):
    """model  ours where we have it, otherwise as the bill has it; "" for all of them together"""

    day: str
    model: str
    ours_nano: int
    theirs_nano: int
    verdict: Verdict

    @property
    def difference_nano(self) -> int:
        return self.theirs_nano - self.ours_nano


def compare(days: Sequence[str], ours: Recorded, theirs: Sums, tolerance: Tolerance) -> Iterator[Row]:
    """By day, then model; of a bill that names no model, by day alone. Of ours no more than a day is in memory at once.

    ours  asked twice for each of the days, since every name of ours counts before the first of theirs is known
    """
    names = any(model for _, model in theirs)
    named = _named({model for day in days for model in ours(day)}) if names else {}
    billed: dict[str, dict[str, int]] = {}
    for (day, model), amount in theirs.items():
        sums, ours_name = billed.setdefault(day, {}), _ours(model, named)
        sums[ours_name] = sums.get(ours_name, 0) + amount
    for day in days:
        recorded = ours(day)
        recorded = recorded if names else {"": sum(recorded.values())}
        sums = billed.get(day, {})
        models = sorted(model for model in recorded.keys() | sums.keys() if recorded.get(model) or sums.get(model))
        yield from (_row((day, model), recorded.get(model), sums.get(model), tolerance) for model in models)


def _row(key: tuple[str, str], ours: int | None, theirs: int | None, tolerance: Tolerance) -> Row:
    verdict: Verdict = "differs"
    if tolerance.covers(ours or 0, theirs or 0):
        verdict = "agrees"
    elif not theirs:
        verdict = "not on the bill"
    elif not ours:
        verdict = "not in our records"
    return Row(*key, ours or 0, theirs or 0, verdict)


def _named(models: Iterable[str]) -> dict[str, str]:
    """Our models by the names that a bill may have for them; a model of that very name goes before one without the date."""
    models = sorted(models)
    dateless = {_DATE.sub("", _plain(model)): model for model in reversed(models)}
    return dateless | {_plain(model): model for model in models}


def _ours(model: str, named: Mapping[str, str]) -> str:
    plain = _plain(model)
    return named.get(plain) or named.get(_DATE.sub("", plain)) or model


def _plain(model: str) -> str:
    return _SIGNS.sub("-", model.rpartition("/")[2].lower()).strip("-")
