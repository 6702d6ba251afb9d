"""What keeps leases in order: they go back when nobody uses them, a process says that it lives, and dead ones are cleared away.

A process on this machine is dead when the lock on its journal is gone, and its leases end when its records are in the database.
Of a process elsewhere only its silence can be heard; its leases end after a quarter of an hour of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from entrepot.ledger import leases
from entrepot.ledger.holds import Holds
from entrepot.ledger.purses import DAY_MS, Purse
from entrepot.storage.database import StorageAway

TICK_S = 0.2
_IDLE_TICKS = 5
_BEAT_TICKS = 25
_SILENT_MS = 15 * 60_000


class Records(Protocol):
    """What the writer of records knows of other processes."""

    async def take_in(self) -> None: ...

    def may_live(self, process: str) -> bool: ...


class Janitor:
    """`run` until cancelled, then `leave`. `warn` is told when the database is away."""

    def __init__(self, holds: Holds, records: Records, warn: Callable[[str], None]) -> None:
        self._holds = holds
        self._records = records
        self._warn = warn
        self._ticks = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._ticks += 1
            await self._tried(self.tick)
            if self._ticks % _BEAT_TICKS == 0:
                await self._tried(self.sweep)

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except StorageAway as error:
            self._warn(error.message)

    async def tick(self) -> None:
        """Gives back what others look for, what lay idle, and what is left of windows that are over."""
        holds = self._holds
        if not holds.purses:
            return
        async with holds.lending:
            wanted = await holds.apart(lambda: leases.wanted(holds.db, holds.now_ms()))
            idle = self._ticks % _IDLE_TICKS == 0
            today = holds.now_ms() // DAY_MS
            chosen = [p for p in holds.purses.values() if p.name in wanted or p.until_day <= today or (idle and not p.used)]
            if idle:
                for purse in holds.purses.values():
                    purse.used = purse.held > 0
            if chosen:
                await self._give_back(chosen)

    async def _give_back(self, chosen: Collection[Purse]) -> None:
        holds = self._holds
        for purse in chosen:
            holds.set_free(purse)
            if not purse.held and not purse.used:
                del holds.purses[purse.name]
        holds.forget()
        await holds.flush()

    async def sweep(self) -> None:
        """Says that we live, takes in the records of processes that died, and ends their leases."""
        holds, records = self._holds, self._records
        await records.take_in()
        now_ms = holds.now_ms()

        def sweep() -> None:
            if holds.leases:
                leases.beat(holds.db, holds.process, now_ms)
            for process, place, beat_ms in leases.holders(holds.db):
                here = place == holds.place
                dead = not records.may_live(process) if here else beat_ms < now_ms - _SILENT_MS
                if dead and process != holds.process:
                    with holds.db.transaction():
                        leases.end(holds.db, process)

        await holds.apart(sweep)

    async def leave(self) -> None:
        """The end of this process, when all its records are in the database."""
        holds = self._holds

        def end() -> None:
            with holds.db.transaction():
                leases.end(holds.db, holds.process)

        await holds.apart(end)
