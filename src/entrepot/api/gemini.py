"""Google's generateContent and its companions, for any model: generate, stream, count, and the models that there are.

The model stands in the path, as it is or percent-encoded, with its author or without. The publisher of Vertex AI's paths
is the author. `GET /v1/models` stays OpenAI's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.api.answering import Pattern
from entrepot.api.gemini_shapes import (
    CountContent,
    CountedContent,
    GenerateContent,
    GoogleAnswer,
    GoogleError,
    GoogleModel,
    GoogleModels,
)
from entrepot.api.http import Request, Response, answer
from entrepot.api.listing import ModelQuery, list_models
from entrepot.api.models import find_model
from entrepot.api.routes import GENERATING, Desk, Route
from entrepot.dialects.gemini.dialect import dialect
from entrepot.dialects.gemini.listing import counted, model_entry, models_page
from entrepot.dialects.gemini.parse import parse, parse_counted, with_model
from entrepot.dialects.surface import Surface
from entrepot.errors import GatewayError, InvalidRequest, NotFound, TooLarge
from entrepot.metering.tokens import count_prompt
from entrepot.values.request import Request as Asked

_VERTEX = "/v1/projects/{project}/locations/{location}/publishers/{author}"
_PLACE = r"(?:/v1(?:beta)?|/v1(?:beta1)?(?:/projects/[^/]+/locations/[^/]+)?/publishers/(?P<author>[^/]+))/models/"
_MODEL = r"(?P<model>.{1,256})"
_GENERATE = re.compile(f"{_PLACE}{_MODEL}:generateContent", re.DOTALL)
_STREAM = re.compile(f"{_PLACE}{_MODEL}:streamGenerateContent", re.DOTALL)
_REMEMBERED = 1024


class PageQuery(msgspec.Struct, frozen=True):
    pageSize: Annotated[int, Meta(ge=0, le=2**31 - 1, description="Models to give; 0 is 50, and more than 1000 are 1000.")] = 0
    pageToken: Annotated[str, Meta(pattern=r"^[0-9]{0,9}$", description="`nextPageToken` of the page before.")] = ""


def show_models(desk: Desk, request: Request) -> Response:
    """Models that write text, as GET /v1/models has them."""
    page = request.query
    found = list_models(desk.catalog(), ModelQuery(), desk.now_ms() // 1000)
    return answer(models_page(found.models, page.pageSize, page.pageToken))


def show_model(desk: Desk, request: Request) -> Response:
    return answer(model_entry(find_model(desk.catalog(), request.params["model"])))


def count_tokens(desk: Desk, request: Request) -> Response:
    """Counted here, with OpenAI's tokenizer: close for other makers' models, exact for none of them."""
    find_model(desk.catalog(), _slug(request.params))
    asked = parse_counted(request.body)
    return answer(counted(count_prompt(*asked.countable())))


def _slug(path: Mapping[str, str | None]) -> str:
    model, author = path["model"] or "", path.get("author")
    return f"{author}/{model}" if author and "/" not in model else model


_BASES = ("/v1beta", "/v1", _VERTEX)
_KEYS = "The key comes as `x-goog-api-key`, as a bearer key, or as `?key=`."


def _generating(method: str, summary: str, streams: str, description: str) -> Route:
    return Route(
        "POST",
        "/models/{model}:" + method,
        summary,
        "Gemini",
        auth="key",
        body=GenerateContent,
        returns=GoogleAnswer,
        streams=streams,
        errors=GENERATING,
        bases=_BASES,
        envelope=dialect,
        refused=GoogleError,
        description=f"{description} {_KEYS}",
    )


ROUTES = (
    _generating("generateContent", "Ask a model, as Google", "", "`model` may hold slashes, and may be percent-encoded."),
    _generating(
        "streamGenerateContent",
        "Ask a model, as Google, piece by piece",
        "with `?alt=sse`: answers that hold what is new; the last one has `finishReason`, `usageMetadata` and the cost",
        "Without `?alt=sse` the pieces are one JSON array, and so is a refusal.",
    ),
    Route(
        "POST",
        "/models/{model}:countTokens",
        "Count a prompt's tokens, as Google",
        "Gemini",
        count_tokens,
        auth="key",
        body=CountContent,
        returns=CountedContent,
        errors=(InvalidRequest, NotFound, TooLarge),
        bases=_BASES,
        reads=True,
        asks=True,
        envelope=dialect,
        refused=GoogleError,
        description="Counted with OpenAI's tokenizer: an estimate for the models of others. Costs nothing.",
    ),
    Route(
        "GET",
        "/models",
        "List models, as Google",
        "Gemini",
        show_models,
        auth="key",
        query=PageQuery,
        returns=GoogleModels,
        bases=("/v1beta",),
        envelope=dialect,
        refused=GoogleError,
    ),
    Route(
        "GET",
        "/models/{model}",
        "Show a model, as Google",
        "Gemini",
        show_model,
        auth="key",
        returns=GoogleModel,
        errors=(NotFound,),
        bases=("/v1beta",),
        envelope=dialect,
        refused=GoogleError,
    ),
)


def _in_array(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    """A refusal where the answer would have been an array."""
    assert dialect.render_error is not None
    status, body = dialect.render_error(error, generation_id)
    return status, b"[%b]" % body


_ARRAY = msgspec.structs.replace(dialect, render_error=_in_array)


def _parse(body: bytes, slug: str, stream: bool, array: bool) -> Asked:
    return with_model(parse(body), slug, stream, array)


@functools.lru_cache(_REMEMBERED)
def _whole(slug: str) -> Surface:
    return Surface(dialect, functools.partial(_parse, slug=slug, stream=False, array=False))


@functools.lru_cache(_REMEMBERED)
def _streamed(slug: str, array: bool) -> Surface:
    read = functools.partial(_parse, slug=slug, stream=True, array=array)
    return Surface(_ARRAY, read, stream=b"application/json") if array else Surface(dialect, read)


PATTERNS: tuple[Pattern, ...] = (
    (_GENERATE, lambda match, query: _whole(_slug(match.groupdict()))),
    (_STREAM, lambda match, query: _streamed(_slug(match.groupdict()), "sse" not in (query.get("alt"), query.get("$alt")))),
)
