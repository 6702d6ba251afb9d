"""Kept cards of workspaces that have little left are charged, and what any process left half-way is ended."""

from __future__ import annotations

import asyncio

import structlog

from entrepot.payments.cashier import Cashier
from entrepot.storage.database import Refused, StorageAway

_EVERY_S = 2.0
log = structlog.get_logger("entrepot")


async def top_up(cashier: Cashier) -> None:
    while True:
        try:
            for trouble in await asyncio.to_thread(cashier.top_ups.tick):
                log.warning("automatic top-up", why=trouble)
        except (StorageAway, Refused) as error:
            log.warning("automatic top-up could not look", error=str(error))
        await asyncio.sleep(_EVERY_S)
