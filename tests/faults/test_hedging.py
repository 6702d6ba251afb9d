"""A provider that is slow to begin is overtaken by the next one, within one hold, and at no cost to who asked."""

import asyncio
from typing import Any

import httpx
from test_leaving import BODY, client_of, nothing_runs, record_of

from entrepot.ledger.audit import Act
from entrepot.ledger.keys import Change, change
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, plain, streamed

PRICES = ("100", "1")
SILENT = Reply(silent=True)
HEDGED = {"hedge_stream_after_s": 0.05, "hedge_plain_after_s": 0.05}


def hedging(*urls: str) -> Gateway:
    """The first endpoint is the dearest, and asked first all the same."""
    names = [f"p{number}" for number in range(len(urls))]
    return Gateway(
        routing=HEDGED,
        providers={name: {"base_url": url, "api_key": ""} for name, url in zip(names, urls, strict=True)},
        endpoints=[
            {"model": "openai/gpt-5.1", "provider": name, "price": {"prompt": "0", "completion": price}}
            for name, price in zip(names, PRICES, strict=True)
        ],
    )


def asked(**more: Any) -> dict[str, Any]:
    return BODY | {"stream": True, "max_tokens": 1_000, "provider": {"order": ["p0", "p1"]}} | more


def limit(gateway: Gateway, nano: int) -> None:
    known = gateway.app.keys.authenticate(f"Bearer {gateway.live_key}")
    change(gateway.app._db, known, Change(limit_nano=nano), Act(actor="test", at_ms=gateway.app.clock.now_ms()))
    gateway.app.keys.refresh()


async def test_the_hold_is_the_dearest_of_those_that_may_answer_and_only_who_answered_is_paid() -> None:
    async with FakeUpstream([SILENT]) as slow, FakeUpstream([streamed("a", "b", "c")]) as quick:
        async with hedging(slow.url, quick.url) as gateway, client_of(gateway) as client:
            limit(gateway, 100_000_000)
            refused = await client.post("/v1/chat/completions", json=asked(max_tokens=1_001))
            answer = await client.post("/v1/chat/completions", json=asked())
            record = await record_of(gateway, answer.headers["x-generation-id"])
            await slow.disconnected(1.0)
            assert sum(purse.held for purse in gateway.app.holds.purses.values()) == 0
    assert (refused.status_code, answer.status_code) == (402, 200)
    assert [(attempt.provider, attempt.error_type) for attempt in record.attempts] == [("p0", "cancelled"), ("p1", "")]
    assert (record.provider, record.cost_nano, len(quick.seen)) == ("p1", 3_000, 1)


async def test_a_client_that_leaves_during_the_race_ends_it() -> None:
    async with FakeUpstream([SILENT]) as one, FakeUpstream([SILENT]) as two, hedging(one.url, two.url) as gateway:
        before = asyncio.all_tasks()
        async with client_of(gateway) as client:
            leaving = asyncio.create_task(client.post("/v1/chat/completions", json=asked(), timeout=0.6))
            await asyncio.gather(one.asked(), two.asked())
            assert isinstance((await asyncio.gather(leaving, return_exceptions=True))[0], httpx.ReadTimeout)
        await asyncio.gather(one.disconnected(1.0), two.disconnected(1.0))
        await nothing_runs(gateway)
        left = [task for task in asyncio.all_tasks() - before if "_Runner" in repr(task)]
        assert (left, sum(purse.held for purse in gateway.app.holds.purses.values())) == ([], 0)


async def test_only_what_the_one_who_answered_said_is_counted() -> None:
    gave_up = plain("many words that nobody hears", finish="error", usage=None)
    async with FakeUpstream([gave_up]) as one, FakeUpstream([plain("some words here", usage=None)]) as two:
        async with hedging(one.url, two.url) as gateway, client_of(gateway) as client:
            answer = await client.post("/v1/chat/completions", json=asked(stream=False))
            record = await record_of(gateway, answer.json()["id"])
    assert [bool(attempt.error_type) for attempt in record.attempts] == [True, False]
    assert (record.evidence, record.usage.completion_tokens) == ("counted", 3)
