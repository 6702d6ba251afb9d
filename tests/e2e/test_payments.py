"""Payments from the order to the books, through Stripe's own SDK against localstripe."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from local_stripe import KEY
from shop import Shop

from entrepot.ledger import audit
from entrepot.testing.gateway import Gateway


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
    part = await shop.call(f"/payments/{payment}/refund", amount=5)
    assert [back["state"] for back in part.json()["data"]["returns"]] == ["done"]
    assert shop.cents() == 1500
    assert (await shop.call(f"/payments/{payment}/refund")).status_code == 200
    assert (shop.cents("credit"), shop.cents("revenue")) == (0, 110)
    assert (await shop.call(f"/payments/{payment}/refund")).status_code == 409


async def test_word_of_our_own_refund_posts_nothing_more(shop: Shop) -> None:
    payment, intent = await shop.bought(20)
    await shop.call(f"/payments/{payment}/refund", amount="5.00")
    await shop.tell("charge.refunded", f"payment_intent:{intent}")
    assert shop.cents() == 1500


async def test_credit_that_is_used_is_not_refunded(shop: Shop) -> None:
    payment, _ = await shop.bought(20)
    shop.spend(1200)
    answer = await shop.call(f"/payments/{payment}/refund", amount=9)
    assert answer.status_code == 400 and "$8" in answer.json()["error"]["message"]
    assert shop.cents() == 800


async def test_an_amount_that_is_none_or_out_of_bounds_is_refused(shop: Shop) -> None:
    for amount in (0, -5, "NaN", 1e30, 20.001, 4.99, 10_001, None):
        answer = await shop.call("/credits/checkout", amount=amount)
        assert answer.status_code == 400 and answer.json()["error"]["metadata"]["field"] == "amount", amount
        line = audit.lines(shop.db, 1)[0]
        assert (line.action, "amount" in line.after) == ("payment.open.refused", True)
    assert (await shop.call("/credits/checkout", amount=20, currency="cny")).status_code == 400
    assert (await shop.call("/credits/checkout", amount=20, workspace_id="nobody")).status_code == 404


async def test_only_a_management_key_buys_and_refunds(shop: Shop) -> None:
    shop.gateway.management_key = shop.gateway.live_key
    assert (await shop.call("/credits/checkout", amount=20)).status_code == 403
    assert (await shop.call("/payments/pay-1/refund")).status_code == 403


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
