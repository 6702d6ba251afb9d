"""What a server that is started now would have on offer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.stock import stock
from entrepot.cli.common import Place, store
from entrepot.cli.reading import is_new, say_when_new
from entrepot.providers.configured import Configured
from entrepot.settings import Settings
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.upstream.client import Client


async def offered(settings: Settings) -> tuple[dict[str, Configured], Catalog]:
    """Providers and catalogue as a server started now would have them, local engines included."""
    with _database(settings) as db:
        async with Client(settings.upstream) as client:
            return await stock(settings, db, client)


def listed(place: Place) -> tuple[dict[str, Configured], Catalog]:
    """The same for a command that shows it; makes nothing, and says so when there is no database."""
    settings = place.settings()
    say_when_new(place, settings)
    return asyncio.run(offered(settings))


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    """An empty one in memory where there is none yet."""
    if not is_new(settings):
        with store(settings) as db:
            yield db
        return
    with contextlib.closing(open_database("sqlite:///:memory:")) as empty:
        empty.migrate()
        yield empty
