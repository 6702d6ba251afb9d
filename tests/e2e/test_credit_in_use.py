"""Credit that was just used, or is used right now, when somebody wants it back: over HTTP, with a provider that answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, plain

CHAT = "/api/v1/chat/completions"
CREDITS = "/api/v1/workspaces/default/credits"
ASKED = {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "Tell me."}]}
USAGE = {"prompt_tokens": 100, "completion_tokens": 1_000, "total_tokens": 1_100}


class Selling(NamedTuple):
    gateway: Gateway
    upstream: FakeUpstream
    manager: httpx.AsyncClient
    user: httpx.AsyncClient

    async def ask(self, max_tokens: int = 20_000) -> httpx.Response:
        """At $50 per million tokens of an answer, so that 20,000 of them are a dollar."""
        return await self.user.post(CHAT, json=ASKED | {"max_tokens": max_tokens})

    async def at_once(self, count: int) -> list[httpx.Response]:
        return await asyncio.gather(*(self.ask() for _ in range(count)))

    async def fund(self, kind: str, amount: float) -> httpx.Response:
        return await self.manager.post(CREDITS, json={"kind": kind, "amount": amount, "reason": "r"})

    async def refuse_for(self, kind: str, amount: float) -> dict[str, Any]:
        refused = await self.fund(kind, amount)
        assert refused.status_code == 409, refused.text
        assert int(refused.headers["retry-after"]) == 10
        return refused.json()["error"]  # type: ignore[no-any-return]


@contextlib.asynccontextmanager
async def selling(reply: Reply) -> AsyncIterator[Selling]:
    """The first workspace is prepaid and has ten dollars."""
    priced = [{"model": "openai/gpt-5.1", "provider": "acme", "price": {"prompt": "0", "completion": "50"}}]
    async with FakeUpstream([reply]) as upstream:
        shop = Gateway(providers={"acme": {"base_url": upstream.url, "api_key": ""}}, endpoints=priced)
        async with shop as gateway, contextlib.AsyncExitStack() as stack:
            manager, user = [
                await stack.enter_async_context(
                    httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
                )
                for key in (gateway.management_key, gateway.live_key)
            ]
            sold = Selling(gateway, upstream, manager, user)
            assert (await sold.fund("grant", 10)).status_code == 200
            assert (await manager.patch("/api/v1/workspaces/default", json={"billing": "prepaid"})).status_code == 200
            yield sold


@pytest.mark.parametrize(("kind", "sign"), [("refund", 1), ("correction", -1)])
async def test_all_that_is_left_can_be_had_back_right_after_use(kind: str, sign: int) -> None:
    async with selling(plain("Hi", usage=USAGE)) as sold:
        assert (await sold.ask()).status_code == 200
        await sold.gateway.app.recorder.move()
        assert sold.gateway.app.holds.has("credit/default") > 0
        back = await sold.fund(kind, sign * 9.95)
        assert (back.status_code, back.json()["data"]["balance"]) == (200, 0)
        assert (await sold.ask()).status_code == 402


async def test_what_a_call_holds_stays_its_own_and_is_told() -> None:
    slow = plain("Hi", usage=USAGE)
    async with selling(Reply(slow.status, slow.headers, slow.pieces, delay_s=6)) as sold:
        running = asyncio.create_task(sold.ask())
        await sold.upstream.asked()
        told = await sold.refuse_for("refund", 10)
        assert "Only $9 of the credit is neither spent nor in use: $1 is held by calls under way" in told["message"]
        assert told["metadata"]["retryable"] is True
        assert (await sold.fund("refund", 9)).status_code == 200
        assert (await running).status_code == 200


async def test_a_budget_held_by_calls_under_way_is_403_that_may_be_tried_again() -> None:
    slow = plain("Hi", usage=USAGE)
    async with selling(Reply(slow.status, slow.headers, slow.pieces, delay_s=4)) as sold:
        assert (await sold.manager.put("/api/v1/workspaces/default/budgets/daily", json={"limit_usd": 1.5})).status_code == 200
        answers = await sold.at_once(2)
        refused = next(answer for answer in answers if answer.status_code != 200)
        told = refused.json()["error"]
        assert (refused.status_code, refused.headers["retry-after"]) == (403, "2")
        assert "$0.5 is free, and $1 is held" in told["message"]
        assert (told["metadata"]["retryable"], told["metadata"]["limit_source"]) == (True, "workspace_budget")
        over = await sold.ask(40_000)
        assert (over.status_code, "retry-after" in over.headers) == (403, False)
