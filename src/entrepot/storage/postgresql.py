"""The engine to grow onto: PostgreSQL, with a few connections that a whole process shares.

A connection is borrowed for one statement or one transaction. One that the server has closed meanwhile, as after a restart, is
seen to be closed before it is used; what was under way on it is StorageAway, and whether it was committed is not known. Every
statement has an end on the server, every wait one here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
from psycopg import errors, pq
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict

from entrepot.storage.database import EngineName, Kind, Refused, Row, Rows, StorageAway, Table, Violation
from entrepot.storage.schema import bring_up

T = TypeVar("T")
_CONNECTIONS = 4
_WAIT_S = 5.0
"""For a connection of ours to be free, and for the server to take a new one."""
_STATEMENT_S = 30
_SHORTEST_S = 2
"""libpq waits no shorter for a new connection."""
_PAUSE_S = 0.25
"""After a connection could not be made nobody tries again for so long: all who ask meanwhile are told at once."""
_MIGRATION_S = 600
_GRACE_S = 5.0
"""A statement that the server has not ended by then is ended here: the server, or the way to it, has fallen silent."""
_OPTIONS = {
    "application_name": "entrepot",
    "connect_timeout": str(int(_WAIT_S)),
    "tcp_user_timeout": "10000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
_ON_SERVER = (
    f"-c statement_timeout={_STATEMENT_S}s -c lock_timeout=10s -c idle_in_transaction_session_timeout={2 * _STATEMENT_S}s"
)
_LOCKS = 0x656E7472
"""The space of our advisory locks, so that another program's on the same database are not met."""
_AWAY = frozenset({"08", "53", "57", "58", "25006", "25P03", "28", "3D", "55P03", "40001", "40P01"})
"""Classes and codes of SQLSTATE that a later try may not meet: connection, resources, shutdown, disk, read-only, login, locks."""
_REMEDY = "See that PostgreSQL runs and that storage.url is right."


def connect(url: str, *, connections: int = _CONNECTIONS, patience_s: float = _STATEMENT_S + _GRACE_S) -> Postgresql:
    """The first connection is made at once, so that a wrong URL is told at the start. raises StorageAway"""
    pool = _Pool(url, connections, patience_s)
    with pool.borrowed():
        pass
    return Postgresql(pool)


class _WholeNumber(Loader):
    """Sums of whole numbers are whole numbers, as SQLite gives them, and not decimals."""

    def load(self, data: Buffer) -> int | Decimal:
        text = bytes(data)
        return int(text) if text.isdigit() or text[1:].isdigit() else Decimal(text.decode())


class _Connection(psycopg.Connection[Row]):
    """Waits for the server only so long."""

    patience_s = _STATEMENT_S + _GRACE_S

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        return super().wait(gen, interval, timeout or self.patience_s)


class _Pool:
    """At most so many connections, made when they are needed, the one used last lent first."""

    def __init__(self, url: str, connections: int, patience_s: float) -> None:
        self._url = url
        self._patience_s = patience_s
        self._free = threading.BoundedSemaphore(connections)
        self._idle: list[_Connection] = []
        self._lent: set[_Connection] = set()
        self._changing = threading.Lock()
        self._hurry: threading.Timer | None = None
        self._over = False
        self._failed_s = 0.0
        self._failure = ""
        self.users = 0
        try:
            told = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise StorageAway(f"storage.url is not one of PostgreSQL: {error}", remedy="postgresql://user@host/db") from None
        self._options: dict[str, Any] = {name: value for name, value in _OPTIONS.items() if name not in told}
        # What the operator wrote comes last and wins.
        self._options["options"] = f"{_ON_SERVER} {told.get('options', '')}"
        self.place = f"{told.get('host', 'localhost')}/{told.get('dbname', told.get('user', ''))}"

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[_Connection]:
        """A connection of one's own. What it raises becomes ours."""
        if not self._free.acquire(timeout=_WAIT_S):
            raise StorageAway(f"The database at {self.place} is busy: no connection came free in {_WAIT_S:g} s.")
        connection: _Connection | None = None
        try:
            with self.told():
                connection = self._lend()
                yield connection
        finally:
            if connection is not None:
                with self._changing:
                    self._lent.discard(connection)
                self._take_back(connection)
            self._free.release()

    def _lend(self) -> _Connection:
        self._check_time()
        connection = self._alive() or self._made()
        with self._changing:
            if not self._over:
                self._lent.add(connection)
                return connection
        connection.close()
        raise self._late()

    def _check_time(self) -> None:
        if self._over:
            raise self._late()

    def _late(self) -> StorageAway:
        return StorageAway(f"The database at {self.place} did not answer in time, and the process is stopping.")

    def hasten(self, within_s: float) -> None:
        self._options |= {"connect_timeout": str(_SHORTEST_S)}
        self._hurry = threading.Timer(within_s, self._hang_up_all)
        self._hurry.daemon = True
        self._hurry.start()

    def _hang_up_all(self) -> None:
        """Whoever waits for an answer hears that the connection is gone."""
        with self._changing:
            self._over = True
            for connection in self._lent:
                _hang_up(connection)

    def _alive(self) -> _Connection | None:
        """One that lay idle. A server that says something unasked is saying goodbye."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed and not _says_something(connection.fileno()):
                return connection
            connection.close()
        return None

    def _made(self) -> _Connection:
        if time.monotonic() < self._failed_s + _PAUSE_S:
            raise StorageAway(self._failure, remedy=_REMEDY)
        try:
            connection = _Connection.connect(self._url, autocommit=True, cursor_factory=psycopg.RawCursor, **self._options)
            connection.patience_s = self._patience_s
            connection.adapters.register_loader("numeric", _WholeNumber)
        except psycopg.Error as error:
            self._failure = f"The database at {self.place} cannot be reached: {_first_line(error)}."
            self._failed_s = time.monotonic()
            raise StorageAway(self._failure, remedy=_REMEDY) from None
        return connection

    def _take_back(self, connection: _Connection) -> None:
        if connection.closed or connection.info.transaction_status != pq.TransactionStatus.IDLE:
            connection.close()
        else:
            self._idle.append(connection)

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        try:
            yield
        except errors.IntegrityError as error:
            raise Violation(_first_line(error)) from error
        except psycopg.Error as error:
            code = error.sqlstate or ""
            if code == "P0001":  # a trigger of ours said no
                raise Violation(_first_line(error)) from error
            if not (_AWAY & {code, code[:2]} if code else isinstance(error, psycopg.OperationalError)):
                raise Refused(f"{self.place}: {error}") from error
            raise StorageAway(
                f"The database at {self.place} cannot be asked: {_first_line(error)}.", remedy=_REMEDY, detail=str(error)
            ) from None

    def close(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
        while self._idle:
            self._idle.pop().close()


class Postgresql:
    """A `Database`. All siblings share one pool, and the last one closes it."""

    engine: EngineName = "postgresql"

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._mine = threading.local()
        pool.users += 1

    @property
    def place(self) -> str:
        return self._pool.place

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        """The rows are here when this returns, so that they may be read when the connection serves somebody else."""
        with self._connection() as connection:
            return self._run(connection, _numbered(sql), values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._connection() as connection:
            connection.cursor().executemany(_numbered(sql), [_storable(row) for row in rows])

    def insert(self, table: Table, rows: Sequence[Sequence[Any]], tail: str = "") -> list[Row]:
        """COPY, or where there is a tail one statement with a list for each column."""
        if not rows:
            return []
        with self._connection() as connection:
            if not tail:
                _copy(connection, table, rows)
                return []
            columns = zip(table.columns, zip(*rows, strict=True), strict=True)
            cursor = self._run(connection, _unnest(table, tail), [_array(kind, values) for (_, kind), values in columns])
            return cursor.fetchall() if cursor.description else []

    def _run(self, connection: _Connection, sql: bytes, values: Sequence[Any]) -> psycopg.Cursor[Row]:
        """A text with NUL, which PostgreSQL does not have, is noticed before anything is sent."""
        try:
            return connection.execute(sql, values)
        except psycopg.DataError as error:
            if error.sqlstate is not None:
                raise
            return connection.execute(sql, _storable(values))

    @contextlib.contextmanager
    def transaction(self, alone: str = "") -> Iterator[None]:
        with self._begun(""):
            if alone:
                self._lock(alone)
            yield

    def _lock(self, name: str) -> None:
        """Until the transaction ends."""
        self.execute("SELECT pg_advisory_xact_lock(?, ?)", (_LOCKS, zlib.crc32(name.encode()) >> 1))

    @contextlib.contextmanager
    def _patiently(self) -> Iterator[None]:
        """For a transaction that may take long, or wait long for another server's."""
        for name in ("statement_timeout", "lock_timeout"):
            self.execute(f"SET LOCAL {name} = '{_MIGRATION_S}s'")
        connection: _Connection = self._mine.connection
        before, connection.patience_s = connection.patience_s, _MIGRATION_S + _GRACE_S
        try:
            yield
        finally:
            connection.patience_s = before

    def snapshot(self) -> contextlib.AbstractContextManager[None]:
        return self._begun("ISOLATION LEVEL REPEATABLE READ READ ONLY")

    @contextlib.contextmanager
    def _begun(self, kind: str) -> Iterator[None]:
        if getattr(self._mine, "connection", None) is not None:
            yield
            return
        with self._pool.borrowed() as connection:
            connection.execute(f"BEGIN {kind}")
            self._mine.connection = connection
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if not connection.closed:
                    with contextlib.suppress(psycopg.Error):
                        connection.execute("ROLLBACK")
                raise
            finally:
                self._mine.connection = None

    @contextlib.contextmanager
    def _connection(self) -> Iterator[_Connection]:
        """The one whose transaction this thread is in, or any."""
        mine = getattr(self._mine, "connection", None)
        if mine is None:
            with self._pool.borrowed() as connection:
                yield connection
        else:
            with self._pool.told():
                yield mine

    def mark(self) -> None:
        return None

    def sibling(self, *, read_only: bool = False, mapped: bool = True) -> Postgresql:
        return Postgresql(self._pool)

    def migrate(self) -> int:
        with self.transaction(), self._patiently():
            self._lock("migrations")
            tables = self.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            return bring_up(self, [name for (name,) in tables], self._run_all)

    def _run_all(self, sql: str) -> None:
        with self._connection() as connection:
            connection.execute(sql.encode())

    def hasten(self, within_s: float) -> None:
        self._pool.hasten(within_s)

    def close(self) -> None:
        self._pool.users -= 1
        if not self._pool.users:
            self._pool.close()


def _hang_up(connection: _Connection) -> None:
    """From another thread than the one that waits, which a connection is not made for; its socket is."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _says_something(descriptor: int) -> bool:
    """Without waiting. `select` alone would not do: it knows no descriptors above a thousand."""
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], 0)[0])
    asked = select.poll()
    asked.register(descriptor, select.POLLIN)
    return bool(asked.poll(0))


def _storable(values: Sequence[Any]) -> list[Any]:
    """Without what no text of PostgreSQL may have, deep in lists too."""
    return [
        value.replace("\0", "\ufffd") if isinstance(value, str) else _storable(value) if isinstance(value, list) else value
        for value in values
    ]


@functools.lru_cache(1024)
def _numbered(sql: str) -> bytes:
    """With $1, $2 ... for each question mark; none of our texts has one that means anything else."""
    first, *rest = sql.split("?")
    return (first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))).encode()


def _copy(connection: _Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """A fifth of the work that lists are."""
    names = ", ".join(name for name, _ in table.columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types([kind for _, kind in table.columns])
        for row in rows:
            copy.write_row(_storable(row))


def _array(kind: Kind, values: Sequence[Any]) -> str | list[Any]:
    """As PostgreSQL writes an array, which costs a tenth of having each value written by the driver."""
    if None in values:
        return list(values)
    if kind == "bytea":
        return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
    if kind != "text":
        return "{" + ",".join(map(str, values)) + "}"
    if any('"' in value or "\\" in value for value in values):
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}'


@functools.lru_cache(64)
def _unnest(table: Table, tail: str) -> bytes:
    names = ", ".join(name for name, _ in table.columns)
    lists = ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(table.columns, 1))
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({lists}) {tail}".encode()  # noqa: S608 # names of ours


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].removesuffix(".")
