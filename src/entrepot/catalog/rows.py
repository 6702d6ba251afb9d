"""Models as rows of a file: our own format, one JSON object a line, prices as decimal text in US dollars per unit.

The units and names of `pricing` are those of OpenRouter's catalogue (contract 3.1, read 2026-08-22): per token, except `image`
per input image, `request` per request and `web_search` per search. `overrides` are the tiers, later ones winning.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrepot.values.model import Benchmark, Model, Reasoning
from entrepot.values.money import YOCTO, parse_usd, usd
from entrepot.values.price import Price, Rates, Tier

_NAMES = {
    "prompt": "prompt",
    "completion": "completion",
    "input_cache_read": "cached",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
    "internal_reasoning": "reasoning",
    "audio": "audio",
    "input_audio_cache": "audio_cached",
    "audio_output": "completion_audio",
    "image_token": "image_token",
    "image_output": "completion_image",
    "image": "image",
    "request": "request",
    "web_search": "web_search",
}
_ADDRESS = re.compile(r"https?://[^\s/<>\"']+(/[^\s<>\"']*)?")
_OPTIONAL = {name: field for name, field in _NAMES.items() if name not in ("prompt", "completion")}


Tokens = Annotated[int, Meta(ge=0, le=10**12)]


class Row(msgspec.Struct, omit_defaults=True):
    """The fields of `values.model.Model`, with the price as text."""

    id: str
    name: str
    canonical_slug: str
    created: int
    pricing: dict[str, Any]
    context_length: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    description: str = ""
    input_modalities: tuple[str, ...] = ("text",)
    output_modalities: tuple[str, ...] = ("text",)
    tokenizer: str = "Other"
    supported_parameters: tuple[str, ...] = ()
    default_parameters: dict[str, float | None] = {}
    reasoning: Reasoning | None = None
    knowledge_cutoff: str | None = None
    expiration_date: str | None = None
    successor: str | None = None
    hugging_face_id: str | None = None
    is_moderated: bool = False
    aliases: tuple[str, ...] = ()
    alias_target: str | None = None
    pinned: bool = False
    dimensions: Annotated[int, Meta(ge=1, le=2**20)] | None = None
    supported_voices: tuple[str, ...] | None = None
    distillable: bool | None = None
    benchmarks: Annotated[tuple[Benchmark, ...], Meta(max_length=100)] = ()
    later_pricing: tuple[dict[str, Any], ...] = ()
    """each as `pricing`, with the ISO date it takes effect as `effective_from`"""
    source: str = ""
    as_of: str = ""


_SHARED = tuple(name for name in Row.__struct_fields__ if name not in ("pricing", "later_pricing"))


def to_model(row: Row) -> Model:
    """raises  ValueError, naming what is wrong with a price or a result"""
    for result in row.benchmarks:
        _check(result)
    fields = {name: getattr(row, name) for name in _SHARED}
    if not fields["description"]:
        fields["description"] = describe(row)
    later = tuple(
        price_of(pricing, source=row.source, as_of=row.as_of, effective_from=_date(pricing)) for pricing in row.later_pricing
    )
    return Model(price=price_of(row.pricing, source=row.source, as_of=row.as_of), later_prices=later, **fields)


def _check(result: Benchmark) -> None:
    """raises ValueError"""
    for told, most in ((result.name, 100), (result.unit, 20), (result.note, 200), (result.source, 500)):
        if not told.isprintable() or len(told) > most:
            raise ValueError(f"the benchmark {result.name[:40]!r} has a text that is not one line of at most {most} characters")
    if not result.name.strip():
        raise ValueError("a benchmark has no name")
    if not _ADDRESS.fullmatch(result.source):
        raise ValueError(f"the source of the benchmark {result.name!r} is not an address as https://example.com/results")
    if datetime.date.fromisoformat(result.date).isoformat() != result.date:
        raise ValueError(f"the date of the benchmark {result.name!r} is not as 2026-11-21")


def to_row(model: Model) -> Row:
    fields = {name: getattr(model, name) for name in _SHARED}
    later = tuple(pricing_of(price) | {"effective_from": price.effective_from} for price in model.later_prices)
    return Row(pricing=pricing_of(model.price), later_pricing=later, **fields)


def on_day(model: Model, today: str) -> Model:
    """The model at the price of that ISO date: the last one that has taken effect."""
    due = [price for price in model.later_prices if price.effective_from <= today]
    if not due:
        return model
    return msgspec.structs.replace(model, price=max(due, key=lambda price: price.effective_from))


def _date(pricing: dict[str, Any]) -> str:
    return datetime.date.fromisoformat(str(pricing.get("effective_from"))).isoformat()


def price_of(pricing: dict[str, Any], *, source: str = "", as_of: str = "", effective_from: str = "") -> Price:
    """raises  ValueError, or msgspec.ValidationError for a tier that is none"""
    tiers = tuple(_tier(override) for override in msgspec.convert(pricing.get("overrides") or (), list[dict[str, Any]]))
    return Price(_rates(pricing), tiers, effective_from, source, as_of)


def pricing_of(price: Price) -> dict[str, Any]:
    """The same as text, as the contract writes it."""
    told: dict[str, Any] = _texts(price.rates)
    if price.tiers:
        told["overrides"] = [_conditions(tier) | _texts(tier.rates) for tier in price.tiers]
    return told


def per_million(price: dict[str, str | None]) -> Rates:
    """Rates from US dollars per million tokens, under the names of `Rates`; `image` and `request` are each. raises ValueError"""
    each = ("image", "request", "web_search")
    given = {name: text for name, text in price.items() if text is not None}
    return Rates(**{name: parse_usd(text, scale=YOCTO if name in each else YOCTO // 10**6) for name, text in given.items()})


def _rates(pricing: dict[str, Any], absent: int | None = None) -> Rates:
    """absent  what stands for a missing prompt or completion price; None: it must be there, nothing is free by omission"""
    required = {name: _yocto(pricing[name]) if name in pricing else absent for name in ("prompt", "completion")}
    missing = [name for name, rate in required.items() if rate is None]
    if missing:
        raise ValueError(f"it has no price for {' and '.join(missing)}")
    optional = {field: _yocto(pricing[name]) for name, field in _OPTIONAL.items() if pricing.get(name) is not None}
    return Rates(**required, **optional)  # type: ignore[arg-type]


def _yocto(text: Any) -> int:
    value = parse_usd(str(text), scale=YOCTO)
    if value < 0:
        raise ValueError(f"a price of {text} is below zero")
    return value


class _Conditions(msgspec.Struct):
    min_prompt_tokens: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    utc_start: Annotated[int, Meta(ge=0, le=2400)] | None = None
    utc_end: Annotated[int, Meta(ge=0, le=2400)] | None = None


def _tier(override: dict[str, Any]) -> Tier:
    when = msgspec.convert(override, _Conditions)
    return Tier(_rates(override, absent=-1), when.min_prompt_tokens, when.utc_start, when.utc_end)


def _texts(rates: Rates) -> dict[str, Any]:
    values = ((name, getattr(rates, field)) for name, field in _NAMES.items())
    return {name: usd(value, scale=YOCTO) for name, value in values if value is not None and value >= 0}


def _conditions(tier: Tier) -> dict[str, Any]:
    told = {"min_prompt_tokens": tier.over_prompt_tokens, "utc_start": tier.utc_start, "utc_end": tier.utc_end}
    return {name: value for name, value in told.items() if value is not None}


def describe(row: Row) -> str:
    """One line made from the facts."""
    author = row.name.partition(":")[0] if ":" in row.name else row.id.partition("/")[0].lstrip("~")
    reads = [kind for kind in row.input_modalities if kind != "text"]
    writes = " and ".join(row.output_modalities) or "text"
    makes = f"makes {writes}" if writes == "embeddings" else f"writes {writes}"
    words = [f"A model by {author} that {makes}" + (f" of {row.dimensions} numbers" if row.dimensions else "")]
    if reads:
        words.append(f"reads {', '.join(reads)} as well as text")
    if row.context_length:
        words.append(f"takes {_thousands(row.context_length)} tokens of context")
    if row.reasoning is not None:
        words.append("reasons")
    if "tools" in row.supported_parameters:
        words.append("calls tools")
    return (", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]) + "."


def _thousands(count: int) -> str:
    if count >= 1_000_000:
        return f"{Decimal(count) / 1_000_000:.3g}M"
    return f"{round(count / 1000)}K" if count >= 1000 else str(count)
