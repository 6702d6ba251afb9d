"""Payments and what of them went back, as rows. All functions that change something run within the caller's transaction."""

from __future__ import annotations

from typing import Literal

import msgspec

from entrepot.ledger.audit import Act
from entrepot.payments.terms import Quote
from entrepot.storage.database import Database
from entrepot.values.ids import ulid

State = Literal["open", "paid", "expired"]
Standing = Literal["open", "paid", "expired", "failed"]
_PAYMENT = (
    "id, workspace, currency, amount_minor, fee_minor, rate_nano, state, session, intent, actor, created_ms, paid_ms, "
    "origin, method, failure, rate_day, keep_card"
)
_COLUMNS = 17
_RETURN = "id, payment, kind, stripe_id, credit_minor, fee_minor, state, at_ms"


class Payment(msgspec.Struct, frozen=True):
    """session and intent: Stripe's ids, "" as long as there are none. The amounts are those of its `Quote`.

    origin     who began it: a customer, or automatic top-up
    method     how it was paid, by Stripe's name; "" as long as it is not known
    failure    why it came to nothing; then it is `expired`
    keep_card  1: the customer asked to have the card kept
    """

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
    origin: Literal["checkout", "top_up"] = "checkout"
    method: str = ""
    failure: str = ""
    rate_day: str = ""
    keep_card: int = 0

    @property
    def quote(self) -> Quote:
        return Quote(self.currency, self.amount_minor, self.fee_minor, self.rate_nano, self.rate_day)

    @property
    def standing(self) -> Standing:
        return "failed" if self.state == "expired" and self.failure else self.state


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


def new_payment(
    workspace: str, quote: Quote, act: Act, *, keep_card: bool = False, origin: Literal["checkout", "top_up"] = "checkout"
) -> Payment:
    """One that was not asked for yet."""
    return Payment(
        id="pay-" + ulid(act.at_ms),
        workspace=workspace,
        currency=quote.currency,
        amount_minor=quote.amount_minor,
        fee_minor=quote.fee_minor,
        rate_nano=quote.rate_nano,
        state="open",
        session="",
        intent="",
        actor=act.actor,
        created_ms=act.at_ms,
        origin=origin,
        rate_day=quote.rate_day,
        keep_card=int(keep_card),
    )


def add(db: Database, payment: Payment) -> None:
    db.execute(f"INSERT INTO payments ({_PAYMENT}) VALUES ({_marks(_COLUMNS)})", msgspec.structs.astuple(payment))  # noqa: S608 # ours


def find(db: Database, payment: str) -> Payment | None:
    row = db.execute(f"SELECT {_PAYMENT} FROM payments WHERE id = ?", (payment,)).fetchone()  # noqa: S608 # words of ours
    return None if row is None else Payment(*row)


def change(db: Database, payment: Payment) -> None:
    """Its state, how it was paid and Stripe's ids; nothing else of it ever changes."""
    p = payment
    db.execute(
        "UPDATE payments SET state = ?, session = ?, intent = ?, paid_ms = ?, method = ?, failure = ? WHERE id = ?",
        (p.state, p.session, p.intent, p.paid_ms, p.method, p.failure, p.id),
    )


def page(db: Database, workspace: str | None, *, offset: int, limit: int) -> tuple[list[Payment], int]:
    """Some payments, the newest first, and how many there are. workspace  None: of all"""
    where, values = ("", ()) if workspace is None else ("WHERE workspace = ? ", (workspace,))
    counted = db.execute(f"SELECT count(*) FROM payments {where}", values).fetchone()  # noqa: S608 # words of ours
    sql = f"SELECT {_PAYMENT} FROM payments {where}ORDER BY created_ms DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608 # words of ours
    rows = db.execute(sql, (*values, limit, offset)).fetchall()
    return [Payment(*row) for row in rows], int(counted[0]) if counted else 0


def top_ups_under_way(db: Database, before_ms: int) -> list[Payment]:
    """Charges of kept cards that began before a moment and of which nobody knows yet what became."""
    sql = f"SELECT {_PAYMENT} FROM payments WHERE origin = 'top_up' AND state = 'open' AND created_ms < ? ORDER BY id LIMIT 100"  # noqa: S608 # words of ours
    return [Payment(*row) for row in db.execute(sql, (before_ms,)).fetchall()]


def topped_up(db: Database, workspace: str, since_ms: int) -> int:
    """Nano-dollars that kept cards of a workspace paid since then, with the fees and what is under way."""
    row = db.execute(
        "SELECT coalesce(sum((amount_minor + fee_minor) * rate_nano), 0) FROM payments "
        "WHERE workspace = ? AND created_ms >= ? AND origin = 'top_up' AND state <> 'expired'",
        (workspace, since_ms),
    ).fetchone()
    return int(row[0]) if row else 0


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
