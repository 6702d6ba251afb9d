"""Calls to the application in its own process, as a server would hand them to it: each leaves its record, at the same cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
_AHEAD = 64
"""Pieces of an answer that may wait for a slow reader."""
_DRAIN_S = 5.0


class Closed(Exception):
    """The application went away before it answered."""


class InProcess:
    """key  whose calls these are"""

    def __init__(self, app: Asgi, key: str) -> None:
        self._app = app
        self._key = key
        self._running: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """What is under way may end; what does not is cut and settled for what it gave."""
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_S)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _call(self, scope: Mapping[str, Any], exchange: Exchange) -> None:
        await self._app(scope, exchange.receive, exchange.send)

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        """raises  Closed"""
        told = {"authorization": f"Bearer {self._key}", **headers}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in told.items()],
        }
        exchange = Exchange(body)
        task: asyncio.Task[None] = asyncio.create_task(self._call(scope, exchange))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(exchange.over)
        try:
            await exchange.begin()
        except BaseException:
            exchange.close()
            raise
        return exchange


class Exchange:
    """One call and its answer, both ends of it: what the application is given, and what the caller reads."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._pieces: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_AHEAD)
        self._left = asyncio.Event()
        self._ended = False
        self._failure: BaseException | None = None
        self.status = 0
        self.headers: Mapping[str, str] = {}

    # The application's end

    async def receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if not self._left.is_set():
            await self._pieces.put(message)

    def over(self, task: asyncio.Task[None]) -> None:
        """The application is done. A reader that still waits finds an empty queue, so there is room for the sign."""
        self._failure = None if task.cancelled() else task.exception()
        self._ended = True
        if self._pieces.empty():
            self._pieces.put_nowait(None)

    # The caller's end

    async def begin(self) -> None:
        start = await self._next()
        if start is None:
            raise Closed("The gateway was closed before it answered.")
        self.status = start["status"]
        self.headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}

    async def chunk(self) -> bytes:
        while (message := await self._next()) is not None:
            if message.get("body"):
                return bytes(message["body"])
        return b""

    async def _next(self) -> dict[str, Any] | None:
        message = None if self._ended and self._pieces.empty() else await self._pieces.get()
        if message is None and self._failure is not None:
            raise self._failure
        return message

    def close(self) -> None:
        """The application learns that its client is gone, and what it still says goes nowhere."""
        self._left.set()
        while not self._pieces.empty():
            self._pieces.get_nowait()
