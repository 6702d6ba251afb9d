"""Alipay, cards that are kept, and automatic top-up, through Stripe's own SDK against localstripe."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from local_stripe import ASKS_OWNER, DECLINED_LATER
from shop import Shop

from entrepot import cli


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """One engine: what differs between them is tested beside the payments themselves."""
    return f"sqlite:///{tmp_path / 'e.db'}"


@pytest.mark.parametrize("method", ["card", "alipay"])
async def test_a_session_is_paid_by_either_method_and_says_which(shop: Shop, method: str) -> None:
    payment, session = await shop.buy(20)
    await shop.pay(session, method=method)
    assert (await shop.tell("checkout.session.completed", f"checkout.session:{session}")).status_code == 200
    told = await shop.show(payment)
    assert (told["state"], told["method"], told["origin"], shop.cents()) == ("paid", method, "checkout", 2000)


@pytest.mark.parametrize("method", ["card", "alipay"])
async def test_a_payment_that_fails_after_its_session_gives_no_credit_and_says_why(shop: Shop, method: str) -> None:
    payment, session = await shop.buy(20)
    await shop.pay(session, method=method, later=True)
    await shop.tell("checkout.session.completed", f"checkout.session:{session}")
    assert (await shop.show(payment))["state"] == "open"
    await shop.pay(session, fails=True)
    assert (await shop.tell("checkout.session.async_payment_failed", f"checkout.session:{session}")).status_code == 200
    told = await shop.show(payment)
    assert (told["state"], told["receipt"], shop.cents()) == ("failed", None, 0) and "declined" in told["failure"]


async def test_a_session_that_is_left_unpaid_expires(shop: Shop) -> None:
    payment, session = await shop.buy(20)
    await shop.pay(session, abandoned=True)
    await shop.tell("checkout.session.expired", f"checkout.session:{session}")
    assert ((await shop.show(payment))["state"], shop.cents()) == ("expired", 0)
    assert (await shop.call(f"/payments/{payment}/refund")).status_code == 409


async def test_alipay_is_not_offered_in_a_currency_it_does_not_take(shop: Shop) -> None:
    _, session = await shop.buy(20, currency="chf")
    assert (await shop.pay(session))["payment_method_types"] == ["card"]


async def test_a_refund_by_alipay_that_fails_later_gives_the_credit_back(shop: Shop) -> None:
    payment, session = await shop.buy(20)
    await shop.pay(session, method="alipay")
    await shop.tell("checkout.session.completed", f"checkout.session:{session}")
    assert (await shop.call(f"/payments/{payment}/refund", amount=5)).json()["data"]["returns"][0]["state"] == "done"
    back = shop.db.execute("SELECT stripe_id FROM payment_returns WHERE payment = ?", (payment,)).fetchone()
    assert back is not None and shop.cents() == 1500
    await asyncio.to_thread(lambda: shop.stripe.post(f"/v1/refunds/{back[0]}", status="failed"))
    await shop.tell("refund.failed", f"refund:{back[0]}")
    assert shop.cents() == 2000


async def test_a_card_is_kept_when_asked_and_forgotten_on_both_sides(shop: Shop) -> None:
    await shop.bought(20)
    assert (await shop.ask("GET", "/workspaces/default/card")).json() == {"data": None}
    card = await shop.keep_card()
    told = (await shop.ask("GET", "/workspaces/default/card")).json()["data"]
    assert (told["brand"], told["last4"], told["expires"]) == ("visa", "4242", "2030-01")
    assert (await shop.ask("DELETE", "/workspaces/default/card")).status_code == 200
    assert (await asyncio.to_thread(shop.stripe.get, f"/v1/payment_methods/{card}"))["customer"] is None
    assert (await shop.ask("DELETE", "/workspaces/default/card")).status_code == 404


async def test_a_card_goes_with_its_workspace(shop: Shop) -> None:
    team = (await shop.call("/workspaces", name="Team", slug="team")).json()["data"]["id"]
    payment, session = await shop.buy(20, save_card=True, workspace_id="team")
    intent = (await shop.pay(session))["payment_intent"]
    await shop.tell("checkout.session.completed", f"checkout.session:{session}")
    card = (await asyncio.to_thread(shop.stripe.get, f"/v1/payment_intents/{intent}"))["payment_method"]
    assert (await shop.call(f"/payments/{payment}/refund")).status_code == 200
    await shop.tick()
    assert (await asyncio.to_thread(shop.stripe.get, f"/v1/payment_methods/{card}"))["customer"] is not None
    assert (await shop.ask("DELETE", f"/workspaces/{team}")).status_code == 200
    await shop.tick()
    assert (await asyncio.to_thread(shop.stripe.get, f"/v1/payment_methods/{card}"))["customer"] is None


async def test_little_credit_is_topped_up_from_the_kept_card_once(shop: Shop) -> None:
    await shop.keep_card()
    shop.spend(100)
    assert (await shop.top_up()).json()["data"]["state"] == "on"
    await asyncio.gather(*(shop.tick() for _ in range(4)))
    newest = (await shop.ask("GET", "/payments?limit=1")).json()
    assert (shop.cents(), newest["total_count"]) == (2900, 2)
    told = newest["data"][0]
    assert (told["origin"], told["state"], told["method"], told["receipt"]) == ("top_up", "paid", "card", "R-000002")
    assert (await shop.call(f"/payments/{told['id']}/refund", amount=4)).status_code == 200
    assert shop.cents() == 2500


async def test_top_ups_end_at_the_monthly_ceiling_and_say_so(shop: Shop) -> None:
    await shop.keep_card()
    shop.spend(4000)
    await shop.top_up(monthly_ceiling=25)
    for _ in range(4):
        await shop.tick()
    told = await shop.rule()
    assert (told["state"], shop.cents()) == ("on", 0) and "monthly ceiling of $25" in told["why"]


@pytest.mark.parametrize(("number", "why"), [(ASKS_OWNER, "owner to confirm"), (DECLINED_LATER, "declined")])
async def test_a_charge_that_fails_stops_top_up_until_it_is_set_again(shop: Shop, number: str, why: str) -> None:
    card = await shop.keep_card()
    shop.spend(100)
    await asyncio.to_thread(lambda: shop.stripe.post(f"/_test/card/{card}", number=number))
    await shop.top_up()
    for _ in range(2):
        await shop.tick()
    told = await shop.rule()
    assert (told["state"], shop.cents()) == ("stopped", 1900) and why in told["why"]
    failed = (await shop.ask("GET", "/payments?limit=1")).json()
    assert (failed["total_count"], failed["data"][0]["state"]) == (2, "failed")
    await asyncio.to_thread(lambda: shop.stripe.post(f"/_test/card/{card}", number="4242424242424242"))
    await shop.top_up()
    await shop.tick()
    assert ((await shop.rule())["state"], shop.cents()) == ("on", 2900)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"threshold": 0}, "threshold"),
        ({"amount": 1}, "amount"),
        ({"monthly_ceiling": 10}, "monthly_ceiling"),
        ({"currency": "sek"}, "currency"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(shop: Shop, told: dict[str, Any], field: str) -> None:
    await shop.keep_card()
    answer = await shop.top_up(**told)
    assert answer.status_code == 400 and answer.json()["error"]["metadata"]["field"] == field


async def test_there_is_no_top_up_without_a_card(shop: Shop) -> None:
    answer = await shop.top_up()
    assert answer.status_code == 409 and "save_card" in answer.json()["error"]["metadata"]["remedy_hint"]
    await shop.keep_card()
    await shop.top_up(threshold=1)
    await shop.ask("DELETE", "/workspaces/default/card")
    shop.spend(1950)
    await shop.tick()
    told = await shop.rule()
    assert (told["state"], shop.cents()) == ("stopped", 50) and "no card" in told["why"]
    assert (await shop.ask("DELETE", "/workspaces/default/top-up")).status_code == 200
    assert (await shop.ask("GET", "/workspaces/default/top-up")).status_code == 404


async def test_a_dispute_stops_top_up_and_may_take_credit_below_zero(shop: Shop) -> None:
    await shop.keep_card()
    await shop.top_up(threshold=1)
    shop.spend(1500)
    intent = shop.db.execute("SELECT intent FROM payments").fetchone()
    assert intent is not None
    dispute = await asyncio.to_thread(lambda: shop.stripe.post("/v1/disputes", payment_intent=intent[0]))
    await shop.tell("charge.dispute.created", f"dispute:{dispute['id']}")
    await shop.tick()
    assert shop.cents() == -1500 and "disputed" in (await shop.rule())["why"]


async def test_a_top_up_that_stopped_is_seen_where_people_look(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    card = await shop.keep_card()
    shop.spend(100)
    await asyncio.to_thread(lambda: shop.stripe.post(f"/_test/card/{card}", number=DECLINED_LATER))
    await shop.top_up()
    topping_up = shop.gateway.app._topping_up
    assert topping_up is not None
    await topping_up.look()
    told = (await shop.ask("GET", "/workspaces/default/credits")).json()["data"]["top_up"]
    assert told["state"] == "stopped" and "declined" in told["why"]
    url, user = shop.gateway.url, {"Authorization": f"Bearer {shop.gateway.live_key}"}
    async with httpx.AsyncClient(base_url=url) as visitor:
        assert (await visitor.get("/api/v1/credits", headers=user)).json()["data"]["top_up"] == {"state": "stopped"}
        assert "entrepot_top_ups_stopped 1.0" in (await visitor.get("/metrics")).text
        checks = (await visitor.get("/health/ready")).json()["checks"]
    assert [check["ok"] for check in checks if check["name"] == "payments"] == [True]
    config = shop.gateway.data_dir / "shown.toml"
    config.write_text(f'[storage]\nurl = "{shop.gateway.settings.storage.url}"\n')
    assert cli.run(("credit", "show", "--data-dir", str(shop.gateway.data_dir), "--config", str(config))) == 0
    assert "stopped: the card was declined" in " ".join(capsys.readouterr().out.split())
