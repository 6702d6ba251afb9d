"""Requests and answers of the cold paths: everything that is not a generation.

A query string becomes a typed struct, an answer becomes JSON, an error becomes the contract's envelope. Nothing here is on the
way of a chat request, which has its own few lines in `chat.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from entrepot.api.bodies import instead
from entrepot.api.visitor import Visitor
from entrepot.dialects.dialect import Dialect
from entrepot.dialects.openai_chat.write import render_error
from entrepot.errors import GatewayError, InvalidRequest
from entrepot.values.caller import Caller
from entrepot.values.cors import EXPOSED

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
S = TypeVar("S", bound=msgspec.Struct)

Usd = Annotated[msgspec.Raw, Meta(description="US dollars, exact.", extra_json_schema={"type": "number"})]
"""An amount as it is shown: a JSON number with every digit of the whole nano-dollars it is made from, and no exponent."""

JSON = "application/json"
CORS = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED)]
_encode = msgspec.json.Encoder().encode
_MAX_PARAMETERS = 200


class Request(msgspec.Struct, frozen=True):
    """What a handler sees.

    params    parts of the path that the template names
    query     the route's query struct, filled in
    caller    who shows the key, None on routes that need none
    target    path and query as sent, for links to other pages of the same list
    visitor   where the request comes from
    body      the body, on routes that read one, and `signature` what its sender proves itself with (webhooks)
    """

    path: str
    params: Mapping[str, str]
    query: Any = None
    caller: Caller | None = None
    target: str = ""
    body: bytes = b""
    signature: str = ""
    visitor: Visitor = Visitor()


class Response(msgspec.Struct, frozen=True):
    body: bytes
    status: int = 200
    media: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def answer(value: Any, status: int = 200) -> Response:
    """A struct, or anything msgspec knows, as a JSON answer."""
    return Response(_encode(value), status)


def refusal(error: GatewayError, dialect: Dialect | None = None) -> Response:
    """In the envelope of a dialect, or in the contract's."""
    headers: list[tuple[bytes, bytes]] = []
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % max(1, round(error.retry_after_s))))
    if dialect is not None and dialect.render_error is not None:
        status, body = dialect.render_error(error, "")
        return Response(body, status, headers=tuple(headers))
    return Response(render_error(error.status, error.message, error.metadata), error.status, headers=tuple(headers))


def parse_query(query_string: bytes, wanted: type[S]) -> S:
    """The query as a struct. A repeated parameter is a list; parameters that the struct does not know are ignored.

    raises  InvalidRequest, naming the parameter, what was expected and what came
    """
    given = _given(query_string)
    try:
        query = msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _in_words(str(error), given, wanted) from None
    for name in given:
        # A query cannot say null: the word `null` is text, or it is wrong.
        if getattr(query, name, "") is None:
            raise _in_words(f"Expected `a value` - at `$.{name}`", given, wanted)
    return query


def only_known(query_string: bytes, wanted: type[msgspec.Struct] | None) -> None:
    """Refuses parameters that are not known, so that a mistyped one does not list or end more than was meant.

    raises  InvalidRequest, naming the parameter and those that there are
    """
    known = [] if wanted is None else [member.encode_name for member in msgspec.structs.fields(wanted)]
    for name in _given(query_string):
        if name not in known:
            raise InvalidRequest(
                f"There is no query parameter `{name[:80]}` here.",
                field=name[:80],
                expected=f"one of: {', '.join(known)}" if known else "no query parameters",
                received=name[:80],
                remedy=instead(name, known),
            )


def _given(query_string: bytes) -> dict[str, str]:
    """raises InvalidRequest"""
    try:
        pairs = parse_qsl(query_string.decode(), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise InvalidRequest(
            "The query string cannot be read.",
            field="query",
            expected=f"at most {_MAX_PARAMETERS} parameters, percent-encoded UTF-8",
            received=query_string[:80].decode(errors="replace"),
            remedy="Check how the URL was put together.",
        ) from None
    given: dict[str, str] = {}
    for name, value in pairs:
        given[name] = f"{given[name]},{value}" if name in given else value
    return given


_WORDS = (("int", "a whole number"), ("float", "a number"), ("bool", "true or false"), ("str", "text"), (" | null", ""))


def _in_words(message: str, given: Mapping[str, str], wanted: type[msgspec.Struct]) -> InvalidRequest:
    said, _, path = message.partition(" - at `$.")
    missing = said.startswith("Object missing required field")
    name = said.split("`")[1] if missing else path.rstrip("`")
    expected = "a value" if missing else _choices(name, wanted) or _bounds(said)
    return InvalidRequest(
        f"Query parameter `{name}` is required." if missing else f"Query parameter `{name}` must be {expected}.",
        field=name,
        expected=expected,
        received="nothing" if missing else given.get(name, "")[:100],
        remedy=f"Send `{name}`." if missing else f"Correct `{name}`, or leave it out.",
    )


def _choices(name: str, wanted: type[msgspec.Struct]) -> str:
    """The words a parameter may be, when it is one of a few."""
    hints = get_type_hints(wanted, include_extras=False).get(name)
    words = [word for part in (hints, *get_args(hints)) if get_origin(part) is Literal for word in get_args(part)]
    return f"one of {', '.join(words)}" if words else ""


def _bounds(said: str) -> str:
    expected = said.removeprefix("Expected ").partition(", got")[0].replace("`", "")
    for word, meaning in _WORDS:
        expected = expected.replace(word, meaning)
    return expected


def headers_of(response: Response, request_id: str) -> list[tuple[bytes, bytes]]:
    """All but the length, which whoever sends it knows last."""
    kind = [(b"content-type", response.media.encode())] if response.status != 304 else []
    return [*kind, (b"x-request-id", request_id.encode()), *CORS, *response.headers]


async def send(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send_message: Send) -> None:
    if status != 304:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send_message({"type": "http.response.start", "status": status, "headers": headers})
    await send_message({"type": "http.response.body", "body": body})
