"""A whole gateway on a free port: in this process, or as a process of its own.

    async with Gateway() as gateway:                     # `gateway.url`, `gateway.test_key`, `gateway.live_key`
        ...
    with ServerProcess() as process:                     # `python -m entrepot serve` as a child; same members
        ...

Local engines are not looked for, and the sandbox streams as fast as it goes, unless settings say otherwise.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from entrepot import settings as knobs
from entrepot.app import App
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import create_key, ensure_workspace
from entrepot.server import bind, running, url_of
from entrepot.settings import Settings
from entrepot.storage.engines import open_store
from entrepot.values.caller import KeyKind
from entrepot.values.clock import Clock

_CALM: dict[str, Any] = {
    "server": {"port": 0},
    "catalog": {"find_local": False},
    "sandbox": {"tokens_per_s": 0, "first_token_s": 0},
}
_URL = re.compile(r"http://[\w.\[\]:]+:\d+")


class Gateway:
    """`settings` in the shape of `entrepot.toml`, over the calm ones. `app` is the running app."""

    def __init__(self, *, data_dir: Path | None = None, clock: Clock | None = None, **settings: Any) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._given_dir = data_dir
        self._overrides = settings
        self._clock = clock
        self.url = self.test_key = self.live_key = self.management_key = ""

    async def __aenter__(self) -> Gateway:
        async with contextlib.AsyncExitStack() as stack:
            self.data_dir = self._given_dir or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self.settings = settings_for(self.data_dir, self._overrides)
            self.test_key, self.live_key, self.management_key = make_keys(self.settings)
            self.app = await stack.enter_async_context(App(self.settings, self._clock))
            listening = bind(self.settings.server.host, 0)
            self.url = url_of(listening)
            await stack.enter_async_context(running(self.app, self.settings.server, listening))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *problem: Any) -> None:
        await self._stack.aclose()


class ServerProcess:
    """The command as a user runs it. `output` is what it printed until it was ready; `process` the child."""

    def __init__(self, *arguments: str, data_dir: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._arguments = arguments
        self._stack = contextlib.ExitStack()
        self._given_dir = data_dir
        self._environment = dict(environment or {})
        self.storage_url = self._environment.get("ENTREPOT_STORAGE_URL", "")
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.output = ""
        self.url = self.test_key = self.live_key = self.management_key = ""

    def __enter__(self) -> ServerProcess:
        with contextlib.ExitStack() as stack:
            self.data_dir = self._given_dir or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = settings_for(self.data_dir, {"storage": {"url": self.storage_url}})
            self.test_key, self.live_key, self.management_key = make_keys(settings)
            command = [sys.executable, "-m", "entrepot", "serve", "--port", "0", "--data-dir", str(self.data_dir)]
            calm = {
                "ENTREPOT_CATALOG_FIND_LOCAL": "false",
                "ENTREPOT_SANDBOX_TOKENS_PER_S": "0",
                "ENTREPOT_SANDBOX_FIRST_TOKEN_S": "0",
            }
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [*command, *self._arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=os.environ | calm | self._environment,
            )
            stack.callback(self.stop)
            threading.Thread(target=self._read, daemon=True).start()
            self.url = self._wait_for_url()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def stop(self, timeout_s: float = 10.0) -> int:
        """Asks it to stop, then makes it; gives its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return self.process.returncode

    def _read(self) -> None:
        """Keeps the pipe empty, so that the child never waits for a reader."""
        assert self.process.stdout is not None
        with contextlib.suppress(ValueError):
            for line in self.process.stdout:
                self._lines.put(line)

    def _wait_for_url(self, timeout_s: float = 90.0) -> str:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            try:
                self.output += self._lines.get(timeout=0.1)
            except queue.Empty:
                if self.process.poll() is not None and self._lines.empty():
                    raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.output}") from None
            found = _URL.search(self.output)
            if found:
                return found[0]
        raise TimeoutError(f"the server did not say where it listens:\n{self.output}")


def settings_for(data_dir: Path, overrides: Mapping[str, Any]) -> Settings:
    raw: dict[str, Any] = {name: dict(section) for name, section in _CALM.items()}
    for name, value in overrides.items():
        raw[name] = raw.get(name, {}) | value if isinstance(value, dict) else value
    return knobs.check(raw | {"data_dir": str(data_dir)})


def make_keys(settings: Settings) -> tuple[str, str, str]:
    """One key of each kind, straight in the store: test, live, management."""
    db = open_store(settings)
    now_ms = Clock().now_ms()
    try:
        ensure_workspace(db, now_ms)
        secret = installation_secret(db, Path(settings.data_dir))
        kinds: tuple[KeyKind, ...] = ("test", "live", "management")
        test, live, management = (create_key(db, secret, name=f"{kind} key", kind=kind, now_ms=now_ms)[0] for kind in kinds)
        return test, live, management
    finally:
        db.close()
