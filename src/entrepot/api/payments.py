"""Credit bought and paid back over HTTP, and the webhook by which Stripe sends word."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.changing import Word, act, audited, decoded
from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.paging import Limit, Offset
from entrepot.api.routes import Desk, Route
from entrepot.errors import Conflict, InvalidRequest, NotFound, Unavailable
from entrepot.identity.store import DEFAULT_WORKSPACE
from entrepot.ledger import workspaces
from entrepot.payments import receipts, store
from entrepot.payments.cashier import no_payment
from entrepot.payments.store import Payment, Standing
from entrepot.payments.terms import amount_text, minor_of, units
from entrepot.payments.till import TillAway
from entrepot.storage.database import Database
from entrepot.values.money import dollars
from entrepot.values.times import iso, iso_or_none

Money = Annotated[Decimal, Meta(description="In the currency.", extra_json_schema={"type": "number"})]


class Checkout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: Money
    currency: Annotated[str, Meta(pattern="^[a-z]{3}$", examples=["usd"])] = "usd"
    workspace_id: Word = DEFAULT_WORKSPACE
    save_card: Annotated[bool, Meta(description="Keep the card that it is paid with, for automatic top-up.")] = False


class PaymentQuery(msgspec.Struct, frozen=True):
    workspace_id: Annotated[Word | None, Meta(description="None: of all workspaces.")] = None
    offset: Offset = 0
    limit: Limit = 100


class RefundOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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
    state: Annotated[Standing, Meta(description="expired: it was left unpaid. failed: see `failure`.")]
    origin: Annotated[Literal["checkout", "top_up"], Meta(description="Who began it: a customer, or automatic top-up.")]
    method: Annotated[str | None, Meta(description="How it was paid, as card or alipay.")]
    currency: str
    total: Usd
    fee: Usd
    credit: Usd
    rate: Annotated[Usd, Meta(description="US dollars of credit for one of the currency.")]
    rate_day: Annotated[str | None, Meta(description="The day of which the rate is.")]
    failure: str | None
    receipt: Annotated[str | None, Meta(description="The receipt's number, of a payment that was paid.")]
    created_at: str
    paid_at: str | None
    returns: list[PaymentReturn]
    url: Annotated[str | None, Meta(description="Where the customer pays; told once.")] = None


class PaymentAnswer(msgspec.Struct, frozen=True):
    data: PaymentData


class Payments(msgspec.Struct, frozen=True):
    data: list[PaymentData]
    total_count: int


class Heard(msgspec.Struct, frozen=True):
    outcome: Literal["done", "ignored"]


def checkout(desk: Desk, request: Request) -> Response:
    cashier, asked = desk.cashier(), decoded(request, Checkout)
    payment, url = cashier.open(
        workspaces.id_of(desk.store, asked.workspace_id),
        str(asked.amount),
        asked.currency,
        act(desk, request).actor,
        keep_card=asked.save_card,
    )
    return answer(PaymentAnswer(shown(desk.store, payment, url)), 201)


def list_payments(desk: Desk, request: Request) -> Response:
    query: PaymentQuery = request.query
    workspace = None if query.workspace_id is None else workspaces.id_of(desk.store, query.workspace_id)
    found, total = store.page(desk.store, workspace, offset=query.offset, limit=query.limit)
    return answer(Payments([shown(desk.store, payment) for payment in found], total))


def show_payment(desk: Desk, request: Request) -> Response:
    return answer(PaymentAnswer(shown(desk.store, wanted(desk, request))))


def refund(desk: Desk, request: Request) -> Response:
    cashier, asked = desk.cashier(), decoded(request, RefundOrder)
    payment = wanted(desk, request)
    amount = None if asked.amount is None else minor_of(str(asked.amount), payment.currency)
    cashier.refund(payment.id, amount, act(desk, request))
    return show_payment(desk, request)


def hear(desk: Desk, request: Request) -> Response:
    return answer(Heard(desk.cashier().hear(request.body, request.signature)))


def wanted(desk: Desk, request: Request) -> Payment:
    """The payment of a path; there also when payments were turned off since. raises NotFound"""
    found = store.find(desk.store, request.params["id"])
    if found is None:
        raise no_payment(request.params["id"])
    return found


def shown(db: Database, payment: Payment, url: str | None = None) -> PaymentData:
    receipt = receipts.find(db, payment.id)

    def amount(minor: int) -> Usd:
        return msgspec.Raw(amount_text(minor, payment.currency).encode())

    return PaymentData(
        id=payment.id,
        workspace_id=payment.workspace,
        state=payment.standing,
        origin=payment.origin,
        method=payment.method or None,
        currency=payment.currency,
        total=amount(payment.quote.total_minor),
        fee=amount(payment.fee_minor),
        credit=dollars(payment.quote.credit_nano),
        rate=dollars(payment.rate_nano * units(payment.currency)),
        rate_day=payment.rate_day or None,
        failure=payment.failure or None,
        receipt=None if receipt is None else receipt.number,
        created_at=iso(payment.created_ms),
        paid_at=iso_or_none(payment.paid_ms),
        returns=[
            PaymentReturn(back.id, back.kind, back.state, amount(back.credit_minor + back.fee_minor), iso(back.at_ms))
            for back in store.returns_of(db, payment.id)
        ],
        url=url,
    )


_TAG = "Payments"
ROUTES = (
    Route(
        "POST", "/credits/checkout", "Buy credit", _TAG, audited("payment.open", checkout), "management",
        body=Checkout, returns=PaymentAnswer, reads=True, asks=True, same_shape=(201,),
        errors=(InvalidRequest, NotFound, Unavailable, TillAway),
    ),
    Route(
        "GET", "/payments", "List payments", _TAG, list_payments, "management",
        query=PaymentQuery, returns=Payments, asks=True,
    ),
    Route(
        "GET", "/payments/{id}", "Show a payment", _TAG, show_payment, "management",
        returns=PaymentAnswer, asks=True, errors=(NotFound,),
    ),
    Route(
        "POST", "/payments/{id}/refund", "Pay back credit that is not used", _TAG,
        audited("payment.refund", refund), "management",
        body=RefundOrder, returns=PaymentAnswer, reads=True, asks=True,
        errors=(InvalidRequest, NotFound, Conflict, TillAway),
    ),
    Route(
        "POST", "/webhooks/stripe", "Word from Stripe", _TAG, hear,
        returns=Heard, reads=True, asks=True, errors=(InvalidRequest, NotFound, TillAway), bases=("",),
    ),
)  # fmt: skip
