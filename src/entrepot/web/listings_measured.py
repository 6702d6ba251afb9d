"""What was measured, as lists of models, providers and apps show it: sums of `records.statistics`, remembered for half a minute.

Without statistics, or while their store is away, nothing is known, and the pages say so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import msgspec

from entrepot.records.figures import Quantiles, Scope, Span, Speed, Totals, Uptime, last, together
from entrepot.records.statistics import Statistics
from entrepot.storage.database import StorageAway

T = TypeVar("T")


class ModelFigures(msgspec.Struct, frozen=True):
    """tokens of the last seven days; latency and throughput the median of the last day, None where nothing was measured

    categories  what the apps that used it in the last seven days say they are for
    """

    tokens: int = 0
    requests: int = 0
    latency_ms: float | None = None
    throughput_tps: float | None = None
    categories: frozenset[str] = frozenset()


NOTHING = ModelFigures()


class ProviderFigures(msgspec.Struct, frozen=True):
    """totals of the last seven days; speed and uptime of the last day, and uptime of the last 30 days"""

    totals: Totals = Totals()
    speed: Speed = Speed()
    uptime: Uptime = Uptime()
    month: Uptime = Uptime()


class Measured:
    """All may be asked from any thread; none raises."""

    def __init__(self, statistics: Statistics | None) -> None:
        self._statistics = statistics

    @property
    def now_ms(self) -> int:
        return self._statistics.now_ms() if self._statistics is not None else 0

    def ask(self, name: Hashable, question: Callable[[Statistics], T], nothing: T) -> T:
        """The answer to a question, remembered; `nothing` where nobody can be asked. `name` tells questions apart."""
        statistics = self._statistics
        if statistics is None:
            return nothing
        try:
            return statistics.remembered(("page", name), lambda: question(statistics))
        except StorageAway:
            return nothing

    def models(self) -> Mapping[str, ModelFigures]:
        """By the id of the model that served."""
        nothing: Mapping[str, ModelFigures] = {}
        return self.ask("models", _models, nothing)

    def providers(self) -> Mapping[str, ProviderFigures]:
        """Of those that served anything in the last week."""
        nothing: Mapping[str, ProviderFigures] = {}
        return self.ask("providers", _providers, nothing)


def week(statistics: Statistics) -> Span:
    return last(statistics.now_ms(), days=7)


def day(statistics: Statistics) -> Span:
    return last(statistics.now_ms(), hours=24)


def _models(statistics: Statistics) -> Mapping[str, ModelFigures]:
    totals, speeds = statistics.models(week(statistics)), statistics.speeds(day(statistics))
    categories = statistics.categories(week(statistics)).items()
    return {
        model: ModelFigures(
            one.total_tokens,
            one.requests,
            *_medians(speeds.get(model, Speed())),
            frozenset(category for category, used in categories if model in used),
        )
        for model, one in totals.items()
        if model
    }


def _medians(speed: Speed) -> tuple[float | None, float | None]:
    return median(speed.latency_ms), median(speed.throughput_tps)


def median(quantiles: Quantiles | None) -> float | None:
    return quantiles.p50 if quantiles is not None else None


def _providers(statistics: Statistics) -> Mapping[str, ProviderFigures]:
    totals = statistics.totals_by("provider", Scope(), week(statistics))
    speeds = statistics.speeds_of_providers(day(statistics))
    hours = statistics.uptimes_of_providers(day(statistics))
    days = statistics.uptimes_of_providers(last(statistics.now_ms(), days=30))
    return {
        slug: ProviderFigures(
            one,
            speeds.get(slug, Speed()),
            together(point.uptime for point in hours.get(slug, ())),
            together(point.uptime for point in days.get(slug, ())),
        )
        for slug, one in totals.items()
        if slug
    }
