"""Statistics made anew from the records are what they were, whatever they had become."""

import random

import msgspec
from tests.unit.records.test_rollups import db, some, write

from entrepot.records import store
from entrepot.records.rebuild import days_to_rebuild, rebuild_day
from entrepot.records.rollups import TABLES, Rollups
from entrepot.storage.database import Database
from entrepot.testing.builders import NOW_MS

__all__ = ["db"]


def rows(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """All but which process wrote them; a part of a histogram is what no other part has here."""
    return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall()) for name in TABLES}


def test_statistics_are_made_anew_from_the_records(db: Database) -> None:
    write(db, some(random.Random(5), 200, days=2))
    before = rows(db)
    for name in TABLES:
        db.execute(f"DELETE FROM {name} WHERE test = 0")
    for day in days_to_rebuild(db, all_days=True):
        rebuild_day(db, day, NOW_MS)
    assert rows(db) == before


def test_what_is_noted_and_not_yet_added_counts_once(db: Database) -> None:
    made, rollups = some(random.Random(6), 50), Rollups(db, "p", 0, lambda: NOW_MS)
    store.insert(db, [(g, msgspec.json.encode(g)) for g in made], rollups.note)
    counted = sum(rebuild_day(db, day, NOW_MS) for day in days_to_rebuild(db, all_days=True))
    rollups.add()
    assert (counted, db.execute("SELECT sum(requests) FROM endpoint_sums WHERE level = 86400").fetchone()) == (0, (50,))


def test_a_day_that_may_have_lost_records_stays_as_it_is(db: Database) -> None:
    write(db, some(random.Random(7), 50))
    assert days_to_rebuild(db, all_days=False) == days_to_rebuild(db, all_days=True)[1:]
