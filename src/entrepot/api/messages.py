"""POST /messages and /messages/count_tokens: Anthropic's Messages, for any model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.api.http import Request, Response
from entrepot.api.routes import GENERATING, Desk, Route
from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.anthropic_messages.parse import parse, parse_count, render_count
from entrepot.dialects.anthropic_messages.wire import Body, Counted
from entrepot.dialects.surface import Surface
from entrepot.errors import InvalidRequest, NotFound, TooLarge
from entrepot.metering.tokens import count_prompt


class MessageUsage(msgspec.Struct):
    """`input_tokens` leave out what the cache read and wrote."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cost: Annotated[float, Meta(description="What the caller is charged, US dollars, exact to a nano-dollar.")]


class MessageAnswer(msgspec.Struct):
    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: Annotated[str, Meta(description="The model that served.")]
    content: Annotated[list[dict[str, Any]], Meta(description="Blocks: text, thinking, redacted_thinking, tool_use ...")]
    stop_reason: str | None
    stop_sequence: str | None
    usage: MessageUsage


class MessagesFailure(msgspec.Struct):
    """`type` is Anthropic's word, `error_type` the contract's; `details` are what the caller can act on."""

    type: str
    message: str
    error_type: str
    details: dict[str, Any]


class MessagesRefusal(msgspec.Struct):
    type: Literal["error"]
    error: MessagesFailure
    request_id: str | None


class CountedTokens(msgspec.Struct):
    input_tokens: int


def count_tokens(desk: Desk, request: Request) -> Response:
    """Counted here, with OpenAI's tokenizer: close for other makers' models, exact for none of them."""
    asked = parse_count(request.body)
    for slug in asked.slugs:
        desk.catalog().resolve(slug)
    return Response(render_count(count_prompt(*asked.countable())))


ROUTES = (
    Route(
        "POST",
        "/messages",
        "Ask a model, in Anthropic's Messages",
        "Inference",
        auth="key",
        body=Body,
        returns=MessageAnswer,
        streams="message_start, then blocks that begin, grow and end one after another, message_delta with usage, message_stop",
        errors=GENERATING,
        envelope=dialect,
        refused=MessagesRefusal,
        description="For any model. The key may come as `x-api-key`; `anthropic-version` and `anthropic-beta` are welcome.",
    ),
    Route(
        "POST",
        "/messages/count_tokens",
        "Count a prompt's tokens",
        "Inference",
        count_tokens,
        auth="key",
        body=Counted,
        returns=CountedTokens,
        errors=(InvalidRequest, NotFound, TooLarge),
        reads=True,
        asks=True,
        envelope=dialect,
        refused=MessagesRefusal,
        description="Counted with OpenAI's tokenizer: an estimate for the models of others. Costs nothing.",
    ),
)

_SURFACE = Surface(dialect, parse, id_header=b"request-id", passes=(b"anthropic-beta",))
SURFACES = dict.fromkeys(("/api/v1/messages", "/v1/messages"), _SURFACE)
