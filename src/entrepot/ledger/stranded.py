"""What a process has leased by the database's account and not by its own, or the other way round: brought together again.

A commit whose answer was lost, a record that the disk did not take, a process that was thought dead: each leaves the two accounts
apart. Of every purse

    leased in the database  =  allowance in memory  +  cost of records that wait  +  what is about to be given back

while nothing is leased, given back or moved into the database. What is leased beyond that belongs to nobody and is given back;
what is missing is not ours any more and must not be spent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from entrepot.ledger import leases
from entrepot.ledger.holds import Holds


class Waiting(Protocol):
    """Records on their way."""

    def still(self) -> AbstractAsyncContextManager[None]: ...

    def unposted(self) -> Mapping[str, int] | None: ...


async def even_out(holds: Holds, records: Waiting) -> None:
    """raises StorageAway"""
    async with records.still(), holds.lending:
        if records.unposted() is None:
            return
        leased = await holds.apart(lambda: leases.of(holds.db, holds.process))
        # Calls that ended while the database was asked have changed both sides alike.
        waiting = records.unposted() or {}
        beyond = Counter({purse: amount - holds.has(purse) - waiting.get(purse, 0) for purse, amount in leased.items()})
        for name, purse in holds.purses.items():
            missing = holds.has(name) + waiting.get(name, 0) - leased.get(name, 0)
            purse.allowance -= max(missing, 0)
        await holds.give_back(+beyond)
