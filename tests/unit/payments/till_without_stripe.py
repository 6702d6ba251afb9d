"""A till that only knows kept cards. `trouble` is raised by a charge, and by who is to forget a card; with `late` only after it was done."""

from __future__ import annotations

import threading

from entrepot.payments.till import Ask, EventSeen, ReturnSeen, SessionSeen, TillRefuses


class CardTill:
    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.late = False
        self.wrong_amount: int | None = None
        self.charges: dict[str, SessionSeen] = {}
        self.forgotten: list[str] = []
        self._lock = threading.Lock()

    def hasten(self, within_s: float) -> None:
        """It answers at once."""

    def new_customer(self, workspace: str, own: str) -> str:
        return "cus_1"

    def charge(self, ask: Ask) -> SessionSeen:
        if self.trouble and not self.late:
            raise self.trouble
        total = self.wrong_amount or ask.quote.total_minor
        with self._lock:
            intent = f"pi_{len(self.charges)}"
            charge = SessionSeen("", "", ask.payment, total, ask.quote.currency, True, False, intent, method="card")
            charge = self.charges.setdefault(ask.payment, charge)
        if self.trouble:
            raise self.trouble
        return charge

    def charged(self, intent: str) -> SessionSeen:
        return next(charge for charge in self.charges.values() if charge.intent == intent)

    def charge_of(self, payment: str, customer: str, since_ms: int) -> str:
        return self.charges[payment].intent if payment in self.charges else ""

    def open_session(self, ask: Ask) -> SessionSeen:
        raise TillRefuses("no sessions here")

    def verified(self, body: bytes, signature: str) -> str | None:
        return None

    def event(self, event: str) -> EventSeen:
        raise TillRefuses("no events here")

    def session(self, session: str) -> SessionSeen:
        raise TillRefuses("no sessions here")

    def payment_of(self, intent: str) -> str:
        return self.charged(intent).payment

    def returns(self, intent: str) -> list[ReturnSeen]:
        return []

    def refund(self, intent: str, own: str, amount_minor: int) -> None:
        raise TillRefuses("no refunds here")

    def forget_card(self, card: str) -> None:
        if self.trouble:
            raise self.trouble
        self.forgotten.append(card)
