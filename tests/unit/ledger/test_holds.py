"""Holds: what is held is leased, what is leased is there, and everything ends once."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from entrepot.errors import Forbidden, OutOfCredits
from entrepot.identity.store import create_key, ensure_workspace
from entrepot.ledger.asking import Policy
from entrepot.ledger.audit import Act
from entrepot.ledger.funding import Order, grant
from entrepot.ledger.holds import Holds
from entrepot.ledger.janitor import Janitor
from entrepot.ledger.leases import leased, take_off
from entrepot.ledger.purses import Hold, chargeable, release, settle
from entrepot.ledger.terms import Terms, set_budget, set_prepaid
from entrepot.routing.plan import Candidate, Plan
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, endpoint, model, price
from entrepot.values.caller import Caller
from entrepot.values.request import Asked
from entrepot.values.times import DAY_MS

ACT = Act(actor="cli", at_ms=NOW_MS)
PLAN = Plan((Candidate(model(), endpoint(price=price("0", "1"), max_completion_tokens=10_000)),), ())
"""A token of an answer costs 1,000 nano-dollars, a prompt nothing."""


class Alone:
    """No other process has left anything behind."""

    async def take_in(self) -> None: ...

    def may_live(self, process: str) -> bool:
        return False

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        yield

    def unposted(self) -> dict[str, int]:
        return {}


class Counted:
    """A database, and how many transactions it was asked for."""

    def __init__(self, db: Database) -> None:
        self.db, self.asked = db, 0

    def transaction(self, alone: str = "") -> Any:
        self.asked += 1
        return self.db.transaction(alone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


class World:
    """One database and the processes on it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now_ms = NOW_MS
        self.processes: list[Holds] = []

    def caller(self, limit_nano: int | None = None, **more: Any) -> Caller:
        return create_key(self.db, b"s" * 32, name="n", kind="live", now_ms=NOW_MS, limit_nano=limit_nano, **more)[1]

    def process(self, name: str = "p", policy: Policy = Policy(), place: str = "here", ahead_ms: int = 0) -> Holds:
        """ahead_ms  how far its clock is ahead of `now_ms`"""
        holds = Holds(self.db, Terms(self.db), name, place, lambda: self.now_ms + ahead_ms, policy)
        self.processes.append(holds)
        return holds


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    db = open_database(store_url)
    db.migrate()
    ensure_workspace(db, NOW_MS)
    world = World(db)
    yield world
    for holds in world.processes:
        holds.close()
    db.close()


def ask(max_tokens: int | None, **more: Any) -> Asked:
    return Asked(dialect="openai_chat", fields={}, size=100, max_tokens=max_tokens, **more)


async def held(holds: Holds, caller: Caller, max_tokens: int | None) -> Hold:
    hold = await holds.reserve(ask(max_tokens), caller, PLAN)
    assert hold is not None
    return hold


async def test_whom_nothing_binds_holds_nothing(world: World) -> None:
    assert await world.process().reserve(ask(5), world.caller(), PLAN) is None


async def test_a_key_s_limit_is_reached_to_the_last_nano_dollar_and_not_passed(world: World) -> None:
    holds, caller = world.process(), world.caller(10_000)
    open_ = [await held(holds, caller, 4), await held(holds, caller, 6)]
    with pytest.raises(OutOfCredits) as refused:
        await holds.reserve(ask(1), caller, PLAN)
    assert refused.value.metadata["limit_source"] == "openrouter_in_flight_budget"
    assert refused.value.retry_after_s is not None
    release(open_[0])
    assert (await held(holds, caller, 4)).amount == 4_000


async def test_what_was_refused_says_what_would_mend_it(world: World) -> None:
    with pytest.raises(OutOfCredits) as refused:
        await world.process().reserve(ask(11), world.caller(10_000, limit_reset="daily"), PLAN)
    told = refused.value.metadata
    assert (told["limit_source"], told["required"], told["available"]) == ("openrouter_key_limit", "0.000011", "0.00001")
    assert "max_tokens of 10 or less" in told["remedy_hint"]


async def test_a_budget_is_403_and_names_the_broadest_that_is_reached(world: World) -> None:
    set_budget(world.db, "default", "monthly", 5_000, ACT)
    set_budget(world.db, "default", "daily", 4_000, ACT)
    with pytest.raises(Forbidden, match="monthly budget"):
        await world.process().reserve(ask(6), world.caller(), PLAN)


async def test_prepaid_credit_is_what_can_be_spent(world: World) -> None:
    set_prepaid(world.db, "default", True, ACT)
    holds, caller = world.process(), world.caller()
    with pytest.raises(OutOfCredits):
        await holds.reserve(ask(1), caller, PLAN)
    grant(world.db, Order(actor="cli", at_ms=NOW_MS, key="k", workspace="default", amount_nano=3_000, reason="r"))
    holds.hope()
    assert (await held(holds, caller, 3)).amount == 3_000


async def test_of_those_who_wait_for_a_purse_that_is_short_few_ask_the_database(world: World) -> None:
    counted, caller = Counted(world.db), world.caller(10_000)
    await held(world.process("other"), caller, 10)
    holds = Holds(counted, Terms(world.db), "one", "here", lambda: NOW_MS, tries=3)
    world.processes.append(holds)
    refused = await asyncio.gather(*[holds.reserve(ask(1), caller, PLAN) for _ in range(50)], return_exceptions=True)
    assert {type(each) for each in refused} == {OutOfCredits}
    assert 0 < counted.asked < 75


async def test_a_purse_that_is_used_now_and_then_does_not_go_back_and_forth(world: World) -> None:
    counted, caller = Counted(world.db), world.caller(10**12)
    holds = Holds(counted, Terms(world.db), "one", "here", lambda: world.now_ms)
    world.processes.append(holds)
    janitor = Janitor(holds, Alone(), lambda why: None)
    for _ in range(60):
        settle(await held(holds, caller, 10), 10_000)
        world.now_ms += 2_000
        for _ in range(2):
            await janitor.tick()
    assert 0 < counted.asked < 30


async def test_a_call_without_max_tokens_gets_a_share_and_is_made_no_longer_than_it_covers(world: World) -> None:
    holds, caller = world.process(policy=Policy(share_percent=50, least_tokens=10)), world.caller(1_000_000)
    first, second = await held(holds, caller, None), await held(holds, caller, None)
    assert (first.cap, second.cap) == (500, 250)
    rich = await held(holds, world.caller(10**9), None)
    assert (rich.cap, rich.amount) == (None, 10_000_000)


async def test_a_cost_beyond_what_was_held_is_charged_only_where_it_is_there(world: World) -> None:
    holds, caller = world.process(), world.caller(10_000)
    first, second, third = [await held(holds, caller, tokens) for tokens in (4, 5, 1)]
    assert chargeable(first, 9_000) == 4_000
    release(third)
    assert chargeable(first, 9_000) == 5_000
    settle(first, 5_000)
    settle(first, 5_000)
    settle(second, 5_000)
    with pytest.raises(OutOfCredits):
        await holds.reserve(ask(1), caller, PLAN)


async def test_two_processes_never_have_more_than_there_is_and_one_gives_back_what_the_other_lacks(world: World) -> None:
    one, other, caller = world.process("one"), world.process("other"), world.caller(10_000)
    hold = await held(one, caller, 2)
    release(hold)
    purse = hold.names[0]
    assert 2_000 <= leased(world.db, purse) <= 10_000
    janitor = Janitor(one, Alone(), lambda why: None)
    waiting = asyncio.create_task(held(other, caller, 10))
    while not waiting.done():
        await asyncio.sleep(0.02)
        await janitor.tick()
    assert ((await waiting).amount, leased(world.db, purse)) == (10_000, 10_000)


async def test_leases_of_a_dead_process_are_swept(world: World) -> None:
    dead, caller = world.process("dead"), world.caller(10_000)
    hold = await held(dead, caller, 10)
    await Janitor(world.process("alive"), Alone(), lambda why: None).sweep()
    assert leased(world.db, hold.names[0]) == 0


async def test_of_a_process_elsewhere_only_a_long_silence_ends_the_leases_whatever_its_clock_says(world: World) -> None:
    behind, caller = world.process("behind", place="elsewhere", ahead_ms=-3_600_000), world.caller(10_000)
    hold = await held(behind, caller, 10)
    theirs, ours = (Janitor(each, Alone(), lambda why: None) for each in (behind, world.process("one")))
    for _ in range(4):
        world.now_ms += 10 * 60_000
        await theirs.sweep()
        await ours.sweep()
    assert leased(world.db, hold.names[0]) == 10_000
    world.now_ms += 16 * 60_000
    await ours.sweep()
    assert leased(world.db, hold.names[0]) == 0


async def test_a_call_that_began_before_midnight_is_held_against_the_day_that_it_is_recorded_in(world: World) -> None:
    holds, caller = world.process(), world.caller(10_000, limit_reset="daily")
    world.now_ms = NOW_MS + DAY_MS
    late = await holds.reserve(ask(7), caller, PLAN, NOW_MS + DAY_MS - 1)
    today = await holds.reserve(ask(7), caller, PLAN, NOW_MS + DAY_MS)
    assert late is not None and today is not None
    assert late.names[0].endswith(f"/{NOW_MS // DAY_MS}") and today.names[0].endswith(f"/{NOW_MS // DAY_MS + 1}")
    with pytest.raises(OutOfCredits):
        await holds.reserve(ask(4), caller, PLAN, NOW_MS + DAY_MS - 1)


async def test_of_what_was_spent_to_the_end_no_lease_is_kept(world: World) -> None:
    holds, caller = world.process(), world.caller(10_000)
    hold = await held(holds, caller, 10)
    settle(hold, 10_000)
    take_off(world.db, "p", {hold.names[0]: 10_000})
    await Janitor(holds, Alone(), lambda why: None).sweep()
    assert world.db.execute("SELECT * FROM leases").fetchall() == []


def test_what_one_workspace_is_bound_by_is_not_hidden_by_a_change_of_another_at_the_same_time(world: World) -> None:
    world.db.execute("INSERT INTO workspaces (id, name, created_ms) VALUES ('b', 'b', 0)")
    other = world.db.sibling()
    with world.db.transaction():
        set_prepaid(world.db, "default", True, ACT)
        beside = threading.Thread(target=set_prepaid, args=(other, "b", True, ACT))
        beside.start()
        beside.join(0.3)
    beside.join()
    other.close()
    revisions = [revision for (revision,) in world.db.execute("SELECT revision FROM workspaces").fetchall()]
    assert len(set(revisions)) == 2


async def test_a_limit_that_is_lowered_binds_what_was_leased_before(world: World) -> None:
    holds, caller = world.process(), world.caller(80_000)
    release(await held(holds, caller, 8))
    world.db.execute("UPDATE keys SET limit_nano = 5000")
    lowered = msgspec.structs.replace(caller, limit_nano=5_000)
    with pytest.raises(OutOfCredits):
        await holds.reserve(ask(6), lowered, PLAN)
    assert (await held(holds, lowered, 5)).amount == 5_000


async def test_who_leaves_while_a_lease_is_made_holds_nothing_and_strands_nothing(world: World) -> None:
    holds, caller = world.process(), world.caller(10_000)
    leaving = asyncio.create_task(holds.reserve(ask(10), caller, PLAN))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert (await held(holds, caller, 10)).amount == 10_000
    assert [(purse.allowance, purse.held) for purse in holds.purses.values()] == [(10_000, 10_000)]
