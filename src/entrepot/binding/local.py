"""The gateway itself in this process: the same pipeline, catalogue and books, without a server or a socket.

Calls go through the application as a server would hand them to it, so a record is written of each, at the same cost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from entrepot import settings as knobs
from entrepot.app import App, open_store
from entrepot.binding.answers import AIError
from entrepot.errors import GatewayError
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import create_key, delete_key, ensure_workspace
from entrepot.settings import BadSettings, Settings
from entrepot.storage.database import UnknownSchema
from entrepot.values.clock import Clock

_AHEAD = 64
"""Pieces of an answer that may wait for a slow reader."""
_DRAIN_S = 5.0


def settings_of(config: str | Path | Mapping[str, Any] | None, data_dir: str | Path | None) -> Settings:
    """As the command line has it: `config` is a file, or what would stand in one. raises AIError"""
    place = None if data_dir is None else str(data_dir)
    try:
        if isinstance(config, Mapping):
            return knobs.check({**config, **({"data_dir": place} if place else {})})
        return knobs.load(None if config is None else Path(config), overrides={"data_dir": place})
    except BadSettings as error:
        raise AIError(str(error), code="bad_settings", remedy="Correct the configuration.") from None


class Local:
    """key   whose calls these are; None makes one for as long as this lasts, a live one where `live` says so"""

    def __init__(self, settings: Settings, key: str | None, *, live: bool = False, clock: Clock | None = None) -> None:
        self._settings = settings
        self._key = key
        self._shown = ""
        self._live = live
        self._clock = clock or Clock()
        self._stack = contextlib.AsyncExitStack()
        self._running: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            try:
                self._shown = self._key or stack.enter_context(self._passing_key())
                self._app = await stack.enter_async_context(App(self._settings, self._clock))
            except GatewayError as error:
                raise AIError(error.message, status=error.status, code=error.error_type, remedy=error.remedy) from None
            except (BadSettings, UnknownSchema) as error:
                raise AIError(str(error), code="bad_settings", remedy="Correct the configuration.") from None
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """What is under way may end; what does not is cut and settled for what it gave."""
        if self._running:
            await asyncio.wait(self._running, timeout=_DRAIN_S)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._stack.aclose()

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> _Exchange:
        told = {"authorization": f"Bearer {self._shown}", **headers}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in told.items()],
        }
        exchange = _Exchange(body)
        task = asyncio.create_task(self._app(scope, exchange.receive, exchange.send))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(exchange.over)
        try:
            await exchange.begin()
        except BaseException:
            exchange.close()
            raise
        return exchange

    @contextlib.contextmanager
    def _passing_key(self) -> Any:
        """Known to nobody else, and refused once this is closed. Its records stay, under its name."""
        db = open_store(self._settings)
        try:
            now_ms = self._clock.now_ms()
            ensure_workspace(db, now_ms)
            secret = installation_secret(db, Path(self._settings.data_dir))
            key, kept = create_key(db, secret, name="in process", kind="live" if self._live else "test", now_ms=now_ms)
            try:
                yield key
            finally:
                delete_key(db, kept.key_hash, self._clock.now_ms())
        finally:
            db.close()


class _Exchange:
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
            raise AIError("The gateway was closed before it answered.", code="unreachable", retryable=True)
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
