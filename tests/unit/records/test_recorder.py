"""A record is there when `settle` returns, once, whatever happens around it."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from entrepot.records import store
from entrepot.records.recorder import NotRecorded, Recorder
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.storage.sqlite import connect
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.values.times import DAY_MS
from entrepot.values.usage import Usage


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
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        yield opened


async def test_a_settled_record_is_read_back_whole_at_once(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as recorder:
        made = generation(adjusted=("a: dropped",), error_message="ünï")
        await recorder.settle(made)
        assert recorder.find(made.id) == made


async def test_many_at_once_are_all_there_and_summed(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as recorder:
        made = [generation() for _ in range(500)]
        await asyncio.gather(*(recorder.settle(one) for one in made))
        assert all(recorder.find(one.id) for one in made)
        assert recorder.spent_by_keys(["k", "none"], [0, 20_001]) == {"k": (500 * 1234, 0), "none": (0, 0)}


async def test_closing_writes_what_still_waits(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as recorder:
        made = [generation() for _ in range(50)]
        waiting = [asyncio.ensure_future(recorder.settle(one)) for one in made]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert db.execute("SELECT count(*) FROM generations").fetchone() == (50,)


async def test_a_cancelled_wait_loses_no_record(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as recorder:
        made, other = generation(), generation()
        waiting = asyncio.ensure_future(recorder.settle(made))
        beside = asyncio.ensure_future(recorder.settle(other))
        await asyncio.sleep(0)
        waiting.cancel()
        await beside
        assert recorder.find(made.id)


def test_old_records_are_deleted_in_bounded_slices(db: Database, tmp_path: Path) -> None:
    old = [generation(DAY_MS * 10 + n) for n in range(7)]
    store.insert(db, [(one, b"{}") for one in (*old, generation(DAY_MS * 20))])
    assert [store.delete_before(db, DAY_MS * 15, 5) for _ in range(3)] == [5, 2, 0]
    assert db.execute("SELECT count(*) FROM generations").fetchone() == (1,)


@pytest.mark.parametrize(
    "odd", [{"cost_nano": 2**63}, {"usage": Usage(2**70, 1)}, {"cost_nano": -(2**63) - 1}, {"model": "\ud800"}]
)
async def test_a_record_that_no_column_holds_is_refused_and_the_next_one_is_written(
    db: Database, tmp_path: Path, odd: dict[str, object]
) -> None:
    async with Recorder(db, tmp_path) as recorder:
        with pytest.raises(NotRecorded):
            await asyncio.wait_for(recorder.settle(generation(**odd)), 10)
        good = generation()
        await asyncio.wait_for(recorder.settle(good), 10)
        assert recorder.find(good.id) == good


def rows(db: Database) -> tuple[int, int]:
    """Records in the database, and the requests in its daily sums."""
    found = db.execute("SELECT (SELECT count(*) FROM generations), (SELECT coalesce(sum(requests), 0) FROM key_usage)").fetchone()
    return (found[0], found[1])


async def test_what_a_dead_process_left_is_taken_in_once_and_its_torn_line_is_not(db: Database, tmp_path: Path) -> None:
    made = [generation() for _ in range(3)]
    lines = [msgspec.json.encode(one) for one in made]
    (tmp_path / "records-dead-00000000.journal").write_bytes(b"\n".join(lines) + b'\n{"id":"gen-half')
    store.insert(db, [(made[0], lines[0])])
    async with Recorder(db, tmp_path) as recorder:
        assert all(recorder.find(one.id) == one for one in made)
    assert rows(db) == (3, 3)
    assert not list(tmp_path.glob("*.journal"))


async def test_the_journal_of_a_process_that_lives_is_left_alone(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as first:
        await first.settle(generation())
        async with Recorder(db, tmp_path) as second:
            await second.settle(generation())
        assert rows(db)[0] <= 2
    assert rows(db) == (2, 2)


async def test_a_database_that_is_locked_keeps_nobody_waiting_and_gets_its_records_later(tmp_path: Path) -> None:
    db, holder = connect(tmp_path / "e.db", wait_s=0.01), connect(tmp_path / "e.db")
    db.migrate()
    async with Recorder(db, tmp_path) as recorder:
        holder.execute("BEGIN IMMEDIATE")
        made = generation()
        await recorder.settle(made)
        await recorder.move()
        assert (
            "locked" in recorder.trouble
            and recorder.find(made.id) == made
            and recorder.spent_by_keys(["k"], [0]) == {"k": (1234,)}
        )
        for _ in range(3):
            await recorder.settle(generation(cost_nano=0))
            await recorder.move()
        assert len(list(tmp_path.glob("*.journal"))) == 2
        holder.execute("ROLLBACK")
        holder.close()
        await recorder.move()
        assert recorder.trouble == "" and recorder.waiting == 0 and recorder.spent_by_keys(["k"], [0]) == {"k": (1234,)}
    assert rows(db) == (4, 4)
    db.close()


async def test_a_batch_that_was_committed_though_it_said_it_failed_is_not_written_twice(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as recorder:
        made = generation()
        await recorder.settle(made)
        store.insert(db, [(made, b"{}")])
        await recorder.move()
        await recorder.move()
        assert recorder.waiting == 0
    assert rows(db) == (1, 1)


async def test_with_full_synchronous_a_record_is_in_the_database_when_settle_returns(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path, durable=True) as recorder:
        await asyncio.gather(*(recorder.settle(generation()) for _ in range(20)))
        assert rows(db) == (20, 20)


async def test_with_full_synchronous_and_the_database_away_a_record_is_on_the_disk(tmp_path: Path) -> None:
    db, holder = connect(tmp_path / "e.db", wait_s=0.01), connect(tmp_path / "e.db")
    db.migrate()
    async with Recorder(db, tmp_path, durable=True) as recorder:
        holder.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            await asyncio.wait_for(recorder.settle(generation()), 10)
        assert recorder.waiting == 3
        holder.execute("ROLLBACK")
        holder.close()
    assert rows(db) == (3, 3)
    db.close()


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file may be longer than what some records take."""
    resource = pytest.importorskip("resource", reason="this system has no limits to stand for a full disk")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_no_call_is_begun_while_the_disk_is_full_and_again_when_it_has_room(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as recorder:
        with full_disk():
            with pytest.raises(NotRecorded):
                await recorder.settle(generation(error_message="x" * 5000))
            await recorder.move()
            with pytest.raises(NotRecorded, match="no answer may leave"):
                recorder.must_take()
            assert "takes no records" in recorder.refusal
        await recorder.move()
        recorder.must_take()
        assert recorder.refusal == ""
    assert rows(db) == (0, 0)


async def test_a_full_disk_refuses_the_answer_and_leaves_no_half_line(db: Database, tmp_path: Path) -> None:
    async with Recorder(db, tmp_path) as recorder:
        await recorder.settle(generation())
        with full_disk(), pytest.raises(NotRecorded):
            await recorder.settle(generation(error_message="x" * 50_000))
        await recorder.settle(generation())
        [file] = tmp_path.glob("*.journal")
        written = file.read_bytes().rstrip(b"\0").splitlines()
        assert len(written) == 2 and all(line.endswith(b"}") for line in written)
    assert rows(db) == (2, 2)
