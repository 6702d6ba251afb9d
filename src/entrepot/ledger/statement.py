"""What happened to a workspace's credit in a month: a plain function of the books and of sums by day.

No record of a generation is read, and of the books only what is not usage; so a statement takes as long after ten million
generations as after ten.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

import msgspec

from entrepot.errors import NotFound
from entrepot.ledger.books import balance
from entrepot.ledger.terms import bounds_of
from entrepot.storage.database import Database
from entrepot.values.times import DAY_MS, date_of

_MONTH = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])")
_MOST = 1000
_NOT_USAGE = ("", "t.kind <> 'usage'", "t.kind <> 'usage'")
"""How usage is told from the rest: an index that must be used, and conditions on what comes into credit and what goes out."""
_EVER = 10**15


class Month(msgspec.Struct, frozen=True):
    """name  as 2026-11;  from its first millisecond (UTC) to before the one after it"""

    name: str
    from_ms: int
    before_ms: int


class Line(msgspec.Struct, frozen=True):
    """One entry of credit that is not usage."""

    key: str
    kind: str
    at_ms: int
    memo: str
    amount_nano: int


class Used(msgspec.Struct, frozen=True):
    """What was used of a model, or on a day."""

    name: str
    requests: int
    cost_nano: int
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Statement(msgspec.Struct, frozen=True):
    """opening + sums - used = closing.

    sums    of all that is not usage, by kind
    lines   the first thousand of it, oldest first, and `more` says how many are left out
    days    usage by day, and `models` by model, where that is known
    """

    workspace: str
    name: str
    month: Month
    prepaid: bool
    opening_nano: int
    sums: dict[str, int]
    lines: tuple[Line, ...]
    more: int
    requests: int
    used_nano: int
    days: tuple[Used, ...]
    models: tuple[Used, ...] = ()

    @property
    def closing_nano(self) -> int:
        return self.opening_nano + sum(self.sums.values()) - self.used_nano


def month_of(text: str) -> Month:
    """raises NotFound"""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise NotFound(
            f"{text[:20]!r} is not a month.",
            field="month",
            expected="as 2026-11",
            received=text[:20],
            remedy="Write it as 2026-11.",
        )
    year, month = int(found[1]), int(found[2])
    first = datetime.datetime(year, month, 1, tzinfo=datetime.UTC)
    after = datetime.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=datetime.UTC)
    return Month(text, int(first.timestamp() * 1000), int(after.timestamp() * 1000))


def statement(db: Database, workspace: str, month: Month) -> Statement:
    """raises NotFound"""
    with db.snapshot():
        prepaid = bounds_of(db, workspace).prepaid
        row = db.execute("SELECT name FROM workspaces WHERE id = ?", (workspace,)).fetchone()
        which = _other_than_usage(db, workspace)
        before = sum(_sums(db, which, workspace, 0, month.from_ms).values())
        days = _days(db, workspace, month.from_ms // DAY_MS, month.before_ms // DAY_MS)
        lines, count = _lines(db, which, workspace, month)
        return Statement(
            workspace=workspace,
            name=str(row[0]) if row else workspace,
            month=month,
            prepaid=prepaid,
            opening_nano=before - _used(db, workspace, month.from_ms // DAY_MS),
            sums=_sums(db, which, workspace, month.from_ms, month.before_ms),
            lines=lines,
            more=count - len(lines),
            requests=sum(day.requests for day in days),
            used_nano=sum(day.cost_nano for day in days),
            days=days,
        )


def by_model(stated: Statement, models: Sequence[Used]) -> Statement:
    """With usage by model. What no model is known for, because its sums are older or came in since, is a line of its own."""
    if not models:
        return stated
    requests = stated.requests - sum(one.requests for one in models)
    cost = stated.used_nano - sum(one.cost_nano for one in models)
    rest = (Used("other", requests, cost),) if requests or cost else ()
    return msgspec.structs.replace(stated, models=(*models, *rest))


def _other_than_usage(db: Database, workspace: str) -> tuple[str, str, str]:
    """Usage is what revenue takes of credit, and there is an index on the rest, as long as that gives the balance there is."""
    # SQLite would take the index on all that goes out, which counts as better because it has two columns.
    index = "INDEXED BY ledger_moves_out_of_credit" if db.engine == "sqlite" else ""
    fast = (index, "m.giver <> 'revenue'", "m.taker <> 'revenue'")
    found = sum(_sums(db, fast, workspace, 0, _EVER).values()) - _used(db, workspace, _EVER // DAY_MS)
    return fast if found == balance(db, "credit", workspace) else _NOT_USAGE


def _entries(which: tuple[str, str, str], chosen: str) -> str:
    """Both sides of moves of credit, within a book, an owner and a span of time that are asked for twice."""
    index, coming, going = which
    # Joined crosswise because SQLite then begins with the moves, of which there are few, and not with the month.
    about = "t.key = m.key AND t.book = 'live' AND t.at_ms >= ? AND t.at_ms < ?"
    return (
        f"SELECT {chosen}, m.amount_nano AS amount FROM ledger_moves m CROSS JOIN ledger_transactions t "  # noqa: S608 # words of ours
        f"WHERE m.taker = 'credit' AND m.taker_of = ? AND {coming} AND {about} UNION ALL "
        f"SELECT {chosen}, -m.amount_nano FROM ledger_moves m {index} CROSS JOIN ledger_transactions t "
        f"WHERE m.giver = 'credit' AND m.giver_of = ? AND {going} AND {about}"
    )


def _sums(db: Database, which: tuple[str, str, str], workspace: str, from_ms: int, before_ms: int) -> dict[str, int]:
    asked = (workspace, from_ms, before_ms)
    sql = f"SELECT kind, sum(amount) FROM ({_entries(which, 't.kind AS kind')}) AS found GROUP BY kind ORDER BY kind"  # noqa: S608 # words of ours
    return {kind: int(amount) for kind, amount in db.execute(sql, asked * 2).fetchall()}


def _lines(db: Database, which: tuple[str, str, str], workspace: str, month: Month) -> tuple[tuple[Line, ...], int]:
    asked = (workspace, month.from_ms, month.before_ms) * 2
    found = _entries(which, "t.key AS key, t.kind AS kind, t.at_ms AS at_ms, t.memo AS memo")
    rows = db.execute(f"SELECT * FROM ({found}) AS found ORDER BY at_ms, key LIMIT ?", (*asked, _MOST)).fetchall()  # noqa: S608 # words of ours
    if len(rows) < _MOST:
        return tuple(Line(*row) for row in rows), len(rows)
    counted = db.execute(f"SELECT count(*) FROM ({found}) AS found", asked).fetchone()  # noqa: S608 # words of ours
    return tuple(Line(*row) for row in rows), int(counted[0]) if counted else len(rows)


def _days(db: Database, workspace: str, first_day: int, end_day: int) -> tuple[Used, ...]:
    rows = db.execute(
        "SELECT day, requests, cost_nano FROM workspace_usage "
        "WHERE workspace = ? AND book = 'live' AND day >= ? AND day < ? ORDER BY day",
        (workspace, first_day, end_day),
    ).fetchall()
    return tuple(Used(date_of(day), int(requests), int(cost)) for day, requests, cost in rows)


def _used(db: Database, workspace: str, before_day: int) -> int:
    row = db.execute(
        "SELECT coalesce(sum(cost_nano), 0) FROM workspace_usage WHERE workspace = ? AND book = 'live' AND day < ?",
        (workspace, before_day),
    ).fetchone()
    return int(row[0]) if row else 0
