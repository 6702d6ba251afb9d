"""GET /generation: the record of one generation (contract 4.3), readable as soon as its answer is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.routes import Desk, Route
from entrepot.errors import NotFound
from entrepot.sandbox import SANDBOX
from entrepot.values.caller import Caller
from entrepot.values.generation import Attempt, Evidence, Generation
from entrepot.values.money import dollars
from entrepot.values.times import iso


class GenerationQuery(msgspec.Struct, frozen=True):
    id: Annotated[
        str,
        Meta(min_length=1, max_length=100, description="`id` of an answer (`gen-`, `resp_` or `msg_`), or its X-Generation-Id."),
    ]


class ProviderResponse(msgspec.Struct, frozen=True):
    """One attempt, in the order they were made. `status` is null when no answer began."""

    id: str
    endpoint_id: str
    provider_name: str
    model_permaslug: str
    status: int | None
    latency: Annotated[float, Meta(description="Milliseconds to the first byte, or to the failure.")]
    error_type: str | None
    message: str | None
    is_byok: bool = False


class Particulars(msgspec.Struct, frozen=True):
    """What the record holds beyond the contract.

    evidence             what the cost rests on
    reported_model       what the provider calls the model that answered, where that is another than `upstream_model`
    adjusted_parameters  parameters dropped, clamped or renamed, and how
    unknown_fields       request fields that were passed on unknown
    plan                 each endpoint considered: kept, or dropped and why
    queue_ms, first_byte_ms, generation_ms   before the first attempt, from there to the first byte, from there to the last
    """

    requested_model: str
    test: bool
    status: int
    error_type: str | None
    error_message: str | None
    evidence: Evidence
    prompt_cost: Usd
    completion_cost: Usd
    upstream_cost: Usd | None
    upstream_model: str
    reported_model: str | None
    dialect: str
    app_title: str | None
    adjusted_parameters: tuple[str, ...]
    unknown_fields: tuple[str, ...]
    plan: tuple[str, ...]
    tool_calls: int
    cache_write_tokens: int
    queue_ms: float
    first_byte_ms: float
    generation_ms: float


class GenerationData(msgspec.Struct, frozen=True):
    id: str
    created_at: str
    model: str
    provider_name: str | None
    upstream_id: str | None
    api_type: str | None
    streamed: bool
    cancelled: bool
    finish_reason: str | None
    native_finish_reason: str | None
    origin: str
    http_referer: str | None
    user_agent: str | None
    external_user: str | None
    session_id: str | None
    workspace_id: str
    service_tier: str | None
    tokens_prompt: int
    tokens_completion: int
    native_tokens_prompt: int
    native_tokens_completion: int
    native_tokens_reasoning: int
    native_tokens_cached: int
    native_tokens_completion_images: int
    num_media_prompt: int
    num_input_audio_prompt: int
    num_search_results: int
    usage: Usd
    total_cost: Usd
    cache_discount: Usd
    latency: Annotated[float | None, Meta(description="Milliseconds from arrival to the first byte that could be passed on.")]
    generation_time: Annotated[float | None, Meta(description="Milliseconds from the first byte to the last.")]
    provider_responses: list[ProviderResponse]
    entrepot: Particulars
    request_id: str | None = None
    router: str | None = None
    app_id: int | None = None
    preset_id: str | None = None
    data_region: Literal["global"] = "global"
    is_byok: bool = False
    num_media_completion: int = 0
    num_fetches: int = 0
    web_search_engine: str | None = None
    upstream_inference_cost: int = 0
    moderation_latency: float | None = None
    response_cache_source_id: str | None = None


class GenerationAnswer(msgspec.Struct, frozen=True):
    data: GenerationData


def show_generation(desk: Desk, request: Request) -> Response:
    """Only the workspace that paid for it sees it; to all others it is as if it were not there."""
    caller, query = request.caller, request.query
    assert caller is not None and isinstance(query, GenerationQuery)
    found = desk.find(_generation_id(query.id))
    if found is None or found.workspace != caller.workspace:
        raise NotFound(
            "There is no such generation in this key's workspace.",
            field="id",
            expected="the `id` of an answer, as gen-01J...",
            received=query.id,
            remedy="Send the `id` of an answer together with a key of the workspace that asked for it.",
        )
    names = {SANDBOX: "Sandbox"} | {slug: configured.provider.name for slug, configured in desk.providers().items()}
    model = desk.catalog().models.get(found.model)
    return answer(GenerationAnswer(_data(found, names, model.canonical_slug if model else found.model, _upstream(found, caller))))


def _generation_id(name: str) -> str:
    """The id of the record: Responses and Messages write the same id with prefixes of their own."""
    for prefix in ("resp_", "msg_"):
        if name.startswith(prefix):
            return "gen-" + name.removeprefix(prefix)
    return name


def _upstream(generation: Generation, caller: Caller) -> Usd | None:
    """What the provider charged is the operator's to know where it is not what the customer pays."""
    upstream = generation.upstream_cost_nano
    if upstream is None or (caller.kind != "management" and upstream != generation.cost_nano):
        return None
    return dollars(upstream)


def _data(generation: Generation, names: Mapping[str, str], permaslug: str, upstream_cost: Usd | None) -> GenerationData:
    usage, cost, begun = generation.usage, dollars(generation.cost_nano), generation.first_byte_ms > 0
    return GenerationData(
        id=generation.id,
        created_at=iso(generation.created_ms),
        model=generation.model or generation.requested,
        provider_name=names.get(generation.provider, generation.provider) or None,
        upstream_id=generation.upstream_id or None,
        api_type=generation.api_type,
        streamed=generation.streamed,
        cancelled=generation.cancelled,
        finish_reason=generation.finish_reason,
        native_finish_reason=generation.native_finish_reason,
        origin=generation.http_referer,
        http_referer=generation.http_referer or None,
        user_agent=generation.user_agent or None,
        external_user=generation.external_user or None,
        session_id=generation.session_id or None,
        workspace_id=generation.workspace,
        service_tier=generation.service_tier,
        tokens_prompt=usage.prompt_tokens,
        tokens_completion=usage.completion_tokens,
        native_tokens_prompt=usage.prompt_tokens,
        native_tokens_completion=usage.completion_tokens,
        native_tokens_reasoning=usage.reasoning_tokens,
        native_tokens_cached=usage.cached_tokens,
        native_tokens_completion_images=usage.completion_image_tokens,
        num_media_prompt=generation.media_in,
        num_input_audio_prompt=generation.audio_in,
        num_search_results=usage.web_searches,
        usage=cost,
        total_cost=cost,
        cache_discount=dollars(generation.cache_discount_nano),
        latency=round(generation.queue_ms + generation.first_byte_ms, 3) if begun else None,
        generation_time=generation.generation_ms if begun else None,
        provider_responses=[_attempt(attempt, names, permaslug) for attempt in generation.attempts],
        entrepot=_particulars(generation, upstream_cost),
    )


def _attempt(attempt: Attempt, names: Mapping[str, str], permaslug: str) -> ProviderResponse:
    return ProviderResponse(
        id=attempt.upstream_id,
        endpoint_id=attempt.endpoint,
        provider_name=names.get(attempt.provider, attempt.provider),
        model_permaslug=permaslug,
        status=attempt.status or None,
        latency=attempt.latency_ms,
        error_type=attempt.error_type or None,
        message=attempt.message or None,
    )


def _particulars(generation: Generation, upstream_cost: Usd | None) -> Particulars:
    return Particulars(
        requested_model=generation.requested,
        test=generation.test,
        status=generation.status,
        error_type=generation.error_type or None,
        error_message=generation.error_message or None,
        evidence=generation.evidence,
        prompt_cost=dollars(generation.prompt_cost_nano),
        completion_cost=dollars(generation.completion_cost_nano),
        upstream_cost=upstream_cost,
        upstream_model=generation.upstream_model,
        reported_model=generation.reported_model or None,
        dialect=generation.dialect,
        app_title=generation.app_title or None,
        adjusted_parameters=generation.adjusted,
        unknown_fields=generation.unknown_fields,
        plan=generation.plan,
        tool_calls=generation.tool_calls,
        cache_write_tokens=generation.usage.cache_write_tokens + generation.usage.cache_write_1h_tokens,
        queue_ms=generation.queue_ms,
        first_byte_ms=generation.first_byte_ms,
        generation_ms=generation.generation_ms,
    )


ROUTES = (
    Route(
        "GET",
        "/generation",
        "Show the record of a generation",
        "Account",
        show_generation,
        "key",
        asks=True,
        query=GenerationQuery,
        returns=GenerationAnswer,
        errors=(NotFound,),
    ),
)
