"""A page of keys costs as many questions to the database as one key does."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from tests.unit.api.desk import FakeDesk, call

from entrepot.api import keys
from entrepot.api.dispatch import Api
from entrepot.identity.store import create_key
from entrepot.records.store import spent_by_keys
from entrepot.storage.database import Database, Rows
from entrepot.testing import builders


class Counting:
    """A database that counts what it is asked."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.asked = 0

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        self.asked += 1
        return self._db.execute(sql, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


def listed(count: int) -> tuple[int, list[dict[str, Any]]]:
    """Questions asked for a page of so many keys, and the page."""
    fake = FakeDesk()
    made = [create_key(fake.store, b"s" * 32, name=f"k{n}", kind="live", now_ms=builders.NOW_MS)[1] for n in range(count)]
    today = builders.NOW_MS // 86_400_000
    fake.store.execute("INSERT INTO key_usage VALUES (?, ?, 1, ?, 0, 0)", (made[0].key_hash, today, 7_000_000_000))
    db = Counting(fake.store)
    as_db = cast(Database, db)
    desk = msgspec.structs.replace(
        fake.desk(), store=as_db, spent_by_keys=lambda hashes, since: spent_by_keys(as_db, hashes, since)
    )
    got = call(Api(keys.ROUTES, desk), "GET", "/api/v1/keys", "mgmt")
    return db.asked, got.json()["data"]


def test_a_page_of_many_keys_asks_no_more_than_a_page_of_one() -> None:
    (few, _), (many, rows) = listed(1), listed(60)
    assert (few, len(rows)) == (many, 60)
    assert sorted(row["usage"] for row in rows)[-2:] == [0, 7]


def test_no_keys_are_no_trouble() -> None:
    fake = FakeDesk()
    assert fake.get("/api/v1/keys", key="mgmt", routes=keys.ROUTES).json() == {"data": [], "total_count": 0}
