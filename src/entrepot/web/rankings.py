"""The page of rankings: what is used most here, by model, author, app or provider, and what rises; by day, week or month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from entrepot.records.figures import Point, Ranked, Scope, Span, Totals, last
from entrepot.records.ranking import What
from entrepot.records.statistics import Statistics
from entrepot.web import figures
from entrepot.web.listings_apps import path_of, stacked
from entrepot.web.listings_measured import Measured
from entrepot.web.shelf import Shelf

BY: Mapping[What, str] = {"model": "Models", "author": "Authors", "app": "Apps", "provider": "Providers"}
SPANS = {"day": "Day", "week": "Week", "month": "Month"}
_LENGTHS = {"day": 1, "week": 7, "month": 30}
SORTS = {"popular": "Most tokens", "trending": "Rising"}
_SHOWN = 50


class Wish(msgspec.Struct, frozen=True):
    by: What = "model"
    span: str = "week"
    sort: str = "popular"

    def link(self, **other: str) -> str:
        """The address with something else chosen; what is usual is not said."""
        told = {name: other.get(name, getattr(self, name)) for name in self.__struct_fields__}
        pairs = [(name, value) for name, value in told.items() if value != getattr(_USUAL, name)]
        return "/rankings" + (f"?{urlencode(pairs)}" if pairs else "")


_USUAL = Wish()


def read(query: Mapping[str, str]) -> Wish:
    """What is not known is as usual. `view` is OpenRouter's word for the span."""
    by: What = next((one for one in BY if one == query.get("by")), "model")
    span = query.get("span") or query.get("view") or ""
    return Wish(by, span if span in SPANS else "week", "trending" if query.get("sort") == "trending" else "popular")


class Standing(msgspec.Struct, frozen=True):
    """A line of the table, with the page of what it is about."""

    one: Ranked
    title: str
    path: str

    @property
    def moved(self) -> int | None:
        """How many ranks it rose; None when it had none before."""
        return None if self.one.previous is None else self.one.previous - self.one.rank


def context(shelf: Shelf, wish: Wish, measured: Measured) -> dict[str, Any]:
    nothing: list[Ranked] = []
    none: dict[str, list[Point]] = {}
    ranked = measured.ask(("rankings", wish), lambda statistics: _ranked(statistics, wish), nothing)
    split = measured.ask(("ranking split", wish.by, wish.span), lambda statistics: _split(statistics, wish), none)
    total = measured.ask(
        ("ranking total", wish.span), lambda statistics: statistics.totals(Scope(), _span(statistics, wish)), Totals()
    )
    tell = _TELL[wish.by]
    return {
        "wish": wish,
        "by": BY,
        "spans": SPANS,
        "sorts": SORTS,
        "standings": [Standing(one, *tell(shelf, one)) for one in ranked],
        "most": max((one.totals.total_tokens for one in ranked), default=1) or 1,
        "total": total,
        "charts": [drawn] if (drawn := stacked(split, shelf)) is not None else [],
        "figures": figures,
    }


def _span(statistics: Statistics, wish: Wish) -> Span:
    return last(statistics.now_ms(), days=_LENGTHS[wish.span])


def _ranked(statistics: Statistics, wish: Wish) -> list[Ranked]:
    asked = statistics.trending if wish.sort == "trending" else statistics.top
    return asked(wish.by, _span(statistics, wish), limit=_SHOWN)


def _split(statistics: Statistics, wish: Wish) -> dict[str, list[Point]]:
    """Of a day by the hour; apps are summed by the day alone, so that theirs are the days of a week."""
    if wish.by == "app":
        return _apps(statistics, last(statistics.now_ms(), days=max(_LENGTHS[wish.span], 7)))
    span = last(statistics.now_ms(), hours=24) if wish.span == "day" else _span(statistics, wish)
    return statistics.series_by(wish.by, Scope(), span)


def _apps(statistics: Statistics, span: Span) -> dict[str, list[Point]]:
    """The first ones; by the title that each calls itself."""
    first = statistics.top("app", span, limit=12)
    return {one.title: statistics.series(Scope(app=one.name), span) for one in first}


def _of_model(shelf: Shelf, one: Ranked) -> tuple[str, str]:
    row = shelf.rows.get(one.name)
    return (row.model.name, "/" + quote(one.name, safe="/:~@")) if row is not None else (one.name, "")


def _of_author(shelf: Shelf, one: Ranked) -> tuple[str, str]:
    return one.name, "/authors/" + quote(one.name, safe="~@")


def _of_app(shelf: Shelf, one: Ranked) -> tuple[str, str]:
    return one.title, path_of(one.name)


def _of_provider(shelf: Shelf, one: Ranked) -> tuple[str, str]:
    return shelf.label("provider", one.name), "/providers/" + quote(one.name, safe="~@")


_TELL: Mapping[What, Callable[[Shelf, Ranked], tuple[str, str]]] = {
    "model": _of_model,
    "author": _of_author,
    "app": _of_app,
    "provider": _of_provider,
}
