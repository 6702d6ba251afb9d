"""The story of a payment: a session is opened, Stripe sends word of it, credit is posted; and money goes back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal, NoReturn

import msgspec

from entrepot.errors import Conflict, InvalidRequest, NotFound, Unavailable
from entrepot.ledger import audit, funding, leases
from entrepot.ledger.audit import Act
from entrepot.ledger.calling_in import called_in
from entrepot.ledger.workspaces import check_lives
from entrepot.payments import cards, posting, store
from entrepot.payments.posting import Seen, mismatch
from entrepot.payments.receipts import Seller
from entrepot.payments.store import Payment, Return, new_payment
from entrepot.payments.terms import REFUND_DAYS, Terms, amount_text, day_of
from entrepot.payments.till import Ask, EventSeen, ReturnSeen, SessionSeen, Till, TillAway, TillRefuses
from entrepot.payments.top_ups import TopUps
from entrepot.storage.database import Database
from entrepot.values.ids import ulid
from entrepot.values.times import DAY_MS, HOUR_MS

Outcome = Literal["done", "ignored"]
_ABOUT = (
    "checkout.session.",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refund",
    "charge.dispute.",
    "refund.",
)
_STRANGERS = 60
_ELSEWHERE = "Mend what Stripe names and ask for the same amount again, or pay back by another way: `entrepot credit refund`."
_SIGNED = "Stripe alone sends these. If it did: compare `payments.stripe_webhook_secret` and the mode with its dashboard."


class Cashier:
    """Its methods ask the store and Stripe, and so belong on a thread."""

    def __init__(self, db: Database, till: Till, terms: Terms, now_ms: Callable[[], int], seller: Seller = Seller()) -> None:
        self._db = db
        self._till = till
        self._terms = terms
        self._seller = seller
        self._now_ms = now_ms
        self.top_ups = TopUps(db, till, terms, now_ms, seller)
        self._strangers: deque[int] = deque(maxlen=_STRANGERS)

    def hasten(self, within_s: float) -> None:
        """On the way out: nobody waits for Stripe any longer than this."""
        self._till.hasten(within_s)

    def open(self, workspace: str, amount: str, currency: str, actor: str, *, keep_card: bool = False) -> tuple[Payment, str]:
        """A payment, and where its customer pays. raises InvalidRequest, NotFound, Unavailable, TillAway"""
        now_ms = self._now_ms()
        quote = self._terms.quote(amount, currency, day_of(now_ms))
        payment = new_payment(workspace, quote, Act(actor=actor, at_ms=now_ms), keep_card=keep_card)
        with self._db.transaction():
            check_lives(self._db, workspace, "workspace_id")
            store.add(self._db, payment)
            told = {"workspace": workspace, "currency": currency, "total_minor": quote.total_minor}
            audit.write(self._db, Act(actor=actor, at_ms=now_ms), "payment.open", f"payment/{payment.id}", {}, told)
        try:
            customer = cards.customer_of(self._db, self._till, workspace, now_ms)
            methods = self._terms.methods_for(currency)
            session = self._till.open_session(Ask(payment.id, quote, customer, methods=methods, keep_card=keep_card))
        except TillRefuses as error:
            raise Unavailable(f"Stripe opens no session: {error}.", remedy="The operator's Stripe account says why.") from None
        with self._db.transaction(alone=leases.alone(workspace)):
            now = self.find(payment.id)
            if now.state == "open":
                payment = msgspec.structs.replace(now, session=session.id)
                store.change(self._db, payment)
        return payment, session.url

    def find(self, payment: str) -> Payment:
        """raises NotFound"""
        found = store.find(self._db, payment)
        if found is None:
            raise no_payment(payment)
        return found

    def returns_of(self, payment: str) -> list[Return]:
        return store.returns_of(self._db, payment)

    def hear(self, body: bytes, signature: str) -> Outcome:
        """Word from Stripe, of which only the id is believed. raises InvalidRequest, with a line in the audit log; TillAway"""
        number = self._till.verified(body, signature)
        if number is None:
            self._refuse_stranger()
        try:
            event = self._till.event(number)
            if not event.kind.startswith(_ABOUT):
                return "ignored"
            self._bring_up(self._subject(event), event)
        except TillRefuses:
            self._refuse(f"event/{number[:80]}", "Stripe does not know it, or what it is about")
        return "done"

    def _subject(self, event: EventSeen) -> Payment:
        """The payment of ours that an event is about."""
        own = self._till.session(event.session).payment if event.session else ""
        own = own or (self._till.payment_of(event.intent) if event.intent else "")
        payment = store.find(self._db, own) if own else None
        if payment is None:
            self._refuse(f"event/{event.id}", "it is about no payment of ours")
        return payment

    def _bring_up(self, payment: Payment, event: EventSeen) -> None:
        session = self._charge_of(payment, event)
        seen = Seen(session, self._till.returns(session.intent) if session.paid and session.intent else ())
        wrong = mismatch(payment, seen, event.intent)
        if wrong:
            self._refuse(f"payment/{payment.id}", wrong)
        posting.bring_up(self._db, payment.id, seen, Act(actor="stripe", at_ms=self._now_ms()), self._seller)

    def _charge_of(self, payment: Payment, event: EventSeen) -> SessionSeen:
        """As Stripe has it now: the session, or the charge of a kept card."""
        if payment.origin == "top_up" and not event.session:
            return self._till.charged(payment.intent or event.intent)
        opened = event.session or payment.session
        if not opened:
            self._refuse(f"payment/{payment.id}", "it has no session")
        return self._till.session(opened)

    def refund(self, number: str, amount: int | None, act: Act) -> Return:
        """Pays back credit of a payment that is neither spent nor in use. amount  smallest units; None: all that is left of it

        The books have it before Stripe is asked. Where Stripe cannot be asked it stands as asked, and the next call asks again.
        raises NotFound, Conflict, InvalidRequest, TillAway
        """
        payment = self.find(number)
        back = called_in(self._db, payment.workspace, act.at_ms, lambda: self._set_aside(payment, amount, act))
        seen = self._refund_at_stripe(payment, back, act)
        if seen is not None:
            charge = self._charge_of(payment, EventSeen("", "", payment.session, payment.intent))
            posting.bring_up(self._db, number, Seen(charge, [seen]), act, self._seller)
        return next(now for now in store.returns_of(self._db, number) if now.id == back.id)

    def _refund_at_stripe(self, payment: Payment, back: Return, act: Act) -> ReturnSeen | None:
        """Looks first whether it is there: Stripe forgets after a day which requests it has done."""
        seen = self._seen(payment, back)
        if seen is None:
            try:
                self._till.refund(payment.intent, back.id, back.credit_minor)
            except TillRefuses as error:
                self._undo(payment, back, act)
                raise Conflict(f"Stripe refuses the refund: {error}. Nothing was changed.", remedy=_ELSEWHERE) from None
            seen = self._seen(payment, back)
        return seen

    def _undo(self, payment: Payment, back: Return, act: Act) -> None:
        with self._db.transaction(alone=leases.alone(payment.workspace)):
            if any(now.id == back.id and now.state == "asked" for now in store.returns_of(self._db, payment.id)):
                posting.undo(self._db, payment, back, act)

    def _seen(self, payment: Payment, back: Return) -> ReturnSeen | None:
        try:
            return next((seen for seen in self._till.returns(payment.intent) if seen.own == back.id), None)
        except TillRefuses:
            raise TillAway("Stripe does not say how the refund stands.", remedy="Ask for the same amount again.") from None

    def _set_aside(self, payment: Payment, amount: int | None, act: Act) -> Return:
        with self._db.transaction(alone=leases.alone(payment.workspace)):
            if self.find(payment.id).state != "paid":
                raise Conflict(
                    "This payment was not paid, so that nothing of it can go back. Nothing was changed.",
                    field="id",
                    expected="a payment that was paid",
                    received=payment.id,
                    remedy="Look at its state first: GET /api/v1/payments/{id} tells it.",
                )
            _check_age(payment, act.at_ms)
            known = store.returns_of(self._db, payment.id)
            left = payment.amount_minor - posting.taken(payment, known)[0]
            asked = next((back for back in known if back.state == "asked"), None)
            if asked is not None and amount in (None, asked.credit_minor):
                return asked
            if asked is not None:
                raise Conflict("Another refund of this payment is under way.", remedy="Ask for the same amount again.")
            wished = left if amount is None else amount
            if not 0 < wished <= left:
                raise Conflict(
                    f"Only {left} of its smallest units are left of this payment. Nothing was changed.",
                    field="amount",
                    expected=f"at most {amount_text(left, payment.currency)}",
                    received=amount_text(wished, payment.currency),
                    remedy="Ask for no more than that, or leave `amount` out for all of it.",
                )
            back = Return(f"refund-{ulid(act.at_ms)}", payment.id, "refund", "", wished, 0, "asked", act.at_ms)
            store.add_return(self._db, back)
            funding.refund(
                self._db,
                funding.Order(
                    actor=act.actor,
                    at_ms=act.at_ms,
                    key=back.id,
                    workspace=payment.workspace,
                    amount_nano=wished * payment.rate_nano,
                    reason=payment.id,
                ),
            )
        return back

    def _refuse_stranger(self) -> NoReturn:
        """Anyone can send these, so that only so many an hour get a line in a log that is never shortened."""
        now_ms = self._now_ms()
        if len(self._strangers) < _STRANGERS or self._strangers[0] <= now_ms - HOUR_MS:
            self._strangers.append(now_ms)
            self._refuse("webhook/stripe", "the signature is wrong or too old")
        raise InvalidRequest("Refused: the signature is wrong or too old. Nothing was changed.", remedy=_SIGNED)

    def _refuse(self, subject: str, why: str) -> NoReturn:
        with self._db.transaction():
            audit.write(self._db, Act(actor="stripe", at_ms=self._now_ms()), "payment.refused", subject, {}, {"why": why})
        raise InvalidRequest(f"Refused: {why}. Nothing was changed.", remedy=_SIGNED)


def no_payment(told: str) -> NotFound:
    return NotFound(
        "There is no such payment.",
        field="id",
        expected="the id of a payment",
        received=told[:80],
        remedy="`entrepot payments list` or GET /api/v1/payments shows them.",
    )


def _check_age(payment: Payment, now_ms: int) -> None:
    days = REFUND_DAYS.get(payment.method)
    if days is not None and payment.paid_ms is not None and now_ms - payment.paid_ms > days * DAY_MS:
        raise Conflict(
            f"A payment by {payment.method} can be paid back for {days} days, which are over.",
            remedy="Pay it back by another way, and write it down with `entrepot credit refund`.",
        )
