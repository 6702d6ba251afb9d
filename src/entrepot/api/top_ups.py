"""Automatic top-up of a workspace, and the card it is paid with."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.changing import Deleted, Dollars, act, audited, decoded
from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.payments import Money
from entrepot.api.routes import Desk, Route
from entrepot.errors import Conflict, InvalidRequest, NotFound, Unavailable
from entrepot.ledger import workspaces
from entrepot.payments.rules import Rule
from entrepot.payments.terms import amount_text
from entrepot.payments.till import TillAway
from entrepot.payments.top_ups import Wish
from entrepot.values.money import dollars
from entrepot.values.times import iso


class TopUpOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    threshold: Annotated[Dollars, Meta(description="Below so much available credit, more is bought.")]
    amount: Annotated[Money, Meta(description="How much is bought at a time, in the currency; a fee comes on top.")]
    monthly_ceiling: Annotated[Dollars, Meta(description="The card pays no more than this in a UTC month, fees included.")]
    currency: Annotated[str, Meta(pattern="^[a-z]{3}$")] = "usd"


class TopUpData(msgspec.Struct, frozen=True):
    """`threshold` and `monthly_ceiling` are in US dollars, `amount` in the currency."""

    workspace_id: str
    state: Annotated[Literal["on", "stopped"], Meta(description="stopped: nothing is charged until it is set again.")]
    why: Annotated[str | None, Meta(description="What stopped it, or what it waits for.")]
    threshold: Usd
    amount: Usd
    currency: str
    monthly_ceiling: Usd
    changed_at: str


class TopUpAnswer(msgspec.Struct, frozen=True):
    data: TopUpData


class CardData(msgspec.Struct, frozen=True):
    """What a person knows the card by; its number is never here."""

    brand: str
    last4: str
    expires: Annotated[str, Meta(description="Year and month, as 2030-12.")]
    saved_at: str


class CardAnswer(msgspec.Struct, frozen=True):
    data: CardData | None


def show_top_up(desk: Desk, request: Request) -> Response:
    return answer(_shown(desk.cashier().top_ups.find(_workspace(desk, request))))


def set_top_up(desk: Desk, request: Request) -> Response:
    asked = decoded(request, TopUpOrder)
    wish = Wish(asked.threshold, asked.amount, asked.monthly_ceiling, asked.currency)
    return answer(_shown(desk.cashier().top_ups.set(_workspace(desk, request), wish, act(desk, request))))


def delete_top_up(desk: Desk, request: Request) -> Response:
    desk.cashier().top_ups.remove(_workspace(desk, request), act(desk, request))
    return answer(Deleted())


def show_card(desk: Desk, request: Request) -> Response:
    payer = desk.cashier().top_ups.card(_workspace(desk, request))
    if payer is None or not payer.card:
        return answer(CardAnswer(None))
    return answer(CardAnswer(CardData(payer.brand, payer.last4, payer.expires, iso(payer.saved_ms))))


def delete_card(desk: Desk, request: Request) -> Response:
    desk.cashier().top_ups.remove_card(_workspace(desk, request), act(desk, request))
    return answer(Deleted())


def _workspace(desk: Desk, request: Request) -> str:
    return workspaces.id_of(desk.store, request.params["id"])


def _shown(rule: Rule) -> TopUpAnswer:
    return TopUpAnswer(
        TopUpData(
            workspace_id=rule.workspace,
            state=rule.state,
            why=rule.why or None,
            threshold=dollars(rule.threshold_nano),
            amount=msgspec.Raw(amount_text(rule.amount_minor, rule.currency).encode()),
            currency=rule.currency,
            monthly_ceiling=dollars(rule.ceiling_nano),
            changed_at=iso(rule.changed_ms),
        )
    )


_TAG = "Payments"
ROUTES = (
    Route(
        "GET", "/workspaces/{id}/top-up", "Show automatic top-up", _TAG, show_top_up, "management",
        returns=TopUpAnswer, asks=True, errors=(NotFound,),
    ),
    Route(
        "PUT", "/workspaces/{id}/top-up", "Set automatic top-up, or turn it on again", _TAG,
        audited("top_up.set", set_top_up), "management",
        body=TopUpOrder, returns=TopUpAnswer, reads=True, asks=True, errors=(InvalidRequest, NotFound, Conflict, Unavailable),
    ),
    Route(
        "DELETE", "/workspaces/{id}/top-up", "Turn automatic top-up off", _TAG,
        audited("top_up.removed", delete_top_up), "management",
        returns=Deleted, asks=True, errors=(NotFound,),
    ),
    Route(
        "GET", "/workspaces/{id}/card", "Show the card that is kept", _TAG, show_card, "management",
        returns=CardAnswer, asks=True, errors=(NotFound,),
    ),
    Route(
        "DELETE", "/workspaces/{id}/card", "Forget the card, here and at Stripe", _TAG,
        audited("card.removed", delete_card), "management",
        returns=Deleted, asks=True, errors=(NotFound, Conflict, TillAway),
    ),
)  # fmt: skip
