"""What one model costs: what a call comes to, every rate with its tiers, and since when each price holds."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import msgspec

from entrepot.metering.cost import Cost, Unpriced, cost_of
from entrepot.values.model import Endpoint, Model
from entrepot.values.money import YOCTO
from entrepot.values.price import Price, Rates, Tier
from entrepot.values.usage import Usage
from entrepot.web import figures
from entrepot.web.shelf import Row, Shelf

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


class Dated(msgspec.Struct, frozen=True):
    """A price and since when it holds; `state` is past, now or announced."""

    since: str
    state: str
    price: Price


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


def when(tier: Tier) -> str:
    told = []
    if tier.over_prompt_tokens is not None:
        told.append(f"over {figures.tokens(tier.over_prompt_tokens)} prompt tokens")
    if tier.utc_start is not None and tier.utc_end is not None:
        told.append(
            f"{tier.utc_start // 100:02}:{tier.utc_start % 100:02} to {tier.utc_end // 100:02}:{tier.utc_end % 100:02} UTC"
        )
    said = ", ".join(told)
    return said[:1].upper() + said[1:]


def history(model: Model, today: str) -> list[Dated]:
    """Every price that the catalogue knows, the latest first."""
    prices = {price.effective_from: price for price in (model.price, *model.later_prices)}
    begun = max((since for since in prices if since <= today), default="")
    return [
        Dated(since, "now" if since == begun else "announced" if since > today else "past", price)
        for since, price in sorted(prices.items(), reverse=True)
    ]
