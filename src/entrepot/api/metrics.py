"""What the statistics can be asked for: metrics, each made from sums, and dimensions, each a column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from entrepot.records.figures import Quantiles, Speed, Totals
from entrepot.values.money import dollars


class Metric(msgspec.Struct, frozen=True):
    """`of` gives its value of sums and speed; None where there is nothing to tell. `form` is how it is shown."""

    label: str
    form: str
    of: Callable[[Totals, Speed], Any]
    is_rate: bool = False


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _latency(name: str) -> Metric:
    return Metric(f"Latency {name} (ms)", "number", lambda _, speed: _quantile(speed.latency_ms, name), True)


def _throughput(name: str) -> Metric:
    return Metric(f"Throughput {name} (tokens/s)", "number", lambda _, speed: _quantile(speed.throughput_tps, name), True)


def _quantile(told: Quantiles | None, name: str) -> float | None:
    return None if told is None else round(getattr(told, name), 2)


_QUANTILES = ("p50", "p75", "p90", "p95", "p99")
_SPEEDS = {f"latency_{name}": _latency(name) for name in _QUANTILES} | {
    f"throughput_{name}": _throughput(name) for name in _QUANTILES
}
METRICS: dict[str, Metric] = {
    "request_count": Metric("Requests", "number", lambda sums, _: sums.requests),
    "error_count": Metric("Errors", "number", lambda sums, _: sums.errors),
    "error_rate": Metric("Error rate", "percent", lambda sums, _: _share(sums.errors, sums.requests), True),
    "cancelled_count": Metric("Cancelled", "number", lambda sums, _: sums.cancelled),
    "tokens_total": Metric("Tokens", "number", lambda sums, _: sums.total_tokens),
    "tokens_prompt": Metric("Prompt tokens", "number", lambda sums, _: sums.prompt_tokens),
    "tokens_completion": Metric("Completion tokens", "number", lambda sums, _: sums.completion_tokens),
    "reasoning_tokens": Metric("Reasoning tokens", "number", lambda sums, _: sums.reasoning_tokens),
    "cached_tokens": Metric("Cached tokens", "number", lambda sums, _: sums.cached_tokens),
    "cache_hit_rate": Metric("Cache hit rate", "percent", lambda sums, _: _share(sums.cached_tokens, sums.prompt_tokens), True),
    "total_usage": Metric("Usage", "currency", lambda sums, _: dollars(sums.cost_nano)),
    "usage_cache": Metric("Saved by caches", "currency", lambda sums, _: dollars(sums.cache_discount_nano)),
    "usage_upstream": Metric("Cost as providers say", "currency", lambda sums, _: dollars(sums.upstream_cost_nano)),
    **_SPEEDS,
}
TIMED = frozenset(_SPEEDS)
"""Metrics that are made from histograms."""
DIMENSIONS: dict[str, tuple[str, str]] = {
    "model": ("model", "Model"),
    "provider": ("provider", "Provider"),
    "endpoint": ("endpoint", "Endpoint"),
    "workspace": ("workspace", "Workspace"),
    "api_key_id": ("key_hash", "API key"),
    "app": ("app", "App"),
    "service_tier": ("tier", "Service tier"),
}
"""Column and label of each."""
