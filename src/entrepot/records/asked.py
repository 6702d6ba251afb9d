"""The SQL that sums are read with. Each reads a bounded number of minutes, hours or days by the primary key of its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from entrepot.records.figures import LEVEL_S, Level, Scope, Span
from entrepot.storage.database import Database, Row

TableName = Literal["endpoint_sums", "endpoint_speeds", "endpoint_failures", "workspace_sums", "key_sums", "app_sums"]
KEPT: dict[TableName, tuple[Level, ...]] = {
    "endpoint_sums": ("minute", "hour", "day"),
    "endpoint_speeds": ("minute", "hour", "day"),
    "endpoint_failures": ("minute", "hour", "day"),
    "workspace_sums": ("hour", "day"),
    "key_sums": ("day",),
    "app_sums": ("day",),
}
"""What each table has rows for."""
_LEADING: dict[TableName, tuple[str, ...]] = {
    "endpoint_sums": ("test", "model"),
    "endpoint_speeds": ("test", "model"),
    "endpoint_failures": ("test", "model"),
    "workspace_sums": ("workspace",),
    "key_sums": ("workspace", "test", "key_hash"),
    "app_sums": ("test", "app"),
}
"""The columns after `level` and `at` in its primary key; where they are given, each bucket is looked up instead of read whole."""
_BUCKETS = (
    "WITH RECURSIVE bucket (at) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT at + {each} FROM bucket WHERE at + {each} < ?) "
)


class Question(msgspec.Struct, frozen=True):
    """Sums of columns by others. `where`: a column, how it is compared, and with what; `test` is always told."""

    table: TableName
    sums: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, str, object], ...] = ()


def table_of(scope: Scope) -> TableName:
    if scope.key_hash:
        return "key_sums"
    if scope.workspace:
        return "workspace_sums"
    return "app_sums" if scope.app else "endpoint_sums"


def kept_level(table: TableName, wished: Level) -> Level:
    """The wished one, or the next coarser one that the table has."""
    return next(level for level in KEPT[table] if LEVEL_S[level] >= LEVEL_S[wished])


def conditions(scope: Scope) -> tuple[tuple[str, str, object], ...]:
    told: list[tuple[str, str, object]] = [("test", "=", int(scope.test))]
    named = ("model", "endpoint", "provider", "app", "workspace", "key_hash")
    told += [(name, "=", getattr(scope, name)) for name in named if getattr(scope, name)]
    if scope.author:
        # All that begin with the author and a slash; "0" is the letter after it.
        told += [("model", ">=", f"{scope.author}/"), ("model", "<", f"{scope.author}0")]
    return tuple(told)


def ask(db: Database, question: Question, span: Span, level: Level) -> list[Row]:
    """Rows of the columns `by`, then the sums. `at` among them is the first second of a bucket."""
    q, each = question, LEVEL_S[level]
    first, before = span.bounds(level)
    if before <= first:
        return []
    given = {column for column, how, _ in q.where if how == "="}
    looks_up = set(_LEADING[q.table]) <= given
    head = _BUCKETS.format(each=each) if looks_up else ""
    source = f"bucket CROSS JOIN {q.table} s" if looks_up else f"{q.table} s"
    bounds = "s.at = bucket.at" if looks_up else "s.at >= ? AND s.at < ?"
    named = [f"s.{column}" for column in q.by]
    where = "".join(f" AND s.{column} {how} ?" for column, how, _ in q.where)
    sql = (
        f"{head}SELECT {', '.join([*named, *(f'sum(s.{column})' for column in q.sums)])} FROM {source} "  # noqa: S608 # our own names
        f"WHERE s.level = {each} AND {bounds}{where}" + (f" GROUP BY {', '.join(named)}" if named else "")
    )
    return _rows(db, sql, [first, before, *(value for _, _, value in q.where)], grouped=bool(named))


def _rows(db: Database, sql: str, values: Sequence[object], *, grouped: bool) -> list[Row]:
    found = db.execute(sql, values).fetchall()
    return found if grouped else [row for row in found if row[0] is not None]


def histograms(db: Database, where: Sequence[tuple[str, str, object]], span: Span, level: Level) -> list[Row]:
    """Rows of `at`, model, endpoint and the two stored histograms, one for each part."""
    each = LEVEL_S[level]
    first, before = span.bounds(level)
    if before <= first:
        return []
    given = {column for column, how, _ in where if how == "="}
    looks_up = set(_LEADING["endpoint_speeds"]) <= given
    head = _BUCKETS.format(each=each) if looks_up else ""
    source = "bucket CROSS JOIN endpoint_speeds s" if looks_up else "endpoint_speeds s"
    bounds = "s.at = bucket.at" if looks_up else "s.at >= ? AND s.at < ?"
    told = "".join(f" AND s.{column} {how} ?" for column, how, _ in where)
    return db.execute(
        f"{head}SELECT s.at, s.model, s.endpoint, s.latency, s.throughput FROM {source} "  # noqa: S608 # our own names
        f"WHERE s.level = {each} AND {bounds}{told}",
        [first, before, *(value for _, _, value in where)],
    ).fetchall()
