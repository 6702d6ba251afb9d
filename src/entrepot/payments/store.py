"""Payments and what of them went back, as rows. All functions but the finding ones run within the caller's transaction."""

from __future__ import annotations

from typing import Literal

import msgspec

from entrepot.payments.terms import Quote
from entrepot.storage.database import Database

State = Literal["open", "paid", "expired"]
_PAYMENT = "id, workspace, currency, amount_minor, fee_minor, rate_nano, state, session, intent, actor, created_ms, paid_ms"
_RETURN = "id, payment, kind, stripe_id, credit_minor, fee_minor, state, at_ms"


class Payment(msgspec.Struct, frozen=True):
    """session and intent: Stripe's ids, "" as long as there are none. The amounts are those of its `Quote`."""

    id: str
    workspace: str
    currency: str
    amount_minor: int
    fee_minor: int
    rate_nano: int
    state: State
    session: str
    intent: str
    actor: str
    created_ms: int
    paid_ms: int | None = None

    @property
    def quote(self) -> Quote:
        return Quote(self.currency, self.amount_minor, self.fee_minor, self.rate_nano)


class Return(msgspec.Struct, frozen=True):
    """A refund or a dispute. state  asked (of Stripe, which has not answered), done, or undone, which is final"""

    id: str
    payment: str
    kind: Literal["refund", "dispute"]
    stripe_id: str
    credit_minor: int
    fee_minor: int
    state: Literal["asked", "done", "undone"]
    at_ms: int


def add(db: Database, payment: Payment) -> None:
    db.execute(f"INSERT INTO payments ({_PAYMENT}) VALUES ({_marks(12)})", msgspec.structs.astuple(payment))  # noqa: S608 # ours


def find(db: Database, payment: str) -> Payment | None:
    row = db.execute(f"SELECT {_PAYMENT} FROM payments WHERE id = ?", (payment,)).fetchone()  # noqa: S608 # words of ours
    return None if row is None else Payment(*row)


def change(db: Database, payment: Payment) -> None:
    """Its state and Stripe's ids; nothing else of it ever changes."""
    db.execute(
        "UPDATE payments SET state = ?, session = ?, intent = ?, paid_ms = ? WHERE id = ?",
        (payment.state, payment.session, payment.intent, payment.paid_ms, payment.id),
    )


def returns_of(db: Database, payment: str) -> list[Return]:
    """Oldest first."""
    sql = f"SELECT {_RETURN} FROM payment_returns WHERE payment = ? ORDER BY at_ms, id"  # noqa: S608 # words of ours
    return [Return(*row) for row in db.execute(sql, (payment,)).fetchall()]


def add_return(db: Database, back: Return) -> None:
    db.execute(f"INSERT INTO payment_returns ({_RETURN}) VALUES ({_marks(8)})", msgspec.structs.astuple(back))  # noqa: S608 # ours


def change_return(db: Database, back: Return) -> None:
    db.execute("UPDATE payment_returns SET state = ?, stripe_id = ? WHERE id = ?", (back.state, back.stripe_id, back.id))


def _marks(count: int) -> str:
    return ", ".join("?" * count)
