"""What this process knows of the store keeps up with it: its keys, what other processes did, and sums that pages show."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from entrepot.identity.keyring import KeyRing
from entrepot.records.statistics import Statistics
from entrepot.settings import BadSettings
from entrepot.storage.database import Refused, StorageAway

_EVERY_S = 0.5
_READ_PAUSE_S = 0.005
_WHAT = "keys and catalogue cannot be refreshed"


async def notice(look: Callable[[], Awaitable[None]], tell: Callable[[str, str], None], every_s: float = _EVERY_S) -> None:
    """Sees what other processes did: keys made, disabled or deleted, models imported. And that a day began.

    tell  what cannot be done and why; "" when it can be done again
    """
    while True:
        await asyncio.sleep(every_s)
        try:
            await look()
        except (StorageAway, Refused, BadSettings) as error:
            tell(_WHAT, str(error))
        else:
            tell(_WHAT, "")


async def read_keys(keys: KeyRing) -> None:
    """Beside requests, so that a start takes as long with a million keys as with ten."""
    more = True
    while more:
        try:
            more = await asyncio.to_thread(keys.read_on)
        except (StorageAway, Refused):  # told by `notice`, which asks the same store
            await asyncio.sleep(_EVERY_S)
        await asyncio.sleep(_READ_PAUSE_S)


async def renew(statistics: Statistics) -> None:
    """Answers made of many sums are made again behind those who ask for them."""
    while True:
        await asyncio.sleep(_EVERY_S)
        with contextlib.suppress(StorageAway, Refused):  # told by `watching`, which asks the same store
            await asyncio.to_thread(statistics.renew)
