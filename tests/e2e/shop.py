"""A gateway that takes payments, with localstripe as its Stripe, and what can happen to it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

import httpx
import stripe
from local_stripe import GOOD, SECRET, LocalStripe

from entrepot.ledger import audit
from entrepot.ledger.books import Move, Transaction, balance, post
from entrepot.testing.gateway import Gateway


class Shop:
    """A gateway that takes payments, and what happens to it."""

    def __init__(self, gateway: Gateway, at_stripe: LocalStripe, client: httpx.AsyncClient) -> None:
        self.gateway, self.stripe, self._client = gateway, at_stripe, client
        self.db = gateway.app._db

    async def call(self, path: str, **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.gateway.management_key}"}
        return await self._client.post(f"/api/v1{path}", json=told, headers=headers)

    async def ask(self, method: str, path: str, **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.gateway.management_key}"}
        return await self._client.request(method, f"/api/v1{path}", json=told or None, headers=headers)

    async def pay(self, session: str, **told: Any) -> dict[str, Any]:
        return await asyncio.to_thread(lambda: self.stripe.pay(session, **told))

    async def show(self, payment: str) -> dict[str, Any]:
        return (await self.ask("GET", f"/payments/{payment}")).json()["data"]

    async def keep_card(self, number: str = GOOD) -> str:
        """Buys 20 dollars of credit and has the card kept; gives Stripe's name for it."""
        _, session = await self.buy(20, save_card=True)
        intent = (await self.pay(session, card=number))["payment_intent"]
        assert (await self.tell("checkout.session.completed", f"checkout.session:{session}")).status_code == 200
        return (await asyncio.to_thread(self.stripe.get, f"/v1/payment_intents/{intent}"))["payment_method"]

    async def top_up(self, **told: Any) -> httpx.Response:
        """Sets the rule; below 20 dollars, 10 are bought, at most 50 a month."""
        rule = {"threshold": 20, "amount": 10, "monthly_ceiling": 50} | told
        return await self.ask("PUT", "/workspaces/default/top-up", **rule)

    async def tick(self) -> None:
        await asyncio.to_thread(self.gateway.app._cashier().top_ups.tick)

    async def rule(self) -> dict[str, Any]:
        return (await self.ask("GET", "/workspaces/default/top-up")).json()["data"]

    async def buy(self, amount: Any = 20, **told: Any) -> tuple[str, str]:
        """A payment of ours, and Stripe's session of it."""
        answer = await self.call("/credits/checkout", amount=amount, **told)
        assert answer.status_code == 201, answer.text
        data = answer.json()["data"]
        return data["id"], data["url"].rpartition("/")[2]

    async def bought(self, amount: Any = 20) -> tuple[str, str]:
        """A payment that was paid and posted, and its payment intent."""
        payment, session = await self.buy(amount)
        intent = (await asyncio.to_thread(self.stripe.pay, session))["payment_intent"]
        assert (await self.tell("checkout.session.completed", f"checkout.session:{session}")).status_code == 200
        return payment, intent

    async def event(self, kind: str, about: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.stripe.event, kind, about)

    async def tell(self, kind: str, about: str) -> httpx.Response:
        return await self.deliver(await self.event(kind, about))

    async def deliver(self, event: dict[str, Any], secret: str = SECRET, age_s: int = 0) -> httpx.Response:
        body = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age_s)
        return await self._client.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})

    async def refused(self, answer: httpx.Response, why: str) -> None:
        """Refused in words, with an audit line that says so."""
        assert answer.status_code == 400 and why in answer.json()["error"]["message"]
        line = audit.lines(self.db, 1)[0]
        assert line.action == "payment.refused" and why in line.after

    def cents(self, account: Any = "credit") -> int:
        whole, rest = divmod(balance(self.db, account, "default"), 10**7)
        assert rest == 0
        return whole

    def spend(self, cents: int) -> None:
        move = Move("credit", "default", "revenue", "default", cents * 10**7)
        post(self.db, Transaction(f"spent:{random.random()}", "live", "correction", 1, (move,)))
