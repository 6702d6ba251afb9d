"""Credit that processes have at hand for calls to come can leave a workspace; what calls hold cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from test_holds import ACT, Alone, World, held

from entrepot.errors import Conflict, InvalidRequest, OutOfCredits
from entrepot.identity.store import ensure_workspace
from entrepot.ledger.books import balance
from entrepot.ledger.calling_in import called_in
from entrepot.ledger.funding import Order, correct, grant, refund
from entrepot.ledger.janitor import Janitor
from entrepot.ledger.leases import leased
from entrepot.ledger.posting import post_usage
from entrepot.ledger.purses import release, settle
from entrepot.ledger.terms import set_prepaid
from entrepot.ledger.verify import verify
from entrepot.records import store
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, generation


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    """A prepaid workspace with a thousand tokens' worth of credit."""
    db = open_database(store_url)
    db.migrate()
    ensure_workspace(db, NOW_MS)
    set_prepaid(db, "default", True, ACT)
    grant(db, order(1_000_000, "given"))
    world = World(db)
    yield world
    for holds in world.processes:
        holds.close()
    db.close()


def order(amount_nano: int, key: str) -> Order:
    return Order(actor="cli", at_ms=NOW_MS, key=key, workspace="default", amount_nano=amount_nano, reason="r")


@pytest.mark.parametrize(("change", "amount"), [(refund, 996_000), (correct, -996_000)])
async def test_what_no_call_needs_is_called_in_from_whoever_leased_it(world: World, change: Any, amount: int) -> None:
    holds, caller = world.process(), world.caller()
    used = await held(holds, caller, 200)
    await held(holds, caller, 4)
    release(used)
    janitor, loop = Janitor(holds, Alone(), lambda why: None), asyncio.get_running_loop()

    def tick(_: float) -> None:
        asyncio.run_coroutine_threadsafe(janitor.tick(), loop).result()

    paying = asyncio.to_thread(called_in, world.db, "default", NOW_MS, lambda: change(world.db, order(amount, "back")), tick)
    assert (await paying, balance(world.db, "credit", "default")) == (True, 4_000)
    assert leased(world.db, "credit/default") == 4_000


async def test_what_calls_hold_is_told_with_when_to_ask_again(world: World) -> None:
    await held(world.process(), world.caller(), 600)
    waits: list[float] = []
    with pytest.raises(Conflict, match=r"held by calls under way") as refused:
        called_in(world.db, "default", NOW_MS, lambda: refund(world.db, order(900_000, "back")), waits.append)
    told = refused.value.metadata
    assert (told["retryable"], told["available"], told["in_use"]) == (True, "0.0004", "0.0006")
    assert refused.value.retry_after_s == 10 and 0 < sum(waits) <= 3.1
    assert balance(world.db, "credit", "default") == 1_000_000


async def test_what_a_gateway_that_is_gone_had_leased_is_told_apart(world: World) -> None:
    await held(world.process(), world.caller(), 600)
    late = Order(actor="cli", at_ms=NOW_MS + 31_000, key="k", workspace="default", amount_nano=900_000, reason="r")
    with pytest.raises(Conflict, match=r"\$0.0006 by a gateway that has not been heard of for 30 s"):
        refund(world.db, late)


async def test_refunds_and_calls_at_once_never_take_more_than_there_is(world: World) -> None:
    """Two processes hold, settle and record while somebody pays back again and again: what is leased is there."""
    processes = [world.process("one"), world.process("two")]
    janitors = [Janitor(holds, Alone(), lambda why: None) for holds in processes]
    caller, loop, spent, lowest = world.caller(), asyncio.get_running_loop(), 0, 1_000_000

    def tick(_: float) -> None:
        for janitor in janitors:
            asyncio.run_coroutine_threadsafe(janitor.tick(), loop).result()

    def pay_back() -> int:
        """All that is left, as far as it is not in use."""
        nonlocal lowest
        done = 0
        for number in range(40):
            left = balance(world.db, "credit", "default")
            lowest = min(lowest, left, left - leased(world.db, "credit/default"))
            amount = min(left, 10_000)
            if amount:
                with suppress(Conflict, InvalidRequest):
                    done += amount * called_in(
                        world.db,
                        "default",
                        NOW_MS,
                        lambda amount=amount, key=f"r{number}": refund(world.db, order(amount, key)),
                        tick,
                    )
        return done

    async def call(number: int) -> None:
        nonlocal spent
        holds, cost = processes[number % 2], 1_000 * (number % 20)
        with suppress(OutOfCredits):
            hold = await held(holds, caller, 20)
            await asyncio.sleep(0)
            settle(hold, cost)
            made = generation(f"gen-{number}", key_hash=caller.key_hash, cost_nano=cost, held=hold.names)
            await holds.apart(
                lambda: store.insert(world.db, [(made, b"{}")], lambda new: post_usage(world.db, new, holds.process))
            )
            spent += cost

    async def calls() -> None:
        for number in range(100):
            await call(number)

    paid, _ = await asyncio.gather(asyncio.to_thread(pay_back), calls())
    assert balance(world.db, "credit", "default") == 1_000_000 - paid - spent
    assert paid > 0
    assert spent > 0
    assert lowest >= 0
    assert not [finding for finding in verify(world.db) if finding.wrong]
