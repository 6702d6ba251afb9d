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


class SessionSeen(msgspec.Struct, frozen=True):
    """payment  the id of ours that the session was opened with"""

    id: str
    url: str
    payment: str
    amount_minor: int
    currency: str
    paid: bool
    expired: bool
    intent: str


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
    """All methods raise TillAway and TillRefuses."""

    def open_session(self, payment: str, quote: Quote, methods: Sequence[str]) -> SessionSeen: ...

    def verified(self, body: bytes, signature: str) -> str | None:
        """The id of a signed event; None when the signature is wrong or too old, or the body is no event."""

    def event(self, event: str) -> EventSeen: ...

    def session(self, session: str) -> SessionSeen: ...

    def payment_of(self, intent: str) -> str:
        """The id of ours that a payment intent carries; "" when it has none."""

    def returns(self, intent: str) -> list[ReturnSeen]: ...

    def refund(self, intent: str, own: str, amount_minor: int) -> None: ...
