"""What is past its retention is deleted, a slice at a time: records and, of statistics, minutes and hours. Days are kept."""

from __future__ import annotations

from entrepot.records import store
from entrepot.records.asked import KEPT
from entrepot.records.figures import LEVEL_S, Level
from entrepot.records.partitions import drop_before
from entrepot.storage.database import Database


def delete_records(db: Database, before_ms: int) -> int:
    """A slice of the records older than a time, oldest first; says how many, or partitions. raises StorageAway"""
    return drop_before(db, before_ms) or store.delete_before(db, before_ms)


def delete_sums(db: Database, level: Level, before_ms: int) -> int:
    """The oldest minute or hour of each table, where it is older than a time; says how many rows. raises StorageAway"""
    deleted, each = 0, LEVEL_S[level]
    for table in (name for name, levels in KEPT.items() if level in levels):
        row = db.execute(f"SELECT min(at) FROM {table} WHERE level = ?", (each,)).fetchone()  # noqa: S608 # a name of ours
        if row and row[0] is not None and row[0] < before_ms // 1000:
            deleted += db.execute(f"DELETE FROM {table} WHERE level = ? AND at = ?", (each, row[0])).rowcount  # noqa: S608 # likewise
    return deleted
