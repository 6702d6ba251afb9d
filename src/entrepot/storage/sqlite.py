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
_WAIT_S = 10.0
_WAL_PAUSE_S = 0.05
_ELSEWHERE = "or give another --data-dir."
_TROUBLES = {
    sqlite3.SQLITE_BUSY: ("another program keeps it locked", "Close what has it open, as a database browser, and try again."),
    sqlite3.SQLITE_READONLY: ("it may not be written", f"See that it and its folder may be written, {_ELSEWHERE}"),
    sqlite3.SQLITE_CANTOPEN: ("there is no file that may be written", f"See that its folder may be written, {_ELSEWHERE}"),
    sqlite3.SQLITE_NOTADB: ("it is not an SQLite database", f"Move it away, {_ELSEWHERE}"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", f"Restore it from a backup, {_ELSEWHERE}"),
    sqlite3.SQLITE_FULL: ("the disk is full", f"Free some space, {_ELSEWHERE}"),
    sqlite3.SQLITE_IOERR: ("the disk cannot be read or written", f"See that the disk is well and is a local one, {_ELSEWHERE}"),
}
"""What the machine around us, and no bug of ours, does to a database, and what to do about it. By SQLite's primary error code."""


class UnknownSchema(Exception):
    """The database is not one this build can serve; the message says which and what to do."""


class StorageAway(GatewayError):
    """The store cannot be asked. Never shown as if the caller's key were wrong."""

    status = 503
    error_type = "server"
    retryable = True


def connect(path: Path, *, synchronous: str = "normal", read_only: bool = False, wait_s: float = _WAIT_S) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time. Waits so long for locks. raises StorageAway"""
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        with told(path):
            connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            _enter_wal(connection, wait_s)
            connection.execute(f"PRAGMA busy_timeout = {wait_s * 1000:.0f}")
            connection.execute(f"PRAGMA synchronous = {'FULL' if synchronous == 'full' else 'NORMAL'}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA mmap_size = 268435456")
            if read_only:
                connection.execute("PRAGMA query_only = ON")
    except OSError as error:
        remedy = f"Make it a folder that may be written, {_ELSEWHERE}"
        raise StorageAway(f"{path.parent} cannot hold the database: {error.strerror}.", remedy=remedy) from None
    return connection


def _enter_wal(connection: sqlite3.Connection, wait_s: float) -> None:
    """SQLite does not always wait for its busy timeout here, and of several processes starting at once some would fail."""
    until = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                connection.close()
                raise
            time.sleep(_WAL_PAUSE_S)


def migrations() -> list[tuple[int, str, str]]:
    """Number, name and SQL of every migration, in order."""
    folder = importlib.resources.files("entrepot.storage") / "migrations"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text(encoding="utf8")) for name in found]


def migrate(connection: sqlite3.Connection) -> int:
    """Brings the database to this build's schema, in one transaction, and gives its number. raises UnknownSchema, StorageAway"""
    (path,) = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()
    with told(Path(path)), transaction(connection):
        return _apply(connection, path)


def _apply(connection: sqlite3.Connection, path: str) -> int:
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if tables and "schema_versions" not in tables:
        raise UnknownSchema(f"{path} is the database of another program. Move it away, {_ELSEWHERE}")
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
        with told(path):
            return question()
    except sqlite3.Error as error:
        raise StorageAway(f"The database at {path} cannot be asked: {error}.") from None


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """What keeps a database from being used becomes StorageAway, with what to do about it; a bug of ours stays as it is."""
    try:
        yield
    except sqlite3.Error as error:
        if (known := _TROUBLES.get(_code(error))) is None:
            raise
        what, remedy = known
        raise StorageAway(f"The database at {path} cannot be used: {what}.", remedy=remedy, detail=str(error)) from None


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary error code; 0 for an error of the Python module itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
