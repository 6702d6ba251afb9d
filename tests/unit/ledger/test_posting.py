"""Generations reach the books with their records, each exactly once, whatever dies."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from entrepot.identity.store import create_key, ensure_workspace
from entrepot.ledger.books import balance
from entrepot.ledger.posting import post_usage
from entrepot.ledger.verify import Finding, verify
from entrepot.records import journal, store
from entrepot.records.groups import Groups
from entrepot.records.recorder import Recorder
from entrepot.storage.database import Database, Violation
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, generation
from entrepot.values.caller import KeyKind
from entrepot.values.ids import generation_id


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    db = open_database(store_url)
    db.migrate()
    ensure_workspace(db, NOW_MS)
    yield db
    db.close()


def keys(db: Database) -> tuple[str, str]:
    kinds: tuple[KeyKind, ...] = ("live", "test")
    live, test = (create_key(db, b"s" * 32, name="n", kind=kind, now_ms=NOW_MS)[1].key_hash for kind in kinds)
    return live, test


def wrong(db: Database) -> list[Finding]:
    return [finding for finding in verify(db, records=True, all_days=True) if finding.wrong]


async def test_what_is_settled_is_posted_to_the_right_book(db: Database, tmp_path: Path) -> None:
    live, test = keys(db)
    async with Recorder(db, tmp_path, post=post_usage) as recorder:
        for number in range(10):
            await recorder.settle(generation(generation_id(NOW_MS), key_hash=live, cost_nano=7, upstream_cost_nano=5))
            await recorder.settle(generation(generation_id(NOW_MS), key_hash=test, cost_nano=number, test=True))
    assert (balance(db, "credit", "default"), balance(db, "credit", "default", "test")) == (-70, -45)
    assert balance(db, "provider_cost", "openai") == -balance(db, "provider_due", "openai") == 50
    assert wrong(db) == []


async def test_records_of_a_dead_process_are_posted_once_by_whoever_finds_them(db: Database, tmp_path: Path) -> None:
    live, _ = keys(db)
    made = [generation(generation_id(NOW_MS), key_hash=live, cost_nano=3) for _ in range(4)]
    dead = journal.Journal(tmp_path, "dead")
    for one in made:
        dead.append(msgspec.json.encode(one))
    store.insert(db, [(one, b"{}") for one in made[:2]], lambda new: post_usage(db, new, "dead"))
    dead.close().let_go()
    async with Recorder(db, tmp_path, post=post_usage) as recorder:
        assert not recorder.may_live("dead")
        await recorder.take_in()
    assert balance(db, "revenue", "default") == 12
    assert wrong(db) == []


def test_a_posting_that_fails_takes_its_records_with_it(db: Database) -> None:
    def post(new: Groups) -> None:
        post_usage(db, new, "p")
        db.execute("INSERT INTO ledger_moves SELECT * FROM ledger_moves")

    with pytest.raises(Violation):
        store.insert(db, [(generation(), b"{}")], post)
    assert db.execute("SELECT (SELECT count(*) FROM generations), (SELECT count(*) FROM ledger_transactions)").fetchone() == (
        0,
        0,
    )


def test_what_was_spent_leaves_the_lease_it_was_held_against(db: Database) -> None:
    db.execute("INSERT INTO leases VALUES ('credit/default', 'p', 100)")
    db.execute("INSERT INTO leases VALUES ('credit/default', 'q', 100)")
    with db.transaction():
        post_usage(db, Groups([generation(cost_nano=30, held=("credit/default",)), generation("gen-2", cost_nano=5)]), "p")
    assert db.execute("SELECT process, granted_nano FROM leases ORDER BY process").fetchall() == [("p", 70), ("q", 100)]
