"""The whole ledger against a model that a reader can check: whatever is done in whatever order, money adds up."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from test_holds import ACT, PLAN, Alone, ask

from entrepot.errors import InvalidRequest, OutOfCredits
from entrepot.identity.store import create_key, ensure_workspace
from entrepot.ledger.funding import Order, correct, grant, refund
from entrepot.ledger.holds import Holds
from entrepot.ledger.janitor import Janitor
from entrepot.ledger.keys import Change, change
from entrepot.ledger.leases import end
from entrepot.ledger.posting import post_usage
from entrepot.ledger.purses import DAY_MS, Hold, chargeable, release, settle
from entrepot.ledger.terms import Terms, set_prepaid
from entrepot.ledger.verify import verify
from entrepot.records import store
from entrepot.storage.sqlite import connect
from entrepot.testing.builders import NOW_MS, generation

DOLLARS = st.integers(1, 60).map(lambda thousands: thousands * 1_000)


class Model:
    """What there should be: credit given, and for each generation its day and cost; holds are what is promised besides."""

    def __init__(self) -> None:
        self.credit = 0
        self.limit = 100_000
        self.spent: list[tuple[int, int]] = []
        self.held: list[int] = []

    def credit_left(self) -> int:
        return self.credit - sum(cost for _, cost in self.spent) - sum(self.held)

    def limit_left(self, day: int) -> int:
        return self.limit - sum(cost for when, cost in self.spent if when == day) - sum(self.held)


class WholeLedger(RuleBasedStateMachine):
    """Two processes on one database; a key with a daily limit in a prepaid workspace."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.db = connect(Path(self.folder.name) / "e.db")
        self.db.migrate()
        ensure_workspace(self.db, NOW_MS)
        self.now_ms, self.made, self.model = NOW_MS, 0, Model()
        set_prepaid(self.db, "default", True, ACT)
        fields: dict[str, Any] = {"limit_nano": self.model.limit, "limit_reset": "daily"}
        self.caller = create_key(self.db, b"s" * 32, name="n", kind="live", now_ms=NOW_MS, **fields)[1]
        self.processes = [self.process(), self.process()]
        self.open: list[tuple[int, Hold, int]] = []
        self.waiting: list[tuple[str, Any]] = []

    def process(self) -> Holds:
        self.made += 1
        return Holds(self.db, Terms(self.db), f"p{self.made}", "here", lambda: self.now_ms, tries=1)

    def wait(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def order(self, amount: int) -> Order:
        self.made += 1
        return Order(actor="t", at_ms=self.now_ms, key=f"k{self.made}", workspace="default", amount_nano=amount, reason="r")

    @rule(amount=DOLLARS)
    def give(self, amount: int) -> None:
        order = self.order(amount)
        assert (grant(self.db, order), grant(self.db, order)) == (True, False)
        self.model.credit += amount

    @rule(amount=DOLLARS)
    def pay_back(self, amount: int) -> None:
        self.give_all_back()
        fits = amount <= self.model.credit_left()
        try:
            refund(self.db, self.order(amount))
            assert fits
            self.model.credit -= amount
        except InvalidRequest:
            assert not fits

    @rule(amount=DOLLARS)
    def set_right(self, amount: int) -> None:
        correct(self.db, self.order(amount))
        self.model.credit += amount

    @rule(number=st.integers(0, 1), tokens=st.integers(1, 40))
    def hold(self, number: int, tokens: int) -> None:
        self.give_all_back()
        fits = tokens * 1_000 <= min(self.model.credit_left(), self.model.limit_left(self.now_ms // DAY_MS))
        try:
            hold = self.wait(self.processes[number].reserve(ask(tokens), self.caller, PLAN))
            assert fits
            assert hold.amount == tokens * 1_000
            self.open.append((number, hold, self.now_ms))
            self.model.held.append(hold.amount)
        except OutOfCredits:
            assert not fits

    @precondition(lambda self: self.open)
    @rule(part=st.integers(0, 120), which=st.integers(0, 9))
    def finish(self, part: int, which: int) -> None:
        number, hold, began_ms = self.open.pop(which % len(self.open))
        self.model.held.remove(hold.amount)
        if part == 0:
            release(hold)
            return
        cost = chargeable(hold, hold.amount * part // 100)
        settle(hold, cost)
        release(hold)
        self.made += 1
        fields: dict[str, Any] = {"key_hash": self.caller.key_hash, "cost_nano": cost, "held": hold.names}
        made = generation(f"gen-{self.made:05}", created_ms=began_ms, **fields)
        self.waiting.append((self.processes[number].process, made))
        self.model.spent.append((began_ms // DAY_MS, cost))

    @rule()
    def record(self) -> None:
        """Twice, as after a crash between the commit and its answer."""
        for process, made in self.waiting + self.waiting:
            store.insert_missing(self.db, [(made, b"{}")], lambda new, process=process: post_usage(self.db, new, process))
        self.waiting = []

    @rule(number=st.integers(0, 1))
    def die(self, number: int) -> None:
        """Its calls end with it, its records are taken in by another, its leases end."""
        self.record()
        dead = self.processes[number]
        for one, hold, _ in [entry for entry in self.open if entry[0] == number]:
            assert one == number
            self.model.held.remove(hold.amount)
        self.open = [entry for entry in self.open if entry[0] != number]
        dead.close()
        end(self.db, dead.process)
        self.processes[number] = self.process()

    @precondition(lambda self: not self.open)
    @rule()
    def day_passes(self) -> None:
        self.record()
        self.now_ms += DAY_MS

    @rule(limit=st.integers(0, 200).map(lambda thousands: thousands * 1_000))
    def change_limit(self, limit: int) -> None:
        self.record()
        spent = self.model.limit - self.model.limit_left(self.now_ms // DAY_MS) - sum(self.model.held)
        try:
            self.caller = change(self.db, self.caller, Change(limit_nano=limit), act_at(self.now_ms))
            assert limit >= spent
            self.model.limit = limit
        except InvalidRequest:
            assert limit < spent

    def give_all_back(self) -> None:
        """As the janitors do when somebody finds a purse empty."""
        self.record()
        for holds in self.processes:
            holds.hope()
            for purse in holds.purses.values():
                holds.set_free(purse)
            self.wait(holds.flush())
            self.wait(Janitor(holds, Alone(), lambda why: None).tick())

    @invariant()
    def the_books_are_right(self) -> None:
        if not hasattr(self, "db"):
            return
        assert [finding for finding in verify(self.db) if finding.wrong and "lease" not in finding.what] == []
        assert all(0 <= purse.held <= purse.allowance for holds in self.processes for purse in holds.purses.values())
        recorded = sum(made.cost_nano for _, made in self.waiting)
        total = self.db.execute("SELECT sum(amount_nano) FROM ledger_entries WHERE account = 'credit'").fetchone()
        assert (total[0] or 0) - recorded == self.model.credit - sum(cost for _, cost in self.model.spent)  # type: ignore[index]

    def teardown(self) -> None:
        if hasattr(self, "db"):
            for holds in self.processes:
                holds.close()
            self.db.close()
            self.loop.close()
            self.folder.cleanup()


def act_at(at_ms: int) -> Any:
    return type(ACT)(actor="t", at_ms=at_ms)


TestWholeLedger = WholeLedger.TestCase
TestWholeLedger.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
