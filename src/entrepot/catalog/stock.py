"""The catalogue of one installation: what is shipped, was imported, stands in the configuration, and is found nearby."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Mapping

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.endpoints import build_endpoints, local_endpoints
from entrepot.catalog.rows import on_day
from entrepot.catalog.shipped import shipped_models
from entrepot.catalog.store import imported_models, revision
from entrepot.errors import UpstreamError
from entrepot.providers.configured import Configured, configure
from entrepot.providers.local import find_local
from entrepot.settings import BadSettings, Settings
from entrepot.storage.database import Database
from entrepot.upstream.client import Client, parse_origin, render_head


async def stock(settings: Settings, db: Database, client: Client) -> tuple[dict[str, Configured], Catalog]:
    """Providers and catalogue, later sources winning. raises BadSettings"""
    providers, problems = configure(settings.providers)
    models = {model.id: model for model in shipped_models()}
    models |= {model.id: model for model in await asyncio.to_thread(imported_models, db)}
    models = {slug: on_day(model, today()) for slug, model in models.items()}
    endpoints, extra, more = build_endpoints(models, providers, settings.endpoints, today())
    if problems or more:
        raise BadSettings(problems + more)
    if settings.catalog.find_local:
        for found in await find_local(providers, _getter(client), own_port=settings.server.port):
            there, local_models, local = local_endpoints(providers[found.slug], found.base_url, found.models)
            providers[found.slug] = there
            extra += local_models
            endpoints += local
    return dict(providers), Catalog([*models.values(), *extra], endpoints)


def _getter(client: Client) -> Callable[[str], Awaitable[bytes]]:
    async def get(url: str) -> bytes:
        origin = parse_origin(url)
        try:
            answer = await client.send(origin, render_head("GET", origin, "", {"Accept": "application/json"}), b"")
        except UpstreamError as error:
            raise OSError(error.message) from None
        try:
            return await answer.read(1_000_000) if answer.status == 200 else b""
        except UpstreamError as error:
            raise OSError(error.message) from None
        finally:
            answer.close()

    return get


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def stock_mark(db: Database) -> tuple[int, str]:
    """Changes when the catalogue must be made again: after an import, and on a new day, when prices and offers may end."""
    return revision(db), today()


def providers_on(providers: Mapping[str, Configured]) -> list[Configured]:
    return [configured for configured in providers.values() if not configured.off_reason]
