"""What processes may spend without asking, in the database.

    limit of a purse  >=  recorded spend in its window  +  the sum of all leases of it

holds after every transaction: a lease is granted out of what is left; recorded spend moves from the lease to the spend in the
transaction that writes the records; what is given back leaves the lease. So no number of processes can pass a limit, and a
process that dies leaves its lease standing until its journal is in the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.ledger.purses import Span, window_of
from entrepot.storage.database import Database, Table
from entrepot.values.times import DAY_MS

_WANTS_LAST_MS = 3_000
_PART = 8
"""A lease is what is needed now, or this part of what is left when that is more."""
_LEASES = Table("leases", (("purse", "text"), ("process", "text"), ("granted_nano", "bigint")))
_ADD = "ON CONFLICT (purse, process) DO UPDATE SET granted_nano = leases.granted_nano + excluded.granted_nano"
# Each is one statement, and so one state of the database: what is spent and what is leased belong together.
_CREDIT = (
    "SELECT (SELECT coalesce(sum(amount_nano), 0) FROM ledger_balances "
    "WHERE book = 'live' AND account = 'credit' AND owner = ?), "
    "(SELECT coalesce(sum(granted_nano), 0) FROM leases WHERE purse = ?) FROM workspaces WHERE id = ? AND prepaid = 1"
)
_KEY = (
    "SELECT limit_nano - (SELECT coalesce(sum(cost_nano), 0) FROM key_usage WHERE key_hash = ? AND day >= ? AND day < ?), "
    "(SELECT coalesce(sum(granted_nano), 0) FROM leases WHERE purse = ?) "
    "FROM keys WHERE hash = ? AND limit_nano IS NOT NULL AND coalesce(limit_reset, 'lifetime') = ?"
)
_BUDGET = (
    "SELECT limit_nano - (SELECT coalesce(sum(cost_nano), 0) FROM workspace_usage "
    "WHERE book = 'live' AND workspace = ? AND day >= ? AND day < ?), "
    "(SELECT coalesce(sum(granted_nano), 0) FROM leases WHERE purse = ?) FROM budgets WHERE workspace = ? AND span = ?"
)


class Room(msgspec.Struct, frozen=True):
    """How a purse stands: what of its limit is not spent, and what of that nobody has leased."""

    unspent: int
    unleased: int


class Granted(msgspec.Struct, frozen=True):
    """amount     newly leased; 0 when there was less than needed
    others     what other processes have leased
    unlimited  there is no such limit any more
    """

    amount: int
    room: Room
    others: int = 0
    unlimited: bool = False


class Need(msgspec.Struct, frozen=True):
    """least   less is of no use
    wished  what would be useful; at least `least`
    part    at most this part of what is left, for what is not needed at once
    """

    purse: str
    least: int
    wished: int
    part: int = 1


def alone(workspace: str) -> str:
    """Whoever leases of a workspace's purses, or changes what they hold, does it alone."""
    return f"lease:{workspace}"


def leased(db: Database, purse: str) -> int:
    row = db.execute("SELECT sum(granted_nano) FROM leases WHERE purse = ?", (purse,)).fetchone()
    return int(row[0] or 0) if row else 0


def leased_by(db: Database, purse: str, since_ms: int) -> tuple[int, int]:
    """What is leased by processes that were heard of since then, and by those that were not."""
    row = db.execute(
        "SELECT coalesce(sum(CASE WHEN h.beat_ms >= ? THEN l.granted_nano ELSE 0 END), 0), coalesce(sum(l.granted_nano), 0) "
        "FROM leases l LEFT JOIN lease_holders h ON h.process = l.process WHERE l.purse = ?",
        (since_ms, purse),
    ).fetchone()
    running, total = (int(row[0]), int(row[1])) if row else (0, 0)
    return running, total - running


def want(db: Database, purse: str, now_ms: int) -> None:
    """Whoever leases of it and does not need all gives back."""
    db.execute("INSERT INTO lease_wants VALUES (?, ?) ON CONFLICT (purse) DO UPDATE SET at_ms = excluded.at_ms", (purse, now_ms))


def room_of(db: Database, purse: str) -> Room | None:
    """None: there is no such limit."""
    kind, owner, *more = purse.split("/")
    if kind == "credit":
        row = db.execute(_CREDIT, (owner, purse, owner)).fetchone()
    else:
        span: Span = more[0]  # type: ignore[assignment] # as `purses` spelled it
        window = window_of(span, int(more[1]) * DAY_MS)
        sql = _KEY if kind == "key" else _BUDGET
        row = db.execute(sql, (owner, window.first_day, window.end_day, purse, owner, span)).fetchone()
    return None if row is None else Room(int(row[0]), int(row[0]) - int(row[1]))


def lease(db: Database, process: str, place: str, needs: Sequence[Need], now_ms: int) -> list[Granted]:
    """Within a transaction that is `alone`. One answer for each need; where one cannot be met, none is."""
    db.execute(
        "INSERT INTO lease_holders VALUES (?, ?, ?) ON CONFLICT (process) DO UPDATE SET beat_ms = excluded.beat_ms",
        (process, place, now_ms),
    )
    rooms = [room_of(db, need.purse) for need in needs]
    short = [need.purse for need, room in zip(needs, rooms, strict=True) if room is not None and room.unleased < need.least]
    for purse in short:
        want(db, purse, now_ms)
    answers = [_answer(db, process, need, room, refused=bool(short)) for need, room in zip(needs, rooms, strict=True)]
    rows = [(need.purse, process, answer.amount) for need, answer in zip(needs, answers, strict=True) if answer.amount]
    db.insert(_LEASES, sorted(rows), _ADD)  # in the order of `take_off`, so that the two never wait for each other crosswise
    return answers


def _answer(db: Database, process: str, need: Need, room: Room | None, *, refused: bool) -> Granted:
    if room is None:
        return Granted(0, Room(0, 0), unlimited=True)
    if refused:
        others = db.execute(
            "SELECT coalesce(sum(granted_nano), 0) FROM leases WHERE purse = ? AND process <> ?", (need.purse, process)
        ).fetchone()
        return Granted(0, room, int(others[0]) if others else 0)
    amount = max(min(room.unleased // need.part, max(need.wished, room.unleased // _PART)), 0)
    return Granted(amount, Room(room.unspent, room.unleased - amount))


def of(db: Database, process: str) -> dict[str, int]:
    """All that a process has leased, by purse."""
    return dict(db.execute("SELECT purse, granted_nano FROM leases WHERE process = ?", (process,)).fetchall())


def take_off(db: Database, process: str, amounts: Mapping[str, int]) -> None:
    """Within a transaction: what was spent, by purse, or is given back."""
    db.executemany(
        "UPDATE leases SET granted_nano = granted_nano - ? WHERE purse = ? AND process = ?",
        [(amount, purse, process) for purse, amount in sorted(amounts.items())],
    )


def beat(db: Database, process: str, now_ms: int) -> None:
    """Says that the process lives. Of purses that it has nothing left of no row is kept."""
    db.execute("UPDATE lease_holders SET beat_ms = ? WHERE process = ?", (now_ms, process))
    db.execute("DELETE FROM leases WHERE process = ? AND granted_nano = 0", (process,))
    db.execute("DELETE FROM lease_wants WHERE at_ms <= ?", (now_ms - _WANTS_LAST_MS,))


def wanted(db: Database, now_ms: int) -> set[str]:
    """Purses that somebody found empty a moment ago."""
    return {
        purse for (purse,) in db.execute("SELECT purse FROM lease_wants WHERE at_ms > ?", (now_ms - _WANTS_LAST_MS,)).fetchall()
    }


def end(db: Database, process: str) -> None:
    """Within a transaction: all that the process leased and did not spend is free again."""
    db.execute("DELETE FROM leases WHERE process = ?", (process,))
    db.execute("DELETE FROM lease_holders WHERE process = ?", (process,))


def holders(db: Database) -> list[tuple[str, str, int]]:
    """Process, place, when it last said that it lives."""
    return [(process, place, beat_ms) for process, place, beat_ms in db.execute("SELECT * FROM lease_holders").fetchall()]
