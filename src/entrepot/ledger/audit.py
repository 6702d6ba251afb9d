"""The log of every change to keys, limits and credit: who, when, what, before, after. It is only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.storage.database import Database
from entrepot.values.ids import ulid, ulid_from

_COLUMNS = "id, at_ms, actor, action, subject, before, after"
_ASKED = 500
_SUBJECT = 120


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """actor  who acts: the label of a management key, or "cli" """

    actor: str
    at_ms: int


class Line(msgspec.Struct, frozen=True):
    id: str
    at_ms: int
    actor: str
    action: str
    subject: str
    before: str
    after: str


def write(db: Database, act: Act, action: str, subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Within the transaction that makes the change, so that neither is there without the other. Only what differs is kept."""
    differing = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    was = msgspec.json.encode({name: before[name] for name in differing if name in before}).decode()
    now = msgspec.json.encode({name: after[name] for name in differing if name in after}).decode()
    row = ("log-" + ulid(act.at_ms), act.at_ms, act.actor, action, subject, was, now)
    db.execute("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def refused(db: Database, act: Act, action: str, subject: str, asked: str, why: str) -> None:
    """A change that was asked for and not made. asked  what was sent, of which the beginning is kept"""
    told = {"asked": _plain(asked)[:_ASKED], "why": why[:_ASKED]}
    write(db, act, f"{action}.refused", _plain(subject)[:_SUBJECT], {}, told)


def _plain(text: str) -> str:
    """Without what a database or a terminal would take for something else."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines: those of an actor, of an action or all that begin with it and a dot, of a subject, between two moments."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since_ms: int | None = None
    before_ms: int | None = None


def lines(db: Database, limit: int = 100, offset: int = 0, wish: Wish = Wish()) -> list[Line]:
    """Newest first."""
    which, values = _which(wish)
    sql = f"SELECT {_COLUMNS} FROM audit_log WHERE {which} ORDER BY id DESC LIMIT ? OFFSET ?"  # noqa: S608 # words of ours
    return [Line(*row) for row in db.execute(sql, (*values, limit, offset)).fetchall()]


def count(db: Database, wish: Wish = Wish()) -> int:
    which, values = _which(wish)
    row = db.execute(f"SELECT count(*) FROM audit_log WHERE {which}", values).fetchone()  # noqa: S608 # words of ours
    return int(row[0]) if row else 0


def _which(wish: Wish) -> tuple[str, list[object]]:
    told: list[tuple[str, list[object]]] = []
    if wish.actor is not None:
        told.append(("actor = ?", [wish.actor]))
    if wish.action is not None:
        begins = wish.action + "."
        told.append(("(action = ? OR substr(action, 1, ?) = ?)", [wish.action, len(begins), begins]))
    if wish.subject is not None:
        told.append(("subject = ?", [wish.subject]))
    # Ids begin with the moment, so that they are what is looked for.
    if wish.since_ms is not None:
        told.append(("id >= ?", [f"log-{ulid_from(wish.since_ms)}"]))
    if wish.before_ms is not None:
        told.append(("id < ?", [f"log-{ulid_from(wish.before_ms)}"]))
    return " AND ".join(["1 = 1", *(sql for sql, _ in told)]), [value for _, values in told for value in values]
