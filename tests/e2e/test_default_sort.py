"""Endpoints stand in the order that the request asks for, else its workspace, else the gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from entrepot.checks.finding import Finding
from entrepot.checks.store import Report, begin, finish
from entrepot.storage.engines import open_store
from entrepot.testing import FakeUpstream
from entrepot.testing.gateway import Gateway, settings_for
from entrepot.testing.upstream import plain

MODEL = "openai/gpt-5.1"


def was_checked(data_dir: Path, provider: str, low: float) -> None:
    db = open_store(settings_for(data_dir, {}))
    endpoint = f"{MODEL}@{provider}"
    check = begin(db, MODEL, endpoint, 1)
    assert check
    finish(db, check, Report(endpoint, MODEL, 1, 0, 0.0, (Finding("tools", 10, 10, 1.0, low, 1.0),)))
    db.close()


class Quay:
    """A gateway with a cheap endpoint of a model and one that was checked to be good."""

    def __init__(self, gateway: Gateway, client: httpx.AsyncClient) -> None:
        self._gateway, self._client = gateway, client

    async def served(self, **more: Any) -> str:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]} | more
        key = {"authorization": f"Bearer {self._gateway.live_key}"}
        answer = await self._client.post("/api/v1/chat/completions", json=body, headers=key)
        assert answer.status_code == 200, answer.text
        told: str = answer.json()["provider"]
        return told

    async def sort(self, by: str | None) -> None:
        manager = {"authorization": f"Bearer {self._gateway.management_key}"}
        told = await self._client.patch("/api/v1/workspaces/default", json={"default_provider_sort": by}, headers=manager)
        assert told.json()["data"]["default_provider_sort"] == by

    async def known(self) -> None:
        """Returns when routing has been told what was checked."""
        async with asyncio.timeout(20):
            while await self.served(provider={"sort": "exacto"}) != "Good":
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def quay(data_dir: Path, **routing: str) -> AsyncIterator[Quay]:
    was_checked(data_dir, "good", 0.9)
    async with FakeUpstream([plain("hi")]) as upstream:
        gateway = Gateway(
            data_dir=data_dir,
            routing=routing,
            providers={name: {"name": name.title(), "base_url": upstream.url, "api_key": ""} for name in ("cheap", "good")},
            endpoints=[
                {"model": MODEL, "provider": name, "price": {"prompt": price, "completion": price}}
                for name, price in (("cheap", "1"), ("good", "2"))
            ],
        )
        async with gateway, httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
            place = Quay(gateway, client)
            await place.known()
            yield place


async def test_a_workspace_has_an_order_of_its_own_until_it_is_taken_back(tmp_path: Path) -> None:
    async with quay(tmp_path) as place:
        assert await place.served() == "Cheap"
        await place.sort("exacto")
        assert await place.served() == "Good"
        await place.sort(None)
        assert await place.served() == "Cheap"


async def test_what_the_request_asks_for_comes_before_the_order_of_its_workspace(tmp_path: Path) -> None:
    async with quay(tmp_path) as place:
        await place.sort("exacto")
        assert await place.served(provider={"data_collection": "allow"}) == "Good"
        for asked in ({"provider": {"sort": "price"}}, {"model": f"{MODEL}:floor"}, {"provider": {"order": ["cheap"]}}):
            assert await place.served(**asked) == "Cheap"


async def test_the_order_of_a_workspace_comes_before_the_gateways(tmp_path: Path) -> None:
    async with quay(tmp_path, sort="exacto") as place:
        assert await place.served() == "Good"
        await place.sort("price")
        assert await place.served() == "Cheap"
