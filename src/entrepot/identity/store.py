"""Keys in the database. Every change takes a new revision, which a running server looks for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from entrepot.errors import InvalidRequest, NotFound
from entrepot.identity.secrets import key_hash, label_of, new_key
from entrepot.values.caller import Caller, KeyKind

DEFAULT_WORKSPACE = "default"
_COLUMNS = "hash, kind, name, label, workspace, expires_ms, disabled, created_ms"
_NEXT = "(SELECT coalesce(max(revision), 0) + 1 FROM keys)"


def ensure_workspace(db: sqlite3.Connection, now_ms: int) -> None:
    db.execute("INSERT OR IGNORE INTO workspaces VALUES (?, ?, ?)", (DEFAULT_WORKSPACE, "Default", now_ms))


def create_key(
    db: sqlite3.Connection,
    secret: bytes,
    *,
    name: str,
    kind: KeyKind,
    now_ms: int,
    expires_ms: int | None = None,
    workspace: str = DEFAULT_WORKSPACE,
) -> tuple[str, Caller]:
    """The plain key, shown this once, and what is kept of it. raises InvalidRequest"""
    if not 1 <= len(name) <= 200:
        raise InvalidRequest(
            "`name` must have 1 to 200 characters.", field="name", expected="1 to 200 characters", received=name[:80]
        )
    if expires_ms is not None and expires_ms <= now_ms:
        raise InvalidRequest(
            "`expires_at` is in the past.", field="expires_at", expected="a time to come", received=str(expires_ms)
        )
    key = new_key(kind)
    row = (key_hash(key, secret), name, kind, label_of(key), workspace, now_ms, expires_ms)
    db.execute(
        "INSERT INTO keys (hash, name, kind, label, workspace, created_ms, expires_ms, revision) "  # noqa: S608
        f"VALUES (?, ?, ?, ?, ?, ?, ?, {_NEXT})",
        row,
    )
    return key, Caller(row[0], kind, name, row[3], workspace, expires_ms, False, now_ms)


def list_keys(db: sqlite3.Connection) -> list[Caller]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM keys WHERE NOT deleted ORDER BY created_ms, hash")  # noqa: S608
    return [_caller(row) for row in rows]


def find_key(db: sqlite3.Connection, wanted: str) -> Caller:
    """By hash, unambiguous start of a hash, label or name. raises NotFound, InvalidRequest when several match"""
    found = [
        key
        for key in list_keys(db)
        if wanted in (key.key_hash, key.name, key.label) or (len(wanted) >= 6 and key.key_hash.startswith(wanted))
    ]
    if not found:
        raise NotFound(f"There is no key {wanted!r}.", remedy="`entrepot keys list` shows them.")
    if len(found) > 1:
        raise InvalidRequest(f"{len(found)} keys are called {wanted!r}.", remedy="Give the start of the hash instead.")
    return found[0]


def set_disabled(db: sqlite3.Connection, hash_: str, disabled: bool, now_ms: int) -> None:
    db.execute(
        f"UPDATE keys SET disabled = ?, updated_ms = ?, revision = {_NEXT} WHERE hash = ?",  # noqa: S608
        (disabled, now_ms, hash_),
    )


def delete_key(db: sqlite3.Connection, hash_: str, now_ms: int) -> None:
    """The row stays, because records name it; the key is refused from now on and listed no more."""
    db.execute(
        f"UPDATE keys SET deleted = 1, disabled = 1, updated_ms = ?, revision = {_NEXT} WHERE hash = ?",  # noqa: S608
        (now_ms, hash_),
    )


def changed_since(db: sqlite3.Connection, revision: int) -> Iterator[tuple[int, bool, Caller]]:
    """Revision, whether it was deleted, and the key, for all changes after a revision."""
    rows = db.execute(
        f"SELECT revision, deleted, {_COLUMNS} FROM keys WHERE revision > ? ORDER BY revision",  # noqa: S608
        (revision,),
    )
    for row in rows:
        yield row[0], bool(row[1]), _caller(row[2:])


def _caller(row: tuple[Any, ...]) -> Caller:
    hash_, kind, name, label, workspace, expires_ms, disabled, created_ms = row
    return Caller(hash_, kind, name, label, workspace, expires_ms, bool(disabled), created_ms)
