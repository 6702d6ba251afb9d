"""A few days of a store, repeated for the time before them: what thousands of records were made of, millions are copied from.

Copied rows differ from those they are copies of by their time and what follows from it: ids, which sort by time, and the keys of
the books' transactions. So all sums stay what they are sums of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from entrepot.records.asked import KEPT
from entrepot.records.partitions import make_ahead
from entrepot.storage.database import Database

_DAY_MS = 86_400_000
_HOURS_DAYS = 30
"""Statistics by the hour are not made of what is older, as if they had been deleted since; by the minute there are no copies."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_BITS = range(45, -1, -5)
_AT_ONCE = 3
_KEY = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = CAST(? AS regclass) AND contype = 'p'"


class Copies(msgspec.Struct, frozen=True):
    """What is to be copied of a table.

    changed  by column: SQL for its value in a copy, which lies `back` times as many days as were made before what it is a copy of
    which    a condition on what is copied, `back` among the columns
    order    in which it comes in at once; else one `back` after another
    """

    table: str
    changed: dict[str, str]
    which: str = "1 = 1"
    order: str = ""


def repeat(db: Database, days: int, times: int, last_day: int, told: Callable[[int], object]) -> None:
    """The `days` that end with `last_day` are all there is; then there are `times` as many.

    told  hears how many generations came
    """
    for day in range(last_day - days * times + 1, last_day - days + 1):
        make_ahead(db, day * _DAY_MS)
    backs = range(times - 1, 0, -1)
    for copies in _of_books(days):
        _copy(db, copies, backs)
    _balance(db)
    with ThreadPoolExecutor(1 if db.engine == "sqlite" else _AT_ONCE) as pool:
        for done in [pool.submit(_copy, db, copies, backs, told) for copies in (_of_generations(db, days), *_of_sums(days))]:
            done.result()


def _of_books(days: int) -> Iterator[Copies]:
    yield Copies("workspace_usage", {"day": f"day - back * {days}"})
    yield Copies("ledger_transactions", {"key": "key || '-' || back", "at_ms": _earlier("at_ms", days)})
    yield Copies("ledger_moves", {"key": "key || '-' || back"})


def _of_sums(days: int) -> Iterator[Copies]:
    which = f"level = 86400 OR level = 3600 AND back * {days} < {_HOURS_DAYS}"
    for table in KEPT:
        yield Copies(table, {"at": f"at - back * {days * 86_400}"}, which)
    yield Copies("key_usage", {"day": f"day - back * {days}"}, order="key_hash, day")


def _of_generations(db: Database, days: int) -> Copies:
    """The record itself tells its id and time too."""
    at = _earlier("created_ms", days)
    letters = (f"substr('{_ALPHABET}', CAST(({at}) >> {bits} & 31 AS INTEGER) + 1, 1)" for bits in _TIME_BITS)
    made = f"'gen-' || {' || '.join(letters)} || substr(id, 15)"
    text, back = ("CAST(detail AS TEXT)", "CAST({} AS BLOB)")
    if db.engine == "postgresql":
        text, back = ("convert_from(detail, 'UTF8')", "convert_to({}, 'UTF8')")
    renamed = f"replace({text}, id, {made})"
    told = f"replace({renamed}, '\"created_ms\":' || created_ms, '\"created_ms\":' || ({at}))"
    return Copies("generations", {"id": made, "created_ms": at, "detail": back.format(told)})


def _earlier(name: str, days: int) -> str:
    return f"{name} - back * CAST({days * _DAY_MS} AS BIGINT)"


def _copy(db: Database, copies: Copies, backs: Sequence[int], told: Callable[[int], object] = lambda count: None) -> None:
    """Put aside first: a database that reads what it writes does so with more care than is needed."""
    table, aside = copies.table, f"aside_{copies.table}"
    names = _columns(db, table)
    taken = ", ".join(f"{copies.changed[name]} AS {name}" if name in copies.changed else name for name in names)
    db.execute(f"CREATE TABLE {aside} AS SELECT * FROM {table}")
    key = _without_key(db, table) if table in (*KEPT, "key_usage") else ""
    for some in [backs] if copies.order else [[back] for back in backs]:
        repeats = " UNION ALL ".join(f"SELECT {back} AS back" for back in some)
        ordered = f"ORDER BY {copies.order}" if copies.order else ""
        made = db.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT * FROM ("
            f"SELECT {taken} FROM ({repeats}) AS repeats CROSS JOIN {aside} WHERE {copies.which}) AS copies {ordered}"
        )
        if table == "generations":
            told(made.rowcount)
    if key:
        db.execute(f"ALTER TABLE {table} ADD {key}")
        db.execute(f"ALTER TABLE {table} SET (fillfactor = 70)")
    db.execute(f"DROP TABLE {aside}")


def _without_key(db: Database, table: str) -> str:
    """PostgreSQL makes an index of all that is there in less time; days that are over are changed no more and need no room."""
    if db.engine == "sqlite":
        return ""
    ((name, key),) = db.execute(_KEY, (table,)).fetchall()
    db.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    db.execute(f"ALTER TABLE {table} SET (fillfactor = 100)")
    return str(key)


def _balance(db: Database) -> None:
    with db.transaction():
        db.execute("DELETE FROM ledger_balances")
        db.execute(
            "INSERT INTO ledger_balances SELECT book, account, owner, kind, sum(amount_nano) FROM ledger_entries "
            "GROUP BY book, account, owner, kind"
        )


def _columns(db: Database, table: str) -> list[str]:
    sql = "SELECT name FROM pragma_table_info(?) ORDER BY cid"
    if db.engine == "postgresql":
        sql = (
            "SELECT column_name FROM information_schema.columns WHERE table_name = ? AND table_schema = current_schema() "
            "ORDER BY ordinal_position"
        )
    return [name for (name,) in db.execute(sql, (table,)).fetchall()]
