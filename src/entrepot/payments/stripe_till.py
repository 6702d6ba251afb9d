"""Stripe, through its own SDK: the only module that imports it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
import stripe

from entrepot.payments.terms import Quote
from entrepot.payments.till import EventSeen, ReturnSeen, SessionSeen, TillAway, TillRefuses

_OURS = "entrepot_payment"
_RETURN = "entrepot_return"
_TIMEOUT_S = 20
_NO = (stripe.InvalidRequestError, stripe.CardError)
_WAITS = frozenset({"warning_needs_response", "warning_under_review"})
_UNDONE = frozenset({"failed", "canceled", "won", "warning_closed", "prevented"})


class _EventBody(msgspec.Struct):
    id: str


class StripeTill:
    """api_base  "" for Stripe itself"""

    def __init__(self, key: str, webhook_secret: str, tolerance_s: int, return_url: str, api_base: str = "") -> None:
        self._client = stripe.StripeClient(
            key,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
            max_network_retries=2,
            base_addresses={"api": api_base} if api_base else {},
        )
        self._webhook_secret = webhook_secret
        self._tolerance_s = tolerance_s
        self._return_url = return_url

    def open_session(self, payment: str, quote: Quote, methods: Sequence[str]) -> SessionSeen:
        lines = [("Credit", quote.amount_minor), ("Fee", quote.fee_minor)]
        params: Any = {
            "mode": "payment",
            "payment_method_types": list(methods),
            "client_reference_id": payment,
            "success_url": self._return_url,
            "cancel_url": self._return_url,
            "line_items": [_line(name, minor, quote.currency) for name, minor in lines if minor],
            "metadata": {_OURS: payment},
            "payment_intent_data": {"metadata": {_OURS: payment}},
        }
        with _told():
            return _session(self._client.v1.checkout.sessions.create(params, {"idempotency_key": payment}).to_dict())

    def verified(self, body: bytes, signature: str) -> str | None:
        try:
            stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret, self._tolerance_s)
            return msgspec.json.decode(body, type=_EventBody).id
        except (stripe.SignatureVerificationError, UnicodeDecodeError, msgspec.DecodeError):
            return None

    def event(self, event: str) -> EventSeen:
        with _told():
            found = self._client.v1.events.retrieve(event)
        about = found.to_dict()["data"]["object"]
        session = about["id"] if about["object"] == "checkout.session" else ""
        intent = about["id"] if about["object"] == "payment_intent" else about.get("payment_intent")
        return EventSeen(found.id, found.type, session, _id(intent))

    def session(self, session: str) -> SessionSeen:
        with _told():
            return _session(self._client.v1.checkout.sessions.retrieve(session).to_dict())

    def payment_of(self, intent: str) -> str:
        with _told():
            found = self._client.v1.payment_intents.retrieve(intent).to_dict()
        return str((found["metadata"] or {}).get(_OURS, ""))

    def returns(self, intent: str) -> list[ReturnSeen]:
        with _told():
            refunds = list(self._client.v1.refunds.list({"payment_intent": intent, "limit": 100}).auto_paging_iter())
            disputes = list(self._client.v1.disputes.list({"payment_intent": intent, "limit": 100}).auto_paging_iter())
        return [
            *(_return("refund", found.to_dict()) for found in refunds),
            *(_return("dispute", found.to_dict()) for found in disputes),
        ]

    def refund(self, intent: str, own: str, amount_minor: int) -> None:
        with _told():
            self._client.v1.refunds.create(
                {"payment_intent": intent, "amount": amount_minor, "metadata": {_RETURN: own}}, {"idempotency_key": own}
            )


@contextmanager
def _told() -> Iterator[None]:
    """Its errors in our words. Its messages can name parts of a key, so that only those about a request are passed on."""
    try:
        yield
    except _NO as error:
        raise TillRefuses(error.user_message or "the request was refused") from None
    except stripe.StripeError as error:
        raise TillAway(
            "Stripe could not be asked.", remedy="Try again in a moment.", retry_after_s=5, detail=type(error).__name__
        ) from None


def _line(name: str, minor: int, currency: str) -> dict[str, Any]:
    return {"quantity": 1, "price_data": {"currency": currency, "unit_amount": minor, "product_data": {"name": name}}}


def _session(found: dict[str, Any]) -> SessionSeen:
    return SessionSeen(
        id=found["id"],
        url=found["url"] or "",
        payment=found["client_reference_id"] or "",
        amount_minor=found["amount_total"] or 0,
        currency=found["currency"] or "",
        paid=found["payment_status"] == "paid",
        expired=found["status"] == "expired",
        intent=_id(found["payment_intent"]),
    )


def _return(kind: Literal["refund", "dispute"], found: dict[str, Any]) -> ReturnSeen:
    metadata = found["metadata"] or {}
    state: Literal["stands", "undone", "waits"] = "stands"
    if found["status"] in _UNDONE:
        state = "undone"
    elif kind == "dispute" and found["status"] in _WAITS:
        state = "waits"
    own = str(metadata.get(_RETURN, "")) if kind == "refund" else ""
    return ReturnSeen(kind, found["id"], own, found["amount"], found["currency"], state)


def _id(told: Any) -> str:
    """An id, whether it comes as itself or as the whole object."""
    if told is None:
        return ""
    return told if isinstance(told, str) else str(told["id"])
