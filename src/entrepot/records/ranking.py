"""Who has most tokens, beside the span before, and who rose most. Apps on the reader's own machine are never told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from entrepot.records.apps import is_local
from entrepot.records.categories import parts_of
from entrepot.records.figures import Level, Ranked, Scope, Span, Used
from entrepot.records.sums import used_by
from entrepot.storage.database import Database

What = Literal["model", "author", "provider", "app", "category"]
MOST = 100
"""Rows of a list."""
_MOST_TITLES = 5 * MOST
_UNUSED = Used()


def ranking(db: Database, what: What, span: Span, of: Scope) -> list[Ranked]:
    """All of them, those with most tokens first."""
    now, before = _split(db, what, of, span), _split(db, what, of, span.preceding, span.level)
    all_tokens = sum(one.total_tokens for one in now.values()) or 1
    places = {name: place for place, name in enumerate(before, 1)}
    titles = _titles(db, now) if what == "app" else {}
    return [
        Ranked(
            place,
            name,
            titles.get(name, name),
            used.total_tokens,
            used.requests,
            before.get(name, _UNUSED).total_tokens,
            used.total_tokens / all_tokens,
            places.get(name),
        )
        for place, (name, used) in enumerate(now.items(), 1)
    ]


def trending(db: Database, what: What, span: Span, of: Scope, ranked: Sequence[Ranked]) -> list[Ranked]:
    """Of those that are ranked now, all that rose: by their tokens over the mean of the three spans before."""
    length = span.before_ms - span.from_ms
    earlier = [Span(span.from_ms - length * n, span.before_ms - length * n) for n in (1, 2, 3)]
    before = [_split(db, what, of, one, span.level) for one in earlier]

    def excess(one: Ranked) -> float:
        return one.total_tokens - sum(held.get(one.name, _UNUSED).total_tokens for held in before) / 3

    risen = sorted((one for one in ranked if excess(one) > 0), key=lambda one: -excess(one))
    return [msgspec.structs.replace(one, rank=place) for place, one in enumerate(risen, 1)]


def _split(db: Database, what: What, of: Scope, span: Span, level: Level | None = None) -> dict[str, Used]:
    """By what is ranked; what has no name, as a request without an app, is left out."""
    if what == "category":
        return _of_parts(db, of, span)
    found = used_by(db, what, of, span, level)
    return {name: one for name, one in found.items() if name and not (what == "app" and is_local(name))}


def _of_parts(db: Database, of: Scope, span: Span) -> dict[str, Used]:
    """Of what a category is divided into; of no category, of those that are part of no other."""
    parts = parts_of(of.category)
    found = used_by(db, "category", msgspec.structs.replace(of, category=""), span, "day")
    return {name: one for name, one in found.items() if name in parts}


def _titles(db: Database, urls: Iterable[str]) -> dict[str, str]:
    """By an app's address; only for the first ones, which are those that are shown."""
    wished = list(urls)[:_MOST_TITLES]
    marks = ", ".join("?" * len(wished))
    sql = f"SELECT url, title FROM apps WHERE url IN ({marks}) AND title <> ''"  # noqa: S608 # question marks only
    return dict(db.execute(sql, wished).fetchall()) if wished else {}
