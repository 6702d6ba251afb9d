"""The embedded engine: SQLite in WAL mode, and migrations that run in order under a lock."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.resources
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from entrepot.errors import GatewayError

T = TypeVar("T")
_WAL_TRIES = 100
_WAL_PAUSE_S = 0.05


class UnknownSchema(Exception):
    """The database is not one this build can serve; the message says which and what to do."""


class StorageAway(GatewayError):
    """The store cannot be asked. Never shown as if the caller's key were wrong."""

    status = 503
    error_type = "server"
    retryable = True


def connect(path: Path, *, synchronous: str = "normal", read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time. raises StorageAway"""
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        _enter_wal(connection)
        connection.execute(f"PRAGMA synchronous = {'FULL' if synchronous == 'full' else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA mmap_size = 268435456")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except (sqlite3.Error, OSError) as error:
        raise StorageAway(f"The database at {path} cannot be opened: {error}.") from None
    return connection


def _enter_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for its busy timeout here, so that of several processes starting at once some would fail."""
    for _ in range(_WAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_WAL_PAUSE_S)
    connection.execute("PRAGMA journal_mode = WAL")


def migrations() -> list[tuple[int, str, str]]:
    """Number, name and SQL of every migration, in order."""
    folder = importlib.resources.files("entrepot.storage") / "migrations"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text(encoding="utf8")) for name in found]


def migrate(connection: sqlite3.Connection) -> int:
    """Brings the database to this build's schema, in one transaction, and gives its number. raises UnknownSchema"""
    connection.execute("BEGIN IMMEDIATE")
    try:
        number = _apply(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return number


def _apply(connection: sqlite3.Connection) -> int:
    connection.execute("CREATE TABLE IF NOT EXISTS schema_versions (number INTEGER PRIMARY KEY, name TEXT, digest TEXT) STRICT")
    done = {number: (name, digest) for number, name, digest in connection.execute("SELECT * FROM schema_versions")}
    known = migrations()
    newer = sorted(set(done) - {number for number, _, _ in known})
    if newer:
        raise UnknownSchema(
            f"The database has schema {newer[-1]} ({done[newer[-1]][0]}), which this build, with {known[-1][0]}, does not know. "
            "Run the newer version, or give another --data-dir."
        )
    for number, name, sql in known:
        digest = hashlib.sha256(sql.encode()).hexdigest()
        if number not in done:
            for statement in _statements(sql):
                connection.execute(statement)
            connection.execute("INSERT INTO schema_versions VALUES (?, ?, ?)", (number, name, digest))
        elif done[number][1] != digest:
            raise UnknownSchema(
                f"Schema {number} of the database was made by another text of {name}. "
                "Run the version that made it, or give another --data-dir."
            )
    return known[-1][0]


def _statements(sql: str) -> list[str]:
    """Whole statements; `executescript` would commit the transaction under way."""
    found, held = [], ""
    for line in sql.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            found.append(held)
            held = ""
    return found


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing. raises sqlite3.Error"""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def asked(path: Path, question: Callable[[], T]) -> T:
    """The answer of a question to the database, whose troubles become StorageAway."""
    try:
        return question()
    except sqlite3.Error as error:
        raise StorageAway(f"The database at {path} cannot be asked: {error}.") from None
