"""The page of rankings: what is used most here and what rises, by the day, week or month, and within what apps are for.

Categories are summed by the day and without providers, which is why those are not ranked within one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from entrepot.records.categories import LABELS, known_as, parts_of, whole_of
from entrepot.records.figures import Ranked, Scope, Span, Totals, last
from entrepot.records.ranking import What
from entrepot.records.statistics import Statistics
from entrepot.web import figures
from entrepot.web.listings_apps import DRAWN, Split, path_of, stacked
from entrepot.web.listings_measured import Measured
from entrepot.web.shelf import Shelf

BY: Mapping[What, str] = {
    "model": "Models",
    "author": "Authors",
    "app": "Apps",
    "provider": "Providers",
    "category": "Categories",
}
_ONE: Mapping[What, str] = {"model": "Model", "author": "Author", "app": "App", "provider": "Provider", "category": "Category"}
SPANS = {"day": "Day", "week": "Week", "month": "Month"}
_LENGTHS = {"day": 1, "week": 7, "month": 30}
SORTS = {"popular": "Most tokens", "trending": "Rising"}
_SHOWN = 50


class Wish(msgspec.Struct, frozen=True):
    by: What = "model"
    span: str = "week"
    sort: str = "popular"
    category: str = ""

    def link(self, **other: str) -> str:
        """The address with something else chosen; what is usual is not said."""
        told = {name: other.get(name, getattr(self, name)) for name in self.__struct_fields__}
        pairs = [(name, value) for name, value in told.items() if value != getattr(_USUAL, name)]
        return "/rankings" + (f"?{urlencode(pairs, safe='/')}" if pairs else "")

    @property
    def scope(self) -> Scope:
        return Scope(category=self.category)

    @property
    def choices(self) -> Mapping[What, str]:
        """By what may be ranked."""
        left_out = {"provider" if self.category else "", "" if parts_of(self.category) else "category"}
        return {by: label for by, label in BY.items() if by not in left_out}


_USUAL = Wish()


def read(query: Mapping[str, str]) -> Wish:
    """What is not known is as usual. `view` is OpenRouter's word for the span."""
    category = known_as(query.get("category", "").strip().lower())
    by: What = next((one for one in Wish(category=category).choices if one == query.get("by")), "model")
    span = query.get("span") or query.get("view") or ""
    return Wish(by, span if span in SPANS else "week", "trending" if query.get("sort") == "trending" else "popular", category)


class Turn(msgspec.Struct, frozen=True):
    """A link to the same page with something else chosen."""

    label: str
    link: str
    chosen: bool


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
    ranked = measured.ask(("rankings", wish), lambda statistics: _ranked(statistics, wish), nothing)
    split = measured.ask(
        ("ranking split", wish.by, wish.span, wish.category), lambda statistics: _split(statistics, wish), Split()
    )
    total = measured.ask(
        ("ranking total", wish.span, wish.category),
        lambda statistics: statistics.totals(wish.scope, _span(statistics, wish)),
        Totals(),
    )
    tell = _TELL[wish.by]
    return {
        "wish": wish,
        "by": wish.choices,
        "one": _ONE[wish.by],
        "category": LABELS.get(wish.category, ""),
        "lines": _lines(wish, measured),
        "spans": SPANS,
        "sorts": SORTS,
        "standings": [Standing(one, *tell(shelf, one, wish)) for one in ranked],
        "most": max((one.total_tokens for one in ranked), default=1) or 1,
        "total": total,
        "charts": [drawn] if (drawn := stacked(split, shelf)) is not None else [],
        "figures": figures,
    }


def _span(statistics: Statistics, wish: Wish) -> Span:
    return last(statistics.now_ms(), days=_LENGTHS[wish.span])


def _ranked(statistics: Statistics, wish: Wish) -> list[Ranked]:
    """Categories with their share of all, since most calls may be of none and some are of two."""
    asked = statistics.trending if wish.sort == "trending" else statistics.top
    span = _span(statistics, wish)
    ranked = asked(wish.by, span, of=wish.scope, limit=_SHOWN)
    if wish.by != "category":
        return ranked
    tokens = statistics.totals(wish.scope, span).total_tokens or 1
    return [msgspec.structs.replace(one, share=one.total_tokens / tokens) for one in ranked]


def _split(statistics: Statistics, wish: Wish) -> Split:
    """Of a day by the hour; what is summed by the day alone has the days of a week."""
    days = last(statistics.now_ms(), days=max(_LENGTHS[wish.span], 7))
    if wish.by == "app":
        return _apps(statistics, wish, days)
    if wish.by == "category":
        # A call counts for each that it names, so that all together are less than their sum.
        split = statistics.series_by("category", Scope(), days, "day")
        return Split({LABELS[part]: split[part] for part in split if part in parts_of(wish.category)})
    if wish.span == "day":
        span = days if wish.category else last(statistics.now_ms(), hours=24)
        return Split(statistics.series_by(wish.by, wish.scope, span, most=DRAWN), statistics.series(wish.scope, span))
    first = [one.name for one in statistics.top(wish.by, days, of=wish.scope, limit=DRAWN)]
    return Split(statistics.series_of(wish.by, first, wish.scope, days), statistics.series(wish.scope, days))


def _apps(statistics: Statistics, wish: Wish, span: Span) -> Split:
    """By the title that each calls itself."""
    first = statistics.top("app", span, of=wish.scope, limit=DRAWN)
    series = {one.title: statistics.series(Scope(app=one.name, category=wish.category), span) for one in first}
    return Split(series, statistics.series(wish.scope, span) if wish.category else statistics.series_of_apps(span))


def _lines(wish: Wish, measured: Measured) -> list[list[Turn]]:
    """Links to the categories that anything was counted for in the last month, and to the parts of what is chosen."""
    none: frozenset[str] = frozenset()
    seen = measured.ask("categories", lambda statistics: statistics.categories_seen(last(statistics.now_ms(), days=30)), none)
    known = {*seen, wish.category}
    whole = whole_of(wish.category) or wish.category
    lines = [_turns(wish, "All", "", known)]
    if whole:
        lines.append(_turns(wish, f"All {LABELS[whole].lower()}", whole, known))
    return [line for line in lines if len(line) > 1]


def _turns(wish: Wish, all_of_it: str, whole: str, known: Collection[str]) -> list[Turn]:
    within = (wish.category, whole_of(wish.category))
    parts = [_turn(wish, part, LABELS[part], part in within) for part in parts_of(whole) if part in known]
    return [_turn(wish, whole, all_of_it, wish.category == whole), *parts]


def _turn(wish: Wish, category: str, label: str, chosen: bool) -> Turn:
    there = msgspec.structs.replace(wish, category=category)
    return Turn(label, there.link(by=wish.by if wish.by in there.choices else "model"), chosen)


def _of_model(shelf: Shelf, one: Ranked, wish: Wish) -> tuple[str, str]:
    row = shelf.rows.get(one.name)
    return (row.model.name, "/" + quote(one.name, safe="/:~@")) if row is not None else (one.name, "")


def _of_author(shelf: Shelf, one: Ranked, wish: Wish) -> tuple[str, str]:
    return one.name, "/authors/" + quote(one.name, safe="~@")


def _of_app(shelf: Shelf, one: Ranked, wish: Wish) -> tuple[str, str]:
    return one.title, path_of(one.name)


def _of_category(shelf: Shelf, one: Ranked, wish: Wish) -> tuple[str, str]:
    return LABELS[one.name], wish.link(category=one.name, by="model")


def _of_provider(shelf: Shelf, one: Ranked, wish: Wish) -> tuple[str, str]:
    return shelf.label("provider", one.name), "/providers/" + quote(one.name, safe="~@")


_TELL: Mapping[What, Callable[[Shelf, Ranked, Wish], tuple[str, str]]] = {
    "model": _of_model,
    "author": _of_author,
    "app": _of_app,
    "provider": _of_provider,
    "category": _of_category,
}
