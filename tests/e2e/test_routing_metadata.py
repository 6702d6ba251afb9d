"""`X-OpenRouter-Metadata: enabled` tells how a request was routed, in answers, streams and errors, as OpenRouter's own SDK reads it."""

from typing import Any

import httpx
import openrouter
import pytest

from entrepot.testing import FakeUpstream
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import plain, refusal, streamed

MODEL = "openai/gpt-5.1"
BODY: Any = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
WISH = {"x-openrouter-metadata": "Enabled"}


def gateway(first: FakeUpstream, second: FakeUpstream) -> Gateway:
    """Two providers of one model, `first` the cheaper one."""
    return Gateway(
        providers={
            name: {"name": name.title(), "base_url": at.url, "api_key": ""} for name, at in (("first", first), ("second", second))
        },
        endpoints=[
            {"model": MODEL, "provider": name, "price": {"prompt": price, "completion": price}}
            for name, price in (("first", "1"), ("second", "2"))
        ],
    )


async def asked(server: Gateway, headers: dict[str, str], **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url) as client:
        key = {"authorization": f"Bearer {server.live_key}"}
        return await client.post("/api/v1/chat/completions", json=BODY | more, headers=key | headers)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_sdk_reads_who_was_asked_and_who_answered(stream: bool) -> None:
    good = streamed("hi") if stream else plain("hi")
    async with FakeUpstream([refusal(503)]) as first, FakeUpstream([good]) as second, gateway(first, second) as server:
        async with openrouter.OpenRouter(api_key=server.live_key, server_url=server.url + "/api/v1") as sdk:
            answer = await sdk.chat.send_async(**BODY, stream=stream, x_open_router_metadata="enabled")
            told = ([chunk async for chunk in answer][-1] if stream else answer).openrouter_metadata
    assert (told.requested, told.strategy, told.attempt, told.region, told.is_byok) == (MODEL, "direct", 2, None, False)
    assert [(tried.provider, tried.status) for tried in told.attempts] == [("First", 503), ("Second", 200)]
    available = [(one.provider, one.model, one.selected) for one in told.endpoints.available]
    assert available == [("First", MODEL, False), ("Second", MODEL, True)]
    assert told.summary == "available=2, selected=Second"


async def test_an_error_tells_it_beside_itself() -> None:
    async with FakeUpstream([refusal(429)]) as first, FakeUpstream([refusal(503)]) as second, gateway(first, second) as server:
        body = (await asked(server, WISH, model="openai/gpt-5-1")).json()
    told = body["openrouter_metadata"]
    assert body["error"]["code"] == 503
    assert (told["requested"], told["strategy"], told["attempt"]) == ("openai/gpt-5-1", "alias", 2)
    assert [tried["status"] for tried in told["attempts"]] == [429, 503]
    assert not any(one["selected"] for one in told["endpoints"]["available"])


@pytest.mark.parametrize("headers", [{}, {"x-openrouter-metadata": "disabled"}, {"x-openrouter-metadata": "yes"}])
async def test_nobody_is_told_who_did_not_ask(headers: dict[str, str]) -> None:
    async with FakeUpstream([plain("hi")]) as first, FakeUpstream() as second, gateway(first, second) as server:
        assert "openrouter_metadata" not in (await asked(server, headers)).json()


async def test_what_is_wrong_before_routing_says_nothing_of_it_and_a_fall_back_model_is_named() -> None:
    async with FakeUpstream([plain("hi")]) as first, FakeUpstream() as second, gateway(first, second) as server:
        wrong = await asked(server, WISH, temperature=9)
        legacy = {"x-openrouter-experimental-metadata": "enabled"}
        fallen = await asked(server, legacy, model="openai/gpt-4o", models=[MODEL])
    assert (wrong.status_code, "openrouter_metadata" in wrong.json()) == (400, False)
    told = fallen.json()["openrouter_metadata"]
    assert (told["requested"], told["strategy"]) == ("openai/gpt-4o", "fallback")
    assert {one["model"] for one in told["endpoints"]["available"]} == {MODEL}
