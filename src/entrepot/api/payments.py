"""Credit bought and paid back over HTTP, and the webhook by which Stripe sends word."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.http import Request, Response, Usd, answer, dollars
from entrepot.api.key import iso
from entrepot.api.keys import Word, act, decoded
from entrepot.api.routes import Desk, Route
from entrepot.errors import Conflict, InvalidRequest, NotFound, Unavailable
from entrepot.identity.store import DEFAULT_WORKSPACE
from entrepot.payments.store import Payment, Return
from entrepot.payments.terms import amount_text, minor_of
from entrepot.payments.till import TillAway

Money = Annotated[Decimal, Meta(description="In the currency.", extra_json_schema={"type": "number"})]


class Checkout(msgspec.Struct, frozen=True):
    amount: Money
    currency: Annotated[str, Meta(pattern="^[a-z]{3}$")] = "usd"
    workspace_id: Word = DEFAULT_WORKSPACE


class RefundOrder(msgspec.Struct, frozen=True):
    amount: Annotated[Decimal | None, Meta(description="In the currency; all that is left of it.")] = None


class PaymentReturn(msgspec.Struct, frozen=True):
    id: str
    kind: Literal["refund", "dispute"]
    state: Literal["asked", "done", "undone"]
    amount: Usd
    created_at: str


class PaymentData(msgspec.Struct, frozen=True):
    """`credit` is in US dollars; `total`, with the fee, and the amounts of `returns` in the currency."""

    id: str
    workspace_id: str
    state: Literal["open", "paid", "expired"]
    currency: str
    total: Usd
    fee: Usd
    credit: Usd
    created_at: str
    paid_at: str | None
    returns: list[PaymentReturn]
    url: Annotated[str | None, Meta(description="Where the customer pays; told once.")] = None


class PaymentAnswer(msgspec.Struct, frozen=True):
    data: PaymentData


class Heard(msgspec.Struct, frozen=True):
    outcome: Literal["done", "ignored"]


def checkout(desk: Desk, request: Request) -> Response:
    cashier, asked = desk.cashier(), decoded(request, Checkout)
    payment, url = cashier.open(asked.workspace_id, str(asked.amount), asked.currency, act(desk, request).actor)
    return answer(PaymentAnswer(_shown(payment, [], url)), 201)


def show_payment(desk: Desk, request: Request) -> Response:
    cashier = desk.cashier()
    payment = cashier.find(request.params["id"])
    return answer(PaymentAnswer(_shown(payment, cashier.returns_of(payment.id))))


def refund(desk: Desk, request: Request) -> Response:
    cashier, asked = desk.cashier(), decoded(request, RefundOrder)
    payment = cashier.find(request.params["id"])
    amount = None if asked.amount is None else minor_of(str(asked.amount), payment.currency)
    cashier.refund(payment.id, amount, act(desk, request))
    return show_payment(desk, request)


def hear(desk: Desk, request: Request) -> Response:
    return answer(Heard(desk.cashier().hear(request.body, request.signature)))


def _shown(payment: Payment, returns: list[Return], url: str | None = None) -> PaymentData:
    def amount(minor: int) -> Usd:
        return msgspec.Raw(amount_text(minor, payment.currency).encode())

    return PaymentData(
        id=payment.id,
        workspace_id=payment.workspace,
        state=payment.state,
        currency=payment.currency,
        total=amount(payment.quote.total_minor),
        fee=amount(payment.fee_minor),
        credit=dollars(payment.quote.credit_nano),
        created_at=iso(payment.created_ms),
        paid_at=None if payment.paid_ms is None else iso(payment.paid_ms),
        returns=[
            PaymentReturn(back.id, back.kind, back.state, amount(back.credit_minor + back.fee_minor), iso(back.at_ms))
            for back in returns
        ],
        url=url,
    )


_TAG = "Payments"
ROUTES = (
    Route(
        "POST", "/credits/checkout", "Buy credit", _TAG, checkout, "management",
        body=Checkout, returns=PaymentAnswer, reads=True, asks=True, same_shape=(201,),
        errors=(InvalidRequest, NotFound, Unavailable, TillAway),
    ),
    Route(
        "GET", "/credits/payments/{id}", "Show a payment", _TAG, show_payment, "management",
        returns=PaymentAnswer, asks=True, errors=(NotFound,),
    ),
    Route(
        "POST", "/credits/payments/{id}/refund", "Pay back credit that is not used", _TAG, refund, "management",
        body=RefundOrder, returns=PaymentAnswer, reads=True, asks=True,
        errors=(InvalidRequest, NotFound, Conflict, TillAway),
    ),
    Route(
        "POST", "/webhooks/stripe", "Word from Stripe", _TAG, hear,
        returns=Heard, reads=True, asks=True, errors=(InvalidRequest, NotFound, TillAway), bases=("",),
    ),
)  # fmt: skip
