"""The ordinary proof finds what is missing from any sum, without comparing every row."""

import contextlib
from collections.abc import Iterator

import msgspec
import pytest

from entrepot.identity.store import create_key, ensure_workspace
from entrepot.ledger.posting import post_usage
from entrepot.ledger.verify import verify
from entrepot.records import store
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, generation
from entrepot.values.ids import generation_id


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        ensure_workspace(opened, NOW_MS)
        _, key = create_key(opened, b"s" * 32, name="n", kind="live", now_ms=NOW_MS)
        made = [generation(generation_id(NOW_MS), key_hash=key.key_hash) for _ in range(3)]
        store.insert(opened, [(g, msgspec.json.encode(g)) for g in made], lambda new: post_usage(opened, new, "p"))
        yield opened


def wrong(db: Database, **how: bool) -> list[str]:
    return [finding.what for finding in verify(db, **how) if finding.wrong]


def test_books_that_are_right_pass_every_check(db: Database) -> None:
    assert wrong(db, records=True, all_days=True) == wrong(db) == []


@pytest.mark.parametrize("change", ["cost_nano = cost_nano + 1", "requests = requests - 1"])
def test_a_key_s_sum_that_differs_is_found(db: Database, change: str) -> None:
    db.execute(f"UPDATE key_usage SET {change}")
    assert wrong(db) == ["what keys used equals what workspaces used"]


def test_a_record_that_is_missing_is_found_where_none_were_deleted_by_age(db: Database) -> None:
    db.execute("DELETE FROM generations WHERE id = (SELECT min(id) FROM generations)")
    assert (wrong(db), wrong(db, all_days=True)) == ([], ["there are as many records as were posted"])
