"""Payments from the order to the books, through Stripe's own SDK against localstripe."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from local_stripe import KEY, SECRET, LocalStripe

from entrepot.ledger import audit
from entrepot.ledger.books import Move, Transaction, balance, post
from entrepot.ledger.verify import verify
from entrepot.testing.gateway import Gateway


@pytest.fixture(scope="module")
def at_stripe() -> Iterator[LocalStripe]:
    with LocalStripe() as server:
        yield server


class Shop:
    """A gateway that takes payments, and what happens to it."""

    def __init__(self, gateway: Gateway, at_stripe: LocalStripe, client: httpx.AsyncClient) -> None:
        self.gateway, self.stripe, self._client = gateway, at_stripe, client
        self.db = gateway.app._db

    async def call(self, path: str, **told: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.gateway.management_key}"}
        return await self._client.post(f"/api/v1{path}", json=told, headers=headers)

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


@pytest.fixture
async def shop(at_stripe: LocalStripe, store_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "stripe_key").write_text(KEY)
    (tmp_path / "stripe_secret").write_text(SECRET)
    payments = {
        "stripe_key": f"file:{tmp_path / 'stripe_key'}",
        "stripe_webhook_secret": f"file:{tmp_path / 'stripe_secret'}",
        "api_base": at_stripe.url,
        "currencies": "usd eur=1.08@2026-11-20 chf=1.1@2026-11-20",
        "fee_percent": "5.5",
        "fee_least_usd": "0.80",
    }
    async with Gateway(data_dir=tmp_path, payments=payments, storage={"url": store_url}) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as client:
            shop = Shop(gateway, at_stripe, client)
            yield shop
            assert not [finding for finding in verify(shop.db) if finding.wrong]


async def test_what_was_paid_is_credit_and_the_fee_is_on_top(shop: Shop) -> None:
    await shop.bought(20)
    assert (shop.cents("credit"), shop.cents("revenue"), shop.cents("clearing")) == (2000, 110, -2110)


async def test_one_session_takes_cards_and_alipay(shop: Shop) -> None:
    _, session = await shop.buy()
    assert (await asyncio.to_thread(shop.stripe.pay, session))["payment_method_types"] == ["card", "alipay"]


async def test_a_session_that_completes_unpaid_gives_credit_only_when_it_is_paid(shop: Shop) -> None:
    _, session = await shop.buy()
    await asyncio.to_thread(lambda: shop.stripe.pay(session, later=True))
    assert (await shop.tell("checkout.session.completed", f"checkout.session:{session}")).status_code == 200
    assert shop.cents() == 0
    await asyncio.to_thread(shop.stripe.pay, session)
    await shop.tell("checkout.session.async_payment_succeeded", f"checkout.session:{session}")
    assert shop.cents() == 2000


async def test_word_that_comes_twice_and_at_once_is_posted_once(shop: Shop) -> None:
    _, session = await shop.buy()
    await asyncio.to_thread(shop.stripe.pay, session)
    event = await shop.event("checkout.session.completed", f"checkout.session:{session}")
    answers = await asyncio.gather(*(shop.deliver(event) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert shop.cents() == 2000


@pytest.mark.parametrize("seed", range(3))
async def test_the_order_of_events_changes_nothing(shop: Shop, seed: int) -> None:
    _, session = await shop.buy(20)
    paid = await asyncio.to_thread(shop.stripe.pay, session)
    intent = paid["payment_intent"]
    back = await asyncio.to_thread(lambda: shop.stripe.post("/v1/refunds", payment_intent=intent, amount=500))
    dispute = await asyncio.to_thread(lambda: shop.stripe.post("/v1/disputes", payment_intent=intent))
    events = [await shop.event("checkout.session.completed", f"checkout.session:{session}")]
    events += [await shop.event("refund.created", f"refund:{back['id']}")]
    events += [await shop.event("charge.dispute.created", f"dispute:{dispute['id']}")]
    await asyncio.to_thread(lambda: shop.stripe.post(f"/v1/disputes/{dispute['id']}", status="won"))
    events += [await shop.event("charge.dispute.closed", f"dispute:{dispute['id']}")]
    random.Random(seed).shuffle(events)
    for event in [*events, *events]:
        assert (await shop.deliver(event)).status_code == 200
    assert (shop.cents("credit"), shop.cents("revenue"), shop.cents("clearing")) == (1500, 110, -1610)


async def test_a_dispute_takes_what_was_paid_and_gives_it_back_when_it_is_won(shop: Shop) -> None:
    _, intent = await shop.bought(20)
    dispute = await asyncio.to_thread(lambda: shop.stripe.post("/v1/disputes", payment_intent=intent))
    await shop.tell("charge.dispute.created", f"dispute:{dispute['id']}")
    assert (shop.cents("credit"), shop.cents("revenue"), shop.cents("clearing")) == (0, 0, 0)
    await asyncio.to_thread(lambda: shop.stripe.post(f"/v1/disputes/{dispute['id']}", status="won"))
    await shop.tell("charge.dispute.closed", f"dispute:{dispute['id']}")
    assert (shop.cents("credit"), shop.cents("revenue")) == (2000, 110)


async def test_credit_is_refunded_in_part_and_whole(shop: Shop) -> None:
    payment, _ = await shop.bought(20)
    part = await shop.call(f"/credits/payments/{payment}/refund", amount=5)
    assert [back["state"] for back in part.json()["data"]["returns"]] == ["done"]
    assert shop.cents() == 1500
    assert (await shop.call(f"/credits/payments/{payment}/refund")).status_code == 200
    assert (shop.cents("credit"), shop.cents("revenue")) == (0, 110)
    assert (await shop.call(f"/credits/payments/{payment}/refund")).status_code == 409


async def test_word_of_our_own_refund_posts_nothing_more(shop: Shop) -> None:
    payment, intent = await shop.bought(20)
    await shop.call(f"/credits/payments/{payment}/refund", amount="5.00")
    await shop.tell("charge.refunded", f"payment_intent:{intent}")
    assert shop.cents() == 1500


async def test_credit_that_is_used_is_not_refunded(shop: Shop) -> None:
    payment, _ = await shop.bought(20)
    shop.spend(1200)
    answer = await shop.call(f"/credits/payments/{payment}/refund", amount=9)
    assert answer.status_code == 400 and "$8" in answer.json()["error"]["message"]
    assert shop.cents() == 800


async def test_an_amount_that_is_none_or_out_of_bounds_is_refused(shop: Shop) -> None:
    for amount in (0, -5, "NaN", 1e30, 20.001, 4.99, 10_001, None):
        answer = await shop.call("/credits/checkout", amount=amount)
        assert answer.status_code == 400 and answer.json()["error"]["metadata"]["field"] == "amount", amount
    assert (await shop.call("/credits/checkout", amount=20, currency="cny")).status_code == 400
    assert (await shop.call("/credits/checkout", amount=20, workspace_id="nobody")).status_code == 404


async def test_only_a_management_key_buys_and_refunds(shop: Shop) -> None:
    shop.gateway.management_key = shop.gateway.live_key
    assert (await shop.call("/credits/checkout", amount=20)).status_code == 403
    assert (await shop.call("/credits/payments/pay-1/refund")).status_code == 403


async def test_credit_for_another_currency_goes_by_its_rate(shop: Shop) -> None:
    _, session = await shop.buy(100, currency="eur")
    await asyncio.to_thread(shop.stripe.pay, session)
    await shop.tell("checkout.session.completed", f"checkout.session:{session}")
    assert shop.cents() == 10_800


async def test_a_wrong_signature_and_an_old_one_are_refused(shop: Shop) -> None:
    _, session = await shop.buy()
    await asyncio.to_thread(shop.stripe.pay, session)
    event = await shop.event("checkout.session.completed", f"checkout.session:{session}")
    await shop.refused(await shop.deliver(event, secret="whsec_other"), "signature")
    await shop.refused(await shop.deliver(event, age_s=301), "signature")
    assert shop.cents() == 0


async def test_an_event_that_stripe_does_not_know_is_refused_however_well_it_is_signed(shop: Shop) -> None:
    _, session = await shop.buy()
    event = await shop.event("checkout.session.completed", f"checkout.session:{session}")
    event["data"]["object"]["payment_status"] = "paid"
    await shop.refused(await shop.deliver(event | {"id": "evt_forged"}), "Stripe does not know it")
    assert (await shop.deliver(event)).status_code == 200
    assert shop.cents() == 0


@pytest.mark.parametrize(("told", "why"), [({"amount": 1}, "the amount"), ({"currency": "eur"}, "the currency")])
async def test_a_session_of_another_amount_or_currency_is_refused(shop: Shop, told: dict[str, Any], why: str) -> None:
    _, session = await shop.buy()
    await asyncio.to_thread(lambda: shop.stripe.pay(session, **told))
    await shop.refused(await shop.tell("checkout.session.completed", f"checkout.session:{session}"), why)
    assert shop.cents() == 0


async def test_a_session_that_names_the_payment_of_another_is_refused(shop: Shop) -> None:
    dear, _ = await shop.buy(20)
    of_it: Any = {"line_items": [{"price_data": {"unit_amount": 2110, "currency": "usd"}}], "payment_method_types": ["card"]}
    of_it |= {"client_reference_id": dear, "metadata": {}, "payment_intent_data": {"metadata": {}}}
    other = await asyncio.to_thread(lambda: shop.stripe.post("/v1/checkout/sessions", **of_it))
    await asyncio.to_thread(shop.stripe.pay, other["id"])
    await shop.refused(await shop.tell("checkout.session.completed", f"checkout.session:{other['id']}"), "another payment")
    assert shop.cents() == 0


async def test_without_a_webhook_secret_payments_are_off_and_say_why(tmp_path: Path) -> None:
    (tmp_path / "stripe_key").write_text(KEY)
    async with Gateway(data_dir=tmp_path, payments={"stripe_key": f"file:{tmp_path / 'stripe_key'}"}) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            headers = {"Authorization": f"Bearer {gateway.management_key}"}
            answer = await client.post("/api/v1/credits/checkout", json={"amount": 20}, headers=headers)
    assert answer.status_code == 404 and "stripe_webhook_secret" in answer.json()["error"]["message"]
