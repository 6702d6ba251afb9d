"""A desk with a small catalogue, and a way to call its paths without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from entrepot.api import credits, generation, health, key, models, openapi
from entrepot.api.dispatch import Api
from entrepot.api.routes import Check, Desk, Route
from entrepot.catalog.catalog import Catalog
from entrepot.errors import Unauthenticated
from entrepot.identity.store import ensure_workspace
from entrepot.providers import Provider
from entrepot.providers.configured import Configured
from entrepot.records.responses import ResponseStore
from entrepot.records.statistics import Statistics
from entrepot.storage import sqlite
from entrepot.testing import builders
from entrepot.values.caller import Caller
from entrepot.values.generation import Generation
from entrepot.values.model import Endpoint, Model

ROUTES = (*models.ROUTES, *key.ROUTES, *credits.ROUTES, *generation.ROUTES, *health.ROUTES)


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class FakeDesk:
    """Keys are the words after Bearer; everything else is set on the instance."""

    def __init__(self, *models_: Model, endpoints: tuple[Endpoint, ...] = ()) -> None:
        self.catalog = Catalog(models_, endpoints)
        self.store = sqlite.connect(Path(":memory:"))
        self.store.migrate()
        ensure_workspace(self.store, builders.NOW_MS)
        self.callers: dict[str, Caller] = {"live": builders.caller(), "mgmt": builders.caller("management")}
        self.generations: dict[str, Generation] = {}
        self.spent: dict[int, int] = {}
        self.checks = [Check("storage", True)]
        self.failures: list[BaseException] = []
        self.answered: list[tuple[str, str, int]] = []

    def desk(self) -> Desk:
        provider = Provider("openai", "OpenAI", "https://api.openai.test/v1")
        return Desk(
            catalog=lambda: self.catalog,
            providers=lambda: {"openai": Configured(provider, provider.base_url, {})},
            authenticate=self._authenticate,
            find=self.generations.get,
            spent_by_keys=self._spent_by_keys,
            workspace_usage=lambda workspace: sum(self.spent.values()),
            checks=lambda: self.checks,
            exposition=lambda: b"# nothing\n",
            answered=lambda *told: self.answered.append(told),
            document=lambda: openapi.render(openapi.document(ROUTES, "test")),
            now_ms=lambda: builders.NOW_MS,
            log_failure=self.failures.append,
            responses=ResponseStore(sqlite.connect(Path(":memory:"))),
            max_body_bytes=100_000,
            store=self.store,
            secret=b"s" * 32,
            statistics=Statistics(self.store, lambda: builders.NOW_MS),
            changed=lambda: None,
        )

    def _spent_by_keys(self, keys: Sequence[str], since: Sequence[int]) -> dict[str, tuple[int, ...]]:
        sums = tuple(sum(nano for when, nano in self.spent.items() if when >= day) for day in since)
        return dict.fromkeys(keys, sums)

    def _authenticate(self, shown: str | None) -> Caller:
        caller = self.callers.get((shown or "").removeprefix("Bearer "))
        if caller is None:
            raise Unauthenticated("This key is not known here.")
        return caller

    def get(self, target: str, *, key: str = "", method: str = "GET", routes: tuple[Route, ...] = ROUTES) -> Answer:
        return call(self.api(routes), method, target, key)

    def api(self, routes: tuple[Route, ...] = ROUTES) -> Api:
        return Api(routes, self.desk())


def call(app: Any, method: str, target: str, key: str = "", headers: list[tuple[bytes, bytes]] | None = None) -> Answer:
    path, _, query = target.partition("?")
    headers = [*(headers or []), *([(b"authorization", f"Bearer {key}".encode())] if key else [])]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start, *rest = sent
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], told, b"".join(message["body"] for message in rest))
