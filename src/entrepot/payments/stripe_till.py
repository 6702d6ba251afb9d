"""Stripe, through its own SDK: the only module that imports it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
import requests
import stripe

from entrepot.payments.patience import Patience
from entrepot.payments.till import Ask, CardDeclined, CardSeen, EventSeen, ReturnSeen, SessionSeen, TillAway, TillRefuses

_OURS = "entrepot_payment"
_RETURN = "entrepot_return"
_TIMEOUT_S = 20
_SKEW_S = 600
"""By which our clock may be ahead of Stripe's."""
_PAID_WITH = ["payment_intent.payment_method"]
"""Asked for together with a session."""
_ENDED = frozenset({"requires_payment_method", "canceled"})
"""A charge that was tried and cannot be paid any more as it is."""
_WAITS = frozenset({"warning_needs_response", "warning_under_review"})
_UNDONE = frozenset({"failed", "canceled", "won", "warning_closed", "prevented"})


class _EventBody(msgspec.Struct):
    id: str


class _Line(requests.Session):
    """The way to Stripe, over connections that all threads share, for as long as patience lasts."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._patience = patience

    def request(self, *asked: Any, **more: Any) -> requests.Response:
        ask = super().request
        try:
            return self._patience.ask(lambda: ask(*asked, **more))
        except TimeoutError:
            raise requests.RequestException("the gateway stops, and waits no longer") from None


class StripeTill:
    """api_base  "" for Stripe itself"""

    def __init__(self, key: str, webhook_secret: str, tolerance_s: int, return_url: str, api_base: str = "") -> None:
        self._patience = Patience()
        self._client = stripe.StripeClient(
            key,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S, session=_Line(self._patience)),
            max_network_retries=2,
            base_addresses={"api": api_base} if api_base else {},
        )
        self._webhook_secret = webhook_secret
        self._tolerance_s = tolerance_s
        self._return_url = return_url

    def hasten(self, within_s: float) -> None:
        self._patience.end(within_s)

    def new_customer(self, workspace: str, own: str) -> str:
        params: Any = {"metadata": {"entrepot_workspace": workspace}}
        with _told():
            return str(self._client.v1.customers.create(params, {"idempotency_key": own}).id)

    def open_session(self, ask: Ask) -> SessionSeen:
        quote, carried = ask.quote, {_OURS: ask.payment}
        lines = [("Credit", quote.amount_minor), ("Fee", quote.fee_minor)]
        params: Any = {
            "mode": "payment",
            "customer": ask.customer,
            "payment_method_types": list(ask.methods),
            "client_reference_id": ask.payment,
            "success_url": self._return_url,
            "cancel_url": self._return_url,
            "line_items": [_line(name, minor, quote.currency) for name, minor in lines if minor],
            "metadata": carried,
            "payment_intent_data": {"metadata": carried},
        }
        if ask.keep_card:
            # Of this method alone, so that Alipay, which keeps nothing, stays on offer beside it.
            params["payment_method_options"] = {"card": {"setup_future_usage": "off_session"}}
        with _told():
            return _session(self._client.v1.checkout.sessions.create(params, {"idempotency_key": ask.payment}).to_dict())

    def charge(self, ask: Ask) -> SessionSeen:
        params: Any = {
            "amount": ask.quote.total_minor,
            "currency": ask.quote.currency,
            "customer": ask.customer,
            "payment_method": ask.card,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "metadata": {_OURS: ask.payment},
        }
        with _told():
            return _charge(self._client.v1.payment_intents.create(params, {"idempotency_key": ask.payment}).to_dict())

    def charged(self, intent: str) -> SessionSeen:
        with _told():
            return _charge(self._client.v1.payment_intents.retrieve(intent).to_dict())

    def charge_of(self, payment: str, customer: str, since_ms: int) -> str:
        params: Any = {"customer": customer, "created": {"gte": since_ms // 1000 - _SKEW_S}, "limit": 100}
        with _told():
            for found in self._client.v1.payment_intents.list(params).auto_paging_iter():
                if (found.to_dict()["metadata"] or {}).get(_OURS) == payment:
                    return str(found.id)
        return ""

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
            return _session(self._client.v1.checkout.sessions.retrieve(session, {"expand": _PAID_WITH}).to_dict())

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

    def forget_card(self, card: str) -> None:
        with _told():
            try:
                self._client.v1.payment_methods.detach(card)
            except stripe.InvalidRequestError as error:
                if error.code != "resource_missing" and not _is_loose(self._client, card):
                    raise


@contextmanager
def _told() -> Iterator[None]:
    """Its errors in our words. Its messages can name parts of a key, so that only those about a request are passed on."""
    try:
        yield
    except stripe.CardError as error:
        raise CardDeclined(error.user_message or "the card was declined", error.code or "") from None
    except stripe.InvalidRequestError as error:
        raise TillRefuses(error.user_message or "the request was refused") from None
    except stripe.StripeError as error:
        raise TillAway(
            "Stripe could not be asked.", remedy="Try again in a moment.", retry_after_s=5, detail=type(error).__name__
        ) from None


def _line(name: str, minor: int, currency: str) -> dict[str, Any]:
    return {"quantity": 1, "price_data": {"currency": currency, "unit_amount": minor, "product_data": {"name": name}}}


def _session(found: dict[str, Any]) -> SessionSeen:
    intent = found["payment_intent"]
    paid = found["payment_status"] == "paid"
    tried = found["status"] == "complete" and not paid and isinstance(intent, dict)
    with_ = intent.get("payment_method") if isinstance(intent, dict) else None
    method = with_ if isinstance(with_, dict) else {}
    return SessionSeen(
        id=found["id"],
        url=found["url"] or "",
        payment=found["client_reference_id"] or "",
        amount_minor=found["amount_total"] or 0,
        currency=found["currency"] or "",
        paid=paid,
        expired=found["status"] == "expired",
        intent=_id(intent),
        failure=_failure(intent) if tried else "",
        method=str(method.get("type", "")),
        card=_kept(method) if paid else None,
    )


def _charge(found: dict[str, Any]) -> SessionSeen:
    return SessionSeen(
        id="",
        url="",
        payment=str((found["metadata"] or {}).get(_OURS, "")),
        amount_minor=found["amount"],
        currency=found["currency"],
        paid=found["status"] == "succeeded",
        expired=False,
        intent=found["id"],
        failure="the bank asks for the card's owner" if found["status"] == "requires_action" else _failure(found),
        method="card",
    )


def _failure(intent: dict[str, Any]) -> str:
    """Why it was not paid; "" while it is under way."""
    if intent["status"] not in _ENDED:
        return ""
    return str((intent.get("last_payment_error") or {}).get("message") or "the payment failed")


def _kept(method: dict[str, Any]) -> CardSeen | None:
    """A card that belongs to a customer can be charged again."""
    card = method.get("card")
    if not card or not method.get("customer"):
        return None
    return CardSeen(method["id"], card["brand"], card["last4"], f"{card['exp_year']:04d}-{card['exp_month']:02d}")


def _is_loose(client: stripe.StripeClient, card: str) -> bool:
    return client.v1.payment_methods.retrieve(card).customer is None


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
