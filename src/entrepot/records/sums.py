"""Kept sums of what a scope covers, whole or split by model, endpoint, app and the like."""

from __future__ import annotations

from typing import Literal

from entrepot.records.asked import Conditions, Question, ask, conditions, kept_level, table_of
from entrepot.records.categories import LABELS
from entrepot.records.figures import Level, Scope, Span, Totals, Used
from entrepot.storage.database import Database, Row

By = Literal["model", "endpoint", "provider", "author", "app", "category", "key_hash", "tier", "workspace"]
SUMS = Totals.__struct_fields__
_UNUSED = Used()
_RANKED = ("prompt_tokens", "completion_tokens", "requests")


def level_of(scope: Scope, span: Span, level: Level | None = None) -> Level:
    """What an answer about the scope is made of: the wished level, or the next coarser one that is kept for it."""
    return kept_level(table_of(scope), level or span.level)


def sums_of(
    db: Database,
    scope: Scope,
    span: Span,
    level: Level | None,
    by: tuple[str, ...],
    sums: tuple[str, ...] = SUMS,
    *,
    only: tuple[str, ...] = (),
) -> list[Row]:
    """Rows of the columns `by`, then of the sums, from the table kept for such a scope. only  of the values of the last column"""
    table = "category_sums" if "category" in by else table_of(scope)
    if "app" in by and table == "endpoint_sums":
        table = "app_sums"
    where = _of_categories(scope, by) if table == "category_sums" else conditions(scope)
    if only:
        where = (*(one for one in where if one[0] != by[-1]), (by[-1], "IN", only))
    return ask(db, Question(table, sums, by, where), span, kept_level(table, level or span.level))


def _of_categories(scope: Scope, by: tuple[str, ...]) -> Conditions:
    """Each application or model by itself, or else all together; all categories by their names, so that each is looked up."""
    where = [one for one in conditions(scope) if one[0] != "app" or scope.app]
    if not scope.app:
        where.append(("app", "<>" if "app" in by else "=", ""))
    if not scope.model and not scope.author:
        where.append(("model", "<>" if "model" in by else "=", ""))
    return tuple(where if scope.category else [*where, ("category", "IN", tuple(LABELS))])


def totals_by(db: Database, by: By, scope: Scope, span: Span, level: Level | None = None) -> dict[str, Totals]:
    """Those with most tokens first."""
    found: dict[str, Totals] = {}
    for name, *sums in sums_of(db, scope, span, level, (column(by),)):
        found[named(by, name)] = plus(found.get(named(by, name), Totals()), Totals(*sums))
    return most_first(found)


def used_by(db: Database, by: By, scope: Scope, span: Span, level: Level | None = None) -> dict[str, Used]:
    """Those with most tokens first."""
    found: dict[str, Used] = {}
    for name, prompt, completion, requests in sums_of(db, scope, span, level, (column(by),), _RANKED):
        tokens, calls = found.get(named(by, name), _UNUSED)
        found[named(by, name)] = Used(tokens + prompt + completion, calls + requests)
    return dict(sorted(found.items(), key=lambda item: (-item[1].total_tokens, -item[1].requests, item[0])))


def most_first(found: dict[str, Totals]) -> dict[str, Totals]:
    return dict(sorted(found.items(), key=lambda item: (-item[1].total_tokens, -item[1].requests, item[0])))


def column(by: By) -> str:
    """Where it stands. An author has no column: it is the first part of a model's name."""
    return "model" if by == "author" else by


def named(by: By, name: str) -> str:
    return name.partition("/")[0] if by == "author" else name


def plus(one: Totals, other: Totals) -> Totals:
    return Totals(*(int(getattr(one, name)) + int(getattr(other, name)) for name in SUMS))
