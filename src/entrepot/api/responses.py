"""POST /responses, and what can be done with responses that are kept: go on from one, read it, delete it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import structlog
from msgspec import Meta

from entrepot.api.http import Request, Response
from entrepot.api.routes import GENERATING, Desk, Route
from entrepot.dialects.openai_responses.create import Create
from entrepot.dialects.openai_responses.dialect import dialect
from entrepot.dialects.openai_responses.echo import response_id
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.stored import (
    deleted,
    input_items,
    input_tokens,
    listed,
    output_items,
    response_in,
    stateless,
    wants_keeping,
    with_history,
)
from entrepot.dialects.surface import Surface
from entrepot.errors import GatewayError, InvalidRequest, NotFound, TooLarge
from entrepot.metering.tokens import count_prompt
from entrepot.records.responses import Kept, ResponseStore
from entrepot.values.caller import Caller
from entrepot.values.request import Asked
from entrepot.values.request import Request as Wanted

log = structlog.get_logger("entrepot")


def surfaces(store: ResponseStore, now_ms: Callable[[], int]) -> dict[str, Surface]:
    """The paths of POST /responses, with the store that responses are kept in."""

    async def prepare(request: Wanted, caller: Caller) -> Wanted:
        assert isinstance(request, Asked)
        previous = request.said.create.previous_response_id
        before: list[bytes] = []
        if previous is not None:
            turns = await store.turns(previous, caller.key_hash)
            if not turns:
                raise _not_kept(previous, "previous_response_id")
            before = [item for turn in turns for item in [*turn.items(), *output_items(turn.body)]]
        return stateless(with_history(request, before))

    async def keep(request: Wanted, caller: Caller, generation_id: str, last: bytes) -> None:
        assert isinstance(request, Asked)
        body = response_in(last) if request.stream else last
        if body is None or not wants_keeping(request):
            return
        name, previous = response_id(generation_id), request.said.create.previous_response_id
        items = msgspec.json.encode([msgspec.Raw(item) for item in input_items(request, name)])
        kept = Kept(name, now_ms(), previous, items, body)
        try:
            await store.keep(kept, caller.key_hash)
        except GatewayError as error:
            log.warning("a response could not be kept", response=name, error=error.message)

    surface = Surface(dialect, parse, prepare, keep)
    return dict.fromkeys(("/api/v1/responses", "/v1/responses", "/responses"), surface)


def _not_kept(name: str, field: str) -> NotFound:
    return NotFound(
        f"The response `{name[:80]}` is not kept here.",
        field=field,
        expected="the id of a response that this key made, with `store` not false",
        received=name[:80],
        remedy="It may have been deleted or grown too old. Send the whole conversation as `input`.",
    )


def _kept(desk: Desk, request: Request) -> Kept:
    assert request.caller is not None
    name = request.params["id"]
    kept = desk.responses.find(name, request.caller.key_hash)
    if kept is None:
        raise _not_kept(name, "response_id")
    return kept


def show(desk: Desk, request: Request) -> Response:
    return Response(_kept(desk, request).body)


def remove(desk: Desk, request: Request) -> Response:
    kept = _kept(desk, request)
    assert request.caller is not None
    desk.responses.delete(kept.id, request.caller.key_hash)
    return Response(deleted(kept.id))


def cancel(desk: Desk, request: Request) -> Response:
    kept = _kept(desk, request)
    raise InvalidRequest(
        f"The response `{kept.id}` is complete: only one that is made in the background can be cancelled.",
        field="response_id",
        expected="a response that is still being made",
        received="a complete one",
        remedy="To stop an answer while it is made, close its connection.",
    )


class ItemsQuery(msgspec.Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=100, description="Items to give.")] = 20
    after: Annotated[str, Meta(max_length=256, description="Begin after the item of this id.")] = ""
    order: Annotated[Literal["asc", "desc"], Meta(description="Oldest or newest first.")] = "desc"


def show_items(desk: Desk, request: Request) -> Response:
    items = _kept(desk, request).items()
    query: ItemsQuery = request.query
    if query.order == "desc":
        items.reverse()
    if query.after:
        names = [msgspec.json.decode(item, type=_Named).id for item in items]
        if query.after not in names:
            raise InvalidRequest(
                "`after` is no item of this response.",
                field="after",
                expected="the id of an item of this list",
                received=query.after[:80],
                remedy="Leave `after` out for the first page, and then send its `last_id`.",
            )
        items = items[names.index(query.after) + 1 :]
    return Response(listed(items[: query.limit], has_more=len(items) > query.limit))


class _Named(msgspec.Struct):
    id: str = ""


def count(desk: Desk, request: Request) -> Response:
    """Counted here, with OpenAI's tokenizer."""
    asked = parse(request.body)
    for slug in asked.slugs:
        desk.catalog().resolve(slug)
    return Response(input_tokens(count_prompt(*asked.countable())))


class ResponseUsage(msgspec.Struct):
    input_tokens: int
    input_tokens_details: dict[str, int]
    output_tokens: int
    output_tokens_details: dict[str, int]
    total_tokens: int
    cost: Annotated[float, Meta(description="What the caller is charged, US dollars, exact to a nano-dollar.")]


class ResponseAnswer(msgspec.Struct):
    id: Annotated[str, Meta(description="`resp_`; go on from it with `previous_response_id`.")]
    object: Literal["response"]
    created_at: float
    status: Literal["completed", "incomplete", "failed", "in_progress"]
    model: Annotated[str, Meta(description="The model that served.")]
    output: Annotated[list[dict[str, Any]], Meta(description="Items: reasoning, message, function_call, custom_tool_call ...")]
    usage: ResponseUsage | None


class ItemList(msgspec.Struct):
    object: Literal["list"]
    data: list[dict[str, Any]]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedResponse(msgspec.Struct):
    id: str
    object: Literal["response"]
    deleted: bool


class InputTokens(msgspec.Struct):
    object: Literal["response.input_tokens"]
    input_tokens: int


ROUTES = (
    Route(
        "POST",
        "/responses",
        "Ask a model, in OpenAI's Responses",
        "Inference",
        auth="key",
        body=Create,
        returns=ResponseAnswer,
        streams="typed events with `sequence_number`, the last of which carries the whole response",
        errors=GENERATING,
        bases=("/api/v1", "/v1", ""),
        envelope=dialect,
        description="For any model. Kept for `previous_response_id` unless `store` is false.",
    ),
    Route(
        "POST",
        "/responses/input_tokens",
        "Count a request's tokens",
        "Inference",
        count,
        auth="key",
        body=Create,
        returns=InputTokens,
        errors=(InvalidRequest, NotFound, TooLarge),
        reads=True,
        asks=True,
        envelope=dialect,
        description="Counted with OpenAI's tokenizer: an estimate for the models of others. Costs nothing.",
    ),
    Route("GET", "/responses/{id}", "Read a response that is kept", "Responses", show, auth="key", returns=ResponseAnswer,
          asks=True, errors=(NotFound,), envelope=dialect),
    Route("DELETE", "/responses/{id}", "Delete a response that is kept", "Responses", remove, auth="key", returns=DeletedResponse,
          asks=True, errors=(NotFound,), envelope=dialect),
    Route("GET", "/responses/{id}/input_items", "List what a response was asked", "Responses", show_items, auth="key",
          asks=True, query=ItemsQuery, returns=ItemList, errors=(NotFound, InvalidRequest), envelope=dialect),
    Route("POST", "/responses/{id}/cancel", "Cancel a response", "Responses", cancel, auth="key", returns=ResponseAnswer,
          asks=True, errors=(NotFound, InvalidRequest), envelope=dialect,
          description="Answers are not made in the background here, so there is never one to cancel."),
)  # fmt: skip
