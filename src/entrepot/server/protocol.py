"""One client connection: uvicorn's, with bounds on what a client may send.

A request's head is bounded in bytes, in the length of its URL and in time, and silence inside a body in time. What breaks a
bound, or is not HTTP, gets our JSON error and the connection is closed. The size of bodies is bounded where they are read
(`api/exchange.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrepot.api.exchange import Exchange, Handler
from entrepot.dialects.openai_chat.write import render_error
from entrepot.errors import GatewayError, HeadersTooLarge, InvalidRequest, TooSlow, UrlTooLong
from entrepot.settings import Server as Bounds

MAX_URL_BYTES = 16 * 1024
_UNWANTED_BYTES = 64 * 2**20
"""How much of a body is still read, and thrown away, after it was refused: a client must finish sending to see the refusal."""
_LINGER_S = 2.0
_REASONS = {400: "Bad Request", 408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    """One client connection. The bounds and the hot paths are those of the subclass that `serving.py` makes.

    A POST on a hot path becomes an `Exchange`, which its handler answers on this connection; anything else becomes an ASGI cycle.
    """

    bounds: Bounds
    hot: Mapping[bytes, Handler]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_bytes = 0
        self._in_head = True
        self._timer: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self._problem: GatewayError | None = None
        self._unwanted = 0
        self._leaving = False
        self._exchange: Exchange | None = None
        self.idle_since = 0.0
        """When the last answer ended, 0 while a request is under way."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.bounds.head_timeout_s, self._head_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._leaving:
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head:
            self._look_at_head()
        else:
            self._watch_body()

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.idle_since = 0.0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._timer is not None:
            self._stop_timer()
        if self._head_bytes > self.bounds.max_header_bytes or len(self.url) > MAX_URL_BYTES:
            # The count may have some of the body in it, which came in the same piece: only now is it worth adding up.
            self._problem = self._too_much(len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers))
            if self._problem is not None:
                raise self._problem
        self._head_bytes = 0
        handler = self.hot.get(self.url)
        pipelined = self.cycle is not None and not self.cycle.response_complete
        if handler is None or pipelined or self.parser.get_method() != b"POST":
            self._exchange = None
            self._begin_cycle()
        else:
            self._begin_exchange(handler)

    def _begin_cycle(self) -> None:
        """What uvicorn does at the begin of a message, which here waits until it is known that it is wanted."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers += headers
        self.expect_100_continue = any(name == b"expect" and value.lower() == b"100-continue" for name, value in headers)
        super().on_headers_complete()

    def _begin_exchange(self, handler: Handler) -> None:
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        exchange = Exchange(
            self.headers, self.transport, self.flow, self.on_response_complete, self.bounds.max_body_bytes, keep_alive
        )
        self._exchange = exchange
        self.cycle = exchange  # type: ignore[assignment] # it has what the protocol looks at
        exchange.task = self.loop.create_task(self._run(handler, exchange))
        self.tasks.add(exchange.task)

    async def _run(self, handler: Handler, exchange: Exchange) -> None:
        try:
            await handler(exchange)
        finally:
            self.tasks.discard(exchange.task)
            if not exchange.response_complete:
                self.transport.close()

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            self._unwanted += len(body)
            if self._unwanted > _UNWANTED_BYTES:
                self.transport.close()
        elif self._exchange is not None:
            self._exchange.take(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head = True
        if self._timer is not None:
            self._stop_timer()
        if self._exchange is not None:
            self._exchange.more_body = False
            self._exchange.set()
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn's, but with a time stamp for the sweep in place of a timer for each request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.idle_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's way out for whatever the parser does not accept."""
        self._refuse(
            self._problem
            or InvalidRequest("This is not a valid HTTP request.", expected="HTTP/1.1", remedy="Check the client or the proxy.")
        )

    def _look_at_head(self) -> None:
        """After a piece that did not end the head: is it too long already, and is its time running?"""
        if self._leaving:
            return
        if self._head_bytes > self.bounds.max_header_bytes or len(self.url or b"") > MAX_URL_BYTES:
            problem = self._too_much(self._head_bytes)
            if problem is not None:
                self._refuse(problem)
        elif self._head_bytes and self._timer is None:
            self._timer = self.loop.call_later(self.bounds.head_timeout_s, self._head_late)

    def _too_much(self, head_bytes: int) -> GatewayError | None:
        most = self.bounds.max_header_bytes
        if len(self.url or b"") > MAX_URL_BYTES:
            return UrlTooLong(
                f"The URL is longer than {MAX_URL_BYTES:,} bytes.",
                expected=f"at most {MAX_URL_BYTES} bytes",
                remedy="Send long values in a body.",
            )
        if head_bytes > most:
            return HeadersTooLarge(
                f"The request's head is longer than {most:,} bytes.",
                expected=f"at most {most} bytes",
                remedy="Send fewer or shorter headers.",
            )
        return None

    def _head_late(self) -> None:
        self._timer = None
        if not self._in_head or self._leaving:
            return
        if not self._head_bytes:
            self.transport.close()
            return
        wait = self.bounds.head_timeout_s
        self._refuse(TooSlow(f"The request's head did not come within {wait:g} s.", remedy="Send it in one piece."))

    def _watch_body(self) -> None:
        """After a piece that did not end the body: silence has a bound there too."""
        self._heard = self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(self.bounds.head_timeout_s, self._body_late)

    def _body_late(self) -> None:
        self._timer = None
        if self._in_head or self._leaving or self.transport.is_closing():
            return
        wait = self.bounds.head_timeout_s
        left = wait if self.flow.read_paused else self._heard + wait - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._body_late)
            return
        if not self.cycle.response_started:
            # The app learns that its client is gone; what it says to that goes nowhere.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._refuse(TooSlow(f"Nothing more of the body came for {wait:g} s.", remedy="Send it without a pause."))

    def _refuse(self, error: GatewayError) -> None:
        """Answers and closes, unless an answer is under way, which would be spoilt by another one in its middle."""
        self._leaving = True
        self._stop_timer()
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete and not self.cycle.disconnected:
            self.transport.close()
            return
        body = render_error(error.status, error.message, error.metadata)
        head = (
            f"HTTP/1.1 {error.status} {_REASONS[error.status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\naccess-control-allow-origin: *\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        # Closing while the client is still sending would reset the connection and lose the answer.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
