"""How endpoints did in the last minutes, brought to routing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from entrepot.checks.store import qualities
from entrepot.records.figures import last
from entrepot.records.statistics import Statistics
from entrepot.routing.planner import Planner
from entrepot.routing.standing import Standings, standings_of
from entrepot.storage.database import Database, Refused, StorageAway

_EVERY_S = 15.0
_LATELY_MIN = 5
"""The window in which the contract measures endpoints for routing."""
_WHAT = "how endpoints did cannot be read"


async def watch(planner: Planner, statistics: Statistics, db: Database, tell: Callable[[str, str], None]) -> None:
    """tell  what cannot be done and why; "" when it can be done again"""

    def stood() -> Standings:
        lately = last(statistics.now_ms(), minutes=_LATELY_MIN)
        return standings_of(statistics.everywhere(lately), qualities(db))

    while True:
        try:
            planner.stand(await asyncio.to_thread(stood))
        except (StorageAway, Refused) as error:
            tell(_WHAT, str(error))
        else:
            tell(_WHAT, "")
        await asyncio.sleep(_EVERY_S)
