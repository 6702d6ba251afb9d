"""A provider that answers with another model than it was asked for is found out."""

from typing import Any

import httpx
import pytest

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, plain

HI = [{"role": "user", "content": "hi"}]


async def told_of(gateway: Gateway, key: str) -> Any:
    async with httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": f"Bearer {key}"}) as client:
        answer = (await client.post("/v1/chat/completions", json={"model": "openai/gpt-5.1", "messages": HI})).json()
        assert answer["model"] == "openai/gpt-5.1"
        return (await client.get("/api/v1/generation", params={"id": answer["id"]})).json()["data"]["entrepot"]


@pytest.mark.parametrize(("named", "told"), [("gpt-4o-mini", "gpt-4o-mini"), ("gpt-5.1-2025-11-13", None), ("gpt-5.1", None)])
async def test_its_name_for_another_model_is_kept_with_the_generation(named: str, told: str | None) -> None:
    async with (
        FakeUpstream([plain(model=named)]) as upstream,
        Gateway(
            providers={"acme": {"base_url": upstream.url, "api_key": ""}},
            endpoints=[{"model": "openai/gpt-5.1", "provider": "acme"}],
        ) as gateway,
    ):
        assert (await told_of(gateway, gateway.live_key))["reported_model"] == told
        assert (await told_of(gateway, gateway.test_key))["reported_model"] is None
