"""Responses that are kept, so that a later request can go on from one: each belongs to the key that made it.

A turn is kept with its own items alone; what came before is found by following `previous_id`. A row is there before the answer's
last byte leaves.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

import msgspec
from msgspec import Raw

from entrepot.errors import InvalidRequest
from entrepot.storage.database import Database

_MOST_TURNS = 1_000
_MOST_BYTES = 64 * 2**20
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

    def __init__(self, db: Database) -> None:
        self._whole = db

    async def __aenter__(self) -> ResponseStore:
        self._db = self._whole.sibling()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._db.close()

    async def keep(self, kept: Kept, key_hash: str) -> None:
        await asyncio.to_thread(self._put, kept, key_hash)

    async def turns(self, response_id: str, key_hash: str) -> list[Kept]:
        """The response and those before it, oldest first; empty when it is not there. raises InvalidRequest, for too many"""
        return await asyncio.to_thread(self._turns, response_id, key_hash)

    def find(self, response_id: str, key_hash: str) -> Kept | None:
        row = self._db.execute(_FIND, (response_id, key_hash)).fetchone()
        return Kept(*row) if row else None

    def delete(self, response_id: str, key_hash: str) -> bool:
        """Whether there was one to delete."""
        return self._db.execute(_DELETE, (response_id, key_hash)).rowcount > 0

    def delete_before(self, before_ms: int, at_once: int = 500) -> int:
        return self._db.execute(_DELETE_OLD, (before_ms, at_once)).rowcount

    def _put(self, kept: Kept, key_hash: str) -> None:
        row = (kept.id, key_hash, kept.created_ms, kept.previous_id, kept.input, kept.body)
        self._db.execute("INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?)", row)

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


_FIND = "SELECT id, created_ms, previous_id, input, body FROM responses WHERE id = ? AND key_hash = ?"
_DELETE = "DELETE FROM responses WHERE id = ? AND key_hash = ?"
_DELETE_OLD = "DELETE FROM responses WHERE id IN (SELECT id FROM responses WHERE created_ms < ? LIMIT ?)"
