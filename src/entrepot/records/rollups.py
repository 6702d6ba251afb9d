"""Sums of records by minute, hour and day, added to those in the database, each record exactly once, whatever dies.

The transaction that writes records notes their ids in a queue. Every few seconds the sums of all that was noted are added in one
transaction that takes them off the queue: a tenth of the work that adding each batch would be. What a dead process had noted is
added by another one, from the records. Each process adds to rows of its own part, so that none waits for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from entrepot.records.apps import Admission
from entrepot.records.asked import KEPT, TableName
from entrepot.records.batch import Batch, at_level, summed
from entrepot.records.figures import LEVEL_S, Level, Totals
from entrepot.records.groups import Groups, Key, Sums
from entrepot.records.histogram import pack, unpack
from entrepot.records.narrowing import narrowed
from entrepot.records.store import by_ids
from entrepot.storage.database import Database, Kind, Row, Table

PARTS = 16
_SUMS = Totals.__struct_fields__
_ENDINGS = ("ended_stop", "ended_length", "ended_tools", "ended_filter", "streamed", "tool_calls", "attempts")
_KEYS: dict[TableName, tuple[str, ...]] = {
    "endpoint_sums": ("level", "at", "test", "model", "endpoint", "provider", "part"),
    "endpoint_speeds": ("level", "at", "test", "model", "endpoint", "provider", "part"),
    "endpoint_failures": ("level", "at", "test", "model", "endpoint", "what", "error_type", "provider", "part"),
    "model_totals": ("level", "at", "test", "model", "part"),
    "provider_totals": ("level", "at", "test", "provider", "part"),
    "provider_failures": ("level", "at", "test", "provider", "what", "error_type", "part"),
    "workspace_sums": ("level", "at", "workspace", "test", "model", "endpoint", "app", "tier", "provider", "part"),
    "key_sums": ("level", "at", "workspace", "test", "key_hash", "model", "endpoint", "app", "tier", "provider", "part"),
    "app_sums": ("level", "at", "test", "app", "model", "part"),
    "app_totals": ("level", "at", "test", "app", "part"),
    "model_apps": ("level", "at", "test", "model", "app", "part"),
    "category_sums": ("level", "at", "test", "category", "app", "model", "part"),
}
"""What tells rows apart. A provider follows from its endpoint, or where there is none stands beside it."""
_VALUES: dict[TableName, tuple[str, ...]] = {
    "endpoint_sums": (*_SUMS, *_ENDINGS),
    "endpoint_speeds": ("latency", "throughput"),
    "endpoint_failures": ("failures",),
    "model_totals": _SUMS,
    "provider_totals": (*_SUMS, "attempts"),
    "provider_failures": ("failures",),
    "workspace_sums": _SUMS,
    "key_sums": _SUMS,
    "app_sums": _SUMS,
    "app_totals": _SUMS,
    "model_apps": ("requests", "prompt_tokens", "completion_tokens"),
    "category_sums": _SUMS,
}
_WHOLE_NUMBERS: dict[str, Kind] = {"level": "integer", "at": "bigint", "test": "integer", "part": "integer"}
_SPEEDS_AT_ONCE = 64


def _table(name: TableName) -> Table:
    of_values: Kind = "bytea" if name == "endpoint_speeds" else "bigint"
    keys = ((key, _WHOLE_NUMBERS.get(key, "text")) for key in _KEYS[name])
    return Table(name, (*keys, *((value, of_values) for value in _VALUES[name])))


def _tail(name: TableName, put: str) -> str:
    changed = ", ".join(put.format(value=value, table=name) for value in _VALUES[name])
    return f"ON CONFLICT ({', '.join(_KEYS[name])}) DO UPDATE SET {changed}"


TABLES = {name: _table(name) for name in _KEYS}
_ADD = {name: _tail(name, "{value} = {table}.{value} + excluded.{value}") for name in _KEYS}
_REPLACE = _tail("endpoint_speeds", "{value} = excluded.{value}")
_SPEED_KEY = ", ".join(_KEYS["endpoint_speeds"])
_TITLES = Table("apps", (("url", "text"), ("title", "text"), ("first_ms", "bigint")))
_KEEP_TITLE = "ON CONFLICT (url) DO UPDATE SET title = CASE excluded.title WHEN '' THEN apps.title ELSE excluded.title END"
_MOST_TITLES = 10_000
_LEFT_MS = 60_000


class Rollups:
    """Use from one thread. What applications call themselves is written when it changes.

    process  tells who is to add what was noted; `part` which rows its sums are in
    """

    def __init__(self, db: Database, process: str, part: int, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._process = process
        self._part = part % PARTS if db.engine == "postgresql" else 0
        self._now_ms = now_ms
        self._admission = Admission(self._apps_of)
        self._titles: dict[str, str] = {}
        self._noted: dict[int, Groups] = {}
        self._waiting = 0
        self._last = 0

    def note(self, groups: Groups) -> None:
        """Within the transaction that writes these records. Should that fail, what is noted here is found to be void."""
        self._last += 1
        ids = "\n".join([generation.id for generation in groups.made])
        self._db.execute("INSERT INTO statistics_queue VALUES (?, ?, ?, ?)", (self._process, self._last, self._now_ms(), ids))
        self._noted[self._last] = groups
        self._waiting += len(groups.made)

    def add(self) -> None:
        """Adds what was noted and committed. After a failure it is left to `adopt`. raises StorageAway, Refused"""
        if not self._noted:
            return
        noted, self._noted, self._waiting = self._noted, {}, 0
        with self._alone():
            sql = "DELETE FROM statistics_queue WHERE process = ? AND number <= ? RETURNING number"
            there = [number for (number,) in self._db.execute(sql, (self._process, max(noted))).fetchall()]
            self.add_batch(self.summed([noted[number] for number in there if number in noted]))

    @property
    def waiting(self) -> int:
        """How many records were noted and not yet added."""
        return self._waiting

    def adopt(self) -> int:
        """Adds what anybody noted more than a minute ago, and says how many records. raises StorageAway, Refused"""
        before_ms = self._now_ms() - _LEFT_MS
        row = self._db.execute("SELECT 1 FROM statistics_queue WHERE at_ms < ? LIMIT 1", (before_ms,)).fetchone()
        if row is None:
            return 0
        with self._alone():
            sql = "DELETE FROM statistics_queue WHERE at_ms < ? RETURNING ids"
            ids = "\n".join(ids for (ids,) in self._db.execute(sql, (before_ms,)).fetchall()).split("\n")
            self.add_batch(self.summed(Groups(made) for made in by_ids(self._db, ids)))
        return len(ids)

    def _alone(self) -> AbstractContextManager[None]:
        """Two processes that share a part take turns: each reads the histograms it adds to."""
        return self._db.transaction(alone=f"statistics {self._part}")

    def summed(self, written: Iterable[Groups]) -> Batch:
        """What is to be added for them; nobody may use them afterwards."""
        return summed(written, self._admission.admitted)

    def add_batch(self, batch: Batch, finest: Level = "minute") -> None:
        """Within a transaction that is alone with these rows. Nothing finer than `finest` is kept of it."""
        self._add("endpoint_sums", batch.endpoints, finest)
        self._add("endpoint_failures", batch.failures, finest)
        self._add("workspace_sums", batch.workspaces, finest)
        self._add("key_sums", batch.keys, finest)
        self._add("app_sums", batch.apps, finest)
        self._add("app_totals", batch.app_totals, finest)
        self._add("category_sums", batch.categories, finest)
        for name, sums in narrowed(batch).items():
            self._add(name, sums, finest)
        self._add_speeds(batch.speeds, finest)
        self._name(batch.titles)

    def _add(self, name: TableName, sums: dict[Key, Sums], finest: Level) -> None:
        """Sorted, so that neighbours in the table are written together."""
        for each in _levels(name, finest):
            rows = sorted((each, *key, self._part, *added) for key, added in at_level(sums, each).items())
            self._db.insert(TABLES[name], rows, _ADD[name])

    def _add_speeds(self, speeds: dict[Key, Sums], finest: Level) -> None:
        """Histograms are added here, because no database can."""
        rows: dict[Key, Sums] = {}
        for each in _levels("endpoint_speeds", finest):
            rows |= {(each, *key, self._part): added for key, added in at_level(speeds, each).items()}
        wished = sorted(rows)
        for at in range(0, len(wished), _SPEEDS_AT_ONCE):
            some = wished[at : at + _SPEEDS_AT_ONCE]
            held = {tuple(key): (latency, throughput) for *key, latency, throughput in self._speeds(some)}
            merged = []
            for key in some:
                latency, throughput = rows[key]
                if key in held:
                    latency, throughput = latency + unpack(held[key][0]), throughput + unpack(held[key][1])
                merged.append((*key, pack(latency), pack(throughput)))
            self._db.insert(TABLES["endpoint_speeds"], merged, _REPLACE)

    def _speeds(self, keys: Sequence[Key]) -> list[Row]:
        """Those that are there. The first row of values tells PostgreSQL their types; few lengths make few statements."""
        wanted = 1 << (len(keys) - 1).bit_length()
        keys = [*keys, *([keys[-1]] * (wanted - len(keys)))]
        first = ", ".join(f"CAST(? AS {kind})" for _, kind in TABLES["endpoint_speeds"].columns[:-2])
        more = ", (?, ?, ?, ?, ?, ?, ?)" * (len(keys) - 1)
        same = " AND ".join(f"s.{name} = w.{name}" for name in _KEYS["endpoint_speeds"])
        shown = ", ".join(f"s.{name}" for name, _ in TABLES["endpoint_speeds"].columns)
        sql = (
            f"WITH w ({_SPEED_KEY}) AS (VALUES ({first}){more}) "  # noqa: S608 # our own names, and question marks
            f"SELECT {shown} FROM w CROSS JOIN endpoint_speeds s WHERE {same}"
        )
        return self._db.execute(sql, [value for key in keys for value in key]).fetchall()

    def _name(self, titles: dict[str, tuple[str, int]]) -> None:
        new = sorted((url, title, at_ms) for url, (title, at_ms) in titles.items() if self._titles.get(url) != title)
        if new:
            self._db.insert(_TITLES, new, _KEEP_TITLE)
            if len(self._titles) > _MOST_TITLES:
                self._titles.clear()
            self._titles |= {url: title for url, title, _ in new}

    def _apps_of(self, workspace: str, day: int, at_most: int) -> Iterable[str]:
        rows = self._db.execute(
            "SELECT DISTINCT app FROM workspace_sums WHERE level = 86400 AND at = ? AND workspace = ? AND app <> '' LIMIT ?",
            (day * LEVEL_S["day"], workspace, at_most),
        )
        return [app for (app,) in rows.fetchall()]


def _levels(name: TableName, finest: Level) -> list[int]:
    """Seconds of each level that the table has, from the finest on."""
    return [LEVEL_S[level] for level in KEPT[name] if LEVEL_S[level] >= LEVEL_S[finest]]
