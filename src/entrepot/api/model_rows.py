"""Models and their endpoints as rows in the contract's shape (3.1, 3.3, read 2026-08-22).

Rows of models also carry `object` and `owned_by`, so that OpenAI's clients read the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.rows import pricing_of
from entrepot.values.model import Benchmark, Endpoint, Model, Reasoning

_OFF = -10
"""The contract knows 0 for healthy and leaves the meaning of others open; this is the last of them."""
INDEXES = {
    "intelligence_index": "Artificial Analysis Intelligence Index",
    "coding_index": "Artificial Analysis Coding Index",
    "agentic_index": "Artificial Analysis Agentic Index",
}
"""The names under which the catalogue has the results that the contract has members for."""


def index_of(model: Model, name: str) -> float | None:
    return next((result.value for result in model.benchmarks if result.name == INDEXES[name]), None)


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
    shown = top or model
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
        reasoning=_reasoning(model.reasoning) if model.reasoning else msgspec.UNSET,
        benchmarks=_benchmarks(model) if model.benchmarks else msgspec.UNSET,
        alias_target={"name": target.name, "slug": target.id} if target else msgspec.UNSET,
        successor=model.successor or msgspec.UNSET,
    )


def _reasoning(told: Reasoning) -> ReasoningRow:
    return ReasoningRow(
        told.mandatory,
        told.efforts or None,
        told.default_effort or None,
        bool(told.default_enabled or told.mandatory),
        told.takes_max_tokens,
    )


def _benchmarks(model: Model) -> Benchmarks:
    """In the contract's members those it has; it wants the list of the arena also where it is empty."""
    indexes = [index_of(model, name) for name in INDEXES]
    known = any(index is not None for index in indexes)
    return Benchmarks((), model.benchmarks, Indexes(*indexes) if known else msgspec.UNSET)


def _architecture(model: Model) -> Architecture:
    modality = "+".join(model.input_modalities) + "->" + "+".join(model.output_modalities)
    return Architecture(modality, model.input_modalities, model.output_modalities, model.tokenizer)


class ToolChoices(msgspec.Struct, frozen=True):
    auto: bool
    function: bool
    none: bool
    required: bool


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
