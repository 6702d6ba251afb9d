"""What a server that is started now would have on offer."""

from __future__ import annotations

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.stock import stock
from entrepot.cli.common import store
from entrepot.providers.configured import Configured
from entrepot.settings import Settings
from entrepot.upstream.client import Client


async def offered(settings: Settings) -> tuple[dict[str, Configured], Catalog]:
    """Providers and catalogue as a server started now would have them, local engines included."""
    with store(settings) as db:
        async with Client(settings.upstream) as client:
            return await stock(settings, db, client)
