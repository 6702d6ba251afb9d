"""What a workspace pays where it is not the list price, over HTTP: set, shown, held, charged, and kept beside what it costs us."""

import asyncio
from decimal import Decimal
from typing import Any

import httpx

from entrepot.ledger.audit import Act
from entrepot.ledger.prices import Order, enter
from entrepot.metering.sheet import Rule
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, plain
from entrepot.values.generation import Generation

CHAT = "/api/v1/chat/completions"
PRICES = "/api/v1/workspaces/default/prices"
ASKED = {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "Tell me."}], "max_tokens": 1000}
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
LISTED, MARKED_UP = 1_200_000, 1_380_000
"""Nano-dollars of that usage at $1 and $2 per million tokens, and at 15 % more."""


def at(upstream: FakeUpstream, **more: Any) -> Gateway:
    return Gateway(
        providers={"acme": {"base_url": upstream.url, "api_key": ""}},
        endpoints=[{"model": "openai/gpt-5.1", "provider": "acme", "price": {"prompt": "1", "completion": "2"}}],
        **more,
    )


def client(gateway: Gateway, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


async def charged(gateway: Gateway, user: httpx.AsyncClient) -> tuple[float, Generation]:
    answer = await user.post(CHAT, json=ASKED)
    assert answer.status_code == 200, answer.text
    found = gateway.app.recorder.find(answer.headers["x-generation-id"])
    assert found is not None
    return answer.json()["usage"]["cost"], found


async def test_a_marked_up_call_is_charged_so_and_what_it_costs_us_is_kept_beside_it() -> None:
    async with FakeUpstream([plain("Hi", usage=USAGE)]) as upstream, at(upstream) as gateway:
        async with client(gateway, gateway.management_key) as manager, client(gateway, gateway.live_key) as user:
            _, before = await charged(gateway, user)
            assert (before.cost_nano, before.upstream_cost_nano) == (LISTED, LISTED)
            made = await manager.post(PRICES, json={"model": "gpt-5.1", "factor": "+15%"})
            assert (made.status_code, made.json()["data"]["factor"], made.json()["warnings"]) == (201, "1.15", [])
            shown, record = await charged(gateway, user)
            told = [(await who.get(f"/api/v1/generation?id={record.id}")).json()["data"]["entrepot"] for who in (user, manager)]
    assert (shown, record.cost_nano, record.upstream_cost_nano) == (0.00138, MARKED_UP, LISTED)
    assert [one["upstream_cost"] for one in told] == [None, 0.0012]


async def test_a_call_is_charged_at_the_price_it_was_planned_with() -> None:
    slow = plain("Hi", usage=USAGE)
    slow = Reply(slow.status, slow.headers, slow.pieces, delay_s=0.5)
    async with FakeUpstream([slow]) as upstream, at(upstream) as gateway:
        async with client(gateway, gateway.management_key) as manager, client(gateway, gateway.live_key) as user:
            running = asyncio.create_task(charged(gateway, user))
            await upstream.asked()
            assert (await manager.post(PRICES, json={"factor": 3})).status_code == 201
            assert (await running)[1].cost_nano == LISTED
            assert (await charged(gateway, user))[1].cost_nano == 3 * LISTED


async def test_the_hold_covers_the_price_of_the_workspace() -> None:
    async with FakeUpstream([plain("Hi", usage=USAGE)]) as upstream, at(upstream) as gateway:
        async with client(gateway, gateway.management_key) as manager:
            assert (await manager.post(PRICES, json={"price": {"prompt": 0, "completion": "20000"}})).status_code == 201
            made = (await manager.post("/api/v1/keys", json={"name": "small", "limit": 10})).json()
            async with client(gateway, made["key"]) as user:
                refused = await user.post(CHAT, json=ASKED)
                short = await user.post(CHAT, json=ASKED | {"max_tokens": 500})
    assert (refused.status_code, refused.json()["error"]["metadata"]["required"]) == (402, "20")
    assert short.status_code == 200 and short.json()["usage"]["cost"] == 2


async def test_a_gift_costs_nothing_and_is_warned_of() -> None:
    async with FakeUpstream([plain("Hi", usage=USAGE)]) as upstream, at(upstream) as gateway:
        async with client(gateway, gateway.management_key) as manager, client(gateway, gateway.live_key) as user:
            gift = await manager.post("/api/v1/prices", json={"factor": 0})
            assert "gift" in gift.json()["warnings"][0]
            _, record = await charged(gateway, user)
            cheaper = await manager.post(PRICES, json={"model": "openai/gpt-5.1", "factor": "-10%"})
            assert "openai/gpt-5.1@acme" in cheaper.json()["warnings"][0]
    assert (record.cost_nano, record.upstream_cost_nano) == (0, LISTED)


async def test_a_key_sees_the_prices_of_its_workspace_and_a_visitor_those_for_everybody() -> None:
    async with Gateway() as gateway, client(gateway, gateway.management_key) as manager:
        async with client(gateway, gateway.live_key) as user, httpx.AsyncClient(base_url=gateway.url) as visitor:
            path = "/api/v1/models/openai/gpt-5.1/endpoints"
            listed = (await visitor.get(path)).json()["data"]["endpoints"][0]["pricing"]["prompt"]
            await manager.post(PRICES, json={"factor": "2"})
            for who, factor in ((user, 2), (visitor, 1)):
                shown = (await who.get(path)).json()["data"]["endpoints"][0]["pricing"]["prompt"]
                row = next(row for row in (await who.get("/api/v1/models")).json()["data"] if row["id"] == "openai/gpt-5.1")
                assert Decimal(shown) == Decimal(row["pricing"]["prompt"]) == factor * Decimal(listed)
            await manager.post("/api/v1/prices", json={"model": "openai/gpt-5.1", "factor": "1.5"})
            shown = (await visitor.get(path)).json()["data"]["endpoints"][0]["pricing"]["prompt"]
            assert Decimal(shown) == Decimal("1.5") * Decimal(listed)
            assert (await visitor.get("/api/v1/models", headers={"Authorization": "Bearer nobody"})).status_code == 200


async def test_the_price_asked_for_at_most_is_what_the_caller_pays() -> None:
    async with FakeUpstream([plain("Hi", usage=USAGE)]) as upstream, at(upstream) as gateway:
        async with client(gateway, gateway.management_key) as manager, client(gateway, gateway.live_key) as user:
            bounded = ASKED | {"provider": {"max_price": {"prompt": 1.5}, "only": ["acme"]}}
            assert (await user.post(CHAT, json=bounded)).status_code == 200
            await manager.post(PRICES, json={"factor": "2"})
            refused = await user.post(CHAT, json=bounded)
    assert (refused.status_code, refused.json()["error"]["metadata"]["availability"]["excluded_by"]) == (404, ["max_price"])


async def test_a_list_is_shown_with_its_history_and_an_end() -> None:
    async with Gateway() as gateway, client(gateway, gateway.management_key) as manager:
        await manager.post(PRICES, json={"factor": "1.2"})
        await manager.post(PRICES, json={"factor": "1.1", "from": "2030-01-01T00:00:00Z", "until": "2030-02-01T00:00:00Z"})
        assert (await manager.delete(PRICES)).status_code == 200
        rows = (await manager.get(PRICES)).json()["data"]
        assert [(row["factor"], row["state"]) for row in rows] == [(None, "active"), ("1.1", "upcoming"), ("1.2", "replaced")]
        assert (await manager.delete(PRICES)).status_code == 404
        assert (await manager.get("/api/v1/prices")).json() == {"data": [], "total_count": 0}


async def test_the_price_of_a_model_that_is_gone_can_be_ended() -> None:
    async with Gateway() as gateway, client(gateway, gateway.management_key) as manager:
        act = Act(actor="cli", at_ms=gateway.app.clock.now_ms())
        enter(gateway.app._db, Order(workspace="default", model="gone/model-1", rule=Rule(factor="2")), act)
        ended = await manager.delete(f"{PRICES}?model=gone/model-1")
        assert (ended.status_code, ended.json()["data"]["factor"]) == (200, None)
        again = await manager.delete(f"{PRICES}?model=gone/model-1")
        assert (again.status_code, again.json()["error"]["metadata"]["field"]) == (404, "model")
        assert (await manager.post(PRICES, json={"model": "gone/model-1", "factor": 2})).status_code == 400


BAD: list[dict[str, Any]] = [
    {},
    {"factor": "1.1", "price": {"prompt": 1, "completion": 1}},
    {"factor": -0.1},
    {"factor": "NaN"},
    {"factor": 1e30},
    {"factor": "1.12345678"},
    {"price": {"prompt": -1, "completion": 1}},
    {"price": {"prompt": "NaN", "completion": 1}},
    {"price": {"prompt": 1e30, "completion": 1}},
    {"price": {"prompt": "0.0000000000000000001", "completion": 1}},
    {"price": {"prompt": 1}},
    {"model": "nobody/nothing", "factor": "1.1"},
    {"factor": "1.1", "from": "2020-01-01T00:00:00Z"},
    {"factor": "1.1", "from": "tomorrow"},
    {"factor": "1.1", "until": "2020-01-01T00:00:00Z"},
    {"markup": 5},
]


async def test_a_bad_price_is_refused_changes_nothing_and_leaves_a_line() -> None:
    async with Gateway() as gateway, client(gateway, gateway.management_key) as manager:
        for bad in BAD:
            refused = await manager.post(PRICES, json=bad)
            assert refused.status_code == 400, (bad, refused.text)
        assert (await manager.get(PRICES)).json()["total_count"] == 0
        told = (await manager.get("/api/v1/audit?action=price")).json()
        assert told["total_count"] == len(BAD)
        assert {(line["action"], line["subject"]) for line in told["data"]} == {("price.set.refused", "price/default")}
