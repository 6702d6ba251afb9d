"""Responses are kept for the key that made them, gone on from in order, and deleted when they are old."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from entrepot.records.responses import Kept, ResponseStore
from entrepot.storage.engines import open_database
from entrepot.storage.sqlite import connect


@pytest.fixture
async def responses(store_url: str) -> AsyncIterator[ResponseStore]:
    with contextlib.closing(open_database(store_url)) as db:
        db.migrate()
        async with ResponseStore(db) as store:
            yield store


def turn(number: int, previous: str | None = None) -> Kept:
    return Kept(f"resp_{number}", number * 1000, previous, b'[{"n": %d}]' % number, b'{"body": true}')


async def test_turns_come_in_order_and_only_to_the_key_that_made_them(responses: ResponseStore) -> None:
    await responses.keep(turn(1), "k")
    await responses.keep(turn(2, "resp_1"), "k")
    assert await responses.turns("resp_2", "k") == [turn(1), turn(2, "resp_1")]
    assert await responses.turns("resp_2", "other") == []
    assert responses.find("resp_1", "other") is None and responses.find("resp\0", "k") is None


async def test_one_is_deleted_once_and_old_ones_in_slices(responses: ResponseStore) -> None:
    for number in range(1, 6):
        await responses.keep(turn(number), "k")
    assert [responses.delete("resp_1", "other"), responses.delete("resp_1", "k"), responses.delete("resp_1", "k")] == [
        False,
        True,
        False,
    ]
    assert [responses.delete_before(4000, 1) for _ in range(3)] == [1, 1, 0]
    assert responses.find("resp_4", "k") == turn(4)


async def test_while_the_database_takes_none_they_are_found_here_and_written_when_it_does(tmp_path: Path) -> None:
    with contextlib.closing(connect(tmp_path / "e.db", wait_s=0.01)) as db, contextlib.closing(db.sibling()) as holder:
        db.migrate()
        async with ResponseStore(db, again_s=0.02) as store:
            with holder.transaction():
                for number in range(1, 4):
                    await store.keep(turn(number), "k")
                assert (store.find("resp_2", "k"), store.find("resp_2", "other")) == (turn(2), None)
                assert await store.turns("resp_3", "k") == [turn(3)]
            while store.waiting:
                await asyncio.sleep(0.01)
            assert store.find("resp_3", "k") == turn(3)
        assert db.execute("SELECT count(*) FROM responses").fetchone() == (3,)


async def test_an_answer_waits_only_so_long_for_its_row(tmp_path: Path) -> None:
    with contextlib.closing(connect(tmp_path / "e.db", wait_s=30)) as db, contextlib.closing(db.sibling()) as holder:
        db.migrate()
        async with ResponseStore(db, patience_s=0.02) as store:
            with holder.transaction():
                await asyncio.wait_for(store.keep(turn(1), "k"), 10)
                assert store.waiting == 1
        assert db.execute("SELECT count(*) FROM responses").fetchone() == (1,)
