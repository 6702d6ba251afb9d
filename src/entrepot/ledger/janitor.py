"""What keeps leases in order: they go back when nobody uses them, a process says that it lives, and dead ones are cleared away.

What a purse needed in the last minute and a half is kept at hand, and leased ahead of time where there is enough left, so that
traffic goes on when the database cannot be asked; another process that looks for it gets it at once.

A process on this machine is dead when the lock on its journal is gone, and its leases end when its records are in the database.
Of a process elsewhere only its silence can be heard; its leases end after a quarter of an hour of it, by our clock, since clocks
differ, and without a break in which the database could not be told anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from entrepot.ledger import leases
from entrepot.ledger.holds import Holds
from entrepot.ledger.pace import SLOT_S
from entrepot.ledger.purses import Purse
from entrepot.ledger.stranded import Waiting, even_out
from entrepot.storage.database import Refused, StorageAway
from entrepot.values.times import DAY_MS

TICK_S = 0.2
_LOOK_TICKS = 5
"""Each purse is looked at every so many ticks, a part of them at each."""
_BEAT_TICKS = 25
_SILENT_MS = 15 * 60_000
_MOST_KEPT = 10_000
"""When there are more purses, nothing is kept at hand in those that nobody uses."""
_AT_ONCE = 64
"""Purses that are topped up in one turn."""


class Records(Waiting, Protocol):
    """What the writer of records knows of other processes."""

    async def take_in(self) -> None: ...

    def may_live(self, process: str) -> bool: ...


class Janitor:
    """`run` until cancelled, then `leave`. `warn` is told why the database could not be asked, "" when it could."""

    def __init__(self, holds: Holds, records: Records, warn: Callable[[str], None]) -> None:
        self._holds = holds
        self._records = records
        self._warn = warn
        self._ticks = 0
        self._said: dict[str, tuple[int, int]] = {}
        """What processes elsewhere said last, and when we first saw it; only while the database answers."""

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
        except (StorageAway, Refused) as error:
            self._said.clear()
            self._warn(str(error))
        else:
            self._warn("")

    async def tick(self) -> None:
        """Gives back what others look for, what lay idle, and what is left of windows that are over."""
        holds = self._holds
        if not holds.purses:
            return
        looked_at = list(holds.purses.values())[self._ticks % _LOOK_TICKS :: _LOOK_TICKS]
        self._pace(looked_at)
        async with holds.lending:
            wanted = await holds.apart(lambda: leases.wanted(holds.db, holds.now_ms()))
            today = holds.now_ms() // DAY_MS
            keeps = {purse: 0 for name in wanted if (purse := holds.purses.get(name)) is not None}
            keeps |= {purse: 0 for purse in looked_at if purse.until_day <= today}
            for purse in looked_at:
                # Twice of what is topped up to: a purse used now and then would go back and forth all the time.
                at_hand = 2 * purse.pace.needed if len(holds.purses) <= _MOST_KEPT else 0
                if not purse.used and purse.free >= at_hand:
                    keeps.setdefault(purse, at_hand)
            low = [purse for purse in looked_at if purse not in keeps and purse.used and holds.low(purse) > 0]
            for purse in looked_at:
                purse.used = purse.held > 0
            await holds.top_up(low[:_AT_ONCE])
            await self._give_back(keeps)

    def _pace(self, purses: Collection[Purse]) -> None:
        slot = self._holds.now_ms() // (SLOT_S * 1000)
        for purse in purses:
            purse.pace.tell(slot, purse.spent, purse.peak)
            purse.spent, purse.peak = 0, purse.held

    async def _give_back(self, keeps: Mapping[Purse, int]) -> None:
        """What is free beyond what each keeps. A purse of which nothing is left is forgotten."""
        holds = self._holds
        gone = False
        for purse, keep in keeps.items():
            holds.set_free(purse, keep)
            if not purse.held and not purse.used and purse.allowance <= 0:
                del holds.purses[purse.name]
                gone = True
        if gone:
            holds.forget()
        await holds.flush()

    async def sweep(self) -> None:
        """Says that we live, takes in the records of processes that died, and ends their leases."""
        holds, records = self._holds, self._records
        await records.take_in()
        now_ms = holds.now_ms()
        if holds.leases:
            await even_out(holds, records)

        def sweep() -> None:
            if holds.leases:
                leases.beat(holds.db, holds.process, now_ms)
            there = leases.holders(holds.db)
            self._said = {process: self._saying(process, said, now_ms) for process, _, said in there}
            for process, place, _ in there:
                here = place == holds.place
                dead = not records.may_live(process) if here else self._said[process][1] < now_ms - _SILENT_MS
                if dead and process != holds.process:
                    with holds.db.transaction():
                        leases.end(holds.db, process)

        await holds.apart(sweep)

    def _saying(self, process: str, said: int, now_ms: int) -> tuple[int, int]:
        before = self._said.get(process)
        return before if before is not None and before[0] == said else (said, now_ms)

    async def leave(self) -> None:
        """The end of this process, when all its records are in the database."""
        holds = self._holds

        def end() -> None:
            with holds.db.transaction():
                leases.end(holds.db, holds.process)

        await holds.apart(end)
