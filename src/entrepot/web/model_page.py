"""The pages of one model: what it is, who serves it, what it costs, how it is called. Each tab is an address of its own."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.metering.cost import Cost, Unpriced, cost_of
from entrepot.values.model import Endpoint, Model
from entrepot.values.money import NANO, YOCTO
from entrepot.values.price import Price, Rates, Tier
from entrepot.values.usage import Usage
from entrepot.web import figures
from entrepot.web.calls import surfaces
from entrepot.web.reference import Parameter, Reference
from entrepot.web.shelf import Row, Shelf

TABS = {"": "Overview", "providers": "Providers", "pricing": "Pricing", "api": "API"}
POLICIES = {"zdr": "keeps nothing", "retains": "keeps it for a time", "trains": "may train on it", "unknown": "not known"}
_TOKEN_RATES = {
    "prompt": "Prompt",
    "completion": "Completion",
    "cached": "Prompt read from the cache",
    "cache_write": "Written to the cache, for 5 minutes",
    "cache_write_1h": "Written to the cache, for an hour",
    "reasoning": "Reasoning",
    "audio": "Sound in the prompt",
    "audio_cached": "Sound read from the cache",
    "completion_audio": "Sound in the completion",
    "completion_image": "Pictures in the completion",
    "image_token": "Pictures, by the token",
}
_UNIT_RATES = {"image": "Each picture in the prompt", "request": "Each request", "web_search": "Each web search"}
_LENGTHS = ("max_tokens", "max_completion_tokens")
_MOST_TOKENS = 10**9


class Line(msgspec.Struct, frozen=True):
    """What one kind of thing costs: at the usual rate, then in each tier."""

    label: str
    unit: str
    amounts: tuple[str, ...]


class Call(msgspec.Struct, frozen=True):
    """One call, as the reader described it; `problem` when that could not be read."""

    tokens_in: int = 10_000
    tokens_out: int = 1_000
    cached_percent: int = 0
    problem: str = ""

    @property
    def usage(self) -> Usage:
        return Usage(
            prompt_tokens=self.tokens_in,
            completion_tokens=self.tokens_out,
            cached_tokens=self.tokens_in * self.cached_percent // 100,
        )


class Quote(msgspec.Struct, frozen=True):
    """What the call costs at one endpoint, or at the maker's price; `cost` is None where it has no price by the token."""

    provider: str
    ready: bool
    cost: Cost | None


class Taken(msgspec.Struct, frozen=True):
    """A parameter, and whether the model takes it: None where that is not known."""

    parameter: Parameter
    takes: bool | None


class Where(msgspec.Struct, frozen=True):
    """The reader's side: the address they came by, the slug they wrote, and the time."""

    base_url: str
    asked: str
    now: datetime.datetime


def find(shelf: Shelf, path: str) -> tuple[Row, str] | None:
    """The model and the tab that a path names."""
    slug = path.strip("/")
    row = shelf.find(slug) if "/" in slug else None
    if row is not None:
        return row, ""
    head, _, tab = slug.rpartition("/")
    row = shelf.find(head) if tab in TABS and "/" in head else None
    return (row, tab) if row is not None else None


def context(shelf: Shelf, reference: Reference, row: Row, tab: str, query: Mapping[str, str], where: Where) -> dict[str, Any]:
    """What the template reads."""
    model = row.model
    about = {
        "row": row,
        "model": model,
        "tab": tab,
        "tabs": TABS,
        "asked": where.asked if where.asked != model.id else "",
        "served": shelf.rows.get(row.target, row).model,
        "snapshot": shelf.rows.get(model.canonical_slug),
        "successor": shelf.find(model.successor or ""),
        "ended": bool(model.expiration_date) and str(model.expiration_date) <= where.now.date().isoformat(),
        "providers": shelf.provider_names,
        "policies": POLICIES,
        "figures": figures,
    }
    if tab == "pricing":
        call = read_call(query)
        about |= {"call": call, "quotes": quotes(shelf, row, call, where.now), "lines": lines(row.price)}
        about |= {"tiers": [_when(tier) for tier in row.price.tiers], "dollars": lambda nano: figures.dollars(nano, NANO)}
    if tab == "api":
        about |= {"surfaces": surfaces(model, where.base_url), "parameters": parameters(shelf, reference, model)}
    return about


def read_call(query: Mapping[str, str]) -> Call:
    usual = Call()
    tokens_in = _whole(query.get("in"), usual.tokens_in, _MOST_TOKENS)
    tokens_out = _whole(query.get("out"), usual.tokens_out, _MOST_TOKENS)
    cached = _whole(query.get("cached"), usual.cached_percent, 100)
    if tokens_in is None or tokens_out is None or cached is None:
        return Call(problem="Tokens are whole numbers up to a thousand million, and the cached share a percentage from 0 to 100.")
    return Call(tokens_in, tokens_out, cached)


def _whole(text: str | None, usual: int, most: int) -> int | None:
    if text is None:
        return usual
    short = text.isascii() and text.isdigit() and len(text) < 12
    return int(text) if short and int(text) <= most else None


def quotes(shelf: Shelf, row: Row, call: Call, now: datetime.datetime) -> list[Quote]:
    """At each endpoint, in the order in which they stand; at the maker's price when nobody serves it here."""
    if not row.priced:
        return []
    hhmm = now.hour * 100 + now.minute
    if not row.endpoints:
        return [Quote("List price", False, _cost(call, row.price, hhmm))]
    return [Quote(named(shelf, endpoint), endpoint.on, _cost(call, endpoint.price, hhmm)) for endpoint in row.endpoints]


def _cost(call: Call, price: Price, hhmm: int) -> Cost | None:
    try:
        return cost_of(call.usage, price, at_utc_hhmm=hhmm)
    except Unpriced:
        return None


def named(shelf: Shelf, endpoint: Endpoint) -> str:
    name = shelf.provider_names.get(endpoint.provider, endpoint.provider)
    return f"{name}, {endpoint.tag}" if endpoint.tag else name


def lines(price: Price) -> list[Line]:
    """Every rate that is published, and what it becomes in each tier."""
    sets = [price.rates, *(tier.rates for tier in price.tiers)]
    told = [_line(sets, name, label, "a million tokens") for name, label in _TOKEN_RATES.items()]
    told += [_line(sets, name, label, "each") for name, label in _UNIT_RATES.items()]
    return [line for line in told if any(line.amounts)]


def _line(sets: list[Rates], name: str, label: str, unit: str) -> Line:
    show = figures.per_million if unit != "each" else lambda rate: figures.dollars(rate, YOCTO)
    rates: list[int | None] = [getattr(rates, name) for rates in sets]
    # A tier says -1 or nothing where it changes nothing.
    amounts = [show(rate) if rate is not None and rate >= 0 else "" for rate in rates]
    return Line(label, unit, (amounts[0], *(amount or amounts[0] for amount in amounts[1:])))


def _when(tier: Tier) -> str:
    told = []
    if tier.over_prompt_tokens is not None:
        told.append(f"over {figures.tokens(tier.over_prompt_tokens)} prompt tokens")
    if tier.utc_start is not None and tier.utc_end is not None:
        told.append(
            f"{tier.utc_start // 100:02}:{tier.utc_start % 100:02} to {tier.utc_end // 100:02}:{tier.utc_end % 100:02} UTC"
        )
    said = ", ".join(told)
    return said[:1].upper() + said[1:]


def parameters(shelf: Shelf, reference: Reference, model: Model) -> list[Taken]:
    """Those of the request that some models take and others do not, with this model's own bounds and defaults."""
    judged = {choice.value for choice in shelf.choices["parameter"]}
    schema = "EmbeddingRequest" if model.makes_embeddings else "Chat"
    known = model.supported_parameters
    return [
        Taken(_own(parameter, model), _takes(parameter.name, known) if known else None)
        for parameter in reference.parameters(schema)
        if parameter.name in judged
    ]


def _takes(name: str, known: tuple[str, ...]) -> bool:
    """Either spelling of the length does: it is sent as the provider spells it."""
    return name in known or (name in _LENGTHS and not set(_LENGTHS).isdisjoint(known))


def _own(parameter: Parameter, model: Model) -> Parameter:
    if parameter.name in _LENGTHS and model.max_completion_tokens:
        parameter = msgspec.structs.replace(parameter, bounds=f"1 to {model.max_completion_tokens:,}")
    if parameter.name == "reasoning_effort" and model.reasoning is not None:
        efforts, usual = model.reasoning.efforts, model.reasoning.default_effort
        parameter = msgspec.structs.replace(parameter, bounds=", ".join(efforts) or parameter.bounds, default=usual)
    default = model.default_parameters.get(parameter.name)
    return parameter if default is None else msgspec.structs.replace(parameter, default=f"{default:g}")
