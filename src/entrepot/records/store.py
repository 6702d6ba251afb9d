"""Records in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from entrepot.values.generation import Generation
from entrepot.values.ids import ulid

_DAY_MS = 86_400_000
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Generation).decode

_INSERT = "INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_SUM = """
INSERT INTO key_usage
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key_hash, day) DO UPDATE SET
  requests = requests + excluded.requests,
  cost_nano = cost_nano + excluded.cost_nano,
  prompt_tokens = prompt_tokens + excluded.prompt_tokens,
  completion_tokens = completion_tokens + excluded.completion_tokens
"""


def insert(db: sqlite3.Connection, generations: Sequence[Generation]) -> None:
    """All of them in one transaction."""
    rows = [
        (
            g.id, g.created_ms, g.key_hash, g.workspace, g.model, g.provider, int(g.test), g.status, g.cost_nano,
            g.usage.prompt_tokens, g.usage.completion_tokens, _encode(g),
        )
        for g in generations
    ]  # fmt: skip
    sums: dict[tuple[str, int], list[int]] = {}
    for g in generations:
        total = sums.setdefault((g.key_hash, g.created_ms // _DAY_MS), [0, 0, 0, 0])
        total[0] += 1
        total[1] += g.cost_nano
        total[2] += g.usage.prompt_tokens
        total[3] += g.usage.completion_tokens
    db.execute("BEGIN IMMEDIATE")
    try:
        db.executemany(_INSERT, rows)
        db.executemany(_SUM, [(*key, *total) for key, total in sums.items()])
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


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
    last = "gen-" + ulid(before_ms, bytes(10))
    return db.execute(
        "DELETE FROM generations WHERE id IN (SELECT id FROM generations WHERE id < ? ORDER BY id LIMIT ?)", (last, at_most)
    ).rowcount
