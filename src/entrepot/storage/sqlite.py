"""The embedded engine: SQLite in WAL mode."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from entrepot.storage.database import EngineName, Refused, Row, StorageAway, Table, Violation
from entrepot.storage.schema import ELSEWHERE, bring_up

_WAIT_S = 10.0
_WAL_PAUSE_S = 0.05
_MAPPED_BYTES = 256 * 2**20
_ROWS_AT_ONCE = (64, 8, 1)
"""Each statement gives the interpreter's lock away and waits to have it back, so that few large ones disturb requests least."""
_ELSEWHERE = ELSEWHERE["sqlite"]
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


class Sqlite:
    """A `Database` that is one connection: threads that ask at once wait for each other."""

    engine: EngineName = "sqlite"

    def __init__(self, path: Path, *, synchronous: str, read_only: bool, mapped: bool, wait_s: float) -> None:
        self._path = path
        self._synchronous = synchronous
        self._wait_s = wait_s
        self._lock = threading.RLock()
        with self._told():
            self._db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            _enter_wal(self._db, wait_s)
            self._db.execute(f"PRAGMA busy_timeout = {wait_s * 1000:.0f}")
            self._db.execute(f"PRAGMA synchronous = {'FULL' if synchronous == 'full' else 'NORMAL'}")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES if mapped else 0}")
            if read_only:
                self._db.execute("PRAGMA query_only = ON")

    @property
    def place(self) -> str:
        return str(self._path)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        with self._lock, self._told():
            return self._db.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._lock, self._told():
            self._db.executemany(sql, rows)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]], tail: str = "") -> list[Row]:
        returned: list[Row] = []
        at = 0
        with self._lock, self._told():
            for size in _ROWS_AT_ONCE:
                while len(rows) - at >= size:
                    values = [value for row in rows[at : at + size] for value in row]
                    returned += self._db.execute(_insert(table, size, tail), values).fetchall()
                    at += size
        return returned

    @contextlib.contextmanager
    def transaction(self, alone: str = "", *, kind: str = "IMMEDIATE") -> Iterator[None]:
        """All who write are alone here."""
        with self._lock:
            if self._within():
                yield
                return
            self.execute(f"BEGIN {kind}")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                if self._within():
                    self._db.execute("ROLLBACK")
                raise

    def _within(self) -> bool:
        """Whether a transaction is under way; a full disk ends one by itself."""
        return self._db.in_transaction

    def snapshot(self) -> contextlib.AbstractContextManager[None]:
        return self.transaction(kind="DEFERRED")

    def mark(self) -> int:
        return int(self.execute("PRAGMA data_version").fetchone()[0])

    def sibling(self, *, read_only: bool = False, mapped: bool = True) -> Sqlite:
        return connect(self._path, synchronous=self._synchronous, read_only=read_only, mapped=mapped, wait_s=self._wait_s)

    def migrate(self) -> int:
        with self.transaction():
            tables = [name for (name,) in self.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return bring_up(self, tables, self._run_all)

    def _run_all(self, sql: str) -> None:
        """Statement by statement; `executescript` would commit the transaction under way."""
        held = ""
        for line in sql.splitlines(keepends=True):
            held += line
            if sqlite3.complete_statement(held):
                self.execute(held)
                held = ""

    def hasten(self, within_s: float) -> None:
        """Nothing: a file answers."""

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What keeps the database from being used becomes StorageAway, with what to do about it."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise Violation(str(error)) from error
        except sqlite3.Error as error:
            known = _TROUBLES.get(_code(error))
            if known is None:
                raise Refused(f"{self._path}: {error}") from error
            what, remedy = known
            raise StorageAway(f"The database at {self._path} cannot be used: {what}.", remedy=remedy, detail=str(error)) from None


def connect(
    path: Path, *, synchronous: str = "normal", read_only: bool = False, mapped: bool = True, wait_s: float = _WAIT_S
) -> Sqlite:
    """A connection that waits so long for locks. raises StorageAway"""
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = f"Make it a folder that may be written, {_ELSEWHERE}"
        raise StorageAway(f"{path.parent} cannot hold the database: {error.strerror}.", remedy=remedy) from None
    return Sqlite(path, synchronous=synchronous, read_only=read_only, mapped=mapped, wait_s=wait_s)


def _enter_wal(connection: sqlite3.Connection, wait_s: float) -> None:
    """SQLite does not always wait for its busy timeout here, and of several processes starting at once some would fail."""
    until = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.Error as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                connection.close()
                raise
            time.sleep(_WAL_PAUSE_S)


@functools.lru_cache(64)
def _insert(table: Table, rows: int, tail: str) -> str:
    names = ", ".join(name for name, _ in table.columns)
    row = "(" + ", ".join("?" * len(table.columns)) + ")"
    return f"INSERT INTO {table.name} ({names}) VALUES {', '.join([row] * rows)} {tail}"  # noqa: S608 # names of ours


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary error code; 0 for an error of the Python module itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
