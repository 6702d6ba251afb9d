"""The writer of records: into a journal at once, into the database soon after, many in one transaction.

`settle` costs one copy into a mapped file and is what an answer waits for before its last byte leaves. Twice a second all that
came is moved into the database by a thread. Until then it is found in memory, so that `find` and the sums never lag behind an
answer. After a crash the next start takes in what the journal holds, each record exactly once. With `storage.synchronous =
"full"` an answer waits for the database itself, which syncs its disk: all that came while one commit ran share the next. While
the database is away it waits for the disk below the journal instead.

When the disk does not take a record, its answer may not leave and nothing is charged for it; nor is any further call begun
(`must_take`) until the disk has room again, since a provider would be paid for answers that nobody gets.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from entrepot.errors import GatewayError
from entrepot.records import store
from entrepot.records.groups import Groups
from entrepot.records.journal import Journal, JournalFile, has_journal, left_behind
from entrepot.records.partitions import make_ahead
from entrepot.records.retention import delete_records, delete_sums
from entrepot.records.rollups import Rollups
from entrepot.storage.database import Database, Refused, StorageAway
from entrepot.values.clock import Clock
from entrepot.values.generation import Generation
from entrepot.values.times import DAY_MS

T = TypeVar("T")
_EVERY_S = 0.5
_SUMS_EVERY_S = 30.0
_FEW = 50
"""Records in half a second, after which sums are added at once: then nothing is saved by waiting for others."""
_AT_ONCE = 20_000
"""Records that wait for the database before it is asked to take them ahead of time."""
_BOUND_BYTES = 512 * 2**20
"""Of records in memory, when the database takes none."""
_LARGEST = 2**63 - 1
"""What a column holds. Checked for each alone, since one that does not fit would take its whole batch with it."""
_PATIENCE_S = 20.0
_LAST_S = 5.0
_REMEDY = "The operator must free space on the disk of the data directory."
_LAST_PAUSE_S = 0.25
Post = Callable[[Database, Groups, str], None]
"""Told of new records within the transaction that writes them, and of the process that settled them."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Generation).decode


def _unposted(db: Database, groups: Groups, process: str) -> None:
    """For records that nobody else is told of."""


class NotRecorded(GatewayError):
    """The answer is there but its record could not be written, so it may not leave."""

    status = 503
    error_type = "server"
    retryable = True


class _Batch:
    """Records with the journal file that holds them. `arrived` is done when they are in the database."""

    __slots__ = ("arrived", "by_id", "file", "tried")

    def __init__(self, file: JournalFile, by_id: dict[str, store.Row], arrived: asyncio.Future[None]) -> None:
        self.file = file
        self.by_id = by_id
        self.arrived = arrived
        self.tried = False


class Recorder:
    """`settle` returns when the record is safe. Use as an async context; `folder` is where the journal lies.

    name  of this process, among all that write to the database
    """

    def __init__(
        self,
        db: Database,
        folder: Path,
        *,
        durable: bool = False,
        post: Post = _unposted,
        now_ms: Callable[[], int] = Clock().now_ms,
    ) -> None:
        self._folder = folder
        self._durable = durable
        self._post = post
        self.name = uuid.uuid4().hex[:12]
        self._part = int(self.name[:4], 16)
        self._db = db.sibling()
        self._now_ms = now_ms
        self._day = 0
        self._rollups = Rollups(self._db, self.name, self._part, now_ms)
        self._reader = db.sibling(read_only=True)
        self._sweeper = db.sibling()
        self._swap = threading.Lock()
        self._fresh: dict[str, store.Row] = {}
        self._bytes = 0
        self._moving: list[_Batch] = []
        self._wanted = asyncio.Event()
        self._one_mover = asyncio.Lock()
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="records")
        self.trouble = ""
        """What the database or the disk said last, "" when all is well."""
        self._full = ""
        """What the disk said when it took no record, until it has room again."""

    async def __aenter__(self) -> Recorder:
        """Takes in what a process that died left behind. raises StorageAway"""
        self._take_in()
        self._arrival = asyncio.get_running_loop().create_future()
        self._journal = Journal(self._folder, self.name)
        self._mover = asyncio.create_task(self._move_all())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Returns when all that was handed in is in the database, or stays in its journal because the database is away."""
        self._closing = True
        self._wanted.set()
        await self._mover
        for batch in self._moving:
            batch.file.let_go()
        if self._fresh:
            self._journal.close().let_go()
        else:
            self._journal.close().delete()
        self._thread.shutdown()
        self._db.close()
        self._reader.close()
        self._sweeper.close()

    async def take_in(self) -> None:
        """Takes in what processes that died since left behind. raises StorageAway"""
        await self._on_thread(self._take_in)

    def _take_in(self) -> None:
        for left in left_behind(self._folder):
            rows = [row for line in left.lines() if (row := _read(line)) is not None]
            also = self._posting(left.process)
            store.insert_missing(self._db, rows, also, self._part)
            left.delete()
        self._rollups.adopt()
        self._make_ahead()

    def _make_ahead(self) -> None:
        """Room for the records of the next days, once a day."""
        today = self._now_ms() // DAY_MS
        if today != self._day:
            make_ahead(self._db, self._now_ms())
            self._day = today

    def _posting(self, process: str) -> store.Also:
        def posting(groups: Groups) -> None:
            self._post(self._db, groups, process)
            self._rollups.note(groups)

        return posting

    def may_live(self, process: str) -> bool:
        """False for a process that is no more, on this folder, and all of whose records are in the database."""
        return has_journal(self._folder, process)

    @property
    def refusal(self) -> str:
        """Why no call may be begun now, "" when all is well."""
        if self._bytes > _BOUND_BYTES:
            return f"{self.waiting} records wait for the database, and no more may."
        return f"The disk takes no records: {self._full}" if self._full else ""

    def must_take(self) -> None:
        """Before a call is begun whose record could not be written. raises NotRecorded"""
        if self._full or self._bytes > _BOUND_BYTES:
            raise NotRecorded("Records cannot be written, so no answer may leave.", detail=self.refusal, remedy=_REMEDY)

    async def settle(self, generation: Generation) -> None:
        """raises  NotRecorded, when the disk does not take it"""
        if self._closing or self._bytes > _BOUND_BYTES:
            raise NotRecorded("Records are not being written.", detail=self.refusal or "the server is stopping")
        cost, usage = generation.cost_nano, generation.usage
        if not -_LARGEST <= cost <= _LARGEST or usage.prompt_tokens > _LARGEST or usage.completion_tokens > _LARGEST:
            raise NotRecorded("The cost or usage of this generation is larger than a record holds.", detail=generation.id)
        try:
            line = _encode(generation)
            self._journal.append(line)
        except OSError as error:
            self._full = self.trouble = error.strerror or str(error)
            self._wanted.set()
            raise NotRecorded("The record of this generation could not be written.", detail=str(error), remedy=_REMEDY) from None
        except (ValueError, TypeError) as error:
            raise NotRecorded("The record of this generation could not be written.", detail=str(error)) from None
        self._fresh[generation.id] = (generation, line)
        self._bytes += len(line)
        if len(self._fresh) >= _AT_ONCE:
            self._wanted.set()
        if self._durable:
            await self._arrived()

    def find(self, generation_id: str) -> Generation | None:
        """From any thread. raises StorageAway"""
        with self._swap:
            held = (self._fresh, *(batch.by_id for batch in self._moving))
        for by_id in held:
            if generation_id in by_id:
                return by_id[generation_id][0]
        return store.find(self._reader, generation_id)

    def spent_by_keys(self, keys: Sequence[str], since: Sequence[int]) -> dict[str, tuple[int, ...]]:
        """Nano-dollars spent by each key (its hash) since each of some UTC days (days since 1970)."""
        with self._on_the_way() as held:
            stored = store.spent_by_keys(self._reader, keys, since)
        spent = {key: list(sums) for key, sums in stored.items()}
        for g in held:
            for number, day in enumerate(since if g.key_hash in spent else ()):
                spent[g.key_hash][number] += g.cost_nano if g.created_ms // DAY_MS >= day else 0
        return {key: tuple(sums) for key, sums in spent.items()}

    def workspace_usage_nano(self, workspace: str) -> int:
        with self._on_the_way() as held:
            stored = store.workspace_usage_nano(self._reader, workspace)
        return sum((g.cost_nano for g in held if g.workspace == workspace and not g.test), stored)

    @contextlib.contextmanager
    def _on_the_way(self) -> Iterator[list[Generation]]:
        """Records not in the database as it is seen inside. A batch may arrive meanwhile: one snapshot tells where it is."""
        with self._swap:
            fresh, moving = list(self._fresh.values()), list(self._moving)
        with self._reader.snapshot():
            here = [batch.by_id.values() for batch in moving if not store.has(self._reader, next(iter(batch.by_id)))]
            yield [g for rows in (fresh, *here) for g, _ in rows]

    @property
    def waiting(self) -> int:
        """Records that are safe and not yet in the database."""
        return len(self._fresh) + sum(len(batch.by_id) for batch in self._moving)

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Nothing is moved into the database meanwhile."""
        async with self._one_mover:
            yield

    def unposted(self) -> Mapping[str, int] | None:
        """Cost of the records that wait, by what it was held against; None while some may be in the database or not."""
        if self._moving:
            return None
        costs: Counter[str] = Counter()
        for generation, _ in self._fresh.values():
            for purse in generation.held:
                costs[purse] += generation.cost_nano
        return costs

    def delete_before(self, before_ms: int) -> int:
        """Deletes a slice of the records older than a time and says how many. Beside the other work. raises StorageAway"""
        return delete_records(self._sweeper, before_ms)

    def delete_minutes_before(self, before_ms: int) -> int:
        """The same for statistics by the minute."""
        return delete_sums(self._sweeper, "minute", before_ms)

    def delete_hours_before(self, before_ms: int) -> int:
        """The same for statistics by the hour."""
        return delete_sums(self._sweeper, "hour", before_ms)

    async def move(self) -> None:
        """Moves what there is into the database. What it does not take stays for the next time."""
        async with self._one_mover:
            await self._move()

    async def _move(self) -> None:
        """While the database is away, what comes stays in one file, so that there are few of them however long that lasts."""
        self._look_for_room()
        self.trouble = self._full
        there = True
        for batch in list(self._moving):
            there = there and await self._arrives(batch)
        if self._fresh and (there or len(self._fresh) >= _AT_ONCE):
            there = await self._arrives_fresh()
        if self._durable and not there:
            await self._sync()

    async def _arrives_fresh(self) -> bool:
        """All that came since the last time. Also false when the disk has no room for another file."""
        try:
            batch = _Batch(self._journal.rotate(), self._fresh, self._arrival)
        except OSError as error:
            self.trouble = str(error)
            return False
        with self._swap:
            self._fresh, self._arrival = {}, asyncio.get_running_loop().create_future()
            self._moving.append(batch)
        return await self._arrives(batch)

    def _look_for_room(self) -> None:
        """Also before a record was refused: a disk that is full is noticed while there is still room in the journal."""
        try:
            if self._full or not self._journal.has_room():
                self._journal.try_out()
        except OSError as error:
            self._full = error.strerror or str(error)
            return
        self._full = ""

    async def _sync(self) -> None:
        """What came so far is on the disk, which is as good as in a database that cannot be asked."""
        loop = asyncio.get_running_loop()
        arrivals = [*(batch.arrived for batch in self._moving), self._arrival]
        files: list[JournalFile | Journal] = [*(batch.file for batch in self._moving), self._journal]
        self._arrival = loop.create_future()
        try:
            await self._on_thread(lambda: [file.sync() for file in files])
        except OSError as error:
            self.trouble = str(error)
            return
        for arrival in arrivals:
            _done(arrival)

    async def _arrives(self, batch: _Batch) -> bool:
        """False when the database is away. A batch that it does not take for another reason keeps no other one waiting."""
        try:
            await self._on_thread(self._take, batch)
        except (StorageAway, Refused, OverflowError, ValueError, TypeError) as error:
            self.trouble = str(error)
            return not isinstance(error, StorageAway)
        self._moving.remove(batch)
        self._bytes -= sum(len(line) for _, line in batch.by_id.values())
        _done(batch.arrived)
        return True

    def _take(self, batch: _Batch) -> None:
        """On the thread. An earlier try may have succeeded and then failed to say so."""
        rows = list(batch.by_id.values())
        also = self._posting(self.name)
        if batch.tried:
            store.insert_missing(self._db, rows, also, self._part)
        else:
            batch.tried = True
            store.insert(self._db, rows, also, self._part)
        self._journal.give_back(batch.file)

    async def _move_all(self) -> None:
        """Runs until closed and all is moved, or tried for long enough."""
        now, last = asyncio.get_running_loop().time, 0.0
        due = now() + _SUMS_EVERY_S
        while not last or (self.waiting and now() < last):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_PAUSE_S if last else _EVERY_S):
                    await self._wanted.wait()
            self._wanted.clear()
            if self._closing and not last:
                last = now() + _LAST_S
            came = len(self._fresh)
            await self.move()
            if now() >= due or (came <= _FEW and self._rollups.waiting):
                due = now() + _SUMS_EVERY_S
                await self.add_up()
        await self.add_up()

    async def add_up(self) -> None:
        """Adds what is in the database to the statistics."""
        async with self._one_mover:
            try:
                await self._on_thread(self._rollups.add)
            except (StorageAway, Refused) as error:
                self.trouble = str(error)

    async def _on_thread(self, work: Callable[..., T], *given: Any) -> T:
        """Beside the event loop; on it when the interpreter ends and starts no thread any more."""
        try:
            working = asyncio.get_running_loop().run_in_executor(self._thread, work, *given)
        except RuntimeError:
            return work(*given)
        return await working

    async def _arrived(self) -> None:
        """Returns when what came last is in the database."""
        self._wanted.set()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await asyncio.shield(self._arrival)
        except TimeoutError:
            raise NotRecorded("The record of this generation could not be written in time.", detail=self.trouble) from None


def _done(arrival: asyncio.Future[None]) -> None:
    if not arrival.done():
        arrival.set_result(None)


def _read(line: bytes) -> store.Row | None:
    """None for a line that is no record, which only a damaged disk can leave."""
    try:
        return _decode(line), line
    except msgspec.DecodeError:
        return None
