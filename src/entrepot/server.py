"""The HTTP server around an app: uvicorn's, with bounds on what a client may send, and an orderly end.

A request's head is bounded in bytes, in the length of its URL and in time, and silence inside a body in time. What breaks a
bound, or is not HTTP, gets our JSON error and the connection is closed. On the first SIGTERM or SIGINT the server stops accepting
and running generations may go on for `server.drain_s`; on a second one it stops at once. The size of bodies is bounded where they
are read (`api/chat.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrepot.api.exchange import Exchange, Handler
from entrepot.dialects.openai_chat.write import render_error
from entrepot.errors import GatewayError, HeadersTooLarge, InvalidRequest, TooSlow, UrlTooLong
from entrepot.settings import Server as Bounds

MAX_URL_BYTES = 16 * 1024
_BACKLOG = 4096
_UNWANTED_BYTES = 64 * 2**20
"""How much of a body is still read, and thrown away, after it was refused: a client must finish sending to see the refusal."""
_LINGER_S = 2.0
_CUT_S = 5.0
_THREADS_TURN_S = 0.0005
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class CannotListen(OSError):
    """The address cannot be had; the message says why and what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. raises CannotListen"""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"{host} is not an address of this machine ({error.strerror}). Give another --host.") from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(_why(host, port, error)) from None
    listening.setblocking(False)
    return listening


def url_of(listening: socket.socket) -> str:
    """Where it answers, as people type it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


def _silent() -> None:
    """For those whom nobody listens to."""


async def serve(
    app: Any,
    bounds: Bounds,
    listening: socket.socket,
    *,
    ready: Callable[[], None] = _silent,
    stopping: Callable[[], None] = _silent,
) -> None:
    """Serves until a signal says to stop. Call from the main thread.

    ready     called when requests are accepted
    stopping  called when the first signal came, and generations under way may finish
    """
    server = HttpServer(app, bounds)

    def stop() -> None:
        if not server.should_exit:
            stopping()
        server.stop()

    with _signals(stop):
        async with _run(server, listening):
            _settle_down()
            ready()
            await server.stopped()


@contextlib.asynccontextmanager
async def running(app: Any, bounds: Bounds, listening: socket.socket) -> AsyncIterator[HttpServer]:
    """The server as a context, without an ear for signals; leaving it drains and stops."""
    server = HttpServer(app, bounds)
    async with _run(server, listening):
        yield server


@contextlib.asynccontextmanager
async def _run(server: HttpServer, listening: socket.socket) -> AsyncIterator[None]:
    task = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task


class HttpServer(uvicorn.Server):
    def __init__(self, app: Any, bounds: Bounds) -> None:
        super().__init__(_config(app, bounds))
        self._keep_alive_s = bounds.keep_alive_s
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Once: drain, then stop. Twice: stop now."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        self._stopping.set()

    async def stopped(self) -> None:
        await self._stopping.wait()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second, as uvicorn has it; connections that nobody used for long are closed."""
        if counter % 10 == 0:
            long_ago = asyncio.get_running_loop().time() - self._keep_alive_s
            for connection in list(self.server_state.connections):
                if 0 < getattr(connection, "idle_since", 0) < long_ago:
                    connection.transport.close()
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would take signals here and raise them again at the end, before the app has closed its books."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """What still runs after the drain is cut, and given a moment to settle what it produced."""
        await super().shutdown(sockets)
        cut = list(self.server_state.tasks)
        for task in cut:
            task.cancel()
        if cut:
            await asyncio.wait(cut, timeout=_CUT_S)
        for connection in list(self.server_state.connections):
            connection.transport.abort()


class BoundedProtocol(HttpToolsProtocol):
    """One client connection. The bounds and the hot paths are those of the subclass that `_config` makes.

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


_REASONS = {400: "Bad Request", 408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}


def _config(app: Any, bounds: Bounds) -> uvicorn.Config:
    protocol = type("Protocol", (BoundedProtocol,), {"bounds": bounds, "hot": getattr(app, "hot", {})})
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=protocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=max(1, round(bounds.keep_alive_s)),
        timeout_graceful_shutdown=bounds.drain_s,  # type: ignore[arg-type] # it is handed to wait_for, which takes fractions
    )
    quiet = logging.getLogger("uvicorn.error")
    quiet.setLevel(logging.ERROR)
    if not any(isinstance(found, _NoCancellations) for found in quiet.filters):
        quiet.addFilter(_NoCancellations())
    return config


class _NoCancellations(logging.Filter):
    """A generation that was cut at the end of the drain is no failure of the app."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return False
        return "timeout graceful shutdown exceeded" not in record.getMessage()


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def handle(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _settle_down() -> None:
    """What was made at start stays for good: the collector need not look at it again, nor look as often as its defaults say.

    The thread that writes records gives the interpreter up soon when an answer waits for it, not after five milliseconds.
    """
    sys.setswitchinterval(_THREADS_TURN_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def run(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop, where there is one for this system."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def raise_file_limit() -> int:
    """As many open connections as the system allows this process; gives the number."""
    try:
        import resource
    except ImportError:
        return 0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno in (98, 48, 10048):
        return f"Port {port} of {host} is in use. Give another with --port, --port 0 for a free one, or stop what uses it."
    if error.errno == 13:
        return f"Port {port} may not be opened by this user. Give one above 1023 with --port."
    return f"{host}:{port} cannot be opened ({error.strerror}). Give another --host or --port."
