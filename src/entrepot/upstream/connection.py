"""One connection to a provider: HTTP/1.1 on httptools, one exchange at a time.

Callbacks of the parser collect the answer; whoever wants more of it waits on one future. When more than `_HIGH_WATER` bytes lie
unread the socket is not read any further, so a slow client slows the provider and memory for each stream stays bounded.
Deadlines are figures that the client's janitor looks at, not timers.
"""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import Callable
from typing import Any

import httptools

from entrepot.errors import BrokenStream, ProviderBroke, TimedOut, Unreachable, UpstreamError

_HIGH_WATER = 64 * 1024
_MAX_HEAD = 64 * 1024
_MAX_HEADERS = 200
_INFLATE_STEP = 1024 * 1024


class Connection(asyncio.Protocol):
    """Used by `client.py` and read through `HttpAnswer`. `host` is for messages.

    counted   it takes one of the places in its pool
    """

    __slots__ = (
        "_barren",
        "_buffer",
        "_buffered",
        "_head_bytes",
        "_loop",
        "_parser",
        "_paused",
        "_skipping",
        "_waiter",
        "complete",
        "counted",
        "deadline",
        "encoding",
        "error",
        "host",
        "idle_since",
        "in_use",
        "keep_alive",
        "on_lost",
        "raw_headers",
        "status",
        "total_deadline",
        "transport",
    )

    def __init__(self, host: str, loop: asyncio.AbstractEventLoop, on_lost: Callable[[Connection], None]) -> None:
        self.host = host
        self.on_lost = on_lost
        self.transport: Any = None
        self.in_use = False
        self.counted = True
        self.idle_since = 0.0
        self._loop = loop
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.raw_headers: list[tuple[bytes, bytes]] = []
        self.encoding = b""
        self.complete = False
        self.keep_alive = False
        self.error: UpstreamError | None = None
        self.deadline = math.inf
        self.total_deadline = math.inf
        self._head_bytes = 0
        self._barren = 0
        self._skipping = False
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._paused = False

    @property
    def usable(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    # What the owner does

    async def exchange(self, data: bytes, first_byte_s: float, total_s: float) -> None:
        """Sends one request and returns when the head of its answer is here. raises Unreachable, TimedOut, ProviderBroke"""
        self._reset()
        if not self.usable:
            raise self._closed("before the request was sent")
        self.in_use = True
        now = self._loop.time()
        self.total_deadline = now + total_s
        self.transport.write(data)
        while not self.status and self.error is None:
            await self._wait(first_byte_s)
        if self.error is not None:
            raise self.error

    async def chunk(self, between_bytes_s: float) -> bytes:
        """All that lies here, or the next that comes; b"" at the end. raises BrokenStream, TimedOut"""
        while not self._buffer:
            if self.complete:
                return b""
            if self.error is not None:
                raise self.error
            await self._wait(between_bytes_s)
        data = self._buffer[0] if len(self._buffer) == 1 else b"".join(self._buffer)
        self._buffer.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            if self.usable:
                self.transport.resume_reading()
        return data

    def abort(self) -> None:
        self.in_use = False
        if self.transport is not None:
            self.transport.abort()

    def check_time(self, now: float) -> None:
        """Told by the janitor what time it is."""
        if now < self.deadline and now < self.total_deadline:
            return
        if self.error is None and not self.complete:
            late = now >= self.total_deadline and self.status
            what = "took too long over its answer" if late else "stopped in the middle of its answer"
            told = what if self.status else "did not answer in time"
            self._fail(
                TimedOut(
                    f"{self.host} {told}.", expected="a whole answer in time", received="a part" if self.status else "nothing"
                )
            )

    async def _wait(self, timeout_s: float) -> None:
        self.deadline = self._loop.time() + timeout_s
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._waiter = None
            self.deadline = math.inf

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: UpstreamError) -> None:
        if self.error is None:
            self.error = error
        self.transport.abort()
        self._wake()

    # What the socket does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.in_use or self.complete:
            self.keep_alive = False
            self.transport.abort()
            return
        self._barren += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._not_understood()
        if self._barren > _MAX_HEAD and not self.complete:
            self._fail(ProviderBroke(f"{self.host} sent more than {_MAX_HEAD} bytes without anything in them."))
        if self.status or self.error is not None:
            waiter = self._waiter
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    def _closed(self, when: str) -> Unreachable:
        return Unreachable(f"{self.host} closed the connection {when}.", expected="an answer", received="a closed connection")

    def _not_understood(self) -> None:
        """What follows a whole answer spoils the connection, not the answer."""
        if self.complete:
            self.keep_alive = False
            self.transport.abort()
        else:
            self._fail(self.error or ProviderBroke(f"{self.host} did not answer in HTTP/1.1."))

    def connection_lost(self, reason: Exception | None) -> None:
        if self.in_use and not self.complete and self.error is None:
            if not self.status:
                self.error = self._closed("before it answered")
            elif self._ends_with_connection() and reason is None:
                self.complete = True
            else:
                self.error = BrokenStream(f"{self.host} broke off in the middle of its answer.")
        self.keep_alive = False
        self._wake()
        self.on_lost(self)

    def _ends_with_connection(self) -> bool:
        names = {name.lower() for name, _ in self.raw_headers}
        return b"content-length" not in names and b"transfer-encoding" not in names

    # What the parser finds

    def on_message_begin(self) -> None:
        if self.complete:
            raise httptools.HttpParserError("a second answer to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _MAX_HEAD or len(self.raw_headers) >= _MAX_HEADERS:
            self.error = ProviderBroke(f"{self.host} sent a head of more than {_MAX_HEAD} bytes or {_MAX_HEADERS} headers.")
            raise httptools.HttpParserError("head too large")
        if self.status:
            return  # a trailer: counted, and otherwise not heard
        self.raw_headers.append((name, value))
        if len(name) == 16 and name.lower() == b"content-encoding":
            self.encoding = value.strip().lower()

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._skipping = True
            self.raw_headers.clear()
            self.encoding = b""
            return
        self.status = status
        self.keep_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._barren = 0
        self._buffer.append(body)
        self._buffered += len(body)
        if self._buffered > _HIGH_WATER and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._skipping:
            self._skipping = False
            return
        self.complete = True


class Headers(dict[str, str]):
    """Lower-case names to values; the last of several equal ones wins."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw)


class HttpAnswer:
    """`upstream.answer.Answer` over one exchange of a connection."""

    __slots__ = ("_between_s", "_connection", "_headers", "_inflate", "_raw_headers", "_release", "status")

    def __init__(self, connection: Connection, release: Callable[[Connection], None], between_s: float) -> None:
        self._connection: Connection | None = connection
        self._release = release
        self._between_s = between_s
        self._raw_headers = connection.raw_headers
        self._headers: Headers | None = None
        self._inflate = _inflater(connection.encoding, connection.host) if connection.encoding else None
        self.status = connection.status

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            self._headers = Headers(self._raw_headers)
        return self._headers

    async def chunk(self) -> bytes:
        connection = self._connection
        if connection is None:
            return b""
        if self._inflate is None:
            return await connection.chunk(self._between_s)
        while True:
            data = await connection.chunk(self._between_s) if not self._inflate.unconsumed_tail else b""
            ended = not data and not self._inflate.unconsumed_tail
            out = self._inflated(data, connection.host)
            if self._inflate.unused_data or (ended and not self._inflate.eof):
                raise BrokenStream(f"{connection.host} sent a compressed answer that does not end where it should.")
            if out or ended:
                return out

    async def read(self, limit: int) -> bytes:
        first = await self.chunk()
        connection = self._connection
        if self._inflate is None and connection is not None and connection.complete and len(first) <= limit:
            return first
        pieces, size = [first], len(first)
        while size <= limit and (data := await self.chunk()):
            pieces.append(data)
            size += len(data)
        if size > limit:
            raise ProviderBroke(f"{connection.host if connection else 'The provider'} sent an answer of more than {limit} bytes.")
        return b"".join(pieces)

    def close(self) -> None:
        connection = self._connection
        if connection is not None:
            self._connection = None
            self._release(connection)

    def _inflated(self, data: bytes, host: str) -> bytes:
        assert self._inflate is not None
        try:
            return bytes(self._inflate.decompress(self._inflate.unconsumed_tail + data, _INFLATE_STEP))
        except zlib.error:
            raise BrokenStream(f"{host} sent a compressed answer that cannot be read.") from None


def _inflater(encoding: bytes, host: str) -> Any:
    if encoding in (b"identity", b""):
        return None
    if encoding in (b"gzip", b"x-gzip", b"deflate"):
        return zlib.decompressobj(wbits=47)
    raise ProviderBroke(f"{host} answered in an encoding that was not asked for: {encoding[:20].decode('latin-1')}.")
