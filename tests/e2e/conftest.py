"""The shop that all tests of payments buy in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from local_stripe import KEY, SECRET, LocalStripe
from shop import Shop

from entrepot.ledger.verify import verify
from entrepot.testing.gateway import Gateway


@pytest.fixture(scope="session")
def at_stripe() -> Iterator[LocalStripe]:
    with LocalStripe() as server:
        yield server


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
        "seller_name": "Harbour & Sons",
    }
    async with Gateway(data_dir=tmp_path, payments=payments, storage={"url": store_url}) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as client:
            shop = Shop(gateway, at_stripe, client)
            yield shop
            assert not [finding for finding in verify(shop.db) if finding.wrong]
