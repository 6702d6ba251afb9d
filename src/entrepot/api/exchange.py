"""One request for a generation, straight on its connection: `values.http.Http` without an ASGI layer in between.

`server/protocol.py` makes one for each request on a hot path, feeds it with the body and tells it when the client is gone. The
names of its state are those that uvicorn's protocol looks at on its own request cycle, whose place it takes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl

from entrepot.errors import InvalidRequest, TooLarge

Headers = list[tuple[bytes, bytes]]
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode() for status in range(100, 600)}
"""Also of the statuses that have no phrase, as 529 for a provider that is overloaded."""


class Flow(Protocol):
    """Whether the client takes what is written."""

    write_paused: bool

    async def drain(self) -> None: ...


class Exchange:
    """body_limit  bytes; what is longer is refused

    A client that waits for `100 Continue` gets it when the body is asked for.
    """

    __slots__ = (
        "_body_limit",
        "_by_name",
        "_expects",
        "_flow",
        "_headers",
        "_on_complete",
        "_pieces",
        "_size",
        "_transport",
        "_waiters",
        "authorization",
        "disconnected",
        "keep_alive",
        "message_event",
        "more_body",
        "raw_headers",
        "response_complete",
        "response_started",
        "task",
    )

    def __init__(
        self, raw_headers: Headers, transport: Any, flow: Flow, on_complete: Callable[[], None], body_limit: int, keep_alive: bool
    ) -> None:
        self.raw_headers = raw_headers
        self.authorization = credential_of(raw_headers)
        self._expects = (b"expect", b"100-continue") in raw_headers or (b"expect", b"100-Continue") in raw_headers
        self._transport = transport
        self._flow = flow
        self._on_complete = on_complete
        self._body_limit = body_limit
        self._headers: dict[str, str] | None = None
        self._by_name: dict[bytes, bytes] | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._waiters: list[asyncio.Future[None]] | None = None
        self.keep_alive = keep_alive
        self.more_body = True
        self.response_started = False
        self.response_complete = False
        self.disconnected = False
        self.message_event = self
        self.task: asyncio.Task[None] | None = None
        """The task that answers; the server sets it."""

    # What the connection says

    def take(self, data: bytes) -> None:
        """A piece of the body. Of one that is too long only the length is kept."""
        self._size += len(data)
        if self._size <= self._body_limit:
            self._pieces.append(data)
        else:
            self._pieces.clear()
            self.set()

    def set(self) -> None:
        """Something changed: the body is whole, or the client is gone."""
        if self._waiters:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters = None

    async def _change(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(waiter)
        await waiter

    # What the pipeline asks

    @property
    def began(self) -> bool:
        return self.response_started

    @property
    def headers(self) -> dict[str, str]:
        if self._headers is None:
            self._headers = {name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in self.raw_headers}
        return self._headers

    def header(self, name: bytes) -> str:
        if self._by_name is None:
            self._by_name = dict(self.raw_headers)
        value = self._by_name.get(name)
        return value.decode("utf-8", "replace") if value else ""

    async def body(self) -> bytes:
        """raises  TooLarge; InvalidRequest, when the client left before it was whole"""
        if self._expects and self.more_body and not self.disconnected:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self.more_body and not self.disconnected and self._size <= self._body_limit:
            await self._change()
        if self._size > self._body_limit:
            raise too_large(self._body_limit)
        if self.disconnected:
            raise InvalidRequest("The client left before its request was whole.", remedy="Send the whole body.")
        pieces = self._pieces
        self._pieces = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def whole(self, status: int, headers: bytes, body: bytes) -> None:
        if self.disconnected:
            return
        self.response_started = True
        self._transport.write(b"%b%bcontent-length: %d\r\n\r\n%b" % (self._status_line(status), headers, len(body), body))
        self._complete()

    async def begin(self, headers: bytes, first: bytes) -> None:
        """The head of a stream, with the first of it."""
        if self.disconnected:
            return
        self.response_started = True
        piece = b"%x\r\n%b\r\n" % (len(first), first) if first else b""
        self._transport.write(b"%b%btransfer-encoding: chunked\r\n\r\n%b" % (self._status_line(200), headers, piece))

    async def piece(self, data: bytes) -> None:
        if self._flow.write_paused and not self.disconnected:
            await self._flow.drain()
        if not self.disconnected and data:
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self, data: bytes) -> None:
        if self._flow.write_paused and not self.disconnected:
            await self._flow.drain()
        if not self.disconnected:
            self._transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if data else b"0\r\n\r\n")
            self._complete()

    async def gone(self) -> None:
        while not self.disconnected and not self.response_complete:
            await self._change()

    def _status_line(self, status: int) -> bytes:
        return _STATUS_LINES[status] if self.keep_alive else _STATUS_LINES[status] + b"connection: close\r\n"

    def _complete(self) -> None:
        self.response_complete = True
        self.set()
        if not self.keep_alive:
            self._transport.close()
        self._on_complete()


def credential_of(headers: Headers) -> str | None:
    """What the client shows: `Authorization`, or the key in the header that Messages or Gemini clients use."""
    bare: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            return value.decode("latin-1")
        if name == b"x-api-key" or name == b"x-goog-api-key":
            bare = value
    return None if bare is None else "Bearer " + bare.decode("latin-1")


def credential_in(scope: Mapping[str, Any]) -> str | None:
    """What the client of an ASGI request shows. Where clients of Google's come, `?key=` will do."""
    shown = credential_of(scope["headers"])
    if shown is None and _GOOGLES.fullmatch(scope["path"]):
        key = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("key")
        return None if key is None else f"Bearer {key}"
    return shown


_GOOGLES = re.compile(r"/v1beta\d?/.*|/v1/.*:(?:generateContent|streamGenerateContent|countTokens)", re.DOTALL)


async def read_body(receive: Callable[[], Awaitable[Any]], limit: int) -> bytes:
    """The body of an ASGI request. raises TooLarge; InvalidRequest, when the client left before it was whole"""
    pieces, size, more = [], 0, True
    while more and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The client left before its request was whole.", remedy="Send the whole body.")
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
    if size > limit:
        raise too_large(limit)
    return b"".join(pieces)


Handler = Callable[[Exchange], Awaitable[None]]


def too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The request body is longer than {limit:,} bytes.",
        expected=f"at most {limit} bytes",
        received=f"more than {limit} bytes",
        remedy="Send less, give images as URLs, or have the operator raise server.max_body_bytes.",
    )
