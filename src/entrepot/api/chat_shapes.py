"""The chat answer as the API reference describes it. Answers are spliced from the provider's bytes, so members of its own may
stand beside these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.values.messages import ReasoningDetail, ToolCall

Finish = Literal["stop", "length", "tool_calls", "content_filter", "error", "function_call"]


class PromptDetails(msgspec.Struct):
    cached_tokens: int
    cache_write_tokens: int
    audio_tokens: int
    video_tokens: int


class CompletionDetails(msgspec.Struct):
    reasoning_tokens: int
    audio_tokens: int
    image_tokens: int
    accepted_prediction_tokens: int
    rejected_prediction_tokens: int


class CostDetails(msgspec.Struct):
    """The two parts sum to `cost`."""

    upstream_inference_cost: float | None
    upstream_inference_prompt_cost: float
    upstream_inference_completions_cost: float


class ChatUsage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: Annotated[float, Meta(description="What the caller is charged, US dollars, exact to a nano-dollar.")]
    is_byok: bool
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails
    cost_details: CostDetails


class AnswerMessage(msgspec.Struct, omit_defaults=True):
    role: Literal["assistant"]
    content: str | None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    tool_calls: list[ToolCall] | None = None
    annotations: list[dict[str, Any]] | None = None


class AnswerChoice(msgspec.Struct):
    index: int
    message: AnswerMessage
    finish_reason: Finish | None
    native_finish_reason: str | None
    logprobs: dict[str, Any] | None = None


class ChatAnswer(msgspec.Struct):
    id: Annotated[str, Meta(description="gen- and a ULID; GET /generation shows the record by it.")]
    object: Literal["chat.completion"]
    created: int
    model: Annotated[str, Meta(description="The model that served.")]
    provider: Annotated[str, Meta(description="The provider that served, by name.")]
    choices: list[AnswerChoice]
    usage: ChatUsage
    system_fingerprint: str = ""
    service_tier: str | None = None
