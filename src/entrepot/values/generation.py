"""The record of one generation: what `GET /generation` shows and what is billed."""

from __future__ import annotations

from typing import Literal

import msgspec

from entrepot.values.usage import Usage

Evidence = Literal["reported", "counted", "estimated", "waived"]
"""What the cost was settled on: the provider's usage, our own count of its answer, an estimate, or nothing is charged."""


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """One try at one endpoint.

    status      HTTP status of the provider, 0 when no answer began
    error_type  "" when it succeeded
    message     the provider's words, shortened and without secrets
    latency_ms  from sending to the first byte of the answer, or to the failure
    """

    endpoint: str
    provider: str
    upstream_model: str
    status: int = 0
    error_type: str = ""
    message: str = ""
    latency_ms: float = 0.0
    upstream_id: str = ""


class Generation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Written once, when it is over. Times are wall milliseconds (`created_ms`) or durations in milliseconds.

    model                what served; `requested` is the slug as sent
    cost_nano            what the caller is charged, nano-dollars; `upstream_cost_nano` the provider's own figure or list cost
    prompt_cost_nano     part of the cost that went in; `completion_cost_nano` the part that came out
    queue_ms             from arrival to the first attempt; `first_byte_ms` from there to the first byte we could pass on;
                         `generation_ms` from the first byte to the last
    adjusted             parameters dropped, clamped or renamed, each as "name: what was done"
    unknown_fields       top-level request fields we do not know and passed on
    plan                 one line for each endpoint considered: "openai kept", "groq dropped: ignored by the request"
    held                 the purses that its highest cost was held against
    media_in             pictures and videos in the prompt; `audio_in` sounds
    reported_model       what the provider calls the model that answered, where that is another than was asked of it
    categories           what its application says it is for
    """

    id: str
    created_ms: int
    key_hash: str
    workspace: str
    requested: str
    model: str
    provider: str
    endpoint: str
    usage: Usage
    cost_nano: int
    evidence: Evidence
    test: bool = False
    api_type: str = "completions"
    dialect: str = "openai_chat"
    streamed: bool = False
    cancelled: bool = False
    status: int = 200
    error_type: str = ""
    error_message: str = ""
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    upstream_id: str = ""
    upstream_model: str = ""
    service_tier: str | None = None
    prompt_cost_nano: int = 0
    completion_cost_nano: int = 0
    upstream_cost_nano: int | None = None
    cache_discount_nano: int = 0
    queue_ms: float = 0.0
    first_byte_ms: float = 0.0
    generation_ms: float = 0.0
    http_referer: str = ""
    app_title: str = ""
    user_agent: str = ""
    external_user: str = ""
    session_id: str = ""
    adjusted: tuple[str, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    plan: tuple[str, ...] = ()
    media_in: int = 0
    audio_in: int = 0
    tool_calls: int = 0
    held: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    reported_model: str = ""
