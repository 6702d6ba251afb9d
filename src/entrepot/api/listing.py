"""The catalogue as lists: the filters and sorts of `GET /models` (contract 3.1, read 2026-08-22).

Sorts by traffic have models without any last, newest first. A category has the models that applications of that kind used in the
last week. Unknown facts match nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.api.categories import Category
from entrepot.api.model_rows import INDEXES, index_of
from entrepot.catalog.catalog import Catalog
from entrepot.values.model import Model
from entrepot.values.money import YOCTO
from entrepot.values.regions import areas_of
from entrepot.values.times import DAY_S

_PER_MILLION = YOCTO // 10**6
SORTS = Literal[
    "most-popular", "top-weekly", "newest", "pricing-low-to-high", "pricing-high-to-low", "context-high-to-low",
    "throughput-high-to-low", "latency-low-to-high", "intelligence-high-to-low", "coding-high-to-low", "agentic-high-to-low",
    "design-arena-elo-high-to-low",
]  # fmt: skip
Count = Annotated[int, Meta(ge=0, le=10**9)]
PageSize = Annotated[int, Meta(ge=1, le=1000)]
Dollars = Annotated[float, Meta(ge=0, le=10**6)]
Index = Annotated[float | None, Meta(description="Artificial Analysis's index, where the catalogue has it of a model.")]


class ModelQuery(msgspec.Struct, frozen=True):
    """Prices are US dollars per million tokens. Lists are separated by commas."""

    q: Annotated[str, Meta(max_length=200, description="Text in the name or slug.")] = ""
    output_modalities: Annotated[str, Meta(description="text, image, audio, embeddings ..., or all.")] = "text"
    input_modalities: Annotated[str, Meta(description="text, image, audio, file; all of them must be read.")] = ""
    supported_parameters: Annotated[str, Meta(description="Parameters that must be known, as tools.")] = ""
    sort: Annotated[SORTS | None, Meta(description="Order; as listed by default.")] = None
    context: Annotated[Count, Meta(description="Least context, in tokens.")] = 0
    min_price: Annotated[Dollars | None, Meta(description="Least prompt price.")] = None
    max_price: Annotated[Dollars | None, Meta(description="Highest prompt price.")] = None
    min_output_price: Annotated[Dollars | None, Meta(description="Least completion price.")] = None
    max_output_price: Annotated[Dollars | None, Meta(description="Highest completion price.")] = None
    arch: Annotated[str, Meta(description="Family of the tokenizer, as GPT.")] = ""
    model_authors: Annotated[str, Meta(description="Author slugs.")] = ""
    providers: Annotated[str, Meta(description="Provider slugs or names; models they serve here.")] = ""
    zdr: Annotated[bool | None, Meta(description="Only models with an endpoint that keeps nothing.")] = None
    distillable: Annotated[
        bool | None, Meta(description="true: only models known to let others be trained on their text; false: all others.")
    ] = None
    region: Annotated[Literal["eu", "us"] | None, Meta(description="Only models with an endpoint known to run there.")] = None
    category: Category = ""
    min_intelligence_index: Index = None
    max_intelligence_index: Index = None
    min_coding_index: Index = None
    max_coding_index: Index = None
    min_agentic_index: Index = None
    max_agentic_index: Index = None
    min_age_days: Annotated[Count | None, Meta(description="Released at least so many days ago.")] = None
    max_age_days: Annotated[Count | None, Meta(description="Released at most so many days ago.")] = None
    offset: Annotated[Count | None, Meta(description="Rows to pass over.")] = None
    limit: Annotated[PageSize | None, Meta(description="Rows to give; all when neither is given.")] = None


class Measured(msgspec.Struct, frozen=True):
    """What traffic says of models: tokens of the last week, and of the last day the medians of tokens a second and of
    milliseconds until the first token. Models without traffic are missing.

    tokens  of the category that is asked for, if any
    """

    tokens: Mapping[str, float] = {}
    throughput: Mapping[str, float] = {}
    latency: Mapping[str, float] = {}


class Page(msgspec.Struct, frozen=True):
    models: tuple[Model, ...]
    total: int
    next_offset: int | None = None


def list_models(catalog: Catalog, query: ModelQuery, now_s: int, measured: Measured = Measured()) -> Page:
    found = [
        model
        for model in catalog.models.values()
        if _matches(catalog, model, query, now_s) and (not query.category or model.id in measured.tokens)
    ]
    if query.sort is not None:
        found.sort(key=lambda model: _place(model, query.sort or "", measured))
    if query.offset is None and query.limit is None:
        return Page(tuple(found), len(found))
    start = query.offset or 0
    stop = start + (query.limit or 500)
    return Page(tuple(found[start:stop]), len(found), stop if stop < len(found) else None)


def _matches(catalog: Catalog, model: Model, query: ModelQuery, now_s: int) -> bool:
    return (
        _named(model, query)
        and _able(model, query)
        and _priced(model, query)
        and _old_enough(model, query, now_s)
        and all(_index_fits(model, query, name) for name in INDEXES)
        and _served(catalog, model, query)
    )


def _named(model: Model, query: ModelQuery) -> bool:
    """By its own name, its author's and that of its tokenizer."""
    text = query.q.lower()
    return (
        (text in model.id.lower() or text in model.name.lower())
        and (not query.model_authors or model.author in _words(query.model_authors))
        and (not query.arch or model.tokenizer.lower() in _words(query.arch.lower()))
    )


def _able(model: Model, query: ModelQuery) -> bool:
    """What it reads, writes, takes and may be used for."""
    written = query.output_modalities == "all" or not set(_words(query.output_modalities)).isdisjoint(model.output_modalities)
    return (
        written
        and set(_words(query.input_modalities)) <= set(model.input_modalities)
        and set(_words(query.supported_parameters)) <= set(model.supported_parameters)
        and (model.context_length or 0) >= query.context
        and (query.distillable is None or query.distillable is (model.distillable is True))
    )


def _priced(model: Model, query: ModelQuery) -> bool:
    rates = model.price.rates
    return _between(rates.prompt, query.min_price, query.max_price) and _between(
        rates.completion, query.min_output_price, query.max_output_price
    )


def _between(rate: int, least: float | None, most: float | None) -> bool:
    """A rate in yocto-dollars per token against dollars per million, exactly as those were written."""
    return (least is None or rate >= Decimal(repr(least)) * _PER_MILLION) and (
        most is None or rate <= Decimal(repr(most)) * _PER_MILLION
    )


def _index_fits(model: Model, query: ModelQuery, name: str) -> bool:
    least, most = getattr(query, f"min_{name}"), getattr(query, f"max_{name}")
    if least is None and most is None:
        return True
    value = index_of(model, name)
    return value is not None and (least is None or value >= least) and (most is None or value <= most)


def _by_index(name: str) -> Callable[[Model], tuple[Any, ...]]:
    def place(model: Model) -> tuple[Any, ...]:
        value = index_of(model, name)
        return (value is None, -(value or 0), *_newest(model))

    return place


def _old_enough(model: Model, query: ModelQuery, now_s: int) -> bool:
    days = (now_s - model.created) / DAY_S
    return (query.min_age_days is None or days >= query.min_age_days) and (
        query.max_age_days is None or days <= query.max_age_days
    )


def _served(catalog: Catalog, model: Model, query: ModelQuery) -> bool:
    names = {name.lower() for name in _words(query.providers)}
    served = catalog.endpoints(model.id)
    if names and not any(endpoint.provider in names for endpoint in served):
        return False
    if query.region and not any(query.region in areas_of(endpoint.region) for endpoint in served):
        return False
    return not query.zdr or any(endpoint.data_policy == "zdr" for endpoint in served)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _newest(model: Model) -> tuple[Any, ...]:
    return (-model.created, model.id)


MEASURED_SORTS = {
    "most-popular": "tokens",
    "top-weekly": "tokens",
    "throughput-high-to-low": "throughput",
    "latency-low-to-high": "latency",
}
"""Sorts that need traffic, and what of it."""


def _place(model: Model, sort: str, measured: Measured) -> tuple[Any, ...]:
    if sort not in MEASURED_SORTS:
        return _ORDERS.get(sort, _newest)(model)
    figures: Mapping[str, float] = getattr(measured, MEASURED_SORTS[sort])
    figure = figures.get(model.id, 0)
    return (model.id not in figures, figure if sort == "latency-low-to-high" else -figure, *_newest(model))


_ORDERS: dict[str, Callable[[Model], tuple[Any, ...]]] = {
    "newest": _newest,
    "pricing-low-to-high": lambda model: (model.price.rates.prompt, model.price.rates.completion, model.id),
    "pricing-high-to-low": lambda model: (-model.price.rates.prompt, -model.price.rates.completion, model.id),
    "context-high-to-low": lambda model: (-(model.context_length or 0), model.id),
    "intelligence-high-to-low": _by_index("intelligence_index"),
    "coding-high-to-low": _by_index("coding_index"),
    "agentic-high-to-low": _by_index("agentic_index"),
}
