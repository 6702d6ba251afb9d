"""What becomes of a refund when Stripe does not answer or says no, and of an order when no session opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrepot.errors import Conflict, InvalidRequest, NotFound, Unavailable
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit, workspaces
from entrepot.ledger.audit import Act
from entrepot.ledger.books import balance
from entrepot.ledger.verify import verify
from entrepot.payments.cashier import Cashier
from entrepot.payments.terms import terms_of
from entrepot.payments.till import Ask, EventSeen, ReturnSeen, SessionSeen, TillAway, TillRefuses
from entrepot.settings import Payments
from entrepot.storage import sqlite

NOW_MS = 1_790_000_000_000
ACT = Act(actor="admin", at_ms=NOW_MS)
DOLLAR = 10**9


class FakeTill:
    """One session, paid at once. `trouble` is raised by what changes something; with `late` only after it was done."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.late = False
        self.mute = False
        self.refunds: dict[str, ReturnSeen] = {}

    def hasten(self, within_s: float) -> None:
        """It answers at once."""

    def new_customer(self, workspace: str, own: str) -> str:
        return "cus_1"

    def open_session(self, ask: Ask) -> SessionSeen:
        if self.trouble:
            raise self.trouble
        total, currency = ask.quote.total_minor, ask.quote.currency
        self._session = SessionSeen("cs_1", "https://pay.test", ask.payment, total, currency, True, False, "pi_1")
        return self._session

    def charge(self, ask: Ask) -> SessionSeen:
        raise TillRefuses("there is no card here")

    def charged(self, intent: str) -> SessionSeen:
        return self._session

    def charge_of(self, payment: str, customer: str, since_ms: int) -> str:
        return ""

    def forget_card(self, card: str) -> None:
        raise TillRefuses("there is no card here")

    def verified(self, body: bytes, signature: str) -> str | None:
        return "evt_1" if signature == "good" else None

    def event(self, event: str) -> EventSeen:
        return EventSeen(event, "checkout.session.completed", "cs_1", "pi_1")

    def session(self, session: str) -> SessionSeen:
        return self._session

    def payment_of(self, intent: str) -> str:
        return self._session.payment

    def returns(self, intent: str) -> list[ReturnSeen]:
        if self.mute and self.refunds:
            raise TillRefuses("no list today")
        return list(self.refunds.values())

    def refund(self, intent: str, own: str, amount_minor: int) -> None:
        if self.trouble and not self.late:
            raise self.trouble
        assert own not in self.refunds
        self.refunds[own] = ReturnSeen("refund", f"re_{len(self.refunds)}", own, amount_minor, "usd", "stands")
        if self.trouble:
            raise self.trouble


class Shop:
    def __init__(self) -> None:
        self.db = sqlite.connect(Path(":memory:"))
        self.db.migrate()
        ensure_workspace(self.db, NOW_MS)
        self.till = FakeTill()
        self.now_ms = NOW_MS
        self.cashier = Cashier(self.db, self.till, terms_of(Payments()), lambda: self.now_ms)

    def bought(self) -> str:
        payment, _ = self.cashier.open("default", "20", "usd", "admin")
        assert self.cashier.hear(b"", "good") == "done"
        return payment.id

    @property
    def credit(self) -> int:
        assert not [finding for finding in verify(self.db) if finding.wrong]
        return balance(self.db, "credit", "default")


def test_a_refund_that_stripe_did_not_answer_stands_as_asked_and_is_done_once() -> None:
    for late in (False, True):
        shop = Shop()
        payment = shop.bought()
        shop.till.trouble, shop.till.late = TillAway("away"), late
        with pytest.raises(TillAway):
            shop.cashier.refund(payment, 500, ACT)
        assert [back.state for back in shop.cashier.returns_of(payment)] == ["asked"]
        assert shop.credit == 15 * DOLLAR
        shop.till.trouble = None
        assert shop.cashier.refund(payment, 500, ACT).state == "done"
        assert shop.credit == 15 * DOLLAR and len(shop.till.refunds) == 1


def test_what_was_paid_for_a_workspace_that_is_gone_can_be_paid_back() -> None:
    """Its customer had the page open when it was deleted, and paid all the same."""
    shop = Shop()
    team = workspaces.make(shop.db, workspaces.Order(name="team"), ACT)
    payment, _ = shop.cashier.open(team.id, "20", "usd", "admin")
    workspaces.delete(shop.db, team, ACT)
    assert shop.cashier.hear(b"", "good") == "done"
    assert balance(shop.db, "credit", team.id) == 20 * DOLLAR
    assert shop.cashier.refund(payment.id, None, ACT).state == "done"
    assert balance(shop.db, "credit", team.id) == 0
    with pytest.raises(NotFound):
        shop.cashier.open(team.id, "20", "usd", "admin")


def test_another_refund_waits_for_the_one_that_stands_as_asked() -> None:
    shop = Shop()
    payment = shop.bought()
    shop.till.trouble = TillAway("away")
    with pytest.raises(TillAway):
        shop.cashier.refund(payment, 500, ACT)
    with pytest.raises(Conflict):
        shop.cashier.refund(payment, 600, ACT)
    assert shop.credit == 15 * DOLLAR


def test_a_refund_that_stripe_refuses_gives_the_credit_back() -> None:
    shop = Shop()
    payment = shop.bought()
    shop.till.trouble = TillRefuses("the charge is disputed")
    with pytest.raises(Conflict, match="disputed"):
        shop.cashier.refund(payment, None, ACT)
    assert shop.credit == 20 * DOLLAR
    assert [back.state for back in shop.cashier.returns_of(payment)] == ["undone"]


def test_a_refund_that_was_made_stays_when_stripe_does_not_list_it() -> None:
    shop = Shop()
    payment = shop.bought()
    shop.till.mute = True
    with pytest.raises(TillAway):
        shop.cashier.refund(payment, 500, ACT)
    shop.till.mute = False
    assert shop.cashier.refund(payment, 500, ACT).state == "done"
    assert shop.credit == 15 * DOLLAR and len(shop.till.refunds) == 1


def test_a_refund_that_fails_later_gives_the_credit_back_once() -> None:
    shop = Shop()
    payment = shop.bought()
    back = shop.cashier.refund(payment, 500, ACT)
    shop.till.refunds[back.id] = ReturnSeen("refund", "re_0", back.id, 500, "usd", "undone")
    assert [shop.cashier.hear(b"", "good") for _ in range(2)] == ["done", "done"]
    assert shop.credit == 20 * DOLLAR


def test_an_order_without_a_session_changes_no_credit() -> None:
    shop = Shop()
    shop.till.trouble = TillRefuses("no such method")
    with pytest.raises(Unavailable):
        shop.cashier.open("default", "20", "usd", "admin")
    assert shop.credit == 0


def test_strangers_get_sixty_lines_an_hour_in_the_audit_log() -> None:
    shop = Shop()
    for _ in range(70):
        with pytest.raises(InvalidRequest):
            shop.cashier.hear(b"", "bad")
    assert len(audit.lines(shop.db, 1000)) == 60
    shop.now_ms += 3_600_000
    with pytest.raises(InvalidRequest):
        shop.cashier.hear(b"", "bad")
    assert len(audit.lines(shop.db, 1000)) == 61
