"""The catalogue as lists: the filters and sorts of `GET /models`, and rows in the contract's shape (3.1, 3.3, read 2026-08-22).

Rows also carry `object` and `owned_by`, so that OpenAI's clients read the same list. Sorts by traffic have models without any
last, newest first. A category has the models that applications of that kind used in the last week. Unknown facts match nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.api.categories import Category
from entrepot.catalog.catalog import Catalog
from entrepot.catalog.rows import pricing_of
from entrepot.values.model import Benchmark, Endpoint, Model
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
    if query.distillable is not None and query.distillable is not (model.distillable is True):
        return False
    if query.output_modalities != "all" and not set(_words(query.output_modalities)) & set(model.output_modalities):
        return False
    text = query.q.lower()
    if text and text not in model.id.lower() and text not in model.name.lower():
        return False
    rates = model.price.rates
    return (
        set(_words(query.input_modalities)) <= set(model.input_modalities)
        and set(_words(query.supported_parameters)) <= set(model.supported_parameters)
        and (model.context_length or 0) >= query.context
        and _between(rates.prompt, query.min_price, query.max_price)
        and _between(rates.completion, query.min_output_price, query.max_output_price)
        and (not query.arch or model.tokenizer.lower() in _words(query.arch.lower()))
        and (not query.model_authors or model.author in _words(query.model_authors))
        and _old_enough(model, query, now_s)
        and all(_index_fits(model, query, name) for name in INDEXES)
        and _served(catalog, model, query)
    )


def _between(rate: int, least: float | None, most: float | None) -> bool:
    """A rate in yocto-dollars per token against dollars per million, exactly as those were written."""
    return (least is None or rate >= Decimal(repr(least)) * _PER_MILLION) and (
        most is None or rate <= Decimal(repr(most)) * _PER_MILLION
    )


INDEXES = {
    "intelligence_index": "Artificial Analysis Intelligence Index",
    "coding_index": "Artificial Analysis Coding Index",
    "agentic_index": "Artificial Analysis Agentic Index",
}
"""The names under which the catalogue has the results that the contract has members for."""


def index_of(model: Model, name: str) -> float | None:
    return next((result.value for result in model.benchmarks if result.name == INDEXES[name]), None)


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


class Architecture(msgspec.Struct, frozen=True):
    modality: str
    input_modalities: tuple[str, ...]
    output_modalities: tuple[str, ...]
    tokenizer: str
    instruct_type: str | None = None


class TopProvider(msgspec.Struct, frozen=True):
    context_length: int | None
    max_completion_tokens: int | None
    is_moderated: bool


class ReasoningRow(msgspec.Struct, frozen=True, omit_defaults=True):
    mandatory: bool
    supported_efforts: tuple[str, ...] | None
    default_effort: str | None
    default_enabled: bool
    supports_max_tokens: bool = False


class Indexes(msgspec.Struct, frozen=True):
    intelligence_index: float | None
    coding_index: float | None
    agentic_index: float | None


class Benchmarks(msgspec.Struct, frozen=True, omit_defaults=True):
    design_arena: tuple[dict[str, Any], ...]
    published: Annotated[tuple[Benchmark, ...], Meta(description="All results that the catalogue has, with source and date.")]
    artificial_analysis: Indexes | msgspec.UnsetType = msgspec.UNSET


class ModelRow(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    canonical_slug: str
    name: str
    created: int
    description: str
    context_length: int | None
    architecture: Architecture
    pricing: dict[str, Any]
    top_provider: TopProvider
    per_request_limits: None
    supported_parameters: tuple[str, ...]
    default_parameters: dict[str, float | None] | None
    supported_voices: tuple[str, ...] | None
    hugging_face_id: str | None
    expiration_date: str | None
    knowledge_cutoff: str | None
    links: dict[str, str]
    object: str
    owned_by: str
    aliases: tuple[str, ...]
    distillable: Annotated[bool | None, Meta(description="Whether others may be trained on its text; null: not known.")]
    reasoning: ReasoningRow | msgspec.UnsetType = msgspec.UNSET
    benchmarks: Benchmarks | msgspec.UnsetType = msgspec.UNSET
    alias_target: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    successor: str | msgspec.UnsetType = msgspec.UNSET


def model_row(model: Model, top: Endpoint | None, target: Model | None) -> ModelRow:
    """`top` is the endpoint that would serve it first: its price and bounds are shown. `target` is what an alias stands for."""
    told, shown = model.reasoning, top or model
    return ModelRow(
        id=model.id,
        canonical_slug=model.canonical_slug,
        name=model.name,
        created=model.created,
        description=model.description,
        context_length=model.context_length,
        architecture=_architecture(model),
        pricing=pricing_of(shown.price),
        top_provider=TopProvider(shown.context_length, shown.max_completion_tokens, model.is_moderated),
        per_request_limits=None,
        supported_parameters=model.supported_parameters,
        default_parameters=model.default_parameters or None,
        supported_voices=model.supported_voices,
        hugging_face_id=model.hugging_face_id,
        expiration_date=model.expiration_date,
        knowledge_cutoff=model.knowledge_cutoff,
        links={"details": f"/api/v1/models/{model.id}/endpoints"},
        object="model",
        owned_by=model.author,
        aliases=model.aliases,
        distillable=model.distillable,
        reasoning=ReasoningRow(
            told.mandatory,
            told.efforts or None,
            told.default_effort or None,
            bool(told.default_enabled or told.mandatory),
            told.takes_max_tokens,
        )
        if told
        else msgspec.UNSET,
        benchmarks=_benchmarks(model) if model.benchmarks else msgspec.UNSET,
        alias_target={"name": target.name, "slug": target.id} if target else msgspec.UNSET,
        successor=model.successor or msgspec.UNSET,
    )


def _architecture(model: Model) -> Architecture:
    modality = "+".join(model.input_modalities) + "->" + "+".join(model.output_modalities)
    return Architecture(modality, model.input_modalities, model.output_modalities, model.tokenizer)


class ToolChoices(msgspec.Struct, frozen=True):
    auto: bool
    function: bool
    none: bool
    required: bool


_OFF = -10
"""The contract knows 0 for healthy and leaves the meaning of others open; this is the last of them."""


class EndpointRow(msgspec.Struct, frozen=True):
    """Statistics are null where there is no traffic to measure, and speeds also without a key. `status` is 0 when it serves; else
    `status_reason` says why not.
    """

    name: str
    model_id: str
    model_name: str
    provider_name: str
    tag: str
    quantization: str | None
    context_length: int
    max_prompt_tokens: int | None
    max_completion_tokens: int | None
    pricing: dict[str, Any]
    supported_parameters: tuple[str, ...]
    supports_implicit_caching: bool
    supports_tool_choice: ToolChoices
    status: int
    status_reason: str
    uptime_last_5m: float | None = None
    uptime_last_30m: float | None = None
    uptime_last_1d: float | None = None
    latency_last_30m: dict[str, float] | None = None
    throughput_last_30m: dict[str, float] | None = None
    native_tools: dict[str, Any] = {}
    region: Annotated[str | None, Meta(description="Where it runs: eu, us or a country as de; null: not known.")] = None
    service_tier: str | None = None
    supports_diarization: bool = False
    supports_voice_cloning: bool = False


def _benchmarks(model: Model) -> Benchmarks:
    """In the contract's members those it has; it wants the list of the arena also where it is empty."""
    indexes = [index_of(model, name) for name in INDEXES]
    known = any(index is not None for index in indexes)
    return Benchmarks((), model.benchmarks, Indexes(*indexes) if known else msgspec.UNSET)


class Observed(msgspec.Struct, frozen=True):
    """Of one endpoint: percent of attempts that did not fail by the provider's fault, and quantiles of the last half hour."""

    uptime_last_5m: float | None = None
    uptime_last_30m: float | None = None
    uptime_last_1d: float | None = None
    latency_last_30m: dict[str, float] | None = None
    throughput_last_30m: dict[str, float] | None = None


class EndpointsOf(msgspec.Struct, frozen=True):
    id: str
    name: str
    created: int
    description: str
    architecture: Architecture
    endpoints: tuple[EndpointRow, ...]


def endpoints_of(
    catalog: Catalog, model: Model, provider_names: dict[str, str], observed: Mapping[str, Observed] = {}
) -> EndpointsOf:
    rows = tuple(
        _endpoint_row(model, endpoint, provider_names, observed.get(endpoint.id, Observed()))
        for endpoint in catalog.endpoints(model.id)
    )
    return EndpointsOf(model.id, model.name, model.created, model.description, _architecture(model), rows)


def _endpoint_row(model: Model, endpoint: Endpoint, names: dict[str, str], observed: Observed) -> EndpointRow:
    provider = names.get(endpoint.provider, endpoint.provider)
    tools, forced = "tools" in endpoint.supported_parameters, "tool_choice" in endpoint.supported_parameters
    return EndpointRow(
        name=f"{provider} | {model.canonical_slug}",
        model_id=model.canonical_slug,
        model_name=model.name,
        provider_name=provider,
        tag=f"{endpoint.provider}/{endpoint.tag}" if endpoint.tag else endpoint.provider,
        quantization=endpoint.quantization,
        context_length=endpoint.context_length or 0,
        max_prompt_tokens=endpoint.max_prompt_tokens,
        max_completion_tokens=endpoint.max_completion_tokens,
        pricing=pricing_of(endpoint.price),
        supported_parameters=endpoint.supported_parameters,
        # A rate for reading a cache and none for writing one: the provider caches by itself.
        supports_implicit_caching=endpoint.price.rates.cached is not None and endpoint.price.rates.cache_write is None,
        status=0 if endpoint.on else _OFF,
        status_reason=endpoint.off_reason,
        uptime_last_5m=observed.uptime_last_5m,
        uptime_last_30m=observed.uptime_last_30m,
        uptime_last_1d=observed.uptime_last_1d,
        latency_last_30m=observed.latency_last_30m,
        throughput_last_30m=observed.throughput_last_30m,
        region=endpoint.region or None,
        supports_tool_choice=ToolChoices(auto=tools, function=forced, none=tools, required=forced),
    )
