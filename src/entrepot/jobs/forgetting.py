"""What is past its retention goes, a slice at a time, so that nothing waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from entrepot.errors import GatewayError
from entrepot.storage.database import Refused
from entrepot.values.clock import Clock
from entrepot.values.times import DAY_MS

_EVERY_S = 3600.0
_PAUSE_S = 0.1
log = structlog.get_logger("entrepot")
Rule = tuple[int, Callable[[int], int]]
"""Days, 0 for ever; and what deletes a slice of what is older than a moment, and says how much that was."""


async def forget(rules: Sequence[Rule], clock: Clock) -> None:
    """Now and every hour."""
    while True:
        for days, delete_before in rules:
            before_ms = clock.now_ms() - days * DAY_MS
            try:
                while days and await asyncio.to_thread(delete_before, before_ms):
                    await asyncio.sleep(_PAUSE_S)
            except (GatewayError, Refused) as error:
                log.warning("what is past its retention could not be deleted", error=str(error))
        await asyncio.sleep(_EVERY_S)
