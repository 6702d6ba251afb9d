"""Responses that are kept, so that a later request can go on from one: each belongs to the key that made it.

A turn is kept with its own items alone; what came before is found by following `previous_id`. A row is there before the answer's
last byte leaves. While the database is away it waits in memory, is found there by this process, and is written when the database
is back; what waits when the process is killed is lost, unlike records, which cost money.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import msgspec
from msgspec import Raw

from entrepot.errors import InvalidRequest
from entrepot.storage.database import Database, Refused, StorageAway

_MOST_TURNS = 1_000
_MOST_BYTES = 64 * 2**20
_THREADS = 4
_PATIENCE_S = 2.0
"""An answer waits so long for its row."""
_AGAIN_S = 1.0
_decode_items = msgspec.json.Decoder(list[Raw]).decode


class Kept(msgspec.Struct, frozen=True):
    """input  its own input items, as JSON; body  the response as the client got it"""

    id: str
    created_ms: int
    previous_id: str | None
    input: bytes
    body: bytes

    def items(self) -> list[bytes]:
        return [bytes(raw) for raw in _decode_items(self.input)]


class ResponseStore:
    """Use as an async context. `find` and what deletes wait for the store, and are called from a thread."""

    def __init__(self, db: Database, *, patience_s: float = _PATIENCE_S, again_s: float = _AGAIN_S) -> None:
        self._whole = db
        self._patience_s = patience_s
        self._again_s = again_s
        self._waiting: dict[str, tuple[Kept, str]] = {}
        self._waiting_bytes = 0
        self._away = False

    async def __aenter__(self) -> ResponseStore:
        self._db = self._whole.sibling()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="responses")
        self._writer = asyncio.create_task(self._write_again())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.cancel()
        await self._write_all()
        self._threads.shutdown()
        self._db.close()

    async def keep(self, kept: Kept, key_hash: str) -> None:
        """Returns when it is in the database, or waits in memory for one that is away. raises StorageAway, when too many wait"""
        size = len(kept.input) + len(kept.body)
        if self._waiting_bytes + size > _MOST_BYTES:
            raise StorageAway("Too many responses wait for the database.")
        self._waiting[kept.id] = kept, key_hash
        self._waiting_bytes += size
        if not self._away:
            await self._written(kept, key_hash)

    @property
    def waiting(self) -> int:
        """Responses that are only here so far."""
        return len(self._waiting)

    async def _written(self, kept: Kept, key_hash: str) -> None:
        """raises  StorageAway, when it is not worth another try"""
        writing = asyncio.get_running_loop().run_in_executor(self._threads, self._put, kept, key_hash)
        try:
            async with asyncio.timeout(self._patience_s):
                await asyncio.shield(writing)
        except TimeoutError:
            self._away = True
            writing.add_done_callback(_forgiven)
        except StorageAway:
            self._away = True
        except Refused as error:
            self._forget(kept.id)
            raise StorageAway(f"The database does not take the response: {error}") from None
        else:
            self._forget(kept.id)

    def _forget(self, name: str) -> bool:
        """Of those that wait. Whether it was one."""
        kept, _ = self._waiting.pop(name, (None, ""))
        if kept is not None:
            self._waiting_bytes -= len(kept.input) + len(kept.body)
        return kept is not None

    async def _write_again(self) -> None:
        while True:
            await asyncio.sleep(self._again_s)
            if self._away:
                await self._write_all()

    async def _write_all(self) -> None:
        """As long as the database takes them."""
        self._away = False
        for kept, key_hash in list(self._waiting.values()):
            if not self._away:
                with contextlib.suppress(StorageAway):
                    await self._written(kept, key_hash)

    async def turns(self, response_id: str, key_hash: str) -> list[Kept]:
        """The response and those before it, oldest first; empty when it is not there. raises InvalidRequest, for too many"""
        return await asyncio.to_thread(self._turns, response_id, key_hash)

    def find(self, response_id: str, key_hash: str) -> Kept | None:
        waits = self._waiting.get(response_id)
        if waits is not None:
            return waits[0] if waits[1] == key_hash else None
        row = self._db.execute(_FIND, (response_id, key_hash)).fetchone()
        return Kept(*row) if row else None

    def delete(self, response_id: str, key_hash: str) -> bool:
        """Whether there was one to delete."""
        waited = self.find(response_id, key_hash) is not None and self._forget(response_id)
        return self._db.execute(_DELETE, (response_id, key_hash)).rowcount > 0 or waited

    def delete_before(self, before_ms: int, at_once: int = 500) -> int:
        return self._db.execute(_DELETE_OLD, (before_ms, at_once)).rowcount

    def _put(self, kept: Kept, key_hash: str) -> None:
        row = (kept.id, key_hash, kept.created_ms, kept.previous_id, kept.input, kept.body)
        self._db.execute("INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)

    def _turns(self, response_id: str, key_hash: str) -> list[Kept]:
        found: list[Kept] = []
        size, wanted = 0, response_id
        while wanted:
            kept = self.find(wanted, key_hash)
            if kept is None:
                return [] if not found else found[::-1]
            found.append(kept)
            size += len(kept.input) + len(kept.body)
            if len(found) > _MOST_TURNS or size > _MOST_BYTES:
                raise InvalidRequest(
                    "The conversation before this response is too long to be gone on from.",
                    field="previous_response_id",
                    expected=f"at most {_MOST_TURNS} turns and {_MOST_BYTES >> 20} MiB",
                    received="more",
                    remedy="Send what matters of it as `input`.",
                )
            wanted = kept.previous_id or ""
        return found[::-1]


def _forgiven(writing: asyncio.Future[None]) -> None:
    """It is tried again; what became of this try does not matter."""
    if not writing.cancelled():
        writing.exception()


_FIND = "SELECT id, created_ms, previous_id, input, body FROM responses WHERE id = ? AND key_hash = ?"
_DELETE = "DELETE FROM responses WHERE id = ? AND key_hash = ?"
_DELETE_OLD = "DELETE FROM responses WHERE id IN (SELECT id FROM responses WHERE created_ms < ? LIMIT ?)"
