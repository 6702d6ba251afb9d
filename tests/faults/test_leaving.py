"""A client that leaves, and a provider that fails, at every moment."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, plain, refusal, streamed
from entrepot.values.generation import Generation

BODY: dict[str, Any] = {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "hi"}]}


def gateway_to(*urls: str) -> Gateway:
    names = [f"p{number}" for number in range(len(urls))]
    return Gateway(
        providers={name: {"base_url": url, "api_key": ""} for name, url in zip(names, urls, strict=True)},
        endpoints=[
            {"model": "openai/gpt-5.1", "provider": name, "price": {"prompt": str(number + 1), "completion": "10"}}
            for number, name in enumerate(names)
        ],
    )


def client_of(gateway: Gateway) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": f"Bearer {gateway.live_key}"}, timeout=20)


async def record_of(gateway: Gateway, generation_id: str) -> Generation:
    """The record once it is there; a client that left did not wait for it."""
    for _ in range(100):
        found = gateway.app.recorder.find(generation_id)
        if found is not None:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("no record")


async def nothing_runs(gateway: Gateway) -> None:
    """The record is there a moment before its call has left."""
    async with asyncio.timeout(5):
        while gateway.app.pipeline.live:
            await asyncio.sleep(0.01)


async def test_leaving_a_stream_cancels_the_provider_and_bills_what_came() -> None:
    async with (
        FakeUpstream([streamed(*["tide "] * 500, between_s=0.02)]) as upstream,
        gateway_to(upstream.url) as gateway,
        client_of(gateway) as client,
    ):
        async with client.stream("POST", "/v1/chat/completions", json=BODY | {"stream": True}) as answer:
            generation = answer.headers["x-generation-id"]
            async for line in answer.aiter_lines():
                if "tide" in line:
                    break
        await upstream.disconnected(1.0)
        record = await record_of(gateway, generation)
        assert record.cancelled
        assert record.evidence == "counted"
        assert 0 < record.usage.completion_tokens < 500
        assert record.cost_nano > 0
        await nothing_runs(gateway)


async def test_leaving_before_the_first_byte_cancels_the_provider_and_costs_nothing() -> None:
    async with FakeUpstream([Reply(silent=True)]) as upstream, gateway_to(upstream.url) as gateway, client_of(gateway) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/v1/chat/completions", json=BODY, timeout=0.3)
        await upstream.disconnected(1.0)


@pytest.mark.parametrize("first", [refusal(500), refusal(429), refusal(401), Reply(refused=True), plain()], ids=str)
async def test_a_failure_before_the_first_byte_moves_on_silently(first: Reply) -> None:
    bad = Reply(200, first.headers, (b"<html>oops",)) if first.status == 200 and not first.refused else first
    async with FakeUpstream([bad]) as one, FakeUpstream([plain("second")]) as two, gateway_to(one.url, two.url) as gateway:
        async with client_of(gateway) as client:
            answer = (await client.post("/v1/chat/completions", json=BODY)).json()
        record = await record_of(gateway, answer["id"])
    assert answer["choices"][0]["message"]["content"] == "second"
    assert [bool(attempt.error_type) for attempt in record.attempts] == [True, False]


async def test_a_break_after_the_first_byte_is_told_in_the_stream_and_billed_for_what_came() -> None:
    async with (
        FakeUpstream([streamed("one ", "two", end="cut")]) as upstream,
        gateway_to(upstream.url) as gateway,
        client_of(gateway) as client,
    ):
        text = (await client.post("/v1/chat/completions", json=BODY | {"stream": True})).text
        last = json.loads(text.strip().split("\n\n")[-1][6:])
        record = await record_of(gateway, last["id"])
    assert last["choices"][0]["finish_reason"] == "error"
    assert last["error"]["metadata"]["error_type"] == "provider_unavailable"
    assert "[DONE]" not in text
    assert record.usage.completion_tokens >= 2


async def test_a_provider_without_usage_is_counted_and_said_so() -> None:
    async with (
        FakeUpstream([streamed("some words ", "here", usage=False)]) as upstream,
        gateway_to(upstream.url) as gateway,
        client_of(gateway) as client,
    ):
        text = (await client.post("/v1/chat/completions", json=BODY | {"stream": True})).text
        usage = json.loads(text.strip().split("\n\n")[-2][6:])
        record = await record_of(gateway, usage["id"])
    assert record.evidence == "counted"
    assert usage["usage"]["completion_tokens"] == record.usage.completion_tokens == 3


async def test_every_providers_failure_is_told_with_all_attempts() -> None:
    async with (
        FakeUpstream([refusal(429, **{"retry-after": "7"})]) as one,
        FakeUpstream([refusal(429, **{"retry-after": "3"})]) as two,
    ):
        async with gateway_to(one.url, two.url) as gateway, client_of(gateway) as client:
            answer = await client.post("/v1/chat/completions", json=BODY)
    told = answer.json()["error"]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert told["metadata"]["availability"]["code"] == "capacity_exhausted"
    assert told["metadata"]["source"] == "provider"
    assert len(told["metadata"]["previous_errors"]) == 1


async def test_what_the_provider_is_sent_is_the_request_with_its_own_name_and_no_fields_of_ours() -> None:
    async with FakeUpstream([plain()]) as upstream, gateway_to(upstream.url) as gateway, client_of(gateway) as client:
        extras = {
            "provider": {"allow_fallbacks": True},
            "usage": {"include": True},
            "user": "ann",
            "safe_prompt": True,
            "max_tokens": 5,
        }
        await client.post("/v1/chat/completions", json=BODY | extras, headers={"X-Title": "port"})
        sent = upstream.seen[0].json()
    assert sent["model"] == "gpt-5.1"
    assert sent["safe_prompt"] is True
    assert sent["max_tokens"] == 5
    assert sent["user"] != "ann"
    assert not {"provider", "usage", "models"} & sent.keys()


async def test_a_price_by_the_picture_counts_the_pictures() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body = BODY | {"messages": [{"role": "user", "content": [picture, picture]}]}
    async with FakeUpstream([plain()]) as upstream:
        price = {"prompt": "0", "completion": "0", "image": "0.25"}
        gateway = Gateway(
            providers={"p": {"base_url": upstream.url, "api_key": ""}},
            endpoints=[{"model": "openai/gpt-5.1", "provider": "p", "price": price}],
        )
        async with gateway, client_of(gateway) as client:
            assert (await client.post("/v1/chat/completions", json=body)).json()["usage"]["cost"] == 0.5


async def test_records_older_than_a_time_are_deleted_and_others_stay() -> None:
    async with Gateway(storage={"retention_days": 30}) as gateway:
        headers = {"Authorization": f"Bearer {gateway.test_key}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
            made = (await client.post("/v1/chat/completions", json=BODY)).json()["id"]
        await gateway.app.recorder.move()
        assert gateway.app.recorder.delete_before(gateway.app.clock.now_ms() - 86_400_000) == 0
        assert gateway.app.recorder.find(made)
        assert gateway.app.recorder.delete_before(gateway.app.clock.now_ms() + 86_400_000) == 1
        assert gateway.app.recorder.find(made) is None
