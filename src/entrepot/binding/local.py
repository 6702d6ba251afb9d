"""The gateway itself in this process: the same pipeline, catalogue and books, without a server or a socket.

Calls go through the application as a server would hand them to it, so a record is written of each, at the same cost.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from entrepot import settings as knobs
from entrepot.api.in_process import Closed, Exchange, InProcess
from entrepot.app import App
from entrepot.binding.answers import AIError
from entrepot.errors import GatewayError
from entrepot.identity.installation import installation_secret
from entrepot.identity.passing import passing_key
from entrepot.identity.store import ensure_workspace
from entrepot.settings import BadSettings, Settings
from entrepot.storage.database import UnknownSchema
from entrepot.storage.engines import open_store
from entrepot.values.clock import Clock


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
        self._live = live
        self._clock = clock or Clock()
        self._stack = contextlib.AsyncExitStack()

    async def open(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            try:
                key = self._key or stack.enter_context(self._passing_key())
                app = await stack.enter_async_context(App(self._settings, self._clock))
            except GatewayError as error:
                raise AIError(error.message, status=error.status, code=error.error_type, remedy=error.remedy) from None
            except (BadSettings, UnknownSchema) as error:
                raise AIError(str(error), code="bad_settings", remedy="Correct the configuration.") from None
            self._calls = InProcess(app, key)
            stack.push_async_callback(self._calls.close)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """What is under way may end; what does not is cut and settled for what it gave."""
        await self._stack.aclose()

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        try:
            return await self._calls.send(method, path, headers, body)
        except Closed as error:
            raise AIError(str(error), code="unreachable", retryable=True) from None

    @contextlib.contextmanager
    def _passing_key(self) -> Iterator[str]:
        db = open_store(self._settings)
        try:
            ensure_workspace(db, self._clock.now_ms())
            secret = installation_secret(db, Path(self._settings.data_dir))
            with passing_key(db, secret, "in process", "live" if self._live else "test", self._clock) as key:
                yield key
        finally:
            db.close()
