"""What an app says it is for reaches the pages and the API, by way of a real call."""

import httpx
import pytest

from entrepot.testing import FakeUpstream
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import plain

MODEL = "openai/gpt-5.1"
APP = {"http-referer": "https://bosun.example", "x-title": "Bosun"}


@pytest.mark.parametrize(
    ("told", "found"),
    [({"X-OpenRouter-Categories": "CLI-Agent, nonsense"}, True), ({"X-OpenRouter-Categories": "x" * 9000}, False), ({}, False)],
)
async def test_a_category_that_an_app_sends_is_ranked_listed_and_searched(told: dict[str, str], found: bool) -> None:
    async with FakeUpstream([plain("hi")]) as upstream:
        acme = {"acme": {"base_url": upstream.url, "api_key": ""}}
        async with Gateway(providers=acme, endpoints=[{"model": MODEL, "provider": "acme"}]) as gateway:
            headers = {"authorization": f"Bearer {gateway.live_key}"}
            async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
                body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "provider": {"only": ["acme"]}}
                assert (await client.post("/api/v1/chat/completions", json=body, headers=APP | told)).status_code == 200
                await gateway.app.recorder.move()
                await gateway.app.recorder.add_up()
                listed = (await client.get("/api/v1/models?category=coding")).json()["data"]
                ranked = (await client.get("/rankings?category=cli-agent&by=app")).text
                page = (await client.get("/models?category=cli-agent")).text
                own = (await client.get("/apps/bosun.example")).text
    assert [model["id"] for model in listed] == [MODEL] * found
    assert ("bosun.example" in ranked, "No app is here for this yet." in ranked, f'href="/{MODEL}"' in page) == (
        found,
        not found,
        found,
    )
    assert ('href="/rankings?category=cli-agent"' in own, "It does not say." in own) == (found, not found)
