"""What checks of endpoints need when they run by themselves: which endpoints are wanted, and a way to call them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from entrepot.api.in_process import Asgi, InProcess
from entrepot.catalog.catalog import Catalog
from entrepot.errors import GatewayError
from entrepot.identity.keyring import KeyRing
from entrepot.identity.passing import passing_key
from entrepot.storage.database import Database
from entrepot.values.clock import Clock
from entrepot.values.model import Endpoint, Model


def wanted(slugs: str, catalog: Catalog, tell: Callable[[str, str], None]) -> list[tuple[Model, Endpoint]]:
    """The endpoints that are on, of models whose slugs are separated by commas.

    tell  which models cannot be checked and why; "" when all can
    """
    found: list[tuple[Model, Endpoint]] = []
    problems: list[str] = []
    for slug in filter(None, map(str.strip, slugs.split(","))):
        try:
            known = catalog.resolve(slug)
        except GatewayError as error:
            problems.append(error.message)
        else:
            found += [(known.model, endpoint) for endpoint in known.endpoints if endpoint.on]
    tell("a model of checks.models cannot be checked", " ".join(problems))
    return found


@contextlib.asynccontextmanager
async def calls_to(app: Asgi, db: Database, secret: bytes, keys: KeyRing, clock: Clock) -> AsyncIterator[InProcess]:
    """A way to call this gateway as anybody else does, with a live key that passes away with it."""
    with passing_key(db, secret, "endpoint checks", "live", clock) as key:
        await asyncio.to_thread(keys.refresh)
        calls = InProcess(app, key)
        try:
            yield calls
        finally:
            await calls.close()
