"""Price lists over HTTP, by management keys: one for everybody at /prices, one for each workspace at /workspaces/{id}/prices."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.api.changing import Dollars, Time, Word, act, audited, decoded, time_of
from entrepot.api.http import Request, Response, answer
from entrepot.api.paging import Limit, Offset
from entrepot.api.routes import Desk, Route
from entrepot.api.workspaces import wanted
from entrepot.catalog.priced import warnings_of
from entrepot.catalog.rows import per_million
from entrepot.errors import InvalidRequest, NotFound
from entrepot.ledger import prices
from entrepot.ledger.prices import Entry, Order
from entrepot.metering.sheet import ANY, Rule, factor_of
from entrepot.values.price import Rates
from entrepot.values.times import iso, iso_or_none

_LARGEST_RATE = 10**6


class FixedPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """US dollars per million tokens; `image`, `request` and `web_search` each. Cached tokens and reasoning that are not named
    follow prompt and completion, everything else stays at list."""

    prompt: Dollars
    completion: Dollars
    cached: Dollars | None = None
    cache_write: Dollars | None = None
    cache_write_1h: Dollars | None = None
    reasoning: Dollars | None = None
    audio: Dollars | None = None
    audio_cached: Dollars | None = None
    completion_audio: Dollars | None = None
    completion_image: Dollars | None = None
    image_token: Dollars | None = None
    image: Dollars | None = None
    request: Dollars | None = None
    web_search: Dollars | None = None


class NewPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Either `factor` or `price`."""

    model: Annotated[Word | None, Meta(description="A slug; without one every model that has no price of its own.")] = None
    factor: Annotated[str | float | None, Meta(description='Of list prices, as "1.15", "+15%" or "-10%"; 0 is a gift.')] = None
    price: FixedPrice | None = None
    from_: Annotated[Time | None, Meta(description="Now when it is left out; never in the past.")] = None
    until: Annotated[Time | None, Meta(description="Until it is changed when it is left out.")] = None


class PriceRow(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """One with neither factor nor price ended what was before it. `workspace_id` null: everybody, `model` null: every model."""

    id: str
    version: int
    workspace_id: str | None
    model: str | None
    factor: str | None
    price: dict[str, str] | None
    from_: str
    until: str | None
    state: prices.State
    created_by: str
    created_at: str


class Prices(msgspec.Struct, frozen=True):
    data: list[PriceRow]
    total_count: int


class OnePrice(msgspec.Struct, frozen=True):
    data: PriceRow
    warnings: list[str] = []


class PricesQuery(msgspec.Struct, frozen=True):
    offset: Offset = 0
    limit: Limit = 50


class EndQuery(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    model: Annotated[Word, Meta(description="The model whose price ends; without one that of every model.")] = ANY
    from_: Annotated[str, Meta(description="RFC 3339, UTC; now when it is left out.")] = ""


def list_prices(desk: Desk, request: Request) -> Response:
    found, total = prices.entries(desk.store, _workspace(desk, request), offset=request.query.offset, limit=request.query.limit)
    return answer(Prices([_shown(desk, entry) for entry in found], total))


def set_price(desk: Desk, request: Request) -> Response:
    asked = decoded(request, NewPrice)
    model, rule = _model(desk, asked.model), _rule(asked)
    order = Order(
        workspace=_workspace(desk, request),
        model=model,
        rule=rule,
        from_ms=None if asked.from_ is None else time_of(asked.from_, "from"),
        until_ms=None if asked.until is None else time_of(asked.until, "until"),
    )
    entry = prices.enter(desk.store, order, act(desk, request))
    desk.changed()
    return answer(OnePrice(_shown(desk, entry), warnings_of(desk.catalog(), model, rule)), 201)


def end_price(desk: Desk, request: Request) -> Response:
    query, workspace = request.query, _workspace(desk, request)
    order = Order(
        workspace=workspace,
        model=query.model if prices.is_named(desk.store, workspace, query.model) else _model(desk, query.model),
        rule=None,
        from_ms=time_of(query.from_, "from") if query.from_ else None,
    )
    entry = prices.enter(desk.store, order, act(desk, request))
    desk.changed()
    return answer(OnePrice(_shown(desk, entry)))


def rates_of(told: dict[str, str]) -> Rates:
    """From US dollars per million tokens. raises InvalidRequest"""
    for name, text in told.items():
        try:
            rates = per_million({name: text})
        except ValueError as error:
            raise _no_price(name, f"{error}", text) from None
        if not 0 <= getattr(rates, name) <= _LARGEST_RATE * 10**24:
            raise _no_price(name, "it is below zero or out of all proportion", text)
    return per_million(dict(told))


def factor_in(told: str) -> str:
    """raises InvalidRequest"""
    try:
        return factor_of(told)
    except ValueError as error:
        raise InvalidRequest(
            f"`factor`: {error}. Nothing was changed.",
            field="factor",
            expected='as "1.15", "+15%" or "-10%"',
            received=told[:80],
            remedy="Write it in one of these ways; 0 is a gift.",
        ) from None


def _no_price(name: str, why: str, received: str) -> InvalidRequest:
    return InvalidRequest(
        f"`price.{name}` is not a price: {why}. Nothing was changed.",
        field=f"price.{name}",
        expected="US dollars per million tokens (each, for image, request and web_search), 0 or more",
        received=received[:80],
        remedy="Write it as 1.25, without a currency sign and without separators.",
    )


def _rule(asked: NewPrice) -> Rule:
    if (asked.factor is None) == (asked.price is None):
        raise InvalidRequest(
            "Give either `factor` or `price`. Nothing was changed.",
            field="factor",
            expected="one of the two",
            received="neither" if asked.factor is None else "both",
            remedy="Send `factor` for a share of list prices, or `price` for prices of its own.",
        )
    if asked.price is None:
        return Rule(factor=factor_in(str(asked.factor)))
    told = {name: str(value) for name, value in msgspec.structs.asdict(asked.price).items() if value is not None}
    return Rule(rates=rates_of(told))


def _model(desk: Desk, slug: str | None) -> str:
    return desk.catalog().resolve(slug).model.id if slug else ANY


def _workspace(desk: Desk, request: Request) -> str:
    return wanted(desk, request).id if "id" in request.params else ANY


def _shown(desk: Desk, entry: Entry) -> PriceRow:
    rule = entry.rule or Rule()
    return PriceRow(
        id=entry.id,
        version=entry.revision,
        workspace_id=entry.workspace or None,
        model=entry.model or None,
        factor=rule.factor,
        price=None if rule.rates is None else prices.per_million(rule.rates),
        from_=iso(entry.from_ms),
        until=iso_or_none(entry.until_ms),
        state=prices.state(desk.store, entry, desk.now_ms()),
        created_by=entry.actor,
        created_at=iso(entry.created_ms),
    )


_TAG = "Prices"


def _routes(base: str, whose: str) -> tuple[Route, ...]:
    set_, end = audited("price.set", set_price), audited("price.end", end_price)
    return (
        Route(
            "GET", f"{base}/prices", f"List prices for {whose}", _TAG, list_prices, "management",
            query=PricesQuery, returns=Prices, asks=True, errors=(NotFound,),
            description="The newest first, with those that ended.",
        ),
        Route(
            "POST", f"{base}/prices", f"Set a price for {whose}", _TAG, set_, "management",
            body=NewPrice, returns=OnePrice, reads=True, asks=True, errors=(InvalidRequest, NotFound), same_shape=(201,),
        ),
        Route(
            "DELETE", f"{base}/prices", f"End a price for {whose}", _TAG, end, "management",
            query=EndQuery, returns=OnePrice, asks=True, errors=(NotFound,),
        ),
    )  # fmt: skip


ROUTES = (*_routes("", "everybody"), *_routes("/workspaces/{id}", "a workspace"))
