"""An import is seen by a running server, whose other requests go on."""

import asyncio
import json

from entrepot.catalog.importing import parse_file
from entrepot.catalog.store import revision, save_models
from entrepot.storage.sqlite import connect
from entrepot.testing.gateway import Gateway

BODY = {"data": [{"id": "acme/new", "name": "New", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]}


async def test_an_import_is_seen_by_a_running_server() -> None:
    async with Gateway() as gateway:
        before = gateway.app.catalog
        db = connect(gateway.settings.database_path)
        save_models(db, parse_file(json.dumps(BODY).encode(), source="t", as_of="2026-11-21")[1], "t", 1)
        db.close()
        async with asyncio.timeout(10):
            while gateway.app.catalog is before:
                await asyncio.sleep(0.05)
        assert gateway.app.catalog.resolve("acme/new").model.name == "New"
        assert "acme/new" not in before.models


async def test_the_revision_grows_even_when_the_clock_went_back() -> None:
    async with Gateway() as gateway:
        db = connect(gateway.settings.database_path)
        models = parse_file(json.dumps(BODY).encode(), source="t", as_of="2026-11-21")[1]
        save_models(db, models, "t", 5_000)
        save_models(db, models, "t", 1_000)
        assert revision(db) == 5_001
        db.close()
