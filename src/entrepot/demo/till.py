"""The payment company's double: every card is good, and money is a number. It stands where Stripe would, in this process."""

from __future__ import annotations

from entrepot.payments.till import Ask, CardSeen, EventSeen, ReturnSeen, SessionSeen, TillRefuses

_CARD = CardSeen("pm_demo", "visa", "4242", "2030-12")
_PAID = "checkout.session.completed"


class DemoTill:
    """A session is paid as soon as it is opened; `hear` of its id as the word of that."""

    def __init__(self) -> None:
        self._sessions: dict[str, SessionSeen] = {}
        self._charges: dict[str, SessionSeen] = {}

    def new_customer(self, workspace: str, own: str) -> str:
        return f"cus_demo_{workspace}"

    def open_session(self, ask: Ask) -> SessionSeen:
        session = f"cs_demo_{ask.payment}"
        opened = self._sessions[session] = _paid(ask, session, f"https://checkout.demo.invalid/{ask.payment}")
        return opened

    def charge(self, ask: Ask) -> SessionSeen:
        return self._charges.setdefault(ask.payment, _paid(ask, "", ""))

    def verified(self, body: bytes, signature: str) -> str | None:
        return body.decode()

    def event(self, event: str) -> EventSeen:
        return EventSeen(event, _PAID, event, self.session(event).intent)

    def session(self, session: str) -> SessionSeen:
        if session not in self._sessions:
            raise TillRefuses("there is no such session")
        return self._sessions[session]

    def charged(self, intent: str) -> SessionSeen:
        found = next((charge for charge in self._charges.values() if charge.intent == intent), None)
        if found is None:
            raise TillRefuses("there is no such charge")
        return found

    def charge_of(self, payment: str, customer: str, since_ms: int) -> str:
        return self._charges[payment].intent if payment in self._charges else ""

    def payment_of(self, intent: str) -> str:
        return self.charged(intent).payment

    def returns(self, intent: str) -> list[ReturnSeen]:
        return []

    def refund(self, intent: str, own: str, amount_minor: int) -> None:
        raise TillRefuses("the demo pays nothing back")

    def hasten(self, within_s: float) -> None:
        """It answers at once."""

    def forget_card(self, card: str) -> None:
        """There is nothing to forget."""


def _paid(ask: Ask, session: str, url: str) -> SessionSeen:
    quote = ask.quote
    return SessionSeen(
        session,
        url,
        ask.payment,
        quote.total_minor,
        quote.currency,
        paid=True,
        expired=False,
        intent=f"pi_demo_{ask.payment}",
        method="card",
        card=_CARD if ask.keep_card else None,
    )
