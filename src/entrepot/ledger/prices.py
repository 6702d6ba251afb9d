"""Price lists: what workspaces pay where it is not the list price. Versioned, with effective dates, only ever added to.

    scope   a workspace or everybody, and a model or every model
    entry   what is paid in a scope from a moment on, until another one or for good; of several that hold, the newest counts

What holds now is worked out apart from any request (`refresh`), for each workspace that has entries; those whose entries are the
same share a sheet. A call keeps the price it was planned with.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from entrepot.errors import InvalidRequest, NotFound
from entrepot.ledger import audit
from entrepot.ledger.audit import Act
from entrepot.ledger.workspaces import check_lives
from entrepot.metering.sheet import ANY, Rule, Sheet
from entrepot.storage.database import Database, Row
from entrepot.values.ids import ulid
from entrepot.values.money import YOCTO, usd
from entrepot.values.price import Rates

_COLUMNS = "revision, id, workspace, model, from_ms, until_ms, factor, rates, actor, created_ms"
_EACH = ("image", "request", "web_search")
_NEVER = 2**62
State = Literal["active", "upcoming", "replaced", "ended"]


class Entry(msgspec.Struct, frozen=True):
    """rule  None: what held before ends, and what is paid is found in the wider scopes"""

    revision: int
    id: str
    workspace: str
    model: str
    from_ms: int
    until_ms: int | None
    rule: Rule | None
    actor: str
    created_ms: int

    def holds(self, now_ms: int) -> bool:
        return self.from_ms <= now_ms < (self.until_ms or _NEVER)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that is to be made. from_ms  None: from now on"""

    workspace: str = ANY
    model: str = ANY
    rule: Rule | None
    from_ms: int | None = None
    until_ms: int | None = None


class PriceLists:
    """What holds now, in memory. `refresh` takes in what changed and what began or ended meanwhile; run it on a timer."""

    def __init__(self, db: Database, now_ms: int) -> None:
        self._db = db
        self._refreshing = threading.Lock()
        self._revision = 0
        self._entries: list[Entry] = []
        self._next_ms = _NEVER
        self._shared: dict[object, Sheet] = {}
        self.common: Sheet | None = None
        self._own: dict[str, Sheet] = {}
        self.refresh(now_ms)

    def sheet(self, workspace: str) -> Sheet | None:
        """None: it pays list prices."""
        return self._own.get(workspace, self.common)

    def refresh(self, now_ms: int) -> bool:
        """True when other prices hold now. From any thread. raises StorageAway"""
        with self._refreshing:
            return self._take_in(now_ms)

    def _take_in(self, now_ms: int) -> bool:
        row = self._db.execute("SELECT max(revision) FROM price_entries").fetchone()
        newest = int(row[0] or 0) if row else 0
        if newest == self._revision and now_ms < self._next_ms:
            return False
        if newest != self._revision:
            sql = f"SELECT {_COLUMNS} FROM price_entries WHERE revision > ? ORDER BY revision"  # noqa: S608 # columns of ours
            self._entries += [_entry(row) for row in self._db.execute(sql, (self._revision,)).fetchall()]
            self._revision = newest
        self._work_out(now_ms)
        return True

    def _work_out(self, now_ms: int) -> None:
        self._entries = [entry for entry in self._entries if entry.until_ms is None or entry.until_ms > now_ms]
        edges = [edge for e in self._entries for edge in (e.from_ms, e.until_ms) if edge is not None and edge > now_ms]
        self._next_ms = min(edges, default=_NEVER)
        rules = _in_force(self._entries, now_ms)
        everybody = rules.pop(ANY, {})
        shared: dict[object, Sheet] = {}
        self.common = self._sheet(shared, {}, everybody) if everybody else None
        self._own = {workspace: self._sheet(shared, own, everybody) for workspace, own in rules.items()}
        self._shared = shared

    def _sheet(self, shared: dict[object, Sheet], own: Mapping[str, Rule], everybody: Mapping[str, Rule]) -> Sheet:
        """One for all workspaces of the same rules, and as before where nothing changed: plans are remembered by it."""
        mark = (frozenset(own.items()), frozenset(everybody.items()))
        found = shared.get(mark) or self._shared.get(mark) or Sheet(own, everybody)
        shared[mark] = found
        return found


def _in_force(entries: Iterable[Entry], now_ms: int) -> dict[str, dict[str, Rule]]:
    """By workspace and model. Entries come in the order in which they were made."""
    newest = {(entry.workspace, entry.model): entry for entry in entries if entry.holds(now_ms)}
    rules: dict[str, dict[str, Rule]] = {}
    for (workspace, model), entry in newest.items():
        if entry.rule is not None:
            rules.setdefault(workspace, {})[model] = entry.rule
    return rules


def enter(db: Database, order: Order, act: Act) -> Entry:
    """Adds an entry. raises InvalidRequest, NotFound"""
    from_ms = act.at_ms if order.from_ms is None else order.from_ms
    _check(order, from_ms, act.at_ms)
    with db.transaction(alone="prices"):
        if order.workspace:
            check_lives(db, order.workspace)
        before = in_force(db, order.workspace, order.model, from_ms)
        if order.rule is None and (before is None or before.rule is None):
            raise NotFound(
                f"There is no price of {_scope(order.workspace, order.model)} to end.",
                field="model",
                expected="a model that a price is set for here",
                received=order.model or "every model",
                remedy="List prices to see those that are set.",
            )
        row = db.execute("SELECT coalesce(max(revision), 0) + 1 FROM price_entries").fetchone()
        assert row is not None
        entry = Entry(
            int(row[0]), "prc-" + ulid(act.at_ms), order.workspace, order.model, from_ms, order.until_ms, order.rule,
            act.actor, act.at_ms,
        )  # fmt: skip
        factor, rates = _columns(order.rule)
        db.execute(
            "INSERT INTO price_entries (revision, id, workspace, model, from_ms, until_ms, factor, rates, actor, created_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_placed(entry), factor, rates, entry.actor, entry.created_ms),
        )
        action = "price.end" if order.rule is None else "price.set"
        was = {} if before is None else told(before)
        audit.write(db, act, action, f"price/{order.workspace or '*'}/{order.model or '*'}", was, told(entry))
    return entry


def _placed(entry: Entry) -> tuple[object, ...]:
    return entry.revision, entry.id, entry.workspace, entry.model, entry.from_ms, entry.until_ms


def _check(order: Order, from_ms: int, now_ms: int) -> None:
    if from_ms < now_ms:
        raise InvalidRequest(
            "A price cannot begin in the past: what was used is paid already. Nothing was changed.",
            field="from",
            expected="now or later",
            received=str(order.from_ms),
            remedy="Leave `from` out to begin now; a correction of credit makes good what was paid.",
        )
    if order.until_ms is not None and order.until_ms <= from_ms:
        raise InvalidRequest(
            "A price must end after it begins. Nothing was changed.",
            field="until",
            expected="a time after `from`",
            received=str(order.until_ms),
            remedy="Choose a later time, or leave `until` out.",
        )


def in_force(db: Database, workspace: str, model: str, at_ms: int) -> Entry | None:
    """The entry of exactly this scope that holds at a moment, as far as is known now."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM price_entries WHERE workspace = ? AND model = ? AND from_ms <= ? "  # noqa: S608
        "AND coalesce(until_ms, ?) > ? ORDER BY revision DESC LIMIT 1",
        (workspace, model, at_ms, _NEVER, at_ms),
    ).fetchone()
    return None if row is None else _entry(row)


def is_named(db: Database, workspace: str, model: str) -> bool:
    """Whether a price was ever set for a model by this very name, which may be gone from the catalogue since."""
    sql = "SELECT 1 FROM price_entries WHERE workspace = ? AND model = ? LIMIT 1"
    return db.execute(sql, (workspace, model)).fetchone() is not None


def entries(db: Database, workspace: str | None, *, offset: int = 0, limit: int = 100) -> tuple[list[Entry], int]:
    """Some entries, the newest first, and how many there are. workspace  None: of all scopes"""
    which, values = ("1 = 1", ()) if workspace is None else ("workspace = ?", (workspace,))
    counted = db.execute(f"SELECT count(*) FROM price_entries WHERE {which}", values).fetchone()  # noqa: S608
    sql = f"SELECT {_COLUMNS} FROM price_entries WHERE {which} ORDER BY revision DESC LIMIT ? OFFSET ?"  # noqa: S608
    found = db.execute(sql, (*values, limit, offset)).fetchall()
    return [_entry(row) for row in found], int(counted[0]) if counted else 0


def state(db: Database, entry: Entry, now_ms: int) -> State:
    if entry.until_ms is not None and entry.until_ms <= now_ms:
        return "ended"
    if entry.from_ms > now_ms:
        return "upcoming"
    now = in_force(db, entry.workspace, entry.model, now_ms)
    return "active" if now is not None and now.id == entry.id else "replaced"


def told(entry: Entry) -> dict[str, object]:
    """As the audit log has it."""
    rule = entry.rule or Rule()
    return {
        "factor": rule.factor,
        "price": None if rule.rates is None else per_million(rule.rates),
        "from_ms": entry.from_ms,
        "until_ms": entry.until_ms,
    }


def per_million(rates: Rates) -> dict[str, str]:
    """US dollars per million tokens, as people write prices; images, requests and searches each."""
    return {
        name: usd(rate, scale=YOCTO if name in _EACH else YOCTO // 10**6)
        for name, rate in msgspec.structs.asdict(rates).items()
        if rate is not None
    }


def _scope(workspace: str, model: str) -> str:
    return f"{model or 'every model'} for {workspace or 'everybody'}"


def _columns(rule: Rule | None) -> tuple[str | None, str | None]:
    if rule is None:
        return None, None
    return rule.factor, None if rule.rates is None else msgspec.json.encode(_texts(rule.rates)).decode()


def _texts(rates: Rates) -> dict[str, str]:
    """As text: a rate of yocto-dollars may not fit 64 bit."""
    return {name: str(rate) for name, rate in msgspec.structs.asdict(rates).items() if rate is not None}


def _entry(row: Row) -> Entry:
    revision, id_, workspace, model, from_ms, until_ms, factor, rates, actor, created_ms = row
    rule = None
    if rates is not None:
        rule = Rule(rates=Rates(**{name: int(text) for name, text in msgspec.json.decode(rates, type=dict[str, str]).items()}))
    elif factor is not None:
        rule = Rule(factor=factor)
    return Entry(revision, id_, workspace, model, from_ms, until_ms, rule, actor, created_ms)
