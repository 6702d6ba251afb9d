"""Generations on PostgreSQL lie in a partition for each UTC day, so that a day that is past its retention is dropped at once.

Ids sort by time, so that a day is a range of ids and the id alone stays the primary key. Partitions are made two days ahead; what
comes of other days, as out of a journal that was away for long, lies in a partition for the rest until its day is made.
"""

from __future__ import annotations

import re

from entrepot.storage.database import Database
from entrepot.values.times import DAY_MS, time_in

_AHEAD_DAYS = 2
_NAME = re.compile(r"generations_(\d{8})")
_ALONE = "partitions"


def make_ahead(db: Database, now_ms: int) -> None:
    """Today's and those of the next days. Of many servers one makes them. raises StorageAway"""
    if db.engine != "postgresql":
        return
    today = now_ms // DAY_MS
    with db.transaction(alone=_ALONE):
        for day in range(today, today + _AHEAD_DAYS + 1):
            db.execute("SELECT entrepot_partition(?)", (day,))


def drop_before(db: Database, before_ms: int) -> int:
    """Drops those that end before a time, and says how many. raises StorageAway"""
    if db.engine != "postgresql":
        return 0
    with db.transaction(alone=_ALONE):
        rows = db.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'generations'::regclass").fetchall()
        gone = [name for (name,) in rows if (ends_ms := _ends_ms(name)) is not None and ends_ms <= before_ms]
        for name in gone:
            db.execute(f"DROP TABLE {name}")
    return len(gone)


def _ends_ms(name: str) -> int | None:
    """The first millisecond after the day of a partition; None for the one of the rest."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return time_in(found[1]) + DAY_MS
