"""Figures for Prometheus, counted in plain numbers on the way and put into its format when they are asked for.

`observe` is on the hot path, once for each generation: two dictionary look-ups, a few additions and two bisections. Labels come
from the catalogue only, never from what a caller sends, so that their number is bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from entrepot.values.generation import Generation

FIRST_BYTE_BOUNDS_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
WHOLE_BOUNDS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_FIRST_BYTE_MS = tuple(bound * 1000 for bound in FIRST_BYTE_BOUNDS_S)
_WHOLE_MS = tuple(bound * 1000 for bound in WHOLE_BOUNDS_S)
_COUNTERS = (
    ("entrepot_prompt_tokens", "Tokens that went in."),
    ("entrepot_completion_tokens", "Tokens that came out."),
    ("entrepot_cached_tokens", "Prompt tokens read from a provider's cache."),
    ("entrepot_reasoning_tokens", "Completion tokens that were reasoning."),
)
_SWAPPED = "Generations whose provider named another model than was asked of it."
_NANO = 10**9


class Tally:
    """Sums of all generations with the same labels."""

    __slots__ = ("cached", "completion", "cost_nano", "count", "prompt", "reasoning")

    def __init__(self) -> None:
        self.count = self.prompt = self.completion = self.cached = self.reasoning = self.cost_nano = 0


class Spread:
    """A histogram: how many fell under each bound and not under the one before, and their sum in milliseconds."""

    __slots__ = ("buckets", "sum_ms")

    def __init__(self, bounds: int) -> None:
        self.buckets = [0] * (bounds + 1)
        self.sum_ms = 0.0


class Metrics:
    """`gauge` adds a figure that is read when it is asked for."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, bool, int], Tally] = {}
        self._spreads: dict[str, tuple[Spread, Spread]] = {}
        self._answers: dict[tuple[str, str, int], int] = {}
        self._swapped: dict[tuple[str, str], int] = {}
        self._gauges: list[tuple[str, str, Callable[[], float]]] = []
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def observe(self, generation: Generation) -> None:
        """Counts one finished generation."""
        usage = generation.usage
        labels = (generation.model, generation.provider, generation.test, generation.status)
        tally = self._tallies.get(labels)
        if tally is None:
            tally = self._tallies[labels] = Tally()
        tally.count += 1
        tally.prompt += usage.prompt_tokens
        tally.completion += usage.completion_tokens
        tally.cached += usage.cached_tokens
        tally.reasoning += usage.reasoning_tokens
        tally.cost_nano += generation.cost_nano
        if generation.reported_model:
            swapped = generation.model, generation.provider
            self._swapped[swapped] = self._swapped.get(swapped, 0) + 1
        first_ms = generation.first_byte_ms
        if first_ms > 0:
            spreads = self._spreads.get(generation.provider)
            if spreads is None:
                spreads = self._spreads[generation.provider] = Spread(len(_FIRST_BYTE_MS)), Spread(len(_WHOLE_MS))
            first, whole = spreads
            whole_ms = first_ms + generation.generation_ms
            first.buckets[bisect_left(_FIRST_BYTE_MS, first_ms)] += 1
            first.sum_ms += first_ms
            whole.buckets[bisect_left(_WHOLE_MS, whole_ms)] += 1
            whole.sum_ms += whole_ms

    def answered(self, route: str, method: str, status: int) -> None:
        """Counts one answer that was not a generation. `route` is a template, "" for an unknown path."""
        labels = (route, method if route else "", status)
        self._answers[labels] = self._answers.get(labels, 0) + 1

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        self._gauges.append((name, meaning, read))

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """For the registry."""
        yield from self._generations()
        yield self._histogram("entrepot_first_byte_seconds", "From the first attempt to the first byte.", FIRST_BYTE_BOUNDS_S, 0)
        yield self._histogram("entrepot_generation_seconds", "From the first attempt to the last byte.", WHOLE_BOUNDS_S, 1)
        answers = CounterMetricFamily(
            "entrepot_http_answers", "Answers that were not generations.", labels=("path", "method", "status")
        )
        for (route, method, status), count in self._answers.items():
            answers.add_metric((route, method, str(status)), count)
        yield answers
        swapped = CounterMetricFamily("entrepot_other_models", _SWAPPED, labels=("model", "provider"))
        for named, times in list(self._swapped.items()):
            swapped.add_metric(named, times)
        yield swapped
        for name, meaning, read in self._gauges:
            yield GaugeMetricFamily(name, meaning, read())

    def _generations(self) -> Iterable[Metric]:
        names = ("model", "provider", "test")
        count = CounterMetricFamily("entrepot_generations", "Generations that ended.", labels=(*names, "status"))
        cost = CounterMetricFamily("entrepot_cost_usd", "What generations cost, US dollars.", labels=names)
        tokens = [CounterMetricFamily(name, meaning, labels=names) for name, meaning in _COUNTERS]
        sums: dict[tuple[str, str, str], list[int]] = {}
        for (model, provider, test, status), tally in list(self._tallies.items()):
            labels = (model, provider, str(test).lower())
            count.add_metric((*labels, str(status)), tally.count)
            total = sums.setdefault(labels, [0] * 5)
            for place, amount in enumerate((tally.prompt, tally.completion, tally.cached, tally.reasoning, tally.cost_nano)):
                total[place] += amount
        for labels, (*counts, cost_nano) in sums.items():
            cost.add_metric(labels, cost_nano / _NANO)
            for family, amount in zip(tokens, counts, strict=True):
                family.add_metric(labels, amount)
        yield from (count, cost, *tokens)

    def _histogram(self, name: str, meaning: str, bounds: tuple[float, ...], which: int) -> HistogramMetricFamily:
        family = HistogramMetricFamily(name, meaning, labels=("provider",))
        names = [*map(str, bounds), "+Inf"]
        for provider, spreads in list(self._spreads.items()):
            spread = spreads[which]
            buckets = list(zip(names, accumulate(spread.buckets), strict=True))
            family.add_metric((provider,), buckets, spread.sum_ms / 1000)
        return family
