"""Limits, credit and keys as their users meet them, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from entrepot.ledger.audit import Act
from entrepot.ledger.keys import Order, make
from entrepot.testing.gateway import Gateway
from entrepot.values.money import parse_usd

CHAT = "/api/v1/chat/completions"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway() as gateway:
        yield gateway


def client(gateway: Gateway, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def asked(max_tokens: int | None = 20) -> dict[str, Any]:
    body = {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "Tell me something."}]}
    return body if max_tokens is None else body | {"max_tokens": max_tokens}


def limited(gateway: Gateway, limit: str) -> str:
    """A test key with a limit."""
    order = Order(name="limited", kind="test", limit_nano=parse_usd(limit))
    return make(gateway.app._db, gateway.app._secret, order, Act(actor="test", at_ms=gateway.app.clock.now_ms()))[0]


async def test_a_key_is_made_changed_listed_and_deleted(gateway: Gateway) -> None:
    async with client(gateway, gateway.management_key) as manager:
        made = await manager.post("/api/v1/keys", json={"name": "a", "limit": 2.5, "limit_reset": "daily"})
        key = made.json()["data"]
        assert (made.status_code, key["limit"], key["limit_remaining"], key["limit_reset"]) == (201, 2.5, 2.5, "daily")
        path = f"/api/v1/keys/{key['hash']}"
        assert (await manager.patch(path, json={"name": "b", "disabled": True})).json()["data"]["disabled"] is True
        assert [one["name"] for one in (await manager.get("/api/v1/keys")).json()["data"] if one["hash"] == key["hash"]] == ["b"]
        assert (await manager.patch(path, json={"limit": None})).json()["data"]["limit"] is None
        assert (await manager.delete(path)).json() == {"deleted": True}
        assert (await manager.get(path)).status_code == 404


@pytest.mark.parametrize(
    "bad",
    [
        {"limit": -1},
        {"limit": 1e30},
        {"limit": "NaN"},
        {"limit": 0.1234567891234},
        {"limit_reset": "hourly", "limit": 1},
        {"limit_reset": "daily"},
        {"name": ""},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2030-01-01"},
        {"expires_at": "9999-12-31T23:59:59.999Z"},
        {"name": "a\u0000b"},
        {"limit": 5e9},
        {"workspace_id": "nobody"},
    ],
)
async def test_a_bad_limit_is_refused_and_makes_no_key(gateway: Gateway, bad: dict[str, Any]) -> None:
    async with client(gateway, gateway.management_key) as manager:
        before = (await manager.get("/api/v1/keys")).json()["total_count"]
        refused = await manager.post("/api/v1/keys", json={"name": "a", **bad})
        assert (refused.status_code, (await manager.get("/api/v1/keys")).json()["total_count"]) == (400, before)


async def test_only_management_keys_manage_keys(gateway: Gateway) -> None:
    async with client(gateway, gateway.live_key) as user:
        assert (await user.get("/api/v1/keys")).status_code == 403


async def test_a_limit_refuses_with_402_says_why_and_shows_what_is_left(gateway: Gateway) -> None:
    key = limited(gateway, "0.0005")
    async with client(gateway, key) as user:
        first = await user.post(CHAT, json=asked())
        spent = first.json()["usage"]["cost"]
        assert (first.status_code, spent > 0) == (200, True)
        refused = await user.post(CHAT, json=asked(1_000))
        told = refused.json()["error"]["metadata"]
        assert (refused.status_code, told["limit_source"]) == (402, "openrouter_key_limit")
        assert "max_tokens" in told["remedy_hint"]
        shown = (await user.get("/api/v1/key")).json()["data"]
        assert (shown["limit"], shown["limit_remaining"]) == (0.0005, pytest.approx(0.0005 - spent))


async def test_without_max_tokens_an_answer_is_made_as_long_as_the_limit_covers(gateway: Gateway) -> None:
    async with client(gateway, limited(gateway, "0.02")) as user:
        answer = await user.post(CHAT, json=asked(None))
        assert answer.status_code == 200
        assert "max_tokens: set to" in answer.headers["x-entrepot-adjusted"]


async def test_many_at_once_spend_nearly_all_of_a_limit_and_never_more(gateway: Gateway) -> None:
    limit = 0.01
    async with client(gateway, limited(gateway, str(limit))) as user:

        async def ask() -> None:
            for _ in range(200):
                answer = await user.post(CHAT, json=asked(4))
                if answer.status_code == 402 and answer.json()["error"]["metadata"]["limit_source"] == "openrouter_key_limit":
                    return

        await asyncio.gather(*(ask() for _ in range(16)))
        usage = (await user.get("/api/v1/key")).json()["data"]["usage"]
    assert limit * 0.95 <= usage <= limit


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"name": "\xff"}', b'{"name": "\\ud800"}'])
async def test_a_body_that_is_no_key_is_refused_in_words(gateway: Gateway, body: bytes) -> None:
    async with client(gateway, gateway.management_key) as manager:
        assert (await manager.post("/api/v1/keys", content=body)).status_code == 400


async def test_budgets_are_set_shown_and_taken_away(gateway: Gateway) -> None:
    async with client(gateway, gateway.management_key) as manager:
        path = "/api/v1/workspaces/default/budgets"
        assert (await manager.put(f"{path}/daily", json={"limit_usd": 2})).json()["data"][0]["limit_usd"] == 2
        assert (await manager.put(f"{path}/monthly", json={"limit_usd": 1})).status_code == 400
        assert (await manager.put(f"{path}/hourly", json={"limit_usd": 1})).status_code == 404
        async with client(gateway, gateway.live_key) as user:
            budgets = (await user.get("/api/v1/key")).json()["data"]["budgets"]
        assert [(budget["reset_interval"], budget["remaining_usd"]) for budget in budgets] == [("daily", 2)]
        assert (await manager.delete(f"{path}/daily")).json() == {"deleted": True}
        assert (await manager.get(path)).json() == {"data": []}


async def test_a_limit_is_not_set_below_what_was_spent(gateway: Gateway) -> None:
    async with client(gateway, limited(gateway, "1")) as user, client(gateway, gateway.management_key) as manager:
        await user.post(CHAT, json=asked())
        await gateway.app.recorder.move()
        [key] = [one for one in (await manager.get("/api/v1/keys")).json()["data"] if one["name"] == "limited"]
        refused = await manager.patch(f"/api/v1/keys/{key['hash']}", json={"limit": 0.0000001})
        assert (refused.status_code, "at least" in refused.json()["error"]["metadata"]["expected"]) == (400, True)
        assert (await user.get("/api/v1/key")).json()["data"]["limit"] == 1
