"""The books: what was posted stays, sums to zero, and is posted once."""

from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.errors import InvalidRequest, NotFound
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit
from entrepot.ledger.audit import Act
from entrepot.ledger.books import Move, Transaction, balance, post
from entrepot.ledger.funding import Order, amount_of, correct, grant, refund
from entrepot.ledger.terms import set_prepaid
from entrepot.ledger.verify import verify
from entrepot.storage.database import Database, Violation
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS

MOVE = Move("promotion", "default", "credit", "default", 5)


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    db = open_database(store_url)
    db.migrate()
    ensure_workspace(db, NOW_MS)
    yield db
    db.close()


def order(amount_nano: int, key: str = "k", **more: Any) -> Order:
    fields: dict[str, Any] = {"actor": "cli", "workspace": "default", "reason": "a test", "at_ms": NOW_MS} | more
    return Order(key=key, amount_nano=amount_nano, **fields)


def fits(db: Database) -> bool:
    return not any(finding.wrong for finding in verify(db, records=True))


def test_a_grant_is_credit_and_comes_out_of_promotion(db: Database) -> None:
    assert grant(db, order(7_000))
    assert (balance(db, "credit", "default"), balance(db, "promotion", "default")) == (7_000, -7_000)
    assert fits(db)


def test_the_same_order_twice_is_done_once(db: Database) -> None:
    assert [grant(db, order(7_000)), grant(db, order(7_000))] == [True, False]
    assert balance(db, "credit", "default") == 7_000
    assert len(audit.lines(db)) == 1


def test_a_refund_pays_back_no_more_than_there_is(db: Database) -> None:
    grant(db, order(7_000))
    with pytest.raises(InvalidRequest):
        refund(db, order(7_001))
    assert refund(db, order(7_000))
    assert balance(db, "credit", "default") == 0
    assert fits(db)


def test_a_correction_takes_no_more_of_a_prepaid_workspace_than_there_is(db: Database) -> None:
    set_prepaid(db, "default", True, Act(actor="cli", at_ms=NOW_MS))
    grant(db, order(7_000))
    with pytest.raises(InvalidRequest, match="Only \\$0.000007 of the credit"):
        correct(db, order(-7_001))
    assert correct(db, order(-7_000))
    assert balance(db, "credit", "default") == 0


def test_a_correction_goes_both_ways_and_every_change_is_in_the_log(db: Database) -> None:
    correct(db, order(500, "up", at_ms=NOW_MS - 1))
    correct(db, order(-1_500, "down"))
    assert balance(db, "credit", "default") == -1_000
    assert next((line.action, line.before, line.after) for line in audit.lines(db)) == (
        "credit.correction",
        '{"balance":"0.0000005"}',
        '{"balance":"-0.000001"}',
    )


@pytest.mark.parametrize("amount", ["-1", "0", "NaN", "1e30", "0.0000000001", "Infinity", "", "five"])
def test_a_bad_amount_is_refused(amount: str) -> None:
    with pytest.raises(InvalidRequest):
        amount_of(amount)


def test_nobody_s_credit_is_changed_by_a_bad_order(db: Database) -> None:
    with pytest.raises(NotFound):
        grant(db, order(1, workspace="nobody"))
    for bad in (order(-1), order(0), order(1, reason=" "), order(2**62 + 1)):
        with pytest.raises(InvalidRequest):
            grant(db, bad)
    assert (audit.lines(db), verify(db)[0].looked_at) == ([], 0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_transactions SET at_ms = 1",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_moves SET amount_nano = 1",
        "DELETE FROM ledger_moves",
        "INSERT OR REPLACE INTO ledger_moves VALUES ('t', 0, 'promotion', 'default', 'credit', 'default', 6)",
        "INSERT INTO ledger_moves VALUES ('t', 1, 'promotion', 'default', 'credit', 'default', 6)",
        "INSERT INTO ledger_moves VALUES ('t', 0, 'promotion', 'default', 'credit', 'default', -6)",
        "INSERT OR REPLACE INTO ledger_transactions VALUES ('t', 'live', 'grant', 1, 'a', 'm', 1)",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET actor = 'b'",
    ],
)
def test_the_database_itself_changes_nothing_that_was_posted(db: Database, change: str) -> None:
    grant(db, order(1))
    post(db, Transaction("t", "live", "grant", NOW_MS, (MOVE,)))
    before = db.execute("SELECT * FROM ledger_entries").fetchall()
    with pytest.raises(Violation):
        db.execute(change if db.engine == "sqlite" else change.replace("INSERT OR REPLACE", "INSERT"))
    assert db.execute("SELECT * FROM ledger_entries").fetchall() == before


def test_a_balance_that_somebody_bent_is_found(db: Database) -> None:
    grant(db, order(7_000))
    db.execute("UPDATE ledger_balances SET amount_nano = amount_nano + 1 WHERE account = 'credit'")
    wrong = [finding for finding in verify(db) if finding.wrong]
    assert [finding.what for finding in wrong] == ["balances equal the sum of their entries"]
    assert wrong[0].wrong == ("live/credit/default/grant: 1",)
