"""Providers as pages: who they are, what they keep, what they serve at which price, and how well they did it here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from entrepot.providers import Provider
from entrepot.records.figures import Point, Scope, Served, UptimePoint, last
from entrepot.values.model import Endpoint
from entrepot.web import charts, figures
from entrepot.web.charts import Chart, Series
from entrepot.web.listings_measured import Measured, ProviderFigures, day
from entrepot.web.shelf import POLICIES, ProviderFact, Row, Shelf

_UNSEEN = ProviderFigures()
_DAYS = 30
_MOST = 100
"""Models on the page of a provider; the list of models has them all."""
_REACHES = (1, 2, 3, 6, 10, 20, 30, 60, 100)
"""How far down a drawing of uptime goes, in per cent, so that its scale ends at 100 in round steps."""


class Harbour(msgspec.Struct, frozen=True):
    """A provider in the list. `ready` of its `models` can be asked here now."""

    fact: ProviderFact
    models: int
    ready: int
    policies: str
    seen: ProviderFigures


class Berth(msgspec.Struct, frozen=True):
    """One model there: `first` when the provider is the one that would be asked first."""

    row: Row
    endpoint: Endpoint
    seen: Served | None
    first: bool


def index(shelf: Shelf, facts: Sequence[ProviderFact], measured: Measured) -> dict[str, Any]:
    """Those that are on come first, by their traffic; then those with models; then by name."""
    by_provider = _endpoints(shelf)
    seen = measured.providers()
    found = [_harbour(fact, by_provider.get(fact.slug, []), seen.get(fact.slug, _UNSEEN)) for fact in facts]
    found.sort(key=lambda one: (not one.fact.on, -one.seen.totals.total_tokens, not one.models, one.fact.name.lower()))
    return {"harbours": found, "on": sum(fact.on for fact in facts), "measured": bool(seen), "figures": figures}


def _endpoints(shelf: Shelf) -> dict[str, list[tuple[Row, Endpoint]]]:
    """By provider. A name that moves on is left out: it is served as what it stands for."""
    found: dict[str, list[tuple[Row, Endpoint]]] = {}
    for row in shelf.rows.values():
        if row.target == row.model.id:
            for endpoint in row.endpoints:
                found.setdefault(endpoint.provider, []).append((row, endpoint))
    return found


def _harbour(fact: ProviderFact, served: Sequence[tuple[Row, Endpoint]], seen: ProviderFigures) -> Harbour:
    kept = dict.fromkeys(endpoint.data_policy for _, endpoint in served) or dict.fromkeys([_policy(fact.about)])
    told = "; ".join(POLICIES[policy].lower() for policy in kept)
    models = {row.model.id for row, _ in served}
    return Harbour(fact, len(models), len({row.model.id for row, endpoint in served if endpoint.on}), told, seen)


def _policy(about: Provider | None) -> str:
    return about.data_policy if about is not None else "unknown"


def page(shelf: Shelf, fact: ProviderFact, measured: Measured) -> dict[str, Any]:
    """What the page of one provider reads."""
    served = _endpoints(shelf).get(fact.slug, [])
    nothing: list[Served] = []
    seen = measured.ask(("served by", fact.slug), lambda statistics: statistics.served_by(fact.slug, day(statistics)), nothing)
    by_endpoint = {one.endpoint: one for one in seen}
    berths = [Berth(row, endpoint, by_endpoint.get(endpoint.id), _is_first(row, endpoint)) for row, endpoint in served]
    berths.sort(key=lambda one: (-_requests(one), not one.endpoint.on, -one.row.model.created, one.row.model.id))
    return {
        "fact": fact,
        "about": fact.about,
        "berths": berths[:_MOST],
        "all": len(berths),
        "policies": POLICIES,
        "seen": measured.providers().get(fact.slug, _UNSEEN),
        "charts": _charts(fact.slug, measured),
        "figures": figures,
    }


def _is_first(row: Row, endpoint: Endpoint) -> bool:
    return next((one for one in row.endpoints if one.on), None) is endpoint


def _requests(one: Berth) -> int:
    return one.seen.totals.requests if one.seen is not None else 0


def _charts(slug: str, measured: Measured) -> list[Chart]:
    """Tokens and uptime by the day; nothing where it served nothing."""
    none: tuple[list[Point], list[UptimePoint]] = ([], [])
    points, uptimes = measured.ask(
        ("provider series", slug),
        lambda statistics: (
            statistics.series(Scope(provider=slug), last(statistics.now_ms(), days=_DAYS)),
            statistics.uptime_series(Scope(provider=slug), last(statistics.now_ms(), days=_DAYS)),
        ),
        none,
    )
    if not any(point.totals.requests for point in points):
        return []
    tokens = Series("tokens", tuple(point.totals.total_tokens for point in points))
    shares = tuple(None if point.uptime.share is None else point.uptime.share * 100 for point in uptimes)
    least = min((share for share in shares if share is not None), default=100.0)
    return [
        charts.chart("Tokens", "a day", [point.at_ms for point in points], [tokens], figures.count, kind="bars"),
        charts.chart(
            "Uptime",
            "% of calls it did not fail",
            [point.at_ms for point in uptimes],
            [Series("uptime", shares)],
            lambda share: f"{share:.4g}%",
            least=100 - next(reach for reach in _REACHES if reach >= 100 - least),
        ),
    ]


def find(facts: Sequence[ProviderFact], slug: str) -> ProviderFact | None:
    return next((fact for fact in facts if fact.slug == slug), None)
