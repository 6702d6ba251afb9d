"""Receipts and statements over HTTP."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader
from shop import Shop


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """One engine: what differs between them is tested beside the payments themselves."""
    return f"sqlite:///{tmp_path / 'e.db'}"


async def test_each_payment_has_a_receipt_and_their_numbers_have_no_gap(shop: Shop) -> None:
    payments = []
    for _ in range(2):
        open_, _ = await shop.buy(20)
        assert (await shop.ask("GET", f"/payments/{open_}/receipt.html")).status_code == 404
        payments.append((await shop.bought(20))[0])
    assert [(await shop.show(payment))["receipt"] for payment in payments] == ["R-000001", "R-000002"]
    page = await shop.ask("GET", f"/payments/{payments[1]}/receipt.html")
    assert "Harbour &amp; Sons" in page.text and "R-000002" in page.text and "21.10" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    pdf = await shop.ask("GET", f"/payments/{payments[1]}/receipt.pdf")
    told = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert pdf.headers["content-type"] == "application/pdf" and "Harbour & Sons" in told and "21.10" in told


async def test_a_receipt_tells_what_was_paid_back_and_by_which_rate(shop: Shop) -> None:
    payment, session = await shop.buy(100, currency="eur")
    await shop.pay(session, method="alipay")
    await shop.tell("checkout.session.completed", f"checkout.session:{session}")
    await shop.call(f"/payments/{payment}/refund", amount=25)
    page = (await shop.ask("GET", f"/payments/{payment}/receipt.html")).text
    for words in ("Alipay", "Credit of $108.00", "−25.00", "80.50", "1 EUR buys $1.08 of credit", "2026-11-20"):
        assert words in page, words


async def test_a_month_is_told_as_json_as_a_page_and_as_pdf(shop: Shop) -> None:
    await shop.bought(20)
    month = (await shop.ask("GET", "/payments")).json()["data"][0]["paid_at"][:7]
    at = f"/workspaces/default/statements/{month}"
    told = (await shop.ask("GET", f"{at}.json")).json()["data"]
    assert (told["opening_balance"], told["sums"], told["closing_balance"]) == (0, {"payment": 20}, 20)
    assert "Closing balance" in (await shop.ask("GET", f"{at}.html")).text
    assert (await shop.ask("GET", f"{at}.pdf")).content.startswith(b"%PDF-")


async def test_a_statement_of_no_month_or_of_nobody_is_refused(shop: Shop) -> None:
    answers = [
        await shop.ask("GET", f"/workspaces/{at}.pdf") for at in ("default/statements/2026-13", "nobody/statements/2026-11")
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    shop.gateway.management_key = shop.gateway.live_key
    assert (await shop.ask("GET", "/workspaces/default/statements/2026-11.json")).status_code == 403
