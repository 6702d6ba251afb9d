"""Statistics made anew from the records, a day at a time; a server may go on meanwhile.

Of a day that lost records to their retention the sums know more than the records do: such days stay as they are. What is noted
and not yet added is left to whoever noted it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from entrepot.records.asked import KEPT
from entrepot.records.figures import Level
from entrepot.records.groups import Groups
from entrepot.records.rollups import PARTS, Rollups
from entrepot.records.store import page_by_id
from entrepot.storage.database import Database
from entrepot.values.generation import Generation
from entrepot.values.ids import ulid
from entrepot.values.times import DAY_MS, DAY_S

_AT_ONCE = 5_000
_MINUTES_DAYS, _HOURS_DAYS = 3, 91


def days_to_rebuild(db: Database, *, all_days: bool) -> list[int]:
    """Days since 1970 with records, oldest first. `all_days`: none were deleted, so that the oldest is whole too."""
    oldest = db.execute("SELECT created_ms FROM generations ORDER BY id LIMIT 1").fetchone()
    newest = db.execute("SELECT created_ms FROM generations ORDER BY id DESC LIMIT 1").fetchone()
    if oldest is None or newest is None:
        return []
    return list(range(oldest[0] // DAY_MS + (not all_days), newest[0] // DAY_MS + 1))


def rebuild_day(db: Database, day: int, now_ms: int) -> int:
    """In one transaction; says how many records it counted. raises StorageAway"""
    rollups = Rollups(db, "rebuild", 0, lambda: now_ms)
    age = now_ms // DAY_MS - day
    finest: Level = "minute" if age < _MINUTES_DAYS else "hour" if age < _HOURS_DAYS else "day"
    counted = 0
    with _alone(db):
        waiting = {one for (ids,) in db.execute("SELECT ids FROM statistics_queue").fetchall() for one in ids.split("\n")}
        for table in KEPT:
            db.execute(f"DELETE FROM {table} WHERE at >= ? AND at < ? AND level IN (60, 3600, 86400)", _bounds(day))  # noqa: S608
        for page in _pages(db, day):
            made = [generation for generation in page if generation.id not in waiting]
            rollups.add_batch(rollups.summed([Groups(made)]), finest)
            counted += len(made)
    return counted


def _pages(db: Database, day: int) -> Iterator[list[Generation]]:
    after, before = ("gen-" + ulid(at * DAY_MS, bytes(16)) for at in (day, day + 1))
    while page := page_by_id(db, after, before, _AT_ONCE):
        yield page
        after = page[-1].id + "0"  # the first that any longer or later id can be


def _bounds(day: int) -> tuple[int, int]:
    return day * DAY_S, (day + 1) * DAY_S


@contextlib.contextmanager
def _alone(db: Database) -> Iterator[None]:
    """A transaction that no process adds sums beside."""
    with contextlib.ExitStack() as stack:
        for part in range(PARTS):
            stack.enter_context(db.transaction(alone=f"statistics {part}"))
        yield
