"""The whole ledger against a model that a reader can check: whatever is done in whatever order, money adds up.

Two processes on one database, a key with a daily limit in a prepaid workspace. Holds are taken, extended, settled and released; credit
is granted, corrected, bought, refunded and disputed; limits and prices change, days begin, processes die and what they leased expires.
"""

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from model import Held, Model
from test_holds import ask

from entrepot.errors import Conflict, InvalidRequest, OutOfCredits
from entrepot.identity.store import create_key, ensure_workspace
from entrepot.ledger.audit import Act
from entrepot.ledger.funding import Order, correct, grant, refund
from entrepot.ledger.holds import Holds
from entrepot.ledger.janitor import Janitor
from entrepot.ledger.keys import Change, change
from entrepot.ledger.leases import room_of
from entrepot.ledger.posting import post_usage
from entrepot.ledger.purses import Hold, chargeable, credit_purse, key_purse, release, settle
from entrepot.ledger.terms import Terms, set_prepaid
from entrepot.ledger.verify import verify
from entrepot.payments import store as payments
from entrepot.payments.posting import Seen, bring_up
from entrepot.payments.receipts import Seller
from entrepot.payments.terms import Quote
from entrepot.payments.till import ReturnSeen, SessionSeen
from entrepot.records import store
from entrepot.routing.plan import Candidate, Plan
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, endpoint, generation, model, price
from entrepot.values.generation import Generation
from entrepot.values.times import DAY_MS
from postgres_server import PostgresServer

AMOUNTS = st.integers(1, 60).map(lambda thousands: thousands * 1_000)
WHICH = st.integers(0, 9)
PRICES = (500, 1_000, 2_000)
"""Of a token of an answer, in nano-dollars; a prompt costs nothing."""
PLANS = {
    each: Plan((Candidate(model(), endpoint(price=price("0", str(each / 1_000)), max_completion_tokens=10_000)),), ())
    for each in PRICES
}


class Open(NamedTuple):
    process: Holds
    hold: Hold
    held: Held
    tokens: int
    began_ms: int


class Others:
    """What one process knows of the records of all."""

    def __init__(self, machine: "WholeLedger", process: str) -> None:
        self.machine, self.process = machine, process

    async def take_in(self) -> None: ...

    def may_live(self, process: str) -> bool:
        return process not in self.machine.dead or any(name == process for name, _ in self.machine.waiting)

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        yield

    def unposted(self) -> Mapping[str, int]:
        costs: Counter[str] = Counter()
        for process, made in self.machine.waiting:
            for purse in made.held if process == self.process else ():
                costs[purse] += made.cost_nano
        return costs


class WholeLedger(RuleBasedStateMachine):
    def __init__(self, url: str = "") -> None:
        super().__init__()
        self.url = url

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.db = open_database(self.url or f"sqlite:///{self.folder.name}/e.db")
        self.db.migrate()
        ensure_workspace(self.db, NOW_MS)
        self.now_ms, self.made, self.price, self.model = NOW_MS, 0, PRICES[0], Model(100_000)
        set_prepaid(self.db, "default", True, self.act())
        fields: dict[str, Any] = {"limit_nano": self.model.limit, "limit_reset": "daily"}
        self.caller = create_key(self.db, b"s" * 32, name="n", kind="live", now_ms=NOW_MS, **fields)[1]
        self.processes = [self.process(), self.process()]
        self.dead: set[str] = set()
        self.open: list[Open] = []
        self.waiting: list[tuple[str, Generation]] = []
        self.bought: list[SessionSeen] = []
        self.disputed: dict[str, ReturnSeen] = {}

    def process(self) -> Holds:
        return Holds(self.db, Terms(self.db), self.name("p"), "here", lambda: self.now_ms, tries=1)

    def name(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made:05}"

    def act(self) -> Act:
        return Act(actor="t", at_ms=self.now_ms)

    def order(self, amount: int) -> Order:
        return Order(actor="t", at_ms=self.now_ms, key=self.name("k"), workspace="default", amount_nano=amount, reason="r")

    @property
    def today(self) -> int:
        return self.now_ms // DAY_MS

    @rule(amount=AMOUNTS)
    def give(self, amount: int) -> None:
        order = self.order(amount)
        assert (grant(self.db, order), grant(self.db, order)) == (True, False)
        self.model.credit += amount

    @rule(amount=AMOUNTS, less=st.booleans())
    def set_right(self, amount: int, less: bool) -> None:
        self.give_all_back()
        gain = -amount if less else amount
        fits = -gain <= self.model.credit_left() or not less
        try:
            correct(self.db, self.order(gain))
            assert fits
            self.model.credit += gain
        except (InvalidRequest, Conflict):
            assert not fits

    @rule(amount=AMOUNTS)
    def pay_back(self, amount: int) -> None:
        self.give_all_back()
        fits = amount <= self.model.credit_left()
        try:
            refund(self.db, self.order(amount))
            assert fits
            self.model.credit -= amount
        except (InvalidRequest, Conflict):
            assert not fits

    @rule(amount=AMOUNTS)
    def top_up(self, amount: int) -> None:
        """Bought, and told twice."""
        bought = payments.new_payment("default", Quote("usd", amount // 1_000, 7, 1_000), self.act())
        payments.add(self.db, bought)
        session = SessionSeen(f"cs-{bought.id}", "", bought.id, amount // 1_000 + 7, "usd", True, False, f"pi-{bought.id}")
        for _ in range(2):
            bring_up(self.db, bought.id, Seen(session), self.act(), Seller())
        self.bought.append(session)
        self.model.credit += amount

    @precondition(lambda self: self.bought)
    @rule(which=WHICH, kind=st.sampled_from(("refund", "dispute")))
    def money_goes_back(self, which: int, kind: Any) -> None:
        """By Stripe's word, whatever is left; so credit may be below zero afterwards, and then nothing may be spent."""
        self.give_all_back()
        session = self.bought.pop(which % len(self.bought))
        back = ReturnSeen(kind, f"re-{session.payment}", "", session.amount_minor, "usd", "stands")
        for _ in range(2):
            bring_up(self.db, session.payment, Seen(session, [back]), self.act(), Seller())
        self.model.credit -= (session.amount_minor - 7) * 1_000
        self.disputed[session.payment] = back
        self.sessions = getattr(self, "sessions", {}) | {session.payment: session}

    @precondition(lambda self: self.disputed)
    @rule()
    def a_dispute_is_won(self) -> None:
        """Or a refund has failed: what was taken comes back."""
        payment, back = self.disputed.popitem()
        session = self.sessions[payment]
        undone = ReturnSeen(back.kind, back.stripe_id, "", back.amount_minor, "usd", "undone")
        bring_up(self.db, payment, Seen(session, [undone]), self.act(), Seller())
        self.model.credit += (session.amount_minor - 7) * 1_000

    @rule(number=st.integers(0, 1), tokens=st.integers(1, 40), more=st.none() | st.integers(0, 1))
    def hold(self, number: int, tokens: int, more: int | None) -> None:
        """Of so many tokens, or of all that can be had and so many more."""
        self.give_all_back()
        if more is not None:
            tokens = max(self.model.left(self.today) // self.price + more, 1)
        process, amount = self.processes[number], tokens * self.price
        fits = amount <= self.model.left(self.today)
        try:
            hold = self.wait(process.reserve(ask(tokens), self.caller, PLANS[self.price], self.now_ms))
            assert fits
            assert hold.amount == amount
            held = self.model.hold(process.process, self.today, amount)
            self.open.append(Open(process, hold, held, tokens, self.now_ms))
        except OutOfCredits:
            assert not fits

    @precondition(lambda self: self.open)
    @rule(part=st.integers(1, 250), which=WHICH)
    def settle(self, part: int, which: int) -> None:
        """At the price of now, and for more tokens than were asked for where a provider says so: then the hold is extended."""
        call = self.open.pop(which % len(self.open))
        cost = chargeable(call.hold, call.tokens * self.price * part // 100)
        settle(call.hold, cost)
        release(call.hold)
        self.model.settle(call.held, cost)
        fields: dict[str, Any] = {"key_hash": self.caller.key_hash, "cost_nano": cost, "held": call.hold.names}
        made = generation(self.name("gen-"), created_ms=call.began_ms, **fields)
        self.waiting.append((call.process.process, made))

    @precondition(lambda self: self.open)
    @rule(which=WHICH)
    def release(self, which: int) -> None:
        call = self.open.pop(which % len(self.open))
        release(call.hold)
        self.model.release(call.held)

    @rule()
    def record(self) -> None:
        """Twice, as after a crash between the commit and its answer."""
        for process, made in self.waiting + self.waiting:
            store.insert_missing(self.db, [(made, b"{}")], lambda new, process=process: post_usage(self.db, new, process))
        self.waiting = []

    @rule(number=st.integers(0, 1))
    def die(self, number: int) -> None:
        """Its calls end with it, and nobody says so: what it had leased stays leased for now."""
        dead = self.processes[number]
        self.open = [call for call in self.open if call.process is not dead]
        dead.close()
        self.dead.add(dead.process)
        self.processes[number] = self.process()

    @rule(number=st.integers(0, 1))
    def expire(self, number: int) -> None:
        """A living one takes in what the dead have left behind, and ends their leases."""
        self.record()
        self.wait(self.janitor(self.processes[number]).sweep())
        for process in self.dead:
            self.model.expire(process)

    @rule()
    def a_day_begins(self) -> None:
        """Also while calls are under way, which belong to the day that they began in."""
        self.now_ms += DAY_MS

    @rule(price=st.sampled_from(PRICES))
    def the_price_changes(self, price: int) -> None:
        self.price = price

    @rule(limit=st.integers(0, 200).map(lambda thousands: thousands * 1_000))
    def change_limit(self, limit: int) -> None:
        self.give_all_back()
        spent = self.model.spent.get(self.today, 0)
        try:
            self.caller = change(self.db, self.caller, Change(limit_nano=limit), self.act())
            assert limit >= spent
            self.model.limit = limit
        except InvalidRequest:
            assert limit < spent

    def wait(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def janitor(self, holds: Holds) -> Janitor:
        return Janitor(holds, Others(self, holds.process), lambda why: None)

    def give_all_back(self) -> None:
        """As the janitors do when somebody finds a purse empty."""
        self.expire(0)
        for holds in self.processes:
            holds.hope()
            for purse in holds.purses.values():
                holds.set_free(purse)
            self.wait(holds.flush())

    @invariant()
    def the_books_are_right(self) -> None:
        if not hasattr(self, "disputed"):
            return
        assert [finding for finding in verify(self.db) if finding.wrong] == []
        assert all(0 <= purse.held <= purse.allowance for holds in self.processes for purse in holds.purses.values())
        recorded = sum(made.cost_nano for _, made in self.waiting)
        total = self.db.execute("SELECT sum(amount_nano) FROM ledger_entries WHERE account = 'credit'").fetchone()
        assert (total[0] or 0) - recorded == self.model.credit - sum(self.model.spent.values())  # type: ignore[index]
        key = key_purse(self.caller.key_hash, "daily", self.now_ms)
        for purse, left in ((credit_purse("default"), self.model.credit_left()), (key, self.model.limit_left(self.today))):
            room = room_of(self.db, purse)
            assert room is not None
            if room.unleased < min(0, left):
                # Credit was taken from under a call. What the call did not need lies with its process until somebody looks for it.
                self.give_all_back()
                room = room_of(self.db, purse)
            assert room is not None
            assert room.unleased >= min(0, left)

    def teardown(self) -> None:
        if hasattr(self, "disputed"):
            for holds in self.processes:
                holds.close()
            self.db.close()
            self.loop.close()
            self.folder.cleanup()


def steps(examples: int) -> settings:
    """`the_books_are_right` is asserted after each of them."""
    return settings(max_examples=examples, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("examples", [25, pytest.param(1_000, marks=pytest.mark.soak)])
def test_money_adds_up_on_sqlite_whatever_is_done_in_whatever_order(examples: int) -> None:
    run_state_machine_as_test(WholeLedger, settings=steps(examples))


def test_money_adds_up_on_postgresql_whatever_is_done_in_whatever_order(postgres: PostgresServer) -> None:
    run_state_machine_as_test(lambda: WholeLedger(postgres.database()), settings=steps(5))
