"""One top-up at a time over all processes, and none is left half-way, whatever dies between the charge and the record."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from till_without_stripe import CardTill

from entrepot.errors import NotFound
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit, workspaces
from entrepot.ledger.audit import Act
from entrepot.ledger.books import Move, Transaction, balance, post
from entrepot.ledger.verify import verify
from entrepot.payments import cards, store
from entrepot.payments.terms import terms_of
from entrepot.payments.till import CardSeen, TillAway, TillRefuses
from entrepot.payments.top_ups import TopUps, Wish
from entrepot.settings import Payments
from entrepot.storage.engines import open_database

NOW_MS = 1_790_000_000_000
ACT = Act(actor="admin", at_ms=NOW_MS)
DOLLAR = 10**9


class Replicas:
    """Some processes on one database and one Stripe, with a rule that buys 10 dollars below 20, at most 50 a month."""

    def __init__(self, url: str, count: int) -> None:
        self.db = open_database(url, "normal")
        self.db.migrate()
        ensure_workspace(self.db, NOW_MS)
        self.till, self.now_ms = CardTill(), NOW_MS
        terms = terms_of(Payments())
        self.databases = [self.db.sibling() for _ in range(count)]
        self.all = [TopUps(db, self.till, terms, lambda: self.now_ms) for db in self.databases]
        cards.customer_of(self.db, self.till, "default", NOW_MS)
        with self.db.transaction():
            cards.keep(self.db, "default", CardSeen("pm_1", "visa", "4242", "2030-01"), ACT)
        self.all[0].set("default", Wish(Decimal(20), Decimal(10), Decimal(50)), ACT)

    def tick(self) -> None:
        with ThreadPoolExecutor(len(self.all)) as pool:
            list(pool.map(lambda replica: replica.tick(), self.all))

    def spend(self, dollars: int) -> None:
        if dollars:
            move = Move("credit", "default", "revenue", "default", dollars * DOLLAR)
            with self.db.transaction():
                post(self.db, Transaction(f"spent:{dollars}", "live", "correction", NOW_MS, (move,)))

    @property
    def dollars(self) -> int:
        return balance(self.db, "credit", "default") // DOLLAR

    @property
    def states(self) -> list[str]:
        return [payment.standing for payment in store.page(self.db, "default", offset=0, limit=100)[0]]


@pytest.fixture
def replicas(store_url: str) -> Iterator[Replicas]:
    made = Replicas(store_url, 4)
    yield made
    assert not [finding for finding in verify(made.db) if finding.wrong]
    for db in (*made.databases, made.db):
        db.close()


def test_many_processes_charge_once_for_each_need(replicas: Replicas) -> None:
    replicas.all[0].set("default", Wish(Decimal(20), Decimal(20), Decimal(50)), ACT)
    for spent, charges in ((0, 1), (0, 1), (15, 2), (20, 2)):
        replicas.spend(spent)
        replicas.tick()
        assert len(replicas.till.charges) == charges
    assert replicas.dollars == 5


@pytest.mark.parametrize("charged", [True, False])
def test_a_charge_whose_process_died_is_asked_about_and_ends(replicas: Replicas, charged: bool) -> None:
    replicas.till.trouble, replicas.till.late = TillAway("the process died"), charged
    replicas.tick()
    replicas.till.trouble = None
    replicas.tick()
    assert (replicas.states, replicas.dollars) == (["open"], 0)
    replicas.now_ms += 4 * 60_000
    for _ in range(3):
        replicas.tick()
    assert replicas.states == (["paid", "paid"] if charged else ["paid", "paid", "expired"])
    assert (len(replicas.till.charges), replicas.dollars) == (2, 20)


def test_a_charge_of_another_amount_is_not_believed_and_stops_the_rule(replicas: Replicas) -> None:
    replicas.till.wrong_amount = 1
    replicas.tick()
    assert (replicas.states, replicas.dollars, replicas.all[0].find("default").state) == (["failed"], 0, "stopped")


def test_a_new_month_has_its_own_ceiling(replicas: Replicas) -> None:
    replicas.all[0].set("default", Wish(Decimal(1000), Decimal(10), Decimal(20)), ACT)
    for _ in range(4):
        replicas.tick()
    assert (replicas.dollars, "ceiling" in replicas.all[0].find("default").why) == (20, True)
    replicas.now_ms += 31 * 86_400_000
    for _ in range(4):
        replicas.tick()
    assert replicas.dollars == 40


def test_a_clock_that_goes_back_over_the_end_of_a_month_opens_no_second_ceiling(replicas: Replicas) -> None:
    replicas.all[0].set("default", Wish(Decimal(1000), Decimal(10), Decimal(20)), ACT)
    for back_ms in (0, 31 * 86_400_000, 0, 31 * 86_400_000):
        replicas.now_ms = NOW_MS + 31 * 86_400_000 - back_ms
        for _ in range(4):
            replicas.tick()
    assert replicas.dollars == 20


def team_with_card(replicas: Replicas) -> workspaces.Workspace:
    team = workspaces.make(replicas.db, workspaces.Order(name="team"), ACT)
    cards.customer_of(replicas.db, replicas.till, team.id, NOW_MS)
    with replicas.db.transaction():
        cards.keep(replicas.db, team.id, CardSeen("pm_2", "visa", "4242", "2030-01"), ACT)
    return team


@pytest.mark.parametrize("trouble", [TillAway("Stripe could not be asked."), TillRefuses("not now")])
def test_the_card_of_a_deleted_workspace_is_forgotten_and_what_fails_is_tried_again(
    replicas: Replicas, trouble: Exception
) -> None:
    replicas.all[0].remove("default", ACT)
    team = team_with_card(replicas)
    replicas.tick()
    assert replicas.till.forgotten == []
    workspaces.delete(replicas.db, team, ACT)
    replicas.till.trouble = trouble
    replicas.all[0].workspace_gone()
    assert str(trouble) in replicas.all[0].tick().away
    replicas.till.trouble = None
    replicas.tick()
    assert replicas.till.forgotten == []
    replicas.now_ms += 60_000
    replicas.tick()
    kept = [cards.find(replicas.db, workspace) for workspace in (team.id, "default")]
    assert [payer.card for payer in kept if payer] == ["", "pm_1"] and set(replicas.till.forgotten) == {"pm_2"}
    assert [line.action for line in audit.lines(replicas.db)].count("card.removed") == 1


def test_a_workspace_that_was_deleted_is_topped_up_no_more(replicas: Replicas) -> None:
    team = team_with_card(replicas)
    replicas.all[0].remove("default", ACT)
    replicas.all[0].set(team.id, Wish(Decimal(20), Decimal(10), Decimal(50)), ACT)
    workspaces.delete(replicas.db, team, ACT)
    replicas.tick()
    assert (len(replicas.till.charges), replicas.states) == (0, [])
    with pytest.raises(NotFound):
        replicas.all[0].set(team.id, Wish(Decimal(20), Decimal(10), Decimal(50)), ACT)
