"""Who has most tokens, beside the span before, and who rose most. Apps on the reader's own machine are never told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from entrepot.records.apps import is_local
from entrepot.records.asked import Question, TableName, ask, conditions
from entrepot.records.categories import parts_of
from entrepot.records.figures import Level, Ranked, Scope, Span, Totals
from entrepot.records.sums import SUMS, most_first, sums_of, totals_by
from entrepot.storage.database import Database

What = Literal["model", "author", "provider", "app", "category"]
MOST = 100
"""Rows of a list."""
_MOST_TITLES = 5 * MOST


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
            totals,
            before.get(name, Totals()),
            totals.total_tokens / all_tokens,
            places.get(name),
        )
        for place, (name, totals) in enumerate(now.items(), 1)
    ]


def trending(db: Database, what: What, span: Span, of: Scope, ranked: Sequence[Ranked]) -> list[Ranked]:
    """Of those that are ranked now, all that rose: by their tokens over the mean of the three spans before."""
    length = span.before_ms - span.from_ms
    earlier = [Span(span.from_ms - length * n, span.before_ms - length * n) for n in (1, 2, 3)]
    before = [_split(db, what, of, one, span.level) for one in earlier]

    def excess(one: Ranked) -> float:
        return one.totals.total_tokens - sum(held[one.name].total_tokens for held in before if one.name in held) / 3

    risen = sorted((one for one in ranked if excess(one) > 0), key=lambda one: -excess(one))
    return [msgspec.structs.replace(one, rank=place) for place, one in enumerate(risen, 1)]


def _split(db: Database, what: What, of: Scope, span: Span, level: Level | None = None) -> dict[str, Totals]:
    """By what is ranked; what has no name, as a request without an app, is left out."""
    if what == "category":
        return _totals_of_parts(db, of, span)
    found = totals_by(db, what, of, span, level) if what != "app" else _totals_of_apps(db, of, span, level)
    return {name: one for name, one in found.items() if name and not (what == "app" and is_local(name))}


def _totals_of_apps(db: Database, of: Scope, span: Span, level: Level | None) -> dict[str, Totals]:
    """Within a workspace or a key as those are kept, and of everybody by whole days."""
    if of.workspace or of.key_hash or of.category:
        rows = sums_of(db, of, span, level, ("app",))
    else:
        table: TableName = "app_sums" if of.model or of.author else "app_totals"
        rows = ask(db, Question(table, SUMS, ("app",), conditions(of)), span, "day")
    return most_first({app: Totals(*sums) for app, *sums in rows})


def _totals_of_parts(db: Database, of: Scope, span: Span) -> dict[str, Totals]:
    """Of what a category is divided into; of no category, of those that are part of no other."""
    parts = parts_of(of.category)
    found = totals_by(db, "category", msgspec.structs.replace(of, category=""), span, "day")
    return {name: one for name, one in found.items() if name in parts}


def _titles(db: Database, urls: Iterable[str]) -> dict[str, str]:
    """By an app's address; only for the first ones, which are those that are shown."""
    wished = list(urls)[:_MOST_TITLES]
    marks = ", ".join("?" * len(wished))
    sql = f"SELECT url, title FROM apps WHERE url IN ({marks}) AND title <> ''"  # noqa: S608 # question marks only
    return dict(db.execute(sql, wished).fetchall()) if wished else {}
