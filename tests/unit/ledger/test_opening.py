"""A database from before there were books opens them with what was spent so far."""

import hashlib
import sqlite3
from pathlib import Path

from entrepot.ledger.books import balance
from entrepot.ledger.verify import verify
from entrepot.storage.schema import migrations
from entrepot.storage.sqlite import connect


def before_the_books(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE schema_versions (number INTEGER PRIMARY KEY, name TEXT, digest TEXT) STRICT")
    for number, name, sql in migrations("sqlite")[:5]:
        db.executescript(sql)
        db.execute("INSERT INTO schema_versions VALUES (?, ?, ?)", (number, name, hashlib.sha256(sql.encode()).hexdigest()))
    db.execute("INSERT INTO workspaces VALUES ('default', 'Default', 0)")
    for kind, cost in (("live", 700), ("test", 30)):
        key = "INSERT INTO keys (hash, name, kind, label, workspace, created_ms, revision) VALUES (?, ?, ?, 'l', 'default', 0, 1)"
        db.execute(key, (kind, kind, kind))
        db.executemany("INSERT INTO key_usage VALUES (?, ?, 1, ?, 0, 0)", [(kind, day, cost) for day in (1, 2)])
    db.commit()
    db.close()


def test_what_was_spent_before_opens_the_books(tmp_path: Path) -> None:
    before_the_books(tmp_path / "e.db")
    db = connect(tmp_path / "e.db")
    db.migrate()
    assert (balance(db, "credit", "default"), balance(db, "credit", "default", "test")) == (-1_400, -60)
    assert [finding for finding in verify(db) if finding.wrong] == []
    db.close()
