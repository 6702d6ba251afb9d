"""Apps as pages: who says with each request which application it comes from, and which models it uses.

An app is known by the address it tells of itself. Its page is below `/apps` at that address without the scheme.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from entrepot.records.categories import LABELS, whole_of
from entrepot.records.figures import App, Point, Ranked, Scope, Totals, last
from entrepot.records.statistics import Statistics
from entrepot.web import charts, figures
from entrepot.web.charts import Chart, Series
from entrepot.web.listings_authors import sum_of
from entrepot.web.listings_measured import Measured
from entrepot.web.shelf import Shelf

SPANS = {"day": 1, "week": 7, "month": 30}
SORTS = {"popular": "Most tokens", "trending": "Rising"}
_DAYS = 30
_MOST = 100
DRAWN = 9
"""Series of a chart, besides all others."""
_SCHEMES = ("https://", "http://")


class Split(msgspec.Struct, frozen=True):
    """series  of the greatest ones, greatest first
    whole   of all together; without it they are all there are
    """

    series: Mapping[str, Sequence[Point]] = {}
    whole: Sequence[Point] = ()


class AppUse(msgspec.Struct, frozen=True):
    """The days of an app, what each model and each category has of it, most tokens first, and the days of its first models."""

    points: list[Point] = []
    models: Mapping[str, Totals] = {}
    categories: Mapping[str, Totals] = {}
    split: Split = Split()


def path_of(url: str) -> str:
    """The page of an app."""
    return "/apps/" + quote(url.partition("://")[2], safe="/:~@")


def index(measured: Measured, span: str, sort: str) -> dict[str, Any]:
    nothing: list[Ranked] = []
    ranked = measured.ask(("apps", span, sort), lambda statistics: _ranked(statistics, span, sort), nothing)
    return {
        "ranked": ranked,
        "span": span,
        "spans": SPANS,
        "sort": sort,
        "sorts": SORTS,
        "most": max((one.total_tokens for one in ranked), default=1) or 1,
        "path_of": path_of,
        "figures": figures,
    }


def _ranked(statistics: Statistics, span: str, sort: str) -> list[Ranked]:
    asked = last(statistics.now_ms(), days=SPANS[span])
    return statistics.trending("app", asked, limit=_MOST) if sort == "trending" else statistics.top("app", asked, limit=_MOST)


def page(shelf: Shelf, place: str, measured: Measured) -> dict[str, Any] | None:
    """`place` is the address of the app without its scheme. None when no app of that address was seen."""
    app = next((found for scheme in _SCHEMES if (found := _find(measured, scheme + place)) is not None), None)
    if app is None:
        return None
    used = measured.ask(("app", "used", app.url), lambda statistics: _used(statistics, app.url), AppUse())
    named = {model: one for model, one in used.models.items() if model}
    return {
        "app": app,
        "place": place,
        "models": [(model, shelf.rows.get(model), one) for model, one in itertools.islice(named.items(), _MOST)],
        "left_out": max(len(named) - _MOST, 0),
        "most": max((one.total_tokens for one in named.values()), default=1) or 1,
        "purposes": _purposes(used.categories),
        "total": sum_of(used.points),
        "charts": [drawn] if (drawn := stacked(used.split, shelf)) is not None else [],
        "figures": figures,
    }


def _used(statistics: Statistics, url: str) -> AppUse:
    scope, span = Scope(app=url), last(statistics.now_ms(), days=_DAYS)
    points, models = statistics.series(scope, span), statistics.totals_by("model", scope, span)
    categories = statistics.totals_by("category", scope, span, "day")
    return AppUse(points, models, categories, Split(statistics.series_of("model", list(models)[:DRAWN], scope, span), points))


def _purposes(categories: Mapping[str, Totals]) -> list[tuple[str, str, Totals]]:
    """Categories with their labels: the greatest first, each followed by those that are parts of it."""
    found: list[tuple[str, str, Totals]] = []
    for whole in (name for name in categories if not whole_of(name)):
        parts = (name for name in categories if whole_of(name) == whole)
        found += [(name, LABELS[name], categories[name]) for name in (whole, *parts)]
    return found


def _find(measured: Measured, url: str) -> App | None:
    return measured.ask(("app", url), lambda statistics: statistics.app(url), None)


def stacked(split: Split, shelf: Shelf) -> Chart | None:
    """Tokens by the bucket, by what they are split by: the greatest few, and all others together. None without any."""
    named = {name: points for name, points in split.series.items() if name}
    if not any(point.totals.total_tokens for points in named.values() for point in points):
        return None
    at_ms = [point.at_ms for point in next(iter(named.values()))]
    tokens = {name: tuple(point.totals.total_tokens for point in points) for name, points in named.items()}
    first = list(tokens)[:DRAWN]
    series = [Series(_title(shelf, name), tokens[name]) for name in first]
    if split.whole:
        # Written a moment apart from its parts, it may lack what they have.
        shown = zip(*(tokens[name] for name in first), strict=True)
        others = tuple(max(all_.totals.total_tokens - sum(some), 0) for all_, some in zip(split.whole, shown, strict=True))
    else:
        others = tuple(map(sum, zip(*(tokens[name] for name in list(tokens)[DRAWN:]), strict=True)))
    if any(others):
        series.append(Series("all others", others, rest=True))
    return charts.chart("Tokens", "prompt and completion", at_ms, series, figures.count, kind="bars")


def _title(shelf: Shelf, name: str) -> str:
    row = shelf.rows.get(name)
    return row.model.name if row is not None else name
