"""Credit given, corrected and paid back: each once, by its key, with a line in the audit log."""

from __future__ import annotations

from typing import NoReturn

from entrepot.errors import Conflict, InvalidRequest
from entrepot.identity.store import no_workspace
from entrepot.ledger import audit, leases
from entrepot.ledger.books import LARGEST, Account, Move, Transaction, balance, credited, is_posted, post
from entrepot.ledger.purses import credit_purse
from entrepot.storage.database import Database
from entrepot.values.money import parse_usd, usd

_WRITTEN = "Write it as 25 or 25.50, without a currency sign and without separators."
_AGAIN_S = 10.0
_SILENT_MS = 30_000
"""A process says that it lives every few seconds."""


class Order(audit.Act, frozen=True, kw_only=True):
    """What is to be done. `key` names it: an order that comes again changes nothing."""

    key: str
    workspace: str
    amount_nano: int
    reason: str


def grant(db: Database, order: Order) -> bool:
    """Gives credit away; false when it was done before. raises InvalidRequest, NotFound"""
    return _fund(db, order, "grant", "promotion")


def correct(db: Database, order: Order) -> bool:
    """Adds to credit, or takes away; false when it was done before. raises InvalidRequest, NotFound, Conflict

    Of a prepaid workspace it takes only what is neither spent nor in use; a postpaid one may owe more afterwards.
    """
    return _fund(db, order, "correction", "adjustment")


def refund(db: Database, order: Order) -> bool:
    """Pays back credit that is neither spent nor in use; false when it was done before. raises InvalidRequest, NotFound, Conflict

    What is in use is a Conflict that is `retryable`; `called_in` tries again for a moment.
    """
    return _fund(db, order, "refund", "clearing")


def amount_of(text: str, *, field: str = "amount", negative: bool = False, zero: bool = False) -> int:
    """Nano-dollars of an amount somebody typed. raises InvalidRequest, when it is no amount, nothing, or below zero

    negative  it may be below zero; zero  it may be nothing
    """
    least = "0 or more" if zero else "other than 0" if negative else "above 0"
    expected = f"US dollars, {least}, in steps of 0.000000001"
    try:
        nano = parse_usd(text)
    except ValueError as error:
        _refuse(f"{error}", field, text, expected, _WRITTEN)
    if (nano == 0 and not zero) or (nano < 0 and not negative):
        why = "It must not be below zero" if zero else "It must not be zero" if negative else "It must be above zero"
        _refuse(why, field, text, expected, _WRITTEN)
    if abs(nano) > LARGEST:
        _refuse("It is more than the books hold", field, text, f"US dollars up to {usd(LARGEST)}", "Choose a smaller amount.")
    return nano


def _fund(db: Database, order: Order, kind: str, against: Account) -> bool:
    _check(order, kind)
    with db.transaction(alone=leases.alone(order.workspace)):
        row = db.execute("SELECT prepaid, deleted_ms FROM workspaces WHERE id = ?", (order.workspace,)).fetchone()
        # What was paid for a workspace that is gone can still be paid back.
        if row is None or (row[1] is not None and kind != "refund"):
            raise no_workspace(order.workspace)
        gain = -order.amount_nano if kind == "refund" else order.amount_nano
        if is_posted(db, f"{kind}:{order.key}"):
            _check_same(db, order, kind, gain)
            return False
        before = balance(db, "credit", order.workspace)
        if kind == "refund" or (gain < 0 and row[0]):
            _check_free(db, order, before, -gain)
        if abs(before + gain) > LARGEST:
            why, most = "The balance would be larger than the books hold", f"a balance of at most {usd(LARGEST)}"
            _refuse(why, "amount", usd(order.amount_nano), most, "Choose a smaller amount.")
        giver, taker = (against, "credit") if gain > 0 else ("credit", against)
        move = Move(giver, order.workspace, taker, order.workspace, abs(gain))  # type: ignore[arg-type] # both are accounts
        post(db, Transaction(f"{kind}:{order.key}", "live", kind, order.at_ms, (move,), order.actor, order.reason))
        subject = f"workspace/{order.workspace}"
        audit.write(db, order, f"credit.{kind}", subject, {"balance": usd(before)}, {"balance": usd(before + gain)})
    return True


def _check_same(db: Database, order: Order, kind: str, gain: int) -> None:
    """One key names one order: another one under it would be taken for done. raises Conflict"""
    if credited(db, f"{kind}:{order.key}") != [(order.workspace, gain)]:
        raise Conflict(
            f"`key`: {order.key!r} names a {kind} of another amount or workspace, which is done. Nothing was changed.",
            field="key",
            expected="a name that no other order has",
            received=order.key[:80],
            remedy="Choose another `key`, one for each order.",
        )


def _check_free(db: Database, order: Order, before: int, amount: int) -> None:
    """raises InvalidRequest where there is less, Conflict where it is in use"""
    free = before - leases.leased(db, credit_purse(order.workspace))
    if amount <= free:
        return
    if amount <= before:
        raise _in_use(db, order, free)
    at_most = usd(max(free, 0))
    why, remedy = f"Only ${at_most} of the credit is neither spent nor in use", "Ask for no more than that."
    _refuse(why, "amount", usd(order.amount_nano), f"at most {at_most}", remedy)


def _in_use(db: Database, order: Order, free: int) -> Conflict:
    """There is enough, and calls hold a part of it. With the lock of the workspace. free  what is neither spent nor leased"""
    running, silent = leases.leased_by(db, credit_purse(order.workspace), order.at_ms - _SILENT_MS)
    whose = [f"${usd(running)} is held by calls under way"] if running else []
    if silent:
        whose.append(
            f"${usd(silent)} by a gateway that has not been heard of for {_SILENT_MS // 1000} s and gives it back when it starts "
            "again, or a quarter of an hour later"
        )
    at_most = usd(max(free, 0))
    error = Conflict(
        f"`amount`: Only ${at_most} of the credit is neither spent nor in use: {', '.join(whose)}. Nothing was changed.",
        field="amount",
        expected=f"at most {at_most}",
        received=usd(order.amount_nano),
        remedy=f"Ask again in {_AGAIN_S:g} s, when calls are over, or for no more than that.",
        retry_after_s=_AGAIN_S,
        metadata={"available": at_most, "in_use": usd(running + silent)},
    )
    error.retryable = True
    return error


def _check(order: Order, kind: str) -> None:
    if not 1 <= len(order.key) <= 200:
        _refuse("It must have 1 to 200 characters", "key", order.key, "1 to 200 characters", "Choose another `key`.")
    if not order.reason.strip() or len(order.reason) > 500:
        expected = "1 to 500 characters, not only spaces"
        _refuse("It must have 1 to 500 characters", "reason", order.reason, expected, "Say why, for the audit log.")
    if order.amount_nano == 0 or (order.amount_nano < 0 and kind != "correction"):
        expected = "US dollars other than 0" if kind == "correction" else "US dollars above 0"
        _refuse("It must be above zero", "amount", usd(order.amount_nano), expected, _WRITTEN)


def _refuse(why: str, field: str, received: str, expected: str, remedy: str) -> NoReturn:
    message = f"`{field}`: {why}. Nothing was changed."
    raise InvalidRequest(message, field=field, expected=expected, received=received[:80] or "nothing", remedy=remedy)
