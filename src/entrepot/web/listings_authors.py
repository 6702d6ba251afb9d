"""The page of one author: its models, and how much they are used here."""

from __future__ import annotations

from typing import Any

from entrepot.records.figures import Point, Scope, Totals, last
from entrepot.web import charts, figures
from entrepot.web.charts import Series
from entrepot.web.listings_measured import NOTHING, Measured
from entrepot.web.shelf import Row, Shelf

_DAYS = 30
_MOST = 100


def page(shelf: Shelf, author: str, measured: Measured) -> dict[str, Any] | None:
    """What the template reads; None for an author of no model here."""
    rows = [row for row in shelf.rows.values() if row.model.author == author]
    if not rows:
        return None
    seen = measured.models()

    def order(row: Row) -> tuple[Any, ...]:
        return (not row.ready, -seen.get(row.model.id, NOTHING).tokens, -row.model.created, row.model.id)

    nothing: list[Point] = []
    points = measured.ask(
        ("author series", author),
        lambda statistics: statistics.series(Scope(author=author), last(statistics.now_ms(), days=_DAYS)),
        nothing,
    )
    week = sum((point.totals.total_tokens for point in points[-7:]), 0)
    tokens = Series("tokens", tuple(point.totals.total_tokens for point in points))
    drawn = charts.chart("Tokens", "a day", [point.at_ms for point in points], [tokens], figures.count, kind="bars")
    return {
        "author": author,
        "rows": sorted(rows, key=order)[:_MOST],
        "all": len(rows),
        "ready": sum(row.ready for row in rows),
        "newest": max(row.model.created for row in rows),
        "measured": seen,
        "unmeasured": NOTHING,
        "week": week,
        "month": sum_of(points),
        "charts": [drawn] if any(tokens.values) else [],
        "figures": figures,
    }


def sum_of(points: list[Point]) -> Totals:
    """Of a series, as one."""
    names = Totals.__struct_fields__
    return Totals(*(sum(getattr(point.totals, name) for point in points) for name in names))
