"""From an empty directory to a history: simulated calls through the app, one after the other, each at its own time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from entrepot import settings as knobs
from entrepot.app import App
from entrepot.demo import call, exams, providers, rhythm
from entrepot.demo.clock import HistoryClock
from entrepot.demo.doubles import Doubles
from entrepot.demo.office import Office
from entrepot.demo.people import Ask
from entrepot.demo.place import Mark
from entrepot.demo.rhythm import Plan
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import create_key, ensure_workspace
from entrepot.settings import Settings
from entrepot.storage.database import Database
from entrepot.storage.engines import open_store
from entrepot.values.times import DAY_MS

_AT_ONCE = 256
"""Calls under way here; those whose client hangs up wait for that to be noticed."""
_BACKLOG = 4_000
"""Records that may wait for the database before the next call is made."""
_LOOK_EVERY_S = 4 * rhythm.HOUR_S
_WEEK_MS = 7 * DAY_MS


class Watch(msgspec.Struct, frozen=True):
    """advance  is told now and then how many more calls are made;  say  what is done now"""

    advance: Callable[[int], None]
    say: Callable[[str], None]


async def fill(folder: Path, plan: Plan, mark: Mark, clock: HistoryClock, watch: Watch, *, examines: bool) -> None:
    """Makes every call of the plan, and checks endpoints after the last price change. `clock` tells how far it is."""
    doubles = Doubles(*plan.story_s, plan.seed)
    coming = _Coming(rhythm.asks(plan))
    since_s, whole_s = plan.story_s[0], plan.story_s[1] - plan.story_s[0]
    # When a price changes, the operator of the demo writes it into the configuration and starts again.
    changes = [at for at in providers.price_changes() if plan.since_s < since_s + at * whole_s < plan.until_s]
    starts = [(plan.since_s - since_s) / whole_s, *changes]
    ends_s = [*(since_s + at * whole_s for at in changes), plan.until_s]
    with office_in(folder, settings_of(folder), mark, clock) as office:
        keys = await asyncio.to_thread(office.open)
        for progress, until_s in zip(starts, ends_s, strict=True):
            async with App(settings_of(folder, progress), clock, transport=doubles) as app:
                if examines and until_s == ends_s[-1]:
                    watch.say("endpoint checks")
                    # A task of its own, since it is within one call after the other.
                    await asyncio.create_task(_examine(app, doubles, mark, clock))
                    watch.say("calls")
                await _drive(app, clock, coming.before(until_s), Front(office, keys), watch.advance)
                clock.reach(until_s)


class Front(msgspec.Struct, frozen=True):
    """office  looked into every few hours; keys  of each app, by its title"""

    office: Office
    keys: Mapping[str, str]


async def keep_going(app: App, mark: Mark, front: Front) -> None:
    """Calls in the present, each at its time, until cancelled."""
    running: set[asyncio.Task[None]] = set()
    look_s = 0.0
    while True:
        now_s = time.time()
        story_s = (mark.since_s, mark.until_s)
        for ask in rhythm.asks(rhythm.plan(now_s, now_s + rhythm.DAY_S, mark.seed, mark.scale, story_s)):
            await asyncio.sleep(max(0.0, ask.at_s - time.time()))
            look_s = await _look(front.office, look_s, time.time())
            task = asyncio.create_task(call.make(app, ask, front.keys[ask.app.title], None))
            running.add(task)
            task.add_done_callback(running.discard)


def settings_of(folder: Path, progress: float = 1.0, **server: Any) -> Settings:
    """The demo's own: neither the file nor the environment of this machine counts."""
    return knobs.check(
        {"data_dir": str(folder), "catalog": {"find_local": False}, "server": server} | providers.settings(progress)
    )


def visitors_key(settings: Settings, now_ms: int) -> str:
    """A test key for whoever looks at the demo, good for a week."""
    with _store(settings, now_ms) as (db, secret):
        return create_key(db, secret, name="demo visitor", kind="test", now_ms=now_ms, expires_ms=now_ms + _WEEK_MS)[0]


async def _examine(app: App, doubles: Doubles, mark: Mark, clock: HistoryClock) -> None:
    """Of a small demo a few cases are enough."""
    with _store(app.settings, clock.now_ms()) as (db, secret):
        await exams.examine(app, doubles, db, secret, clock, samples=None if mark.scale >= 1 else 2)


class _Coming:
    """The calls to come, handed out up to a time."""

    def __init__(self, asks: Iterator[Ask]) -> None:
        self._asks = asks
        self._next = next(asks, None)

    def before(self, until_s: float) -> Iterator[Ask]:
        while self._next is not None and self._next.at_s < until_s:
            yield self._next
            self._next = next(self._asks, None)


async def _drive(app: App, clock: HistoryClock, asks: Iterator[Ask], front: Front, advance: Callable[[int], None]) -> None:
    running: set[asyncio.Task[None]] = set()
    look_s = 0.0
    for number, ask in enumerate(asks, 1):
        clock.reach(ask.at_s)
        look_s = await _look(front.office, look_s, ask.at_s)
        task = asyncio.create_task(call.make(app, ask, front.keys[ask.app.title], ask.at_s))
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


async def _look(office: Office, next_s: float, now_s: float) -> float:
    """Looks into the office when it is time; says when it is next."""
    if now_s < next_s:
        return next_s
    await asyncio.to_thread(office.look)
    return now_s + _LOOK_EVERY_S


@contextlib.contextmanager
def office_in(folder: Path, settings: Settings, mark: Mark, clock: HistoryClock) -> Iterator[Office]:
    with _store(settings, clock.now_ms()) as (db, secret):
        yield Office(db, secret, folder, mark, clock)


@contextlib.contextmanager
def _store(settings: Settings, now_ms: int) -> Iterator[tuple[Database, bytes]]:
    db = open_store(settings)
    try:
        ensure_workspace(db, now_ms)
        yield db, installation_secret(db, Path(settings.data_dir))
    finally:
        db.close()
