"""Cloudflare's paths: `ai/run` with its envelope, and `ai/v1/*`, which is what `/v1/*` is.

The account in the path may be anything: the key says whose call it is. Refusals under `ai/v1` are in both envelopes at once, the
one of their own API and Cloudflare's, as either may be looked for there.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from entrepot.api.answering import Pattern
from entrepot.api.chat_shapes import AnswerChoice, ChatUsage
from entrepot.api.routes import GENERATING, Route
from entrepot.dialects.cloudflare_run.dialect import dialect
from entrepot.dialects.cloudflare_run.names import with_slug
from entrepot.dialects.cloudflare_run.parse import parse, parse_universal
from entrepot.dialects.cloudflare_run.refuse import envelope
from entrepot.dialects.cloudflare_run.wire import RunBody, Universal
from entrepot.dialects.dialect import Dialect
from entrepot.dialects.surface import Surface
from entrepot.dialects.voice import decode_fields, dumps
from entrepot.errors import GatewayError

_BASE = "/client/v4/accounts/{account}/ai"
_RUN = re.compile(r"/client/v4/accounts/[^/]+/ai/run/(?P<model>.+)")
_UNIVERSAL = re.compile(r"/client/v4/accounts/[^/]+/ai/run/?")
_REMEMBERED = 1024


class RunToolCall(msgspec.Struct):
    index: int
    id: str
    name: str
    arguments: Annotated[dict[str, Any] | str, Meta(description="An object; the text itself where the model wrote none.")]


class RunResult(msgspec.Struct):
    """Cloudflare's own members, and beside them those of a chat completion."""

    response: Annotated[
        str | dict[str, Any] | None, Meta(description="The text; an object in JSON mode; null beside tool calls alone.")
    ]
    usage: ChatUsage
    id: Annotated[str, Meta(description="gen- and a ULID; GET /api/v1/generation shows the record by it.")]
    model: Annotated[str, Meta(description="The model that served.")]
    provider: Annotated[str, Meta(description="The provider that served, by name.")]
    choices: list[AnswerChoice]
    tool_calls: list[RunToolCall] | msgspec.UnsetType = msgspec.UNSET


class RunSource(msgspec.Struct):
    pointer: str


class RunError(msgspec.Struct):
    code: Annotated[int, Meta(description="Cloudflare's number, as 5007 for a model that is not there.")]
    message: str
    metadata: Annotated[dict[str, Any], Meta(description="As in every error here: error_type, field, remedy_hint and so on.")]
    source: RunSource | msgspec.UnsetType = msgspec.UNSET


class RunAnswer(msgspec.Struct):
    """Cloudflare's envelope: `result` on success, `errors` otherwise."""

    result: RunResult | None
    success: bool
    errors: list[RunError]
    messages: list[Raw]


_STREAMS = 'events `{"response": "..."}`, a last one with `usage`, then [DONE]; calls come whole, in `tool_calls`'


def _route(path: str, summary: str, body: type[msgspec.Struct], description: str) -> Route:
    return Route(
        "POST",
        _BASE + path,
        summary,
        "Cloudflare",
        auth="key",
        body=body,
        returns=RunAnswer,
        streams=_STREAMS,
        errors=GENERATING,
        envelope=dialect,
        refused=RunAnswer,
        bases=("",),
        description=description,
    )


ROUTES = (
    _route("/run/{model}", "Run a model, as Cloudflare", RunBody, "`model` may hold slashes, and may be URL-encoded."),
    _route("/run", "Run a model named in the body", Universal, "`input` is the body of `ai/run/{model}`."),
)
_MIRRORED = ("/chat/completions", "/completions", "/embeddings", "/messages", "/responses")


def mirrored(routes: Iterable[Route]) -> tuple[Route, ...]:
    """The same operations as Cloudflare's `ai/v1` has them."""
    return tuple(
        msgspec.structs.replace(route, path=f"{_BASE}/v1{route.path}", bases=("",), tag="Cloudflare")
        for route in routes
        if route.method == "POST" and route.path in _MIRRORED
    )


def patterns(surfaces: Mapping[str, Surface]) -> tuple[Pattern, ...]:
    """surfaces   by their exact paths; those under `/v1` are found under `ai/v1` too"""
    both = {path: as_cloudflare(surface) for path, surface in surfaces.items() if path.removeprefix("/v1") in _MIRRORED}
    known = "|".join(re.escape(path) for path in both)
    return (
        (_RUN, lambda match, query: _running(match["model"])),
        (_UNIVERSAL, lambda match, query: _ANY),
        # Anthropic's SDK puts a `/v1` of its own behind the base that Cloudflare's pages give for it.
        (re.compile(f"/client/v4/accounts/[^/]+/ai(?:/v1)?(?P<path>{known})"), lambda match, query: both[match["path"]]),
    )


@functools.lru_cache(_REMEMBERED)
def _running(model: str) -> Surface:
    return Surface(dialect, functools.partial(parse, model=model))


_ANY = Surface(dialect, parse_universal)


def as_cloudflare(surface: Surface) -> Surface:
    """The surface with Cloudflare's names of models, and its refusals in both envelopes."""
    render = surface.dialect.render_error
    assert render is not None
    return msgspec.structs.replace(
        surface, parse=lambda body: surface.parse(with_slug(body)), dialect=_telling(surface.dialect, render)
    )


def _telling(speaks: Dialect, render: Callable[[GatewayError, str], tuple[int, bytes]]) -> Dialect:
    def render_both(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
        status, body = render(error, generation_id)
        return status, dumps({**envelope(error, generation_id), **decode_fields(body)})

    return msgspec.structs.replace(speaks, render_error=render_both)
