"""What is past its retention goes, whole days of records at once on PostgreSQL; days of statistics stay."""

import contextlib
import random
from collections.abc import Iterator

import msgspec
import pytest

from entrepot.records import store
from entrepot.records.figures import Scope, last
from entrepot.records.partitions import make_ahead
from entrepot.records.retention import delete_records, delete_sums
from entrepot.records.rollups import Rollups
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, generation
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.values.times import DAY_MS, DAY_S


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        yield opened


def ten_days(dice: random.Random) -> list[Generation]:
    times = [NOW_MS - day * DAY_MS for day in range(10) for _ in range(3)]
    return [generation(generation_id(at_ms, dice.randbytes(16)), created_ms=at_ms) for at_ms in times]


def write(db: Database) -> None:
    rollups = Rollups(db, "p", 1, lambda: NOW_MS)
    store.insert(db, [(g, msgspec.json.encode(g)) for g in ten_days(random.Random(1))], rollups.note)
    rollups.add()


def partitions(db: Database) -> list[str]:
    rows = db.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'generations'::regclass").fetchall()
    return sorted(name for (name,) in rows if name != "generations_other")


def test_minutes_and_hours_go_and_days_stay(db: Database) -> None:
    write(db)
    while delete_sums(db, "minute", NOW_MS - DAY_MS) or delete_sums(db, "hour", NOW_MS - 2 * DAY_MS):
        pass
    kept = "SELECT sum(requests) FROM endpoint_sums GROUP BY level ORDER BY level"
    assert db.execute(kept).fetchall() == [(6,), (9,), (30,)]
    assert Statistics(db, lambda: NOW_MS).totals(Scope(), last(NOW_MS, days=20)).requests == 30


def test_records_past_their_time_go_and_others_are_found(db: Database) -> None:
    make_ahead(db, NOW_MS)
    write(db)
    while delete_records(db, NOW_MS - 4 * DAY_MS - 1):
        pass
    left = sorted(created for (created,) in db.execute("SELECT created_ms FROM generations"))
    assert (len(left), left[0]) == (15, NOW_MS - 4 * DAY_MS)


def test_a_day_that_came_before_its_partition_is_moved_into_it(db: Database) -> None:
    if db.engine != "postgresql":
        pytest.skip("SQLite has no partitions")
    write(db)
    make_ahead(db, NOW_MS - 5 * DAY_MS)
    make_ahead(db, NOW_MS - 5 * DAY_MS)
    assert len(partitions(db)) == 3
    counted = [db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in (*partitions(db), "generations_other")]
    assert counted == [(3,), (3,), (3,), (21,)]


def test_days_past_their_time_are_dropped_whole(db: Database) -> None:
    if db.engine != "postgresql":
        pytest.skip("SQLite has no partitions")
    for day in range(10):
        make_ahead(db, NOW_MS - day * DAY_MS)
    write(db)
    before = len(partitions(db))
    assert delete_records(db, NOW_MS // 1000 // DAY_S * DAY_MS - 3 * DAY_MS) == 6
    assert len(partitions(db)) == before - 6
    assert db.execute("SELECT count(*) FROM generations").fetchone() == (12,)
