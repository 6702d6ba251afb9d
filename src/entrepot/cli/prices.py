"""`entrepot prices`: what customers pay where it is not the list price."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.api.prices import factor_in, rates_of
from entrepot.catalog.priced import warnings_of
from entrepot.cli.changing import changing, moment
from entrepot.cli.common import Failure, Json, Place, err, out, print_json, print_table
from entrepot.cli.offered import offered
from entrepot.cli.reading import reading
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import prices, workspaces
from entrepot.ledger.prices import Entry, Order
from entrepot.metering.sheet import ANY, Rule
from entrepot.storage.database import Database
from entrepot.values.clock import Clock
from entrepot.values.times import iso, iso_or_none, to_the_minute

app = App(name="prices", help="Set what workspaces pay where it is not the list price, also while the server runs.")
Whose = Annotated[str | None, Parameter(name="--workspace", help="Its id or slug [everybody without a price of their own].")]
Model = Annotated[str | None, Parameter(help="A model's slug [every model without a price of its own].")]
From = Annotated[str | None, Parameter(name="--from", help="When it begins, in UTC, as 2027-01-31 [now].")]
PerMillion = Annotated[str | None, Parameter(help="US dollars per million tokens.", allow_leading_hyphen=True)]
_MOST = 10_000


@app.command(name="list")
def list_(
    *,
    workspace: Whose = None,
    history: Annotated[bool, Parameter(name="--all", negative="", help="Those that were replaced or ended too.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """List the prices that hold and those that will."""
    now_ms = Clock().now_ms()
    with reading(place) as db:
        ensure_workspace(db, now_ms)
        found, _ = prices.entries(db, None if workspace is None else workspaces.find(db, workspace).id, limit=_MOST)
        rows = [(entry, prices.state(db, entry, now_ms)) for entry in found]
        names = {one.id: one.slug for one in workspaces.page(db, offset=0, limit=_MOST)[0]}
    shown = [(entry, state) for entry, state in rows if history or (state in ("active", "upcoming") and entry.rule is not None)]
    if json:
        print_json([_told(entry, state) for entry, state in shown])
        return
    print_table(
        ("for", "model", "price", "from", "until", "state", "by"),
        [
            (
                escape(names.get(entry.workspace, entry.workspace) or "everybody"),
                entry.model or "every model",
                _price(entry),
                to_the_minute(entry.from_ms),
                "" if entry.until_ms is None else to_the_minute(entry.until_ms),
                state,
                escape(entry.actor),
            )
            for entry, state in shown
        ],
        empty="List prices hold for all. `entrepot prices set --factor 1.15` sets others.",
    )


@app.command(name="set")
def set_(
    *,
    workspace: Whose = None,
    model: Model = None,
    factor: Annotated[
        str | None, Parameter(help="Of list prices, as 1.15, +15% or -10%; 0 is a gift.", allow_leading_hyphen=True)
    ] = None,
    prompt: PerMillion = None,
    completion: PerMillion = None,
    cached: PerMillion = None,
    cache_write: PerMillion = None,
    reasoning: PerMillion = None,
    from_: From = None,
    until: Annotated[str | None, Parameter(help="When it ends, in UTC [when it is changed].")] = None,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Set a price: a factor on list prices, or --prompt and --completion in US dollars per million tokens."""
    fixed = {"prompt": prompt, "completion": completion, "cached": cached, "cache_write": cache_write, "reasoning": reasoning}
    rates = {name: text for name, text in fixed.items() if text is not None}
    asked = {"model": model, "factor": factor, "from": from_, "until": until} | rates
    begins, ends = moment(from_, "--from"), moment(until, "--until")
    with changing(place, "price.set", f"price/{workspace or '*'}/{model or '*'}", **asked) as (db, act):
        rule = _rule(factor, rates)
        _, catalog = asyncio.run(offered(place.settings()))
        slug = catalog.resolve(model).model.id if model else ANY
        order = Order(workspace=_id(db, workspace), model=slug, rule=rule, from_ms=begins, until_ms=ends)
        entry = prices.enter(db, order, act)
        state = prices.state(db, entry, act.at_ms)
    if json:
        print_json(_told(entry, state))
    else:
        until_told = "" if entry.until_ms is None else f" until {to_the_minute(entry.until_ms)}"
        out.print(
            f"{escape(workspace or 'Everybody')} pays {_price(entry)} for {slug or 'every model'} "
            f"from {to_the_minute(entry.from_ms)}{until_told}."
        )
    for warning in warnings_of(catalog, slug, rule):
        err.print(f"[yellow]warning:[/] {escape(warning)}")


@app.command
def end(*, workspace: Whose = None, model: Model = None, from_: From = None, place: Place = Place()) -> None:
    """End a price: from then on the next wider one holds, or the list price."""
    begins = moment(from_, "--from")
    with changing(place, "price.end", f"price/{workspace or '*'}/{model or '*'}", model=model) as (db, act):
        whose = _id(db, workspace)
        slug = model if model and prices.is_named(db, whose, model) else _known(place, model)
        entry = prices.enter(db, Order(workspace=whose, model=slug, rule=None, from_ms=begins), act)
    out.print(
        f"The price of {slug or 'every model'} for {escape(workspace or 'everybody')} ends at {to_the_minute(entry.from_ms)} UTC."
    )


def _rule(factor: str | None, rates: dict[str, str]) -> Rule:
    if (factor is None) == (not rates):
        raise Failure("Give either --factor, or --prompt and --completion.")
    if factor is not None:
        return Rule(factor=factor_in(factor))
    if "prompt" not in rates or "completion" not in rates:
        raise Failure("A fixed price has both --prompt and --completion.")
    return Rule(rates=rates_of(rates))


def _known(place: Place, model: str | None) -> str:
    return asyncio.run(offered(place.settings()))[1].resolve(model).model.id if model else ANY


def _id(db: Database, workspace: str | None) -> str:
    return ANY if workspace is None else workspaces.find(db, workspace).id


def _price(entry: Entry) -> str:
    if entry.rule is None:
        return "no price of its own"
    if entry.rule.rates is not None:
        told = prices.per_million(entry.rule.rates)
        return ", ".join(f"{name.replace('_', ' ')} ${text}" for name, text in told.items()) + " per million"
    return f"{entry.rule.factor} x list"


def _told(entry: Entry, state: str) -> dict[str, Any]:
    rule = entry.rule or Rule()
    return {
        "id": entry.id,
        "version": entry.revision,
        "workspace_id": entry.workspace or None,
        "model": entry.model or None,
        "factor": rule.factor,
        "price": None if rule.rates is None else prices.per_million(rule.rates),
        "from": iso(entry.from_ms),
        "until": iso_or_none(entry.until_ms),
        "state": state,
        "created_by": entry.actor,
        "created_at": iso(entry.created_ms),
    }
