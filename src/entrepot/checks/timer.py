"""Checks by themselves, every so many hours, when an operator wants them. Of many servers on one database one does each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager

import structlog

from entrepot.checks import store
from entrepot.checks.asking import Gateway
from entrepot.checks.session import check, session
from entrepot.errors import GatewayError
from entrepot.storage.database import Database
from entrepot.values.clock import Clock
from entrepot.values.model import Endpoint, Model
from entrepot.values.money import usd
from entrepot.values.times import HOUR_MS

_LOOK_EVERY_S = 60.0
log = structlog.get_logger("entrepot")


async def keep_checking(
    db: Database,
    every_h: int,
    offered: Callable[[], Iterable[tuple[Model, Endpoint]]],
    calls: Callable[[], AbstractAsyncContextManager[Gateway]],
    clock: Clock,
) -> None:
    """Until cancelled.

    offered  what is to be checked now
    calls    a way to call the gateway with a key that passes away with it
    """
    while True:
        for model, endpoint in offered():
            try:
                await _check_when_due(db, every_h * HOUR_MS, model, endpoint, calls, clock)
            except GatewayError as error:
                log.warning("an endpoint could not be checked", endpoint=endpoint.id, error=error.message)
        await asyncio.sleep(_LOOK_EVERY_S)


async def _check_when_due(
    db: Database,
    every_ms: int,
    model: Model,
    endpoint: Endpoint,
    calls: Callable[[], AbstractAsyncContextManager[Gateway]],
    clock: Clock,
) -> None:
    now_ms = clock.now_ms()
    begun = await asyncio.to_thread(store.begin, db, model.id, endpoint.id, now_ms, every_ms)
    if begun is None:
        return
    # What is asked changes from time to time, and is the same for all endpoints of a model.
    wanted = session(model, endpoint, seed=now_ms // every_ms)
    log.info("an endpoint is checked", endpoint=endpoint.id, calls=wanted.calls, cost_most=usd(wanted.cost_most_nano))
    async with calls() as gateway:
        report = await check(wanted, gateway, clock)
    await asyncio.to_thread(store.finish, db, begun, report)
