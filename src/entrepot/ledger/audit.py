"""The log of every change to keys, limits and credit: who, when, what, before, after. It is only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.storage.database import Database
from entrepot.values.ids import ulid


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


def lines(db: Database, limit: int = 100, offset: int = 0) -> list[Line]:
    """Newest first."""
    return [
        Line(*row) for row in db.execute("SELECT * FROM audit_log ORDER BY id DESC LIMIT ? OFFSET ?", (limit, offset)).fetchall()
    ]
