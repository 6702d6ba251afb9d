"""What a process has at hand for when the database is away, and how its account and the database's are brought together."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from test_holds import PLAN, World, ask, held

from entrepot.ledger.holds import Holds
from entrepot.ledger.janitor import Janitor
from entrepot.ledger.leases import leased, take_off
from entrepot.ledger.pace import Pace
from entrepot.ledger.purses import Hold, release, settle
from entrepot.ledger.terms import Terms
from entrepot.storage.database import StorageAway
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS


class Waiting:
    """Records that wait, as the test says. No other process is there."""

    def __init__(self, **costs: int) -> None:
        self.costs: dict[str, int] | None = dict(costs)

    async def take_in(self) -> None: ...

    def may_live(self, process: str) -> bool:
        return True

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        yield

    def unposted(self) -> dict[str, int] | None:
        return self.costs


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    with contextlib.closing(open_database(f"sqlite:///{tmp_path / 'e.db'}")) as db:
        db.migrate()
        db.execute("INSERT INTO workspaces (id, name, created_ms) VALUES ('default', 'D', 1)")
        world = World(db)
        yield world
        for holds in world.processes:
            holds.close()


async def one_hold(world: World, limit: int = 10_000) -> tuple[Hold, Janitor, Waiting]:
    """A call of 2,000 nano-dollars, against a limit."""
    records = Waiting()
    holds = world.process()
    return await held(holds, world.caller(limit), 2), Janitor(holds, records, lambda why: None), records


async def test_a_record_that_was_never_written_strands_nothing(world: World) -> None:
    hold, janitor, _ = await one_hold(world)
    settle(hold, 1_500)
    await janitor.sweep()
    assert leased(world.db, hold.names[0]) == hold.purses[0].allowance


async def test_what_waits_for_the_database_stays_leased(world: World) -> None:
    hold, janitor, records = await one_hold(world)
    before = leased(world.db, hold.names[0])
    settle(hold, 1_500)
    records.costs = {hold.names[0]: 1_500}
    await janitor.sweep()
    assert leased(world.db, hold.names[0]) == before


async def test_while_it_is_not_known_what_was_written_nothing_is_given_back(world: World) -> None:
    hold, janitor, records = await one_hold(world)
    before = leased(world.db, hold.names[0])
    settle(hold, 1_500)
    records.costs = None
    await janitor.sweep()
    assert leased(world.db, hold.names[0]) == before


async def test_a_lease_that_others_ended_is_not_spent(world: World) -> None:
    hold, janitor, _ = await one_hold(world)
    release(hold)
    take_off(world.db, "p", {hold.names[0]: leased(world.db, hold.names[0])})
    await janitor.sweep()
    assert hold.purses[0].allowance == 0


async def test_twice_what_the_last_minute_needed_is_kept_at_hand_and_the_rest_goes_back(world: World) -> None:
    hold, janitor, _ = await one_hold(world, 100_000)
    settle(hold, 1_500)
    take_off(world.db, "p", {hold.names[0]: 1_500})
    for _ in range(2):
        await janitor.tick()
    assert leased(world.db, hold.names[0]) == hold.purses[0].allowance == 2 * (1_500 + 2_000)


async def test_who_spends_fast_has_a_minute_at_hand_when_the_database_goes_away(world: World) -> None:
    holds, caller = world.process(), world.caller(2_000_000)
    janitor = Janitor(holds, Waiting(), lambda why: None)
    spent = 0
    for _ in range(20):
        hold = await held(holds, caller, 10)
        settle(hold, 10_000)
        spent += 10_000
    await janitor.tick()
    assert hold.purses[0].allowance >= spent + 10_000
    world.db.execute("UPDATE keys SET limit_nano = 0")
    for _ in range(20):
        settle(await held(holds, caller, 10), 10_000)


async def test_what_is_at_hand_for_later_is_no_more_than_a_quarter_of_what_is_left(world: World) -> None:
    hold, janitor, _ = await one_hold(world, 8_000)
    settle(hold, 2_000)
    take_off(world.db, "p", {hold.names[0]: 2_000})
    await janitor.tick()
    assert hold.purses[0].allowance == 6_000 // 4


async def test_a_call_that_nothing_covers_waits_only_so_long_and_is_told_why(world: World) -> None:
    holds, caller = Holds(world.db, Terms(world.db), "p", "here", lambda: NOW_MS, patience_s=0.1), world.caller(10_000)
    world.processes.append(holds)
    with contextlib.closing(world.db.sibling()) as other, other.transaction():
        with pytest.raises(StorageAway, match="has not answered") as caught:
            await holds.reserve(ask(1), caller, PLAN)
    assert "does not cover this call" in caught.value.message


def test_a_pace_is_what_the_last_minute_and_a_half_took() -> None:
    pace = Pace()
    for slot in range(10):
        pace.tell(slot, 100, 7 if slot == 8 else 5)
    assert pace.needed == 6 * 100 + 7
    pace.tell(20, 0, 0)
    assert pace.needed == 0
