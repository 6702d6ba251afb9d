"""What traffic says of models and endpoints, as the catalogue's lists show it. Test keys are left out."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.api.listing import Measured
from entrepot.api.model_rows import Observed
from entrepot.records.figures import Quantiles, Uptime, last
from entrepot.records.statistics import Statistics

_SHOWN = ("p50", "p75", "p90", "p99")


def measured_by(statistics: Statistics, what: str, category: str = "") -> Measured:
    """Only what is needed: `tokens`, `throughput`, `latency` or nothing; of a category always its tokens. raises StorageAway"""
    now_ms = statistics.now_ms()
    tokens: Mapping[str, float] = {}
    if category:
        tokens = statistics.categories(last(now_ms, days=7)).get(category, {})
    elif what == "tokens":
        tokens = {name: sums.total_tokens for name, sums in statistics.models(last(now_ms, days=7)).items()}
    if what not in ("throughput", "latency"):
        return Measured(tokens)
    speeds = statistics.speeds(last(now_ms, hours=24))
    return Measured(
        tokens,
        throughput={name: one.throughput_tps.p50 for name, one in speeds.items() if one.throughput_tps},
        latency={name: one.latency_ms.p50 for name, one in speeds.items() if one.latency_ms},
    )


def observed(statistics: Statistics, model: str, *, speeds: bool) -> dict[str, Observed]:
    """Of each endpoint of a model, by its id. raises StorageAway"""
    now_ms = statistics.now_ms()
    short, long = statistics.uptimes(model, last(now_ms, minutes=5)), statistics.uptimes(model, last(now_ms, hours=24))
    recent = {one.endpoint: one for one in statistics.served(model, last(now_ms, minutes=30))}
    return {
        endpoint: Observed(
            _percent(short.get(endpoint)),
            _percent(recent[endpoint].uptime if endpoint in recent else None),
            _percent(long[endpoint]),
            _quantiles(recent[endpoint].speed.latency_ms) if speeds and endpoint in recent else None,
            _quantiles(recent[endpoint].speed.throughput_tps) if speeds and endpoint in recent else None,
        )
        for endpoint in long
    }


def _percent(uptime: Uptime | None) -> float | None:
    return None if uptime is None or uptime.share is None else round(uptime.share * 100, 3)


def _quantiles(told: Quantiles | None) -> dict[str, float] | None:
    return None if told is None else {name: round(getattr(told, name), 2) for name in _SHOWN}
