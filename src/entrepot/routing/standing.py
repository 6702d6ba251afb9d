"""How endpoints did of late, and what order follows from that. Plain functions over values.

By itself the order is: cheapest first, and those that fail markedly behind those that do not. `provider.sort` or a suffix of the
slug (`:nitro`, `:floor`, `:exacto`) asks for another one; `preferred_min_throughput`, `preferred_max_latency` put slow ones last.
Endpoints of which nothing is known stand behind those that were measured, and in front of those that were found wanting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from entrepot.records.figures import NORMAL, POOR, Quantiles, Served
from entrepot.values.model import Endpoint
from entrepot.values.preferences import Preferences, Sort

By = Literal["price", "throughput", "latency", "exacto"]
VARIANTS: dict[str, By] = {"nitro": "throughput", "floor": "price", "exacto": "exacto"}
SHARES = ("p50", "p75", "p90", "p99")
_LEAST_ATTEMPTS = 100
"""Fewer say nothing yet. From `NORMAL` on only its price says where it stands, from `POOR` on it comes later, else last."""


class Standing(msgspec.Struct, frozen=True):
    """latency_s   until the first token: what half, three quarters, 90 % and 99 % of answers stay within; None: not measured
    throughput  tokens a second: what half, three quarters, 90 % and 99 % of answers reach
    uptime      share of attempts that did not fail by the provider's fault, of `attempts`
    quality     0 to 1, from checks of the endpoint; None: never checked
    """

    latency_s: tuple[float, float, float, float] | None = None
    throughput: tuple[float, float, float, float] | None = None
    uptime: float = 1.0
    attempts: int = 0
    quality: float | None = None

    @property
    def unwell(self) -> int:
        """0 well, 1 to be tried later, 2 only when nothing else is left."""
        if self.attempts < _LEAST_ATTEMPTS or self.uptime >= NORMAL:
            return 0
        return 1 if self.uptime >= POOR else 2


UNKNOWN = Standing()
Standings = Mapping[str, Standing]
"""By the id of an endpoint."""


def standings_of(served: Iterable[Served], qualities: Mapping[str, float]) -> Standings:
    """served     what statistics say of the last minutes
    qualities  by endpoint, what checks of it found
    """
    measured = {one.endpoint: one for one in served}
    return {name: _standing(measured.get(name), qualities.get(name)) for name in measured.keys() | qualities.keys()}


def _standing(served: Served | None, quality: float | None) -> Standing:
    if served is None:
        return Standing(quality=quality)
    latency, uptime = served.speed.latency_ms, served.uptime
    return Standing(
        latency_s=None if latency is None else _in_seconds(latency),
        throughput=_figures(served.speed.throughput_tps),
        uptime=1.0 if uptime.share is None else uptime.share,
        attempts=uptime.attempts,
        quality=quality,
    )


def _figures(found: Quantiles | None) -> tuple[float, float, float, float] | None:
    return None if found is None else (found.p50, found.p75, found.p90, found.p99)


def _in_seconds(found: Quantiles) -> tuple[float, float, float, float]:
    return found.p50 / 1000, found.p75 / 1000, found.p90 / 1000, found.p99 / 1000


def wished_sort(wish: Preferences | None, variants: Sequence[str] = (), usual: By = "price") -> By:
    """What the request says itself, else what the last suffix of its slug says, else what is usual for who asks."""
    sort = wish.sort if wish else None
    said = sort.by if isinstance(sort, Sort) else sort
    suffixes = [VARIANTS[name] for name in variants if name in VARIANTS]
    return said or (suffixes[-1] if suffixes else usual)


def in_order(live: Sequence[Endpoint], by: By, wish: Preferences, standings: Standings) -> list[Endpoint]:
    """live  cheapest first"""
    if not standings:
        return list(live)
    misses = _misses(wish)
    sort = _FIGURES.get(by)

    def place(endpoint: Endpoint) -> tuple[int, bool, float]:
        standing = standings.get(endpoint.id, UNKNOWN)
        return standing.unwell, misses(standing), sort(standing) if sort else 0.0

    return sorted(live, key=place)


def told(endpoint: Endpoint, standings: Standings) -> str:
    """Why it stands further behind than its price says, "" where it does not."""
    standing = standings.get(endpoint.id, UNKNOWN)
    return f", behind the others: {standing.uptime:.0%} of its last attempts did not fail" if standing.unwell else ""


_NEVER = float("inf")
_FIGURES: dict[str, Callable[[Standing], float]] = {
    "throughput": lambda standing: -standing.throughput[0] if standing.throughput else _NEVER,
    "latency": lambda standing: standing.latency_s[0] if standing.latency_s else _NEVER,
    "exacto": lambda standing: -standing.quality if standing.quality is not None else _NEVER,
}


def _misses(wish: Preferences) -> Callable[[Standing], bool]:
    """Whether an endpoint is known to be slower than preferred."""
    least, most = _by_share(wish.preferred_min_throughput), _by_share(wish.preferred_max_latency)

    def misses(standing: Standing) -> bool:
        slow = standing.throughput is not None and any(standing.throughput[at] < cut for at, cut in least)
        late = standing.latency_s is not None and any(standing.latency_s[at] > cut for at, cut in most)
        return slow or late

    return misses


def _by_share(preferred: float | dict[str, float | None] | None) -> list[tuple[int, float]]:
    """A number alone is about half of all answers."""
    if preferred is None:
        return []
    if not isinstance(preferred, dict):
        return [(0, preferred)]
    return [(SHARES.index(share), cut) for share, cut in preferred.items() if share in SHARES and cut is not None]
