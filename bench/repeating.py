"""A few days of a store, repeated for the time before them: what thousands of records were made of, millions are copied from.

Copied rows differ from those they are copies of by their time and what follows from it: ids, which sort by time, and the keys of
the books' transactions. So all sums stay what they are sums of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from entrepot.records.asked import KEPT
from entrepot.records.partitions import make_ahead
from entrepot.storage.database import Database

_DAY_MS = 86_400_000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_BITS = range(45, -1, -5)
Changes = dict[str, str]
"""By column: SQL for its value in a copy, which lies `back` times as many days as were made before what it is a copy of."""


def repeat(db: Database, days: int, times: int, last_day: int, told: Callable[[int], object]) -> None:
    """The `days` that end with `last_day` are all there is; then there are `times` as many.

    told  hears how many generations came
    """
    for day in range(last_day - days * times + 1, last_day - days + 1):
        make_ahead(db, day * _DAY_MS)
    backs = range(times - 1, 0, -1)
    with db.transaction():
        _spread_out(db, "workspace_usage", {"day": f"day - back * {days}"}, [backs])
        _spread_out(db, "ledger_transactions", {"key": "key || '-' || back", "at_ms": _earlier("at_ms", days)}, [backs])
        _spread_out(db, "ledger_moves", {"key": "key || '-' || back"}, [backs])
        _balance(db)
        _spread_out(db, "key_usage", {"day": f"day - back * {days}"}, [backs], order="key_hash, day")
        for table in KEPT:
            # What is by the minute is of the last two days, which are no copies.
            which = "WHERE level > 60"
            _spread_out(db, table, {"at": f"at - back * {days * 86_400}"}, [[back] for back in backs], which)
        _spread_out(db, "generations", _of_generations(db, days), [[back] for back in backs], told=told)


def _spread_out(
    db: Database,
    table: str,
    changed: Changes,
    slices: Sequence[Sequence[int]],
    which: str = "",
    order: str = "",
    told: Callable[[int], object] = lambda count: None,
) -> None:
    """Copied aside first: a database that reads what it writes does so with more care than is needed."""
    names = _columns(db, table)
    taken = ", ".join(f"{changed[name]} AS {name}" if name in changed else name for name in names)
    ordered = f"ORDER BY {order}" if order else ""
    db.execute(f"CREATE TEMP TABLE aside AS SELECT * FROM {table} {which}")
    for backs in slices:
        repeats = " UNION ALL ".join(f"SELECT {back} AS back" for back in backs)
        made = db.execute(
            f"INSERT INTO {table} ({', '.join(names)}) "
            f"SELECT * FROM (SELECT {taken} FROM ({repeats}) AS repeats CROSS JOIN aside) AS copies {ordered}"
        )
        told(made.rowcount)
    db.execute("DROP TABLE aside")


def _of_generations(db: Database, days: int) -> Changes:
    """The record itself tells its id and time too."""
    at = _earlier("created_ms", days)
    letters = (f"substr('{_ALPHABET}', CAST(({at}) >> {bits} & 31 AS INTEGER) + 1, 1)" for bits in _TIME_BITS)
    made = f"'gen-' || {' || '.join(letters)} || substr(id, 15)"
    text, back = ("CAST(detail AS TEXT)", "CAST({} AS BLOB)")
    if db.engine == "postgresql":
        text, back = ("convert_from(detail, 'UTF8')", "convert_to({}, 'UTF8')")
    renamed = f"replace({text}, id, {made})"
    told = f"replace({renamed}, '\"created_ms\":' || created_ms, '\"created_ms\":' || ({at}))"
    return {"id": made, "created_ms": at, "detail": back.format(told)}


def _earlier(name: str, days: int) -> str:
    return f"{name} - back * CAST({days * _DAY_MS} AS BIGINT)"


def _balance(db: Database) -> None:
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
