"""The writer of records: one thread, and a transaction for all that finished while the last one was being committed."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

from entrepot.errors import GatewayError
from entrepot.records import store
from entrepot.storage.sqlite import asked, connect
from entrepot.values.generation import Generation

_BOUND = 50_000
"""Records that may wait for a disk that does not take them."""
_LARGEST = 2**63 - 1
"""What a column holds. Checked for each alone, since one that does not fit would take its whole batch with it."""
_PATIENCE_S = 20.0
_RETRY_S = 0.2


class NotRecorded(GatewayError):
    """The answer is there but its record could not be written, so it may not leave."""

    status = 503
    error_type = "server"
    retryable = True


class Recorder:
    """`settle` returns when the record is committed. Use as an async context."""

    def __init__(self, path: Path, synchronous: str = "normal") -> None:
        self._path = path
        self._db = connect(path, synchronous=synchronous)
        self._reader = connect(path, read_only=True)
        self._waiting: list[Generation] = []
        self._batch: asyncio.Future[None] | None = None
        self._work = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write_all, name="records", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.trouble = ""
        """What the disk said last, "" when all is well."""

    async def __aenter__(self) -> Recorder:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Returns when all that was handed in is written."""
        with self._work:
            self._closing = True
            self._work.notify()
        await asyncio.to_thread(self._thread.join)
        self._db.close()
        self._reader.close()

    async def settle(self, generation: Generation) -> None:
        """raises  NotRecorded, when the disk does not take it in time"""
        await self.hand_in(generation)

    def hand_in(self, generation: Generation) -> asyncio.Future[None]:
        """Done when committed. All that are handed in while one commit runs share the next, and this future."""
        assert self._loop is not None
        if len(self._waiting) >= _BOUND:
            raise NotRecorded("Records are not being written; the queue is full.", detail=self.trouble)
        if max(generation.cost_nano, generation.usage.prompt_tokens, generation.usage.completion_tokens) > _LARGEST:
            raise NotRecorded("The cost or usage of this generation is larger than a record holds.", detail=generation.id)
        with self._work:
            self._waiting.append(generation)
            if self._batch is None:
                self._batch = self._loop.create_future()
                self._work.notify()
            return asyncio.shield(self._batch)

    def find(self, generation_id: str) -> Generation | None:
        return asked(self._path, lambda: store.find(self._reader, generation_id))

    def usage_nano(self, key_hash: str, since_day: int = 0) -> int:
        return asked(self._path, lambda: store.usage_nano(self._reader, key_hash, since_day))

    def workspace_usage_nano(self, workspace: str) -> int:
        return asked(self._path, lambda: store.workspace_usage_nano(self._reader, workspace))

    @property
    def waiting(self) -> int:
        """Records handed in and not yet taken to the disk."""
        return len(self._waiting)

    def delete_before(self, before_ms: int) -> int:
        """Deletes a slice of the records older than a time and says how many. On a connection of its own. raises StorageAway"""
        db = connect(self._path)
        try:
            return asked(self._path, lambda: store.delete_before(db, before_ms))
        finally:
            db.close()

    def _write_all(self) -> None:
        """The thread: takes what waits, commits it, tells the loop; until closed and empty."""
        while True:
            with self._work:
                while not self._waiting and not self._closing:
                    self._work.wait()
                taken, done = self._waiting, self._batch
                self._waiting, self._batch = [], None
            if not taken:
                return
            error = self._commit(taken)
            if done is not None and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(_tell, done, error)

    def _commit(self, taken: list[Generation]) -> NotRecorded | None:
        """Tries until the disk takes it or patience ends."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                store.insert(self._db, taken)
            except sqlite3.Error as error:
                self.trouble = str(error)
                if time.monotonic() > until or self._closing:
                    return NotRecorded("The record of this generation could not be written.", detail=self.trouble)
                time.sleep(_RETRY_S)
            except (OverflowError, ValueError, TypeError) as error:
                # A value no column can hold will not fit later either, and must not end the thread that all others need.
                self.trouble = str(error)
                return NotRecorded("The record of this generation could not be written.", detail=self.trouble)
            else:
                self.trouble = ""
                return None


def _tell(done: asyncio.Future[None], error: NotRecorded | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
