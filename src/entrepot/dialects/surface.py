"""What a client speaks to: a dialect, and how its requests are read and its refusals written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from entrepot.dialects.dialect import Dialect
from entrepot.errors import GatewayError
from entrepot.values.caller import Caller
from entrepot.values.request import Request


class Surface(msgspec.Struct, frozen=True):
    """parse      client bytes to a request. raises InvalidRequest
    prepare    completes a request with what is kept here, as an earlier answer that it refers to. raises GatewayError
    keep       given the request, who asked, the generation's id and what leaves last (the whole body, or the end of the
               stream), before it leaves
    stream     media type of its streams
    id_header  under which its SDKs look for the id of an answer, beside `x-generation-id`
    passes     headers of the client that a provider of the same dialect gets
    """

    dialect: Dialect
    parse: Callable[[bytes], Request]
    prepare: Callable[[Request, Caller], Awaitable[Request]] | None = None
    keep: Callable[[Request, Caller, str, bytes], Awaitable[None]] | None = None
    stream: bytes = b"text/event-stream; charset=utf-8"
    id_header: bytes = b"x-request-id"
    passes: tuple[bytes, ...] = ()


def refusal(error: GatewayError, headers: bytes, dialect: Dialect, generation_id: str = "") -> tuple[int, bytes, bytes]:
    """Status, header lines and body of a refusal in the client's own dialect."""
    assert dialect.render_error is not None
    status, body = dialect.render_error(error, generation_id)
    if error.retry_after_s is not None:
        headers += b"retry-after: %d\r\n" % max(1, round(error.retry_after_s))
    return status, headers, body
