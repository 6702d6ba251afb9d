"""POST /embeddings, and the models for it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.api.chat_shapes import CostDetails
from entrepot.api.http import Request, Response
from entrepot.api.listing import Count, PageSize
from entrepot.api.models import ModelList, ModelsQuery, show_models
from entrepot.api.routes import GENERATING, Desk, Route
from entrepot.dialects.openai_embeddings.dialect import dialect
from entrepot.dialects.openai_embeddings.parse import parse
from entrepot.dialects.openai_embeddings.wire import EmbeddingRequest
from entrepot.dialects.surface import Surface


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


class PageQuery(msgspec.Struct, frozen=True):
    offset: Annotated[Count | None, Meta(description="Rows to pass over.")] = None
    limit: Annotated[PageSize | None, Meta(description="Rows to give; all when neither is given.")] = None


def show_embedding_models(desk: Desk, request: Request) -> Response:
    page = request.query
    query = ModelsQuery(output_modalities="embeddings", offset=page.offset, limit=page.limit)
    return show_models(desk, msgspec.structs.replace(request, query=query))


ROUTES = (
    Route(
        "POST",
        "/embeddings",
        "Embed texts",
        "Inference",
        auth="key",
        body=EmbeddingRequest,
        returns=EmbeddingAnswer,
        errors=GENERATING,
        description="For models that make embeddings; GET /embeddings/models lists them.",
    ),
    Route(
        "GET",
        "/embeddings/models",
        "List models that make embeddings",
        "Models",
        show_embedding_models,
        query=PageQuery,
        returns=ModelList,
    ),
)

SURFACES = dict.fromkeys(("/api/v1/embeddings", "/v1/embeddings"), Surface(dialect, parse))
