"""Keys in the database. Every change takes a new revision, which a running server looks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from entrepot.errors import InvalidRequest, NotFound
from entrepot.identity.secrets import key_hash, label_of, new_key
from entrepot.storage.database import Database, json_array
from entrepot.values.caller import Caller, KeyKind, Reset
from entrepot.values.times import utc

DEFAULT_WORKSPACE = "default"
_COLUMNS = "hash, kind, name, label, workspace, expires_ms, disabled, created_ms, limit_nano, limit_reset"
_FACTS = "updated_ms, byok_in_limit, creator"
_LIMIT = "CAST(limit_nano AS TEXT) || ' ' || coalesce(limit_reset, '')"
"""One text or nothing, since most keys have no limit and there may be a million of them in memory."""
_ROW = ("kind", "name", "label", "workspace", "expires_ms", "disabled", "created_ms", "deleted", _LIMIT)
_decode_row = msgspec.json.Decoder(tuple[KeyKind, str, str, str, int | None, int, int, int, str | None]).decode
_NAMESAKES = 100
_LONGEST_NAME = 200
_NEXT = "(SELECT coalesce(max(revision), 0) + 1 FROM keys)"


def ensure_workspace(db: Database, now_ms: int) -> None:
    sql = "INSERT INTO workspaces (id, name, slug, created_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    db.execute(sql, (DEFAULT_WORKSPACE, "Default", DEFAULT_WORKSPACE, now_ms))


def no_workspace(told: str, field: str = "workspace") -> NotFound:
    """What is said of a workspace that is not there, or was deleted. field  where it was told"""
    return NotFound(
        f"There is no workspace {told[:80]!r}.",
        field=field,
        expected="the id or slug of a workspace",
        received=told[:80],
        remedy="`entrepot workspaces list` or GET /api/v1/workspaces shows them.",
    )


class Facts(msgspec.Struct, frozen=True):
    """What is kept of a key and binds nothing.

    updated_ms     when it was changed last; None: never
    byok_in_limit  whether use of a customer's own provider keys is to count towards its limit
    creator        the user who made it, as told
    """

    updated_ms: int | None = None
    byok_in_limit: bool = False
    creator: str | None = None


def create_key(
    db: Database,
    secret: bytes,
    *,
    name: str,
    kind: KeyKind,
    now_ms: int,
    expires_ms: int | None = None,
    workspace: str = DEFAULT_WORKSPACE,
    limit_nano: int | None = None,
    limit_reset: Reset | None = None,
    facts: Facts = Facts(),
) -> tuple[str, Caller]:
    """The plain key, shown this once, and what is kept of it. raises InvalidRequest"""
    check_name(name)
    if expires_ms is not None and expires_ms <= now_ms:
        raise InvalidRequest(
            "`expires_at` is in the past. Nothing was changed.",
            field="expires_at",
            expected="a time to come",
            received=utc(expires_ms).isoformat(),
            remedy="Choose a later time, or leave it out for a key that is good for ever.",
        )
    key = new_key(kind)
    row = (key_hash(key, secret), name, kind, label_of(key), workspace, now_ms, expires_ms, limit_nano, limit_reset)
    _change(
        db,
        "INSERT INTO keys (hash, name, kind, label, workspace, created_ms, expires_ms, limit_nano, limit_reset, "  # noqa: S608
        f"byok_in_limit, creator, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {_NEXT})",
        (*row, int(facts.byok_in_limit), facts.creator),
    )
    return key, Caller(row[0], kind, name, row[3], workspace, expires_ms, False, now_ms, limit_nano, limit_reset)


def first_test_key(db: Database, secret: bytes, now_ms: int) -> str | None:
    """A plain test key for the first run; None when there ever were keys."""
    with db.transaction(alone="keys"):
        if db.execute("SELECT 1 FROM keys LIMIT 1").fetchone():
            return None
        return create_key(db, secret, name="first test key", kind="test", now_ms=now_ms)[0]


def check_name(name: str) -> None:
    """raises InvalidRequest"""
    if not 1 <= len(name) <= _LONGEST_NAME or not name.strip():
        raise InvalidRequest(
            f"`name` must have 1 to {_LONGEST_NAME} characters, and not only spaces. Nothing was changed.",
            field="name",
            expected=f"1 to {_LONGEST_NAME} characters, not only spaces",
            received=name[:80] or "nothing",
            remedy="Say what or whom the key is for.",
        )


def list_keys(db: Database) -> list[Caller]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM keys WHERE deleted = 0 ORDER BY created_ms, hash")  # noqa: S608
    return [_caller(row) for row in rows]


def count_keys(db: Database) -> int:
    found = db.execute("SELECT count(*) FROM keys WHERE deleted = 0").fetchone()
    return int(found[0]) if found else 0


def find_key(db: Database, wanted: str) -> Caller:
    """By hash, unambiguous start of a hash, label or name. raises NotFound, InvalidRequest when several match"""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM keys WHERE deleted = 0 AND (? IN (hash, name, label) OR (? >= 6 AND substr(hash, 1, ?) = ?)) "  # noqa: S608
        "ORDER BY created_ms, hash LIMIT ?",
        (wanted, len(wanted), len(wanted), wanted, _NAMESAKES),
    )
    found = [_caller(row) for row in rows]
    if not found:
        raise NotFound(
            f"There is no key {wanted[:80]!r}.",
            field="key",
            expected="the name, label, hash or start of the hash of a key",
            received=wanted[:80],
            remedy="`entrepot keys list` shows them.",
        )
    if len(found) > 1:
        number = f"{_NAMESAKES} or more" if len(found) == _NAMESAKES else str(len(found))
        raise InvalidRequest(
            f"{number} keys are called {wanted[:80]!r}.",
            field="key",
            expected="what only one key is called",
            received=wanted[:80],
            remedy="Give the start of the hash instead.",
        )
    return found[0]


def key_by_hash(db: Database, hash_: str) -> Caller | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM keys WHERE hash = ? AND deleted = 0", (hash_,)).fetchone()  # noqa: S608
    return None if row is None else _caller(row)


def facts(db: Database, hash_: str) -> Facts:
    row = db.execute(f"SELECT {_FACTS} FROM keys WHERE hash = ?", (hash_,)).fetchone()  # noqa: S608
    return Facts() if row is None else _facts(row)


def name_of(db: Database, hash_: str) -> str:
    """Of a deleted key too; "" when there was never one."""
    row = db.execute("SELECT name FROM keys WHERE hash = ?", (hash_,)).fetchone()
    return "" if row is None else str(row[0])


def namesakes(db: Database, key: Caller) -> int:
    """How many other keys have its name."""
    sql = "SELECT count(*) FROM keys WHERE name = ? AND hash <> ? AND deleted = 0"
    row = db.execute(sql, (key.name, key.key_hash)).fetchone()
    return int(row[0]) if row else 0


def page_of_keys(
    db: Database, workspace: str, *, offset: int, limit: int, disabled_too: bool
) -> tuple[list[tuple[Caller, Facts]], int]:
    """Some of a workspace's keys, oldest first, each with its facts, and how many there are."""
    which = "workspace = ? AND deleted = 0 AND (disabled = 0 OR ? = 1)"
    counted = db.execute(f"SELECT count(*) FROM keys WHERE {which}", (workspace, int(disabled_too))).fetchone()  # noqa: S608
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_FACTS} FROM keys WHERE {which} ORDER BY created_ms, hash LIMIT ? OFFSET ?",  # noqa: S608
        (workspace, int(disabled_too), limit, offset),
    )
    return [(_caller(row[:-3]), _facts(row[-3:])) for row in rows], int(counted[0]) if counted else 0


def update_key(db: Database, key: Caller, now_ms: int, *, byok_in_limit: bool = False) -> None:
    """Its name, limit, and whether it is disabled, as they are in `key`."""
    _change(
        db,
        "UPDATE keys SET name = ?, disabled = ?, limit_nano = ?, limit_reset = ?, byok_in_limit = ?, updated_ms = ?, "  # noqa: S608
        f"revision = {_NEXT} WHERE hash = ?",
        (key.name, int(key.disabled), key.limit_nano, key.limit_reset, int(byok_in_limit), now_ms, key.key_hash),
    )


def delete_key(db: Database, hash_: str, now_ms: int) -> None:
    """The row stays, because records name it; the key is refused from now on and listed no more."""
    _change(
        db,
        f"UPDATE keys SET deleted = 1, disabled = 1, updated_ms = ?, revision = {_NEXT} WHERE hash = ?",  # noqa: S608
        (now_ms, hash_),
    )


def _change(db: Database, sql: str, values: Sequence[Any]) -> None:
    """One after another, so that who has seen a revision has seen all before it."""
    with db.transaction(alone="keys"):
        db.execute(sql, values)


def newest_revision(db: Database) -> int:
    found = db.execute("SELECT max(revision) FROM keys").fetchone()
    return int(found[0] or 0) if found else 0


def keys_after(db: Database, last: str, at_most: int) -> tuple[list[str], list[bytes]]:
    """The hashes of some keys, deleted ones too, in order, and what is kept of each for `caller_of`."""
    sql = f"SELECT hash, {json_array(db, _ROW)} FROM keys WHERE hash > ? ORDER BY hash LIMIT ?"  # noqa: S608
    found = db.execute(sql, (last, at_most)).fetchall()
    return [hash_ for hash_, _ in found], [row.encode() for _, row in found]


def kept_of(db: Database, digest: bytes) -> bytes | None:
    """What is kept of one key, as `keys_after` gives it; None when there was never such a key."""
    row = db.execute(f"SELECT {json_array(db, _ROW)} FROM keys WHERE hash = ?", (digest.hex(),)).fetchone()  # noqa: S608
    return None if row is None else str(row[0]).encode()


def changed_since(db: Database, revision: int, limit: int) -> list[tuple[int, bytes, bytes]]:
    """Revision, digest and what is kept, of the next changes after a revision; each change has a revision of its own."""
    found = db.execute(
        f"SELECT revision, hash, {json_array(db, _ROW)} FROM keys WHERE revision > ? ORDER BY revision LIMIT ?",  # noqa: S608
        (revision, limit),
    )
    return [(number, bytes.fromhex(hash_), row.encode()) for number, hash_, row in found]


def caller_of(digest: bytes, row: bytes) -> Caller | None:
    """From what `keys_after`, `kept_of` and `changed_since` give; None for a deleted key."""
    kind, name, label, workspace, expires_ms, disabled, created_ms, deleted, limit = _decode_row(row)
    if deleted:
        return None
    nano, reset = _limit(limit) if limit is not None else (None, None)
    return Caller(digest.hex(), kind, name, label, workspace, expires_ms, bool(disabled), created_ms, nano, reset)


def _limit(told: str) -> tuple[int, Reset | None]:
    nano, _, reset = told.partition(" ")
    return int(nano), reset or None  # type: ignore[return-value] # the column holds nothing else


def _facts(row: tuple[Any, ...]) -> Facts:
    return Facts(row[0], bool(row[1]), row[2])


def _caller(row: tuple[Any, ...]) -> Caller:
    hash_, kind, name, label, workspace, expires_ms, disabled, created_ms, limit_nano, limit_reset = row
    return Caller(hash_, kind, name, label, workspace, expires_ms, bool(disabled), created_ms, limit_nano, limit_reset)
