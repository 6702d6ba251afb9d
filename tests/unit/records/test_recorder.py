"""A record is there when `settle` returns, once, whatever happens around it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from entrepot.records import store
from entrepot.records.recorder import NotRecorded, Recorder
from entrepot.storage.sqlite import UnknownSchema, connect, migrate
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.values.usage import Usage

DAY_MS = 86_400_000


def generation(now_ms: int = DAY_MS * 20_000, **more: object) -> Generation:
    fields = dict(
        id=generation_id(now_ms),
        created_ms=now_ms,
        key_hash="k",
        workspace="default",
        requested="a/b",
        model="a/b",
        provider="p",
        endpoint="a/b@p",
        usage=Usage(3, 4),
        cost_nano=1234,
        evidence="reported",
    )
    return Generation(**(fields | more))  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    db = connect(tmp_path / "e.db")
    migrate(db)
    db.close()
    return tmp_path / "e.db"


async def test_a_settled_record_is_read_back_whole_at_once(path: Path) -> None:
    async with Recorder(path) as recorder:
        made = generation(adjusted=("a: dropped",), error_message="ünï")
        await recorder.settle(made)
        assert recorder.find(made.id) == made


async def test_many_at_once_are_all_there_and_summed(path: Path) -> None:
    async with Recorder(path) as recorder:
        made = [generation() for _ in range(500)]
        await asyncio.gather(*(recorder.settle(one) for one in made))
        assert all(recorder.find(one.id) for one in made)
        assert recorder.usage_nano("k") == 500 * 1234
        assert recorder.usage_nano("k", since_day=20_001) == 0


async def test_closing_writes_what_still_waits(path: Path) -> None:
    async with Recorder(path) as recorder:
        made = [generation() for _ in range(50)]
        waiting = [asyncio.ensure_future(recorder.settle(one)) for one in made]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    db = connect(path)
    assert db.execute("SELECT count(*) FROM generations").fetchone() == (50,)
    db.close()


async def test_a_cancelled_wait_loses_no_record(path: Path) -> None:
    async with Recorder(path) as recorder:
        made, other = generation(), generation()
        waiting = asyncio.ensure_future(recorder.settle(made))
        beside = asyncio.ensure_future(recorder.settle(other))
        await asyncio.sleep(0)
        waiting.cancel()
        await beside
        assert recorder.find(made.id)


def test_old_records_are_deleted_in_bounded_slices(path: Path) -> None:
    db = connect(path)
    old = [generation(DAY_MS * 10 + n) for n in range(7)]
    store.insert(db, [*old, generation(DAY_MS * 20)])
    assert [store.delete_before(db, DAY_MS * 15, 5) for _ in range(3)] == [5, 2, 0]
    assert db.execute("SELECT count(*) FROM generations").fetchone() == (1,)
    db.close()


@pytest.mark.parametrize(
    "change", ["INSERT INTO schema_versions VALUES (9999, 'x', 'y')", "UPDATE schema_versions SET digest = 'z'"]
)
def test_an_unknown_schema_is_refused(path: Path, change: str) -> None:
    db: sqlite3.Connection = connect(path)
    db.execute(change)
    with pytest.raises(UnknownSchema):
        migrate(db)
    db.close()


@pytest.mark.parametrize(
    "odd", [{"cost_nano": 2**63}, {"usage": Usage(2**70, 1)}, {"cost_nano": -(2**63) - 1}, {"model": "\ud800"}]
)
async def test_a_record_that_no_column_holds_is_refused_and_the_next_one_is_written(path: Path, odd: dict[str, object]) -> None:
    async with Recorder(path) as recorder:
        with pytest.raises(NotRecorded):
            await asyncio.wait_for(recorder.settle(generation(**odd)), 10)
        good = generation()
        await asyncio.wait_for(recorder.settle(good), 10)
        assert recorder.find(good.id) == good
