"""The SQL that sums are read with. Each reads a bounded number of minutes, hours or days by the primary key of its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from entrepot.records.figures import LEVEL_S, Level, Scope, Span, Totals
from entrepot.storage.database import Database, Row

TableName = Literal[
    "endpoint_sums",
    "endpoint_speeds",
    "endpoint_failures",
    "model_totals",
    "provider_totals",
    "provider_failures",
    "workspace_sums",
    "key_sums",
    "app_sums",
    "app_totals",
    "model_apps",
    "category_sums",
]
KEPT: dict[TableName, tuple[Level, ...]] = {
    "endpoint_sums": ("minute", "hour", "day"),
    "endpoint_speeds": ("minute", "hour", "day"),
    "endpoint_failures": ("minute", "hour", "day"),
    "model_totals": ("day",),
    "provider_totals": ("hour", "day"),
    "provider_failures": ("hour", "day"),
    "workspace_sums": ("hour", "day"),
    "key_sums": ("day",),
    "app_sums": ("day",),
    "app_totals": ("day",),
    "model_apps": ("day",),
    "category_sums": ("day",),
}
"""What each table has rows for."""
_NARROWER: dict[TableName, tuple[TableName, ...]] = {
    "endpoint_sums": ("provider_totals", "model_totals"),
    "endpoint_failures": ("provider_failures",),
    "app_sums": ("app_totals", "model_apps"),
}
"""Tables with the same sums of less, fewest rows first: read where they tell what is asked."""
_TOLD: dict[TableName, frozenset[str]] = {
    "provider_totals": frozenset({"provider", *Totals.__struct_fields__, "attempts"}),
    "model_totals": frozenset({"model", *Totals.__struct_fields__}),
    "provider_failures": frozenset({"provider", "what", "error_type", "failures"}),
    "app_totals": frozenset({"app", *Totals.__struct_fields__}),
    "model_apps": frozenset({"model", "app", "requests", "prompt_tokens", "completion_tokens"}),
}
"""The columns of each besides `level`, `at` and `test`."""
_LEADING: dict[TableName, tuple[str, ...]] = {
    "endpoint_sums": ("test", "model"),
    "endpoint_speeds": ("test", "model"),
    "endpoint_failures": ("test", "model"),
    "model_totals": ("test", "model"),
    "provider_totals": ("test", "provider"),
    "provider_failures": ("test", "provider"),
    "workspace_sums": ("workspace",),
    "key_sums": ("workspace", "test", "key_hash"),
    "app_sums": ("test", "app"),
    "app_totals": ("test", "app"),
    "category_sums": ("test", "category"),
}
"""The columns after `level` and `at` in its primary key; where they are given, each bucket is looked up instead of read whole.

In `model_apps` they come before `at`, so that a span is one stretch of it."""
_BY_DAY = frozenset({"category_sums", "model_totals"})
"""Of these so few buckets are asked for that several names, or all of an author, are looked up in each."""
_WITHIN = "s.at >= ? AND s.at < ?"
_WITHIN_BUCKETS = "s.at >= (SELECT min(at) FROM bucket) AND s.at <= (SELECT max(at) FROM bucket)"
_BUCKETS = (
    "WITH RECURSIVE bucket (at) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT at + {each} FROM bucket WHERE at + {each} < ?) "
)


Conditions = tuple[tuple[str, str, object], ...]


class Question(msgspec.Struct, frozen=True):
    """Sums of columns by others. `where`: a column, how it is compared (`IN` and `NOT IN` with a tuple), and with what."""

    table: TableName
    sums: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: Conditions = ()


def table_of(scope: Scope) -> TableName:
    if scope.key_hash:
        return "key_sums"
    if scope.workspace:
        return "workspace_sums"
    if scope.category:
        return "category_sums"
    return "app_sums" if scope.app else "endpoint_sums"


def kept_level(table: TableName, wished: Level) -> Level:
    """The wished one, or the next coarser one that the table has."""
    return next(level for level in KEPT[table] if LEVEL_S[level] >= LEVEL_S[wished])


def conditions(scope: Scope) -> Conditions:
    told: list[tuple[str, str, object]] = [("test", "=", int(scope.test))]
    named = ("model", "endpoint", "provider", "app", "category", "workspace", "key_hash")
    told += [(name, "=", getattr(scope, name)) for name in named if getattr(scope, name)]
    if scope.category and not scope.app:
        # Its applications together are in rows of their own, without a name, and so are its models together.
        told.append(("app", "=", ""))
    if scope.author:
        # All that begin with the author and a slash; "0" is the letter after it.
        told += [("model", ">=", f"{scope.author}/"), ("model", "<", f"{scope.author}0")]
    return tuple(told)


def ask(db: Database, question: Question, span: Span, level: Level) -> list[Row]:
    """Rows of the columns `by`, then the sums. `at` among them is the first second of a bucket."""
    named = [f"s.{column}" for column in question.by]
    # Without the cast PostgreSQL sends decimals, which take longer to read.
    shown = [*named, *(f"CAST(sum(s.{column}) AS BIGINT)" for column in question.sums)]
    found = _select(db, _narrowest(question, level), shown, question.where, span, level, named)
    return found if named else [row for row in found if row[0] is not None]


def parts(db: Database, question: Question, span: Span, level: Level) -> list[Row]:
    """The same, not summed: several rows for one place where several processes wrote it, or one model has several endpoints.

    For whom adds them up in any case, since many places take a database longer to sort than to send."""
    shown = [f"s.{column}" for column in (*question.by, *question.sums)]
    return _select(db, _narrowest(question, level), shown, question.where, span, level, [])


def _narrowest(question: Question, level: Level) -> TableName:
    """The one with fewest rows that tells what is asked."""
    asked = {*question.by, *question.sums, *(column for column, _, _ in question.where)} - {"at", "test"}
    given = {column for column, how, _ in question.where if how == "="}
    for table in _NARROWER.get(question.table, ()):
        if level in KEPT[table] and asked <= _TOLD[table] and (table != "model_apps" or given & {"model", "app"} == {"model"}):
            return table
    return question.table


def histograms(db: Database, where: Conditions, span: Span, level: Level, by: tuple[str, ...]) -> list[Row]:
    """Rows of the columns `by` and the two stored histograms, one for each part of each endpoint."""
    return _select(db, "endpoint_speeds", [f"s.{column}" for column in (*by, "latency", "throughput")], where, span, level, [])


def _select(
    db: Database, table: TableName, shown: Sequence[str], where: Conditions, span: Span, level: Level, by: Sequence[str]
) -> list[Row]:
    each = LEVEL_S[level]
    first, before = span.bounds(level)
    if before <= first:
        return []
    sought = {column for column, how, _ in where if how == "=" or (table in _BY_DAY and how in ("IN", ">="))}
    looks_up = table in _LEADING and set(_LEADING[table]) <= sought
    head = _BUCKETS.format(each=each) if looks_up else ""
    # A join would do as well, but with statistics of its own SQLite reads the whole table first to filter one.
    bounds = "s.at IN (SELECT at FROM bucket)" if looks_up else _WITHIN
    edges = [first, before]
    if looks_up and db.engine == "postgresql":
        # Or PostgreSQL may look at all there ever was of a model, and take the buckets out of that. With bounds that it cannot
        # know beforehand it makes one plan for all, which takes less than a new one for each question.
        bounds = f"{bounds} AND {_WITHIN_BUCKETS}"
    told = "".join(f" AND s.{column} {how} {_marks(value)}" for column, how, value in where)
    grouped = f" GROUP BY {', '.join(by)}" if by else ""
    values = [one for _, _, value in where for one in (value if isinstance(value, tuple) else (value,))]
    return db.execute(
        f"{head}SELECT {', '.join(shown)} FROM {table} s WHERE s.level = {each} AND {bounds}{told}{grouped}",  # noqa: S608 # own names
        [*edges, *values],
    ).fetchall()


def _marks(value: object) -> str:
    return f"({', '.join('?' * len(value))})" if isinstance(value, tuple) else "?"
