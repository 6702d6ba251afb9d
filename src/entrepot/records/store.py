"""Records in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from entrepot.values.generation import Generation

_DAY_MS = 86_400_000
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Generation).decode

_INSERT = """
INSERT INTO generations
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
       value ->> 9, value ->> 10, value -> 11
FROM json_each(?)
WHERE true
ON CONFLICT (id) DO NOTHING
"""
_SUM = """
INSERT INTO key_usage
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true
ON CONFLICT (key_hash, day) DO UPDATE SET
  requests = requests + excluded.requests,
  cost_nano = cost_nano + excluded.cost_nano,
  prompt_tokens = prompt_tokens + excluded.prompt_tokens,
  completion_tokens = completion_tokens + excluded.completion_tokens
"""


def insert(db: sqlite3.Connection, generations: Sequence[Generation]) -> None:
    """All of them in one transaction: two statements whatever their number, so that the interpreter's lock is let go rarely."""
    rows = [
        (
            g.id, g.created_ms, g.key_hash, g.workspace, g.model, g.provider, int(g.test), g.status, g.cost_nano,
            g.usage.prompt_tokens, g.usage.completion_tokens, g,
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
        db.execute(_INSERT, (_encode(rows).decode(),))
        db.execute(_SUM, (_encode([(*key, *total) for key, total in sums.items()]).decode(),))
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


def delete_before(db: sqlite3.Connection, before_ms: int, at_most: int = 5000) -> int:
    """Deletes some of the records older than a time, and says how many; call again while it is not 0."""
    return db.execute(
        "DELETE FROM generations WHERE id IN (SELECT id FROM generations WHERE created_ms < ? LIMIT ?)", (before_ms, at_most)
    ).rowcount
