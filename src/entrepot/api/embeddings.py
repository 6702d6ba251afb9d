"""POST /embeddings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.api.chat_shapes import CostDetails
from entrepot.api.routes import Route
from entrepot.dialects.openai_embeddings.dialect import dialect
from entrepot.dialects.openai_embeddings.parse import parse
from entrepot.dialects.openai_embeddings.wire import EmbeddingRequest
from entrepot.errors import (
    Forbidden,
    InvalidRequest,
    NotFound,
    OutOfCredits,
    RateLimited,
    TimedOut,
    TooLarge,
    TooSlow,
    Unavailable,
)
from entrepot.pipeline import Surface


class OneEmbedding(msgspec.Struct):
    object: Literal["embedding"]
    index: Annotated[int, Meta(description="The place of what was embedded among the inputs.")]
    embedding: Annotated[list[float] | str, Meta(description="Numbers, or base64 when that was asked for.")]


class EmbeddingUsage(msgspec.Struct, omit_defaults=True):
    prompt_tokens: int
    total_tokens: int
    cost: Annotated[float, Meta(description="What the caller is charged, US dollars, exact to a nano-dollar.")]
    is_byok: bool
    cost_details: CostDetails
    prompt_tokens_details: Annotated[dict[str, Any] | None, Meta(description="As the provider split them, where it did.")] = None


class EmbeddingAnswer(msgspec.Struct):
    object: Literal["list"]
    data: list[OneEmbedding]
    model: Annotated[str, Meta(description="The model that served.")]
    id: Annotated[str, Meta(description="gen- and a ULID; GET /generation shows the record by it.")]
    provider: Annotated[str, Meta(description="The provider that served, by name.")]
    usage: EmbeddingUsage


ROUTES = (
    Route(
        "POST",
        "/embeddings",
        "Embed texts",
        "Inference",
        auth="key",
        body=EmbeddingRequest,
        returns=EmbeddingAnswer,
        errors=(InvalidRequest, OutOfCredits, Forbidden, NotFound, TooSlow, TooLarge, RateLimited, Unavailable, TimedOut),
        description="For models that make embeddings; GET /models?output_modalities=embeddings lists them.",
    ),
)

SURFACES = dict.fromkeys(("/api/v1/embeddings", "/v1/embeddings"), Surface(dialect, parse))
