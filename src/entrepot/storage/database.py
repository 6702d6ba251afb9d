"""What every engine offers to the rooms: SQL in, rows out, all or nothing, and troubles in our own words.

SQL is written as SQL, with `?` for each value, in words that every engine understands: booleans are 0 and 1, `ON CONFLICT` stands
for SQLite's `OR IGNORE` and `OR REPLACE`, many rows go in by `insert`. The little that differs all the same is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

import msgspec

from entrepot.errors import GatewayError

EngineName = Literal["sqlite", "postgresql"]
Kind = Literal["text", "bigint", "integer", "bytea"]
Row = tuple[Any, ...]
_ASKED_IN_VAIN = "The gateway's database cannot be asked now."


class UnknownSchema(Exception):
    """The database is not one this build can serve; the message says which and what to do."""


class StorageAway(GatewayError):
    """The store cannot be asked. Never shown as if the caller's key were wrong.

    As a text it says why, with `remedy` for the operator: neither is for callers, who get `message` and what mends it for them.
    """

    status = 503
    error_type = "server"
    retryable = True

    def __init__(self, why: str, *, remedy: str | None = None, detail: str = "", message: str = _ASKED_IN_VAIN) -> None:
        super().__init__(message, remedy=remedy, retry_after_s=1, detail=f"{why} {detail}".rstrip())
        self.why = why

    def __str__(self) -> str:
        return self.why

    @property
    def metadata(self) -> dict[str, Any]:
        return super().metadata | {"remedy_hint": "Try again in a moment: nothing is wrong with the key or its credit."}


class Refused(Exception):
    """The database does not take a statement: a mistake of ours."""


class Violation(Refused):
    """A constraint or a trigger forbids it."""


class Table(msgspec.Struct, frozen=True):
    """Where `Database.insert` puts rows. `columns`: name and PostgreSQL's type of each, in the order of the values."""

    name: str
    columns: tuple[tuple[str, Kind], ...]


class Rows(Protocol):
    """What a statement gave; `rowcount` is how many rows it touched."""

    @property
    def rowcount(self) -> int: ...

    def __iter__(self) -> Iterator[Row]: ...

    def fetchone(self) -> Row | None: ...

    def fetchall(self) -> list[Row]: ...


class Database(Protocol):
    """May be asked from any thread; a transaction belongs to the thread that began it. All methods raise StorageAway and Refused.

    engine  which it is, for the few texts that must differ
    place   where it is, in words without a password
    """

    @property
    def engine(self) -> EngineName: ...

    @property
    def place(self) -> str: ...

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Rows:
        """Runs a statement, in a transaction of its own when none is under way."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Runs a statement for each row of values."""

    def insert(self, table: Table, rows: Sequence[Sequence[Any]], tail: str = "") -> list[Row]:
        """Many rows in few statements. `tail` follows the values, as `ON CONFLICT ... RETURNING ...`; gives what that returns."""

    def transaction(self, alone: str = "") -> AbstractContextManager[None]:
        """All or nothing; inside another one, a part of it. Those with the same word for `alone` go one after another."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Several questions to one state of the database."""

    def mark(self) -> int | None:
        """Changes when another connection writes; None where only a question to the database would tell."""

    def sibling(self, *, read_only: bool = False, mapped: bool = True) -> Database:
        """Another way to the same database. `mapped=False` is for one that reads whole tables, which would stay in memory."""

    def migrate(self) -> int:
        """Brings it to this build's schema under a lock, in one transaction, and gives its number. raises UnknownSchema"""

    def hasten(self, within_s: float) -> None:
        """Whatever is asked over this way or a sibling ends within so long from now on: for a process that is to stop."""

    def close(self) -> None: ...


def json_array(db: Database, columns: Iterable[str]) -> str:
    """SQL for a row as one JSON text: a million of them come over in half the time of as many columns."""
    listed = ", ".join(columns)
    return f"json_array({listed})" if db.engine == "sqlite" else f"json_build_array({listed})::text"
