"""The HTTP server around an app, from its start to an orderly end.

On the first SIGTERM or SIGINT it stops accepting, and running generations may go on for `server.drain_s`; on a second one it
stops at once.
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
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import FrameType
from typing import Any

import uvicorn

from entrepot.server.listening import BACKLOG
from entrepot.server.protocol import BoundedProtocol
from entrepot.settings import Server as Bounds

_CUT_S = 5.0
_THREADS_TURN_S = 0.0005
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
        backlog=BACKLOG,
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
