"""What the store holds is looked for again and again, also after it was away."""

import asyncio
import itertools

from entrepot.jobs.keeping_up import notice
from entrepot.storage.database import StorageAway


async def test_what_cannot_be_looked_at_is_told_until_it_can_be() -> None:
    looks = itertools.chain([StorageAway("the store is away")], itertools.repeat(None))
    told: asyncio.Queue[str] = asyncio.Queue()

    async def look() -> None:
        trouble = next(looks)
        if trouble is not None:
            raise trouble

    noticing = asyncio.create_task(notice(look, lambda what, why: told.put_nowait(why), every_s=0))
    first, second = await told.get(), await told.get()
    noticing.cancel()
    assert "the store is away" in first and second == ""
