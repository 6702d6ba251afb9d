"""Payments into the books: what Stripe says now decides, and each thing is posted once.

Nothing here looks at the event that brought the news. The state of the session, its refunds and its disputes is compared with
what is posted, and what is missing is posted; so events may come twice, late, or in any order.

    paid              clearing -> credit (the amount), clearing -> revenue (the fee)
    refund, dispute   credit -> clearing, and what all of them together are more than the credit bought: revenue -> clearing
    undone            back to what the others take
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from entrepot.ledger import audit, leases
from entrepot.ledger.audit import Act
from entrepot.ledger.books import Account, Move, Transaction, post
from entrepot.payments import cards, receipts, rules, store
from entrepot.payments.receipts import Seller
from entrepot.payments.store import Payment, Return
from entrepot.payments.till import ReturnSeen, SessionSeen
from entrepot.storage.database import Database
from entrepot.values.ids import ulid


class Seen(msgspec.Struct, frozen=True):
    session: SessionSeen
    returns: Sequence[ReturnSeen] = ()


def mismatch(payment: Payment, seen: Seen, intent: str = "") -> str:
    """What of Stripe's word is not what we asked for, in words; "" when all fits. intent: the one an event was about"""
    session, wanted = seen.session, payment.quote
    if session.payment != payment.id or payment.session not in ("", session.id):
        return "it is about the session of another payment"
    if session.currency != wanted.currency:
        return f"the currency is {session.currency[:10]}, not {wanted.currency}"
    if session.amount_minor != wanted.total_minor:
        return f"the amount is {session.amount_minor}, not {wanted.total_minor}"
    if payment.intent not in ("", session.intent) or intent not in ("", session.intent):
        return "it is about another charge"
    if any(back.currency != wanted.currency or not 0 < back.amount_minor <= wanted.total_minor for back in seen.returns):
        return "more goes back than was paid, or in another currency"
    return ""


def bring_up(db: Database, payment: str, seen: Seen, act: Act, seller: Seller) -> Payment:
    """Posts what is missing of a payment that fits what was seen."""
    known = store.find(db, payment)
    assert known is not None
    with db.transaction(alone=leases.alone(known.workspace)):
        known = store.find(db, payment)
        assert known is not None
        known = _paid(db, known, seen.session, act, seller)
        if known.state == "paid":
            for back in seen.returns:
                _return(db, known, back, act)
    return known


def _paid(db: Database, payment: Payment, session: SessionSeen, act: Act, seller: Seller) -> Payment:
    if payment.state == "paid" or not (session.paid or session.expired or session.failure):
        return payment
    now = msgspec.structs.replace(payment, session=session.id, method=session.method)
    if not session.paid:
        now = msgspec.structs.replace(now, state="expired", failure=session.failure)
    else:
        now = msgspec.structs.replace(now, state="paid", intent=session.intent, paid_ms=act.at_ms, failure="")
        moves: list[tuple[Account, Account, int]] = [
            ("clearing", "credit", payment.amount_minor),
            ("clearing", "revenue", payment.fee_minor),
        ]
        _post(db, payment, f"payment:{payment.id}", "payment", moves, act)
        if payment.keep_card and session.card is not None:
            cards.keep(db, payment.workspace, session.card, act)
    if now.standing != payment.standing:
        store.change(db, now)
        told = {"state": now.standing, "why": now.failure} if now.failure else {"state": now.standing}
        audit.write(db, act, f"payment.{now.standing}", f"payment/{payment.id}", {"state": payment.standing}, told)
    if now.state == "paid":
        receipts.number(db, payment.id, seller, act)
    if payment.origin == "top_up" and now.failure:
        rules.stop(db, payment.workspace, now.failure, act)
    return now


def _return(db: Database, payment: Payment, seen: ReturnSeen, act: Act) -> None:
    known = store.returns_of(db, payment.id)
    mine = next((back for back in known if seen.stripe_id == back.stripe_id or (seen.own and seen.own == back.id)), None)
    if mine is None:
        _first_seen(db, payment, seen, known, act)
    elif mine.state != "undone" and seen.state == "undone":
        undo(db, payment, msgspec.structs.replace(mine, stripe_id=seen.stripe_id), act)
    elif mine.state == "asked":
        store.change_return(db, msgspec.structs.replace(mine, stripe_id=seen.stripe_id, state="done"))


def _first_seen(db: Database, payment: Payment, seen: ReturnSeen, known: Sequence[Return], act: Act) -> None:
    """What came to nothing is kept too, so that older news of it that comes later posts nothing."""
    if seen.state == "waits":
        return
    number = f"{seen.kind}-{ulid(act.at_ms)}"
    state: str = "undone" if seen.state == "undone" else "done"
    back = Return(number, payment.id, seen.kind, seen.stripe_id, seen.amount_minor, 0, state, act.at_ms)  # type: ignore[arg-type] # one of the two
    if back.state == "done":
        before, after = taken(payment, known), taken(payment, [*known, back])
        back = msgspec.structs.replace(back, credit_minor=after[0] - before[0], fee_minor=after[1] - before[1])
        _take(db, payment, f"{seen.kind}:{number}", seen.kind, before, after, act)
    store.add_return(db, back)
    if back.state == "done" and back.kind == "dispute":
        rules.stop(db, payment.workspace, f"payment {payment.id} is disputed", act)
    audit.write(db, act, f"payment.{seen.kind}", f"payment/{payment.id}", {}, {"id": number, "state": back.state})


def undo(db: Database, payment: Payment, back: Return, act: Act) -> None:
    """A refund that failed, a dispute that was won: what was taken comes back. Within the transaction of the workspace."""
    known = store.returns_of(db, payment.id)
    left = [other for other in known if other.id != back.id]
    store.change_return(db, msgspec.structs.replace(back, state="undone"))
    _take(db, payment, f"{back.kind}-undone:{back.id}", back.kind, taken(payment, known), taken(payment, left), act)
    audit.write(
        db, act, f"payment.{back.kind}", f"payment/{payment.id}", {"state": back.state}, {"id": back.id, "state": "undone"}
    )


def taken(payment: Payment, returns: Sequence[Return]) -> tuple[int, int]:
    """What goes back of the credit, and beyond it of the fee: by what there is, and not by the order in which it came."""
    total = sum(back.credit_minor + back.fee_minor for back in returns if back.state != "undone")
    credit = min(total, payment.amount_minor)
    return credit, total - credit


def _take(db: Database, payment: Payment, key: str, kind: str, before: tuple[int, int], after: tuple[int, int], act: Act) -> None:
    accounts: tuple[Account, Account] = ("credit", "revenue")
    moves: list[tuple[Account, Account, int]] = []
    for account, was, now in zip(accounts, before, after, strict=True):
        moves.append((account, "clearing", now - was) if now > was else ("clearing", account, was - now))
    _post(db, payment, key, kind, moves, act)


def _post(db: Database, payment: Payment, key: str, kind: str, sums: Sequence[tuple[Account, Account, int]], act: Act) -> None:
    owner = payment.workspace
    moves = tuple(Move(giver, owner, taker, owner, minor * payment.rate_nano) for giver, taker, minor in sums if minor)
    post(db, Transaction(key, "live", kind, act.at_ms, moves, act.actor, payment.id))
