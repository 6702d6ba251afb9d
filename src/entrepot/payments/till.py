"""What the payment company tells, as values of ours, and what it is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from entrepot.errors import GatewayError
from entrepot.payments.terms import Quote


class TillAway(GatewayError):
    """It cannot be asked now; whatever was under way is neither done nor undone for sure."""

    status = 503
    retryable = True


class TillRefuses(Exception):
    """It says no, and did nothing."""


class CardDeclined(TillRefuses):
    """The bank says no. code  the payment company's word for why, as `authentication_required`"""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Ask(msgspec.Struct, frozen=True):
    """A session that is to be opened, or a charge that is to be made.

    payment    our id of it, which makes it happen once
    customer   the payment company's id of who pays
    card       the kept card that is charged; "" for a session
    methods    ways to pay that a session offers
    keep_card  a card is kept for later when it is paid with one
    """

    payment: str
    quote: Quote
    customer: str
    card: str = ""
    methods: Sequence[str] = ()
    keep_card: bool = False


class CardSeen(msgspec.Struct, frozen=True):
    """A card that is kept. expires  as 2030-12"""

    id: str
    brand: str
    last4: str
    expires: str


class SessionSeen(msgspec.Struct, frozen=True):
    """A session, or a charge without one; its `id` and `url` are then empty.

    payment  the id of ours that it was opened with
    failure  why it can no longer be paid; "" while it can, and when it was not tried
    method   how it was paid, by the payment company's name
    card     the card that was paid with, where it is kept
    """

    id: str
    url: str
    payment: str
    amount_minor: int
    currency: str
    paid: bool
    expired: bool
    intent: str
    failure: str = ""
    method: str = ""
    card: CardSeen | None = None


class ReturnSeen(msgspec.Struct, frozen=True):
    """Money that goes back: a refund or a dispute.

    own    the id of ours that the refund was asked with; "" when somebody else asked for it
    state  stands, undone (it failed, or the dispute was won), or waits (nothing was taken yet)
    """

    kind: Literal["refund", "dispute"]
    stripe_id: str
    own: str
    amount_minor: int
    currency: str
    state: Literal["stands", "undone", "waits"]


class EventSeen(msgspec.Struct, frozen=True):
    """session and intent: what it is about; "" when it is about nothing of the kind"""

    id: str
    kind: str
    session: str
    intent: str


class Till(Protocol):
    """All methods but the first raise TillAway and TillRefuses."""

    def hasten(self, within_s: float) -> None:
        """On the way out: who is not answered by then hears that it cannot be asked. What was asked may be done all the same."""

    def new_customer(self, workspace: str, own: str) -> str:
        """The id of a customer that stands for a workspace. own  makes it happen once"""

    def open_session(self, ask: Ask) -> SessionSeen: ...

    def charge(self, ask: Ask) -> SessionSeen:
        """Charges a kept card without its owner; asked again with the same payment it gives what came of the first time.

        raises CardDeclined
        """

    def verified(self, body: bytes, signature: str) -> str | None:
        """The id of a signed event; None when the signature is wrong or too old, or the body is no event."""

    def event(self, event: str) -> EventSeen: ...

    def session(self, session: str) -> SessionSeen: ...

    def charged(self, intent: str) -> SessionSeen:
        """A charge without a session, as it stands."""

    def charge_of(self, payment: str, customer: str, since_ms: int) -> str:
        """The intent of a customer that carries an id of ours and was made since then; "" when there is none."""

    def payment_of(self, intent: str) -> str:
        """The id of ours that a payment intent carries; "" when it has none."""

    def returns(self, intent: str) -> list[ReturnSeen]: ...

    def refund(self, intent: str, own: str, amount_minor: int) -> None: ...

    def forget_card(self, card: str) -> None:
        """The card can no longer be charged; nothing happens to one that is gone already."""
