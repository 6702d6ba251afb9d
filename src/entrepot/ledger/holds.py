"""Holds for calls: money set aside before a call, against what this process has leased, and ended exactly once.

A caller who is bound by nothing costs one look into a table. For one who is, everything happens in memory as long as the leases
last; only a purse that is too empty makes a call wait for the database, once, for a larger lease. What was leased and is not used
goes back soon, and at once where another process looks for it (`janitor`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from entrepot.errors import GatewayError
from entrepot.ledger import leases
from entrepot.ledger.asking import Ask, Policy
from entrepot.ledger.bound import Worsts
from entrepot.ledger.leases import Granted, Need, Room
from entrepot.ledger.purses import SPANS, Hold, Purse, budget_purse, credit_purse, key_purse, release, take, window_of
from entrepot.ledger.refusal import Lack, refusal
from entrepot.ledger.terms import Bounds, Terms
from entrepot.routing.plan import Plan
from entrepot.storage.database import Database, StorageAway
from entrepot.values.caller import Caller
from entrepot.values.request import Request
from entrepot.values.times import DAY_MS

T = TypeVar("T")
_NO_BOUNDS = Bounds()
_TRIES = 15
_PAUSE_S = 0.1
_PATIENCE_S = 5.0
_TOP_UP_PART = 4
"""Of what a purse has left, a process keeps at most this part at hand for what may come."""
_LATELY_S = 0.1
_MOST_LATELY = 10_000
_MOST_CALLERS = 50_000


_LONG_AGO = (0.0, Granted(0, Room(0, 0)))


class Bound(msgspec.Struct, frozen=True):
    """The purses a caller is bound by, as long as the caller, the workspace's bounds and the day stay what they are."""

    caller: Caller
    bounds: Bounds
    day: int
    purses: tuple[Purse, ...]
    names: tuple[str, ...]


class Short(Exception):
    """There is too little. `may_come`: other processes have leased what is missing, and may give it back."""

    def __init__(self, error: GatewayError, *, may_come: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.may_come = may_come


class Holds:
    """Use from one event loop, with a `Janitor` beside it.

    process     the name under which leases are held, that of the journal whose records they pay for
    place       where that journal lies
    tries       so often is asked again for what other processes may give back
    patience_s  a call waits so long for the database to give a larger lease
    """

    def __init__(
        self,
        db: Database,
        terms: Terms,
        process: str,
        place: str,
        now_ms: Callable[[], int],
        policy: Policy = Policy(),
        tries: int = _TRIES,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self.db = db
        self.terms = terms
        self.process = process
        self.place = place
        self.now_ms = now_ms
        self.purses: dict[str, Purse] = {}
        self.lending = asyncio.Lock()
        """Whoever leases, gives back or forgets purses has it."""
        self.leases = False
        """Anything was ever leased; until then there is nothing to keep in order."""
        self._policy = policy
        self._tries = tries
        self._patience_s = patience_s
        self._worsts = Worsts()
        self._known: dict[str, Bound] = {}
        self._lately: dict[str, tuple[float, Granted]] = {}
        """Purses that the database had too little of a moment ago: until when that holds, and its answer."""
        self._returns: Counter[str] = Counter()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="leases")

    async def reserve(self, request: Request, caller: Caller, plan: Plan, began_ms: int = 0) -> Hold | None:
        """Sets the call's highest cost aside; None for a caller whom nothing binds.

        began_ms  when the call began, in whose day its cost is recorded; 0: now
        raises  OutOfCredits, Forbidden for a budget, StorageAway
        """
        if caller.limit_nano is None and caller.workspace not in self.terms.bound:
            return None
        began_ms = began_ms or self.now_ms()
        bound = self._bound(caller, began_ms)
        if not bound.purses:
            return None
        ask = Ask(request, self._worsts.of(plan), self._policy)
        hold = take(bound.purses, bound.names, _wished(ask, bound.purses))
        if hold is None:
            hold = await self._lend(caller, ask, began_ms)
        if hold is not None and hold.amount < ask.most:
            hold.cap = ask.cap(hold.amount)
        return hold

    def forget(self) -> None:
        """Who is bound by what is looked up again; after purses were dropped."""
        self._known.clear()

    def hope(self) -> None:
        """What was short a moment ago may be there now: limits or credit were changed here."""
        self._lately.clear()

    def set_free(self, purse: Purse, keep: int = 0) -> None:
        """Nobody may hold what is free in it beyond `keep` any more; `flush` gives it back."""
        given = purse.free - keep
        if given > 0:
            self._returns[purse.name] += given
            purse.allowance -= given
        purse.beyond = purse.beyond + given if keep else 0

    def has(self, purse: str) -> int:
        """What this process believes to have leased of a purse and not spent."""
        known = self.purses.get(purse)
        return (known.allowance if known is not None else 0) + self._returns[purse]

    def low(self, purse: Purse) -> int:
        """What it should have at hand and does not, as far as there is enough left."""
        return min(purse.pace.needed, (purse.allowance + purse.beyond) // _TOP_UP_PART) - purse.allowance

    async def top_up(self, purses: Sequence[Purse]) -> None:
        """With the lock. Leases what they should have at hand. raises StorageAway"""
        of: dict[str, list[Purse]] = {}
        for purse in purses:
            of.setdefault(purse.workspace, []).append(purse)
        for workspace, some in of.items():
            await self._lease(workspace, some, [Need(purse.name, 0, self.low(purse), 2) for purse in some])

    async def flush(self) -> None:
        """With the lock. What the database does not take now is given back later (`stranded`). raises StorageAway"""
        returns, self._returns = self._returns, Counter()
        await self.give_back(returns)

    async def give_back(self, amounts: Mapping[str, int]) -> None:
        """With the lock. raises StorageAway"""

        def take_off() -> None:
            with self.db.transaction():
                leases.take_off(self.db, self.process, amounts)

        if amounts:
            await self.apart(take_off)

    async def apart(self, work: Callable[[], T]) -> T:
        """On a thread, in the order in which it was asked for."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        self._thread.shutdown()

    def _bound(self, caller: Caller, began_ms: int) -> Bound:
        today = began_ms // DAY_MS
        bounds = self.terms.bound.get(caller.workspace, _NO_BOUNDS)
        known = self._known.get(caller.key_hash)
        if known is not None and known.caller is caller and known.bounds is bounds and known.day == today:
            return known
        if known is not None and not (known.bounds is bounds and _same_limit(known.caller, caller)):
            for purse in known.purses:
                self.set_free(purse)
        if len(self._known) >= _MOST_CALLERS:
            self._known.clear()
        purses = tuple(self._purses_of(caller, bounds, began_ms))
        bound = Bound(caller, bounds, today, purses, tuple(purse.name for purse in purses))
        self._known[caller.key_hash] = bound
        return bound

    def _purses_of(self, caller: Caller, bounds: Bounds, began_ms: int) -> list[Purse]:
        """Budgets first, the broadest before the others. What a test key spends is not the workspace's."""
        found: list[Purse] = []
        if caller.kind != "test":
            found += [
                self._purse(budget_purse(caller.workspace, span, began_ms), window_of(span, began_ms).end_day, caller.workspace)
                for span in bounds.budgets
            ]
        if caller.limit_nano is not None:
            span = caller.limit_reset or SPANS[0]
            name = key_purse(caller.key_hash, span, began_ms)
            found.append(self._purse(name, window_of(span, began_ms).end_day, caller.workspace))
        if caller.kind != "test" and bounds.prepaid:
            found.append(self._purse(credit_purse(caller.workspace), window_of(SPANS[0], began_ms).end_day, caller.workspace))
        return found

    def _purse(self, name: str, until_day: int, workspace: str) -> Purse:
        known = self.purses.get(name)
        if known is None:
            known = self.purses[name] = Purse(name, until_day, workspace)
        return known

    async def _lend(self, caller: Caller, ask: Ask, began_ms: int) -> Hold | None:
        """A hold after leasing more. Where other processes have what is missing, they get a moment to give it back."""
        tries = self._tries
        while True:
            attempt = asyncio.ensure_future(self._alone(caller, ask, began_ms))
            try:
                async with asyncio.timeout(self._patience_s):
                    return await asyncio.shield(attempt)
            except TimeoutError:
                attempt.add_done_callback(_let_go)
                raise _away(f"It has not answered for {self._patience_s:g} s.") from None
            except StorageAway as error:
                raise _away(error.why) from None
            except asyncio.CancelledError:
                # What was asked of the database is answered all the same, and belongs to this process then.
                attempt.add_done_callback(_let_go)
                raise
            except Short as short:
                tries -= 1
                if not short.may_come or not tries:
                    raise short.error from None
            await asyncio.sleep(_PAUSE_S)

    async def _alone(self, caller: Caller, ask: Ask, began_ms: int) -> Hold | None:
        async with self.lending:
            return await self._try(caller, ask, began_ms)

    async def _try(self, caller: Caller, ask: Ask, began_ms: int) -> Hold | None:
        """With the lock. Someone may have leased enough while we waited for it. raises Short"""
        bound = self._bound(caller, began_ms)
        purses, names = bound.purses, bound.names
        if not purses:
            return None
        hold = take(purses, names, _wished(ask, purses))
        if hold is not None:
            return hold
        self._give_up_on(purses, ask)
        await self.flush()
        answers = await self._leased(caller.workspace, purses, ask)
        if ask.open_ended and _available(purses) > min(purse.free for purse in purses) >= ask.least:
            answers = await self._leased(caller.workspace, purses, ask)  # now that it is known what a share is
        there = [pair for pair in zip(purses, names, answers, strict=True) if not pair[2].unlimited]
        if not there:
            return None
        purses, names = tuple(purse for purse, _, _ in there), tuple(name for _, name, _ in there)
        free = min(purse.free for purse in purses)
        hold = take(purses, names, min(_wished(ask, purses), max(free, ask.least)))
        if hold is not None:
            return hold
        if ask.sharpen():
            return await self._try(caller, ask, began_ms)
        raise self._short(purses, [answer for _, _, answer in there], ask)

    def _give_up_on(self, purses: Sequence[Purse], ask: Ask) -> None:
        """Of all who wait for a purse that is short, and of one who asks again and again, few ask the database. raises Short"""
        now = asyncio.get_running_loop().time()
        for purse in purses:
            until, answer = self._lately.get(purse.name, _LONG_AGO)
            while now < until and purse.free + answer.room.unleased < ask.least:
                if not ask.sharpen():
                    raise _short((purse,), (answer,), ask)

    def _short(self, purses: Sequence[Purse], answers: Sequence[Granted], ask: Ask) -> Short:
        if len(self._lately) >= _MOST_LATELY:
            self._lately.clear()
        until = asyncio.get_running_loop().time() + _LATELY_S
        self._lately |= {purse.name: (until, answer) for purse, answer in zip(purses, answers, strict=True)}
        return _short(purses, answers, ask)

    async def _leased(self, workspace: str, purses: Sequence[Purse], ask: Ask) -> list[Granted]:
        """A call that says how long its answer may be needs all of it; another one what it cannot do without, and then some."""
        answers = await self._lease(workspace, purses, [_need(purse, ask) for purse in purses])
        for purse in purses:
            purse.used = True
        return answers

    async def _lease(self, workspace: str, purses: Sequence[Purse], needs: Sequence[Need]) -> list[Granted]:
        def lease() -> list[Granted]:
            with self.db.transaction(alone=leases.alone(workspace)):
                return leases.lease(self.db, self.process, self.place, needs, self.now_ms())

        self.leases = True
        answers = await self.apart(lease)
        for purse, answer in zip(purses, answers, strict=True):
            purse.allowance += answer.amount
            purse.beyond = max(answer.room.unleased, 0)
        return answers


def _let_go(attempt: asyncio.Future[Hold | None]) -> None:
    if attempt.cancelled() or attempt.exception() is not None:
        return
    hold = attempt.result()
    if hold is not None:
        release(hold)


def _away(why: str) -> StorageAway:
    return StorageAway(
        why,
        message="The gateway's database cannot be asked now, and what was set aside from it beforehand does not cover this call.",
    )


def _wished(ask: Ask, purses: Sequence[Purse]) -> int:
    """To be held. Only a call that does not say how long its answer may be asks what there is."""
    return ask.amount(_available(purses)) if ask.open_ended else ask.most


def _available(purses: Sequence[Purse]) -> int:
    return min([purse.allowance - purse.held + purse.beyond for purse in purses])


def _same_limit(one: Caller, other: Caller) -> bool:
    return (one.limit_nano, one.limit_reset) == (other.limit_nano, other.limit_reset)


def _need(purse: Purse, ask: Ask) -> Need:
    least = max(ask.least - purse.free, 0)
    wished = max(ask.amount(purse.free + purse.beyond) - purse.free, least)
    return Need(purse.name, least, wished)


def _short(purses: Sequence[Purse], answers: Sequence[Granted], ask: Ask) -> Short:
    """The first purse that does not have enough is the one that is told; when all have, what was leased was taken meanwhile."""
    for purse, answer in zip(purses, answers, strict=True):
        available = purse.free + answer.room.unleased
        if available < ask.least:
            unspent = answer.room.unspent
            error = refusal(purse.name, _lack(ask, available, unspent))
            return Short(error, may_come=answer.others > 0 and unspent >= ask.least)
    purse = min(purses, key=lambda purse: purse.free)
    return Short(refusal(purse.name, _lack(ask, purse.free, ask.least)), may_come=True)


def _lack(ask: Ask, available: int, unspent: int) -> Lack:
    return Lack(ask.least, available, unspent, ask.affordable(available), None if ask.open_ended else ask.tokens)
