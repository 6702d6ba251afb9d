"""Records in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from entrepot.records.groups import Groups
from entrepot.storage.database import Database, EngineName, Kind, Table
from entrepot.values.generation import Generation
from entrepot.values.ids import ulid
from entrepot.values.times import DAY_MS

PARTS = 16
"""Rows that the sums of one key and day lie in where many processes add to them at once."""
Row = tuple[Generation, bytes]
"""A record and its JSON, which is kept whole beside the columns."""
Also = Callable[[Groups], None]
"""Told of records that are new, within the transaction that writes them."""
_decode = msgspec.json.Decoder(Generation).decode
_IDS_AT_ONCE = 500
_GENERATIONS = Table(
    "generations",
    (
        ("id", "text"),
        ("created_ms", "bigint"),
        ("key_hash", "text"),
        ("workspace", "text"),
        ("model", "text"),
        ("provider", "text"),
        ("test", "integer"),
        ("status", "integer"),
        ("cost_nano", "bigint"),
        ("prompt_tokens", "bigint"),
        ("completion_tokens", "bigint"),
        ("detail", "bytea"),
    ),
)
_SUMMED: tuple[tuple[str, Kind], ...] = (
    ("requests", "bigint"),
    ("cost_nano", "bigint"),
    ("prompt_tokens", "bigint"),
    ("completion_tokens", "bigint"),
)
_SUMS: dict[EngineName, Table] = {
    "sqlite": Table("key_usage", (("key_hash", "text"), ("day", "integer"), *_SUMMED)),
    "postgresql": Table("key_usage", (("key_hash", "text"), ("day", "integer"), ("part", "integer"), *_SUMMED)),
}
_ADDED = ", ".join(f"{name} = key_usage.{name} + excluded.{name}" for name, _ in _SUMMED)


def _nothing(groups: Groups) -> None:
    """For records that nobody else is told of."""


def insert(db: Database, rows: Sequence[Row], also: Also = _nothing, part: int = 0) -> None:
    """All of them in one transaction. Their ids are new.

    also  done within the transaction
    part  differs between processes, so that none waits for another's sums
    """
    with db.transaction():
        _insert(db, rows, also, part)


def insert_missing(db: Database, rows: Sequence[Row], also: Also = _nothing, part: int = 0) -> int:
    """Those whose ids are not there yet, in one transaction; says how many."""
    by_id = {row[0].id: row for row in rows}
    with db.transaction():
        for found in _present(db, list(by_id)):
            del by_id[found]
        _insert(db, list(by_id.values()), also, part)
    return len(by_id)


def has(db: Database, generation_id: str) -> bool:
    return db.execute("SELECT 1 FROM generations WHERE id = ?", (generation_id,)).fetchone() is not None


def _present(db: Database, ids: Sequence[str]) -> Iterator[str]:
    for at in range(0, len(ids), _IDS_AT_ONCE):
        some = ids[at : at + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        for (found,) in db.execute(f"SELECT id FROM generations WHERE id IN ({marks})", some):  # noqa: S608 # question marks only
            yield found


def _insert(db: Database, rows: Sequence[Row], also: Also, part: int) -> None:
    db.insert(_GENERATIONS, [_columns(*row) for row in rows])
    groups = Groups([generation for generation, _ in rows])
    sums = _sums(groups)
    if db.engine == "sqlite":
        db.insert(_SUMS["sqlite"], sums, f"ON CONFLICT (key_hash, day) DO UPDATE SET {_ADDED}")
    else:
        parted = [(key_hash, day, part % PARTS, *totals) for key_hash, day, *totals in sums]
        db.insert(_SUMS["postgresql"], parted, f"ON CONFLICT (key_hash, day, part) DO UPDATE SET {_ADDED}")
    if rows:
        also(groups)


def _columns(g: Generation, detail: bytes) -> tuple[object, ...]:
    return (
        g.id, g.created_ms, g.key_hash, g.workspace, g.model, g.provider, int(g.test), g.status, g.cost_nano,
        g.usage.prompt_tokens, g.usage.completion_tokens, detail,
    )  # fmt: skip


def _sums(groups: Groups) -> list[tuple[str, int, int, int, int, int]]:
    """Key, day, and requests, cost and tokens of both; sorted, so that no two writers wait for each other crosswise."""
    sums: dict[tuple[str, int], list[int]] = {}
    for group in groups:
        total = sums.setdefault((group.first.key_hash, group.first.created_ms // DAY_MS), [0, 0, 0, 0])
        total[0] += group.requests
        total[1] += group.cost_nano
        total[2] += group.prompt_tokens
        total[3] += group.completion_tokens
    return sorted((key_hash, day, *total) for (key_hash, day), total in sums.items())  # type: ignore[misc]


def find(db: Database, generation_id: str) -> Generation | None:
    row = db.execute("SELECT detail FROM generations WHERE id = ?", (generation_id,)).fetchone()
    return _decode(row[0]) if row else None


def by_ids(db: Database, ids: Sequence[str]) -> Iterator[list[Generation]]:
    """Those of them that are there, some hundred at a time."""
    for at in range(0, len(ids), _IDS_AT_ONCE):
        some = ids[at : at + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows = db.execute(f"SELECT detail FROM generations WHERE id IN ({marks})", some)  # noqa: S608 # question marks only
        yield [_decode(detail) for (detail,) in rows.fetchall()]


def page_by_id(db: Database, from_id: str, before_id: str, at_most: int) -> list[Generation]:
    """In the order of their ids, which is that of their times."""
    sql = "SELECT detail FROM generations WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
    return [_decode(detail) for (detail,) in db.execute(sql, (from_id, before_id, at_most)).fetchall()]


def spent_by_keys(db: Database, keys: Sequence[str], since: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Nano-dollars spent by each key (its hash) since each of some UTC days (days since 1970)."""
    spent = dict.fromkeys(keys, (0,) * len(since))
    sums = ", ".join("coalesce(sum(CASE WHEN day >= ? THEN cost_nano END), 0)" for _ in since)
    for at in range(0, len(keys), _IDS_AT_ONCE):
        some = keys[at : at + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        sql = f"SELECT key_hash, {sums} FROM key_usage WHERE key_hash IN ({marks}) GROUP BY key_hash"  # noqa: S608 # words of ours
        spent |= {key: tuple(map(int, told)) for key, *told in db.execute(sql, (*since, *some)).fetchall()}
    return spent


def workspace_usage_nano(db: Database, workspace: str) -> int:
    """Nano-dollars ever spent by a workspace. Test keys, whose spend is not real, are left out.

    Of sums by workspace and day, which are written with the records, since a workspace may have any number of keys.
    """
    row = db.execute("SELECT sum(cost_nano) FROM workspace_usage WHERE workspace = ? AND book = 'live'", (workspace,)).fetchone()
    return int(row[0] or 0) if row else 0


def delete_before(db: Database, before_ms: int, at_most: int = 5000) -> int:
    """Deletes some of the records older than a time, oldest first, and says how many; call again while it is not 0.

    Ids sort by time, so that no index on the time is needed."""
    last = "gen-" + ulid(before_ms, bytes(16))
    return db.execute(
        "DELETE FROM generations WHERE id IN (SELECT id FROM generations WHERE id < ? ORDER BY id LIMIT ?)", (last, at_most)
    ).rowcount
