"""Whatever a process was doing when it died, each of its records counts once in the statistics."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from entrepot.records import journal, store
from entrepot.records.figures import Scope, last
from entrepot.records.recorder import Recorder
from entrepot.records.rollups import Rollups
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, generation
from entrepot.values.ids import generation_id


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        yield opened


def counted(db: Database) -> int:
    return Statistics(db, lambda: NOW_MS).totals(Scope(), last(NOW_MS, days=2)).requests


async def test_what_was_settled_is_counted_when_the_server_stops(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path, now_ms=lambda: NOW_MS) as recorder:
        for _ in range(5):
            await recorder.settle(generation(generation_id(NOW_MS)))
    assert counted(db) == 5
    assert db.execute("SELECT count(*) FROM statistics_queue").fetchone() == (0,)


@pytest.mark.parametrize("died", ["before it wrote", "after it wrote", "after it counted"])
async def test_a_process_that_was_killed_is_counted_by_the_next_one(db: Database, tmp_path: Path, died: str) -> None:
    made = [generation(generation_id(NOW_MS)) for _ in range(4)]
    left = journal.Journal(tmp_path, "dead")
    for one in made:
        left.append(msgspec.json.encode(one))
    dead = Rollups(db, "dead", 3, lambda: NOW_MS)
    if died != "before it wrote":
        store.insert(db, [(one, msgspec.json.encode(one)) for one in made], dead.note)
    if died == "after it counted":
        dead.add()
    left.close().let_go()
    async with Recorder(db, tmp_path, now_ms=lambda: NOW_MS + 61_000) as recorder:
        await recorder.settle(generation(generation_id(NOW_MS)))
    assert counted(db) == 5
