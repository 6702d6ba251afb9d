"""From an empty directory to a history: simulated calls through the app, one after the other, each at its own time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from entrepot import settings as knobs
from entrepot.app import App, open_store
from entrepot.demo import call, providers, rhythm
from entrepot.demo.clock import HistoryClock
from entrepot.demo.doubles import Doubles
from entrepot.demo.people import APPS, Ask
from entrepot.demo.rhythm import Plan
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import create_key, ensure_workspace
from entrepot.settings import Settings

_AT_ONCE = 256
"""Calls under way here; those whose client hangs up wait for that to be noticed."""
_BACKLOG = 4_000
"""Records that may wait for the database before the next call is made."""
_WEEK_MS = 7 * 86_400_000


async def fill(folder: Path, plan: Plan, advance: Callable[[int], None]) -> None:
    """Makes every call of the plan. `advance` is told now and then how many more are made."""
    clock = HistoryClock(plan.since_s)
    doubles = Doubles(plan.since_s, plan.until_s, plan.seed)
    keys = _keys(settings_of(folder), round(plan.since_s * 1000))
    coming = _Coming(rhythm.asks(plan))
    whole_s = plan.until_s - plan.since_s
    # When a price changes, the operator of the demo writes it into the configuration and starts again.
    starts = [0.0, *providers.price_changes()]
    for start, end in zip(starts, [*starts[1:], 1.0], strict=True):
        until_s = plan.since_s + end * whole_s if end < 1 else plan.until_s
        async with App(settings_of(folder, start), clock, transport=doubles) as app:
            await _drive(app, clock, coming.before(until_s), keys, advance)
            clock.reach(until_s)


def settings_of(folder: Path, progress: float = 1.0, **server: Any) -> Settings:
    """The demo's own: neither the file nor the environment of this machine counts."""
    return knobs.check(
        {"data_dir": str(folder), "catalog": {"find_local": False}, "server": server} | providers.settings(progress)
    )


def visitors_key(settings: Settings, now_ms: int) -> str:
    """A test key for whoever looks at the demo, good for a week."""
    return _with_store(settings, "demo visitor", "test", now_ms, now_ms + _WEEK_MS)


class _Coming:
    """The calls to come, handed out up to a time."""

    def __init__(self, asks: Iterator[Ask]) -> None:
        self._asks = asks
        self._next = next(asks, None)

    def before(self, until_s: float) -> Iterator[Ask]:
        while self._next is not None and self._next.at_s < until_s:
            yield self._next
            self._next = next(self._asks, None)


async def _drive(
    app: App, clock: HistoryClock, asks: Iterator[Ask], keys: dict[str, str], advance: Callable[[int], None]
) -> None:
    running: set[asyncio.Task[None]] = set()
    for number, ask in enumerate(asks, 1):
        clock.reach(ask.at_s)
        task = asyncio.create_task(call.make(app, ask, keys[ask.app.title], ask.at_s))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(0)
        if len(running) >= _AT_ONCE:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        if number % 50 == 0:
            advance(50)
            while app.recorder.waiting > _BACKLOG:
                await asyncio.sleep(0.05)
    clock.reach(clock.now_ms() / 1000 + 1)
    if running:
        await asyncio.wait(running)


def _keys(settings: Settings, now_ms: int) -> dict[str, str]:
    """A live key for each app, known to nobody afterwards."""
    return {app.title: _with_store(settings, app.title or "trying things out", "live", now_ms) for app in APPS}


def _with_store(settings: Settings, name: str, kind: Any, now_ms: int, expires_ms: int | None = None) -> str:
    db = open_store(settings)
    try:
        ensure_workspace(db, now_ms)
        secret = installation_secret(db, Path(settings.data_dir))
        return create_key(db, secret, name=name, kind=kind, now_ms=now_ms, expires_ms=expires_ms)[0]
    finally:
        db.close()
