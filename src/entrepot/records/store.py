"""Records in the database."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Sequence

import msgspec

from entrepot.storage.sqlite import transaction
from entrepot.values.generation import Generation
from entrepot.values.ids import ulid

DAY_MS = 86_400_000
Row = tuple[Generation, bytes]
"""A record and its JSON, which is kept whole beside the columns."""
_decode = msgspec.json.Decoder(Generation).decode

_COLUMNS = 12
_ROWS_AT_ONCE = (64, 8, 1)
"""Each statement gives the interpreter's lock away and waits to have it back, so that few large ones disturb requests least."""
_SUM = """
INSERT INTO key_usage
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key_hash, day) DO UPDATE SET
  requests = requests + excluded.requests,
  cost_nano = cost_nano + excluded.cost_nano,
  prompt_tokens = prompt_tokens + excluded.prompt_tokens,
  completion_tokens = completion_tokens + excluded.completion_tokens
"""


def insert(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """All of them in one transaction. Their ids are new."""
    with transaction(db):
        _insert(db, rows)


def insert_missing(db: sqlite3.Connection, rows: Sequence[Row]) -> int:
    """Those whose ids are not there yet, in one transaction; says how many."""
    with transaction(db):
        missing = {row[0].id: row for row in rows if not has(db, row[0].id)}
        _insert(db, list(missing.values()))
    return len(missing)


def has(db: sqlite3.Connection, generation_id: str) -> bool:
    return db.execute("SELECT 1 FROM generations WHERE id = ?", (generation_id,)).fetchone() is not None


def _insert(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    at = 0
    for size in _ROWS_AT_ONCE:
        while len(rows) - at >= size:
            db.execute(_statement(size), [value for row in rows[at : at + size] for value in _columns(*row)])
            at += size
    for key, total in _sums(rows).items():
        db.execute(_SUM, (*key, *total))


@functools.cache
def _statement(rows: int) -> str:
    row = "(" + ", ".join("?" * _COLUMNS) + ")"
    return "INSERT INTO generations VALUES " + ", ".join([row] * rows)  # noqa: S608 # question marks only


def _columns(g: Generation, detail: bytes) -> tuple[object, ...]:
    return (
        g.id, g.created_ms, g.key_hash, g.workspace, g.model, g.provider, int(g.test), g.status, g.cost_nano,
        g.usage.prompt_tokens, g.usage.completion_tokens, detail,
    )  # fmt: skip


def _sums(rows: Sequence[Row]) -> dict[tuple[str, int], list[int]]:
    """Requests, cost and tokens by key and day."""
    sums: dict[tuple[str, int], list[int]] = {}
    for g, _ in rows:
        total = sums.setdefault((g.key_hash, g.created_ms // DAY_MS), [0, 0, 0, 0])
        total[0] += 1
        total[1] += g.cost_nano
        total[2] += g.usage.prompt_tokens
        total[3] += g.usage.completion_tokens
    return sums


def find(db: sqlite3.Connection, generation_id: str) -> Generation | None:
    row = db.execute("SELECT detail FROM generations WHERE id = ?", (generation_id,)).fetchone()
    return _decode(row[0]) if row else None


def usage_nano(db: sqlite3.Connection, key_hash: str, since_day: int = 0) -> int:
    """Nano-dollars spent by a key since a UTC day (days since 1970)."""
    return int(
        db.execute(
            "SELECT coalesce(sum(cost_nano), 0) FROM key_usage WHERE key_hash = ? AND day >= ?", (key_hash, since_day)
        ).fetchone()[0]
    )


def workspace_usage_nano(db: sqlite3.Connection, workspace: str) -> int:
    """Nano-dollars ever spent by a workspace. Test keys, whose spend is not real, are left out."""
    return int(
        db.execute(
            "SELECT coalesce(sum(u.cost_nano), 0) FROM key_usage u JOIN keys k ON k.hash = u.key_hash "
            "WHERE k.workspace = ? AND k.kind <> 'test'",
            (workspace,),
        ).fetchone()[0]
    )


def delete_before(db: sqlite3.Connection, before_ms: int, at_most: int = 5000) -> int:
    """Deletes some of the records older than a time, oldest first, and says how many; call again while it is not 0.

    Ids sort by time, so that no index on the time is needed."""
    last = "gen-" + ulid(before_ms, bytes(16))
    return db.execute(
        "DELETE FROM generations WHERE id IN (SELECT id FROM generations WHERE id < ? ORDER BY id LIMIT ?)", (last, at_most)
    ).rowcount
