"""A generation that draws is charged by the tokens of its pictures, at the price of the shipped catalogue."""

from typing import Any

import httpx
import pytest

from entrepot.testing import FakeUpstream
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import plain

MODEL = "bytedance-seed/seedream-4.5"


@pytest.mark.parametrize(("tokens", "cost"), [(4175, 0.04), (8350, 0.08), (0, 0)])
async def test_pictures_cost_what_the_list_says(tokens: int, cost: float) -> None:
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": tokens,
        "completion_tokens_details": {"image_tokens": tokens},
    }
    body: Any = {"model": MODEL, "modalities": ["image"], "messages": [{"role": "user", "content": "A harbour."}]}
    async with FakeUpstream([plain("", usage=usage)]) as upstream:
        async with Gateway(
            providers={"atelier": {"base_url": upstream.url, "api_key": ""}},
            endpoints=[{"model": MODEL, "provider": "atelier"}],
        ) as gateway:
            async with httpx.AsyncClient(base_url=gateway.url, headers={"authorization": f"Bearer {gateway.live_key}"}) as client:
                answer = (await client.post("/api/v1/chat/completions", json=body)).json()
                record = (await client.get("/api/v1/generation", params={"id": answer["id"]})).json()["data"]
    assert answer["usage"]["cost"] == record["total_cost"] == cost
    assert record["native_tokens_completion_images"] == answer["usage"]["completion_tokens_details"]["image_tokens"] == tokens
