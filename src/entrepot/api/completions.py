"""POST /completions, the older spelling of a chat with one message."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.api.chat_shapes import ChatUsage
from entrepot.api.routes import GENERATING, Route
from entrepot.dialects.openai_completions.dialect import dialect
from entrepot.dialects.openai_completions.parse import parse
from entrepot.dialects.openai_completions.wire import CompletionRequest
from entrepot.dialects.surface import Surface


class CompletionChoice(msgspec.Struct, omit_defaults=True):
    text: str
    index: int
    logprobs: Annotated[
        dict[str, list[Any]] | None, Meta(description="Lists `tokens`, `token_logprobs`, `top_logprobs` and `text_offset`.")
    ]
    finish_reason: Literal["stop", "length", "content_filter", "error"] | None
    native_finish_reason: str | None
    reasoning: Annotated[str | None, Meta(description="What the model thought before it wrote.")] = None


class CompletionAnswer(msgspec.Struct):
    id: Annotated[str, Meta(description="gen- and a ULID; GET /generation shows the record by it.")]
    object: Literal["text_completion"]
    created: int
    model: Annotated[str, Meta(description="The model that served.")]
    provider: Annotated[str, Meta(description="The provider that served, by name.")]
    choices: list[CompletionChoice]
    system_fingerprint: str
    usage: ChatUsage


ROUTES = (
    Route(
        "POST",
        "/completions",
        "Complete a text",
        "Inference",
        auth="key",
        body=CompletionRequest,
        returns=CompletionAnswer,
        streams="chunks of the same shape, then one with `usage` and no choices, then [DONE]",
        errors=GENERATING,
        description="The prompt is put to the model as one message of the user. One prompt a request.",
    ),
)

SURFACES = dict.fromkeys(("/api/v1/completions", "/v1/completions"), Surface(dialect, parse))
