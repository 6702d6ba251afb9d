"""Whatever comes of a payment, word of it may come early, late, twice or in any order: the books end the same."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from till_without_stripe import CardTill

from entrepot.identity.store import ensure_workspace
from entrepot.ledger.books import balance
from entrepot.ledger.verify import verify
from entrepot.payments.cashier import Cashier
from entrepot.payments.terms import terms_of
from entrepot.payments.till import Ask, EventSeen, ReturnSeen, SessionSeen
from entrepot.settings import Payments
from entrepot.storage import sqlite

NOW_MS = 1_790_000_000_000
CENT = 10**7
WORD = ("checkout.session.completed", "refund.created", "refund.failed", "charge.dispute.created", "charge.dispute.closed")
End = Literal["stands", "undone"]


class TruthTill(CardTill):
    """Stripe's truth about one payment of 20 dollars and a fee of 1.10, of which 5 are refunded and the rest is disputed."""

    def __init__(self, refund: End, dispute: End) -> None:
        super().__init__()
        self._ends = (refund, dispute)
        self._returns: list[ReturnSeen] = []

    def open_session(self, ask: Ask) -> SessionSeen:
        total = ask.quote.total_minor
        self._session = SessionSeen("cs_1", "https://pay.test", ask.payment, total, ask.quote.currency, False, False, "")
        return self._session

    def advance(self, step: int) -> None:
        refund = ReturnSeen("refund", "re_1", "", 500, "usd", "stands")
        dispute = ReturnSeen("dispute", "dp_1", "", 1610, "usd", "stands")
        if step == 0:
            self._session = msgspec.structs.replace(self._session, paid=True, intent="pi_1", method="card")
        elif step in (1, 2):
            self._returns.append((refund, dispute)[step - 1])
        else:
            was = self._returns[step - 3]
            self._returns[step - 3] = msgspec.structs.replace(was, state=self._ends[step - 3])

    def verified(self, body: bytes, signature: str) -> str | None:
        return body.decode()

    def event(self, event: str) -> EventSeen:
        return EventSeen(event, event, "cs_1", "")

    def session(self, session: str) -> SessionSeen:
        return self._session

    def returns(self, intent: str) -> list[ReturnSeen]:
        return list(self._returns)


@settings(max_examples=40)
@given(st.permutations([*range(5), *WORD, *WORD]), st.sampled_from(["stands", "undone"]), st.sampled_from(["stands", "undone"]))
def test_the_books_end_the_same_whenever_word_comes(order: list[int | str], refund: End, dispute: End) -> None:
    db = sqlite.connect(Path(":memory:"))
    db.migrate()
    ensure_workspace(db, NOW_MS)
    till = TruthTill(refund, dispute)
    cashier = Cashier(db, till, terms_of(Payments(fee_percent="5.5")), lambda: NOW_MS)
    cashier.open("default", "20", "usd", "admin")
    steps = iter(range(5))
    for step in order:
        if isinstance(step, int):
            till.advance(next(steps))
        else:
            cashier.hear(step.encode(), "")
    cashier.hear(b"refund.updated", "")
    back = (500 if refund == "stands" else 0) + (1610 if dispute == "stands" else 0)
    credit, revenue = (balance(db, account, "default") // CENT for account in ("credit", "revenue"))
    assert (credit, revenue) == (2000 - min(back, 2000), 110 - max(back - 2000, 0))
    assert not [finding for finding in verify(db) if finding.wrong]
    db.close()
