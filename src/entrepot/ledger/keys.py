"""Keys made, changed and deleted, each with a line in the audit log. A limit is never set below what was spent of it already."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.errors import InvalidRequest, NotFound
from entrepot.identity import store
from entrepot.ledger import audit, leases
from entrepot.ledger.audit import Act
from entrepot.ledger.leases import room_of
from entrepot.ledger.purses import key_purse
from entrepot.storage.database import Database
from entrepot.values.caller import Caller, KeyKind, Reset
from entrepot.values.money import usd


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is to be made."""

    name: str
    kind: KeyKind = "live"
    expires_ms: int | None = None
    workspace: str = store.DEFAULT_WORKSPACE
    limit_nano: int | None = None
    limit_reset: Reset | None = None
    byok_in_limit: bool = False
    creator: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; the rest stays."""

    name: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    limit_nano: int | UnsetType | None = UNSET
    limit_reset: Reset | UnsetType | None = UNSET
    byok_in_limit: bool | UnsetType = UNSET


def make(db: Database, secret: bytes, order: Order, act: Act) -> tuple[str, Caller]:
    """The plain key, shown this once, and what is kept of it. raises InvalidRequest"""
    _check(order.limit_nano, order.limit_reset)
    with db.transaction(alone="keys"):
        if db.execute("SELECT 1 FROM workspaces WHERE id = ? AND deleted_ms IS NULL", (order.workspace,)).fetchone() is None:
            raise InvalidRequest(
                f"There is no workspace {order.workspace[:80]!r}. Nothing was changed.",
                field="workspace_id",
                expected="the id or slug of a workspace",
                received=order.workspace[:80],
                remedy="GET /api/v1/workspaces lists them.",
            )
        key, made = store.create_key(
            db,
            secret,
            name=order.name,
            kind=order.kind,
            now_ms=act.at_ms,
            expires_ms=order.expires_ms,
            workspace=order.workspace,
            limit_nano=order.limit_nano,
            limit_reset=order.limit_reset,
            facts=store.Facts(byok_in_limit=order.byok_in_limit, creator=order.creator),
        )
        audit.write(db, act, "key.create", _subject(made), {}, _told(made))
    return key, made


def change(db: Database, key: Caller, wished: Change, act: Act) -> Caller:
    """The key as it is then. What others changed since it was read stays. raises InvalidRequest, NotFound: nothing is changed"""
    told = dict(_given(wished))
    byok_in_limit = told.pop("byok_in_limit", None)
    with db.transaction(alone=leases.alone(key.workspace)):
        key = _as_it_is(db, key)
        after = msgspec.structs.replace(key, **told)
        store.check_name(after.name)
        _check(after.limit_nano, after.limit_reset)
        facts = store.facts(db, key.key_hash)
        byok_before = {"include_byok_in_limit": facts.byok_in_limit}
        byok_after = byok_before if byok_in_limit is None else {"include_byok_in_limit": byok_in_limit}
        store.update_key(db, after, act.at_ms, byok_in_limit=bool(byok_after["include_byok_in_limit"]))
        if (after.limit_nano, after.limit_reset) != (key.limit_nano, key.limit_reset):
            _check_spent(db, after, act.at_ms)
        audit.write(db, act, "key.change", _subject(key), _told(key) | byok_before, _told(after) | byok_after)
    return after


def _as_it_is(db: Database, key: Caller) -> Caller:
    found = store.key_by_hash(db, key.key_hash)
    if found is None:
        raise NotFound(
            "The key was deleted meanwhile. Nothing was changed.",
            field="hash",
            expected="a key that is there",
            received=key.key_hash,
            remedy="GET /api/v1/keys lists them.",
        )
    return found


def delete(db: Database, key: Caller, act: Act) -> None:
    with db.transaction():
        store.delete_key(db, key.key_hash, act.at_ms)
        audit.write(db, act, "key.delete", _subject(key), _told(key), {})


def _given(wished: Change) -> list[tuple[str, object]]:
    return [(name, value) for name in Change.__struct_fields__ if (value := getattr(wished, name)) is not UNSET]


def _check(limit_nano: int | None, reset: Reset | None) -> None:
    if limit_nano is not None and not 0 <= limit_nano < 2**62:
        raise InvalidRequest(
            "`limit` is not an amount that a key can have. Nothing was changed.",
            field="limit",
            expected="0 to 4,000,000,000 US dollars",
            received=usd(limit_nano)[:80],
            remedy="Choose an amount in between, or leave it out for no limit.",
        )
    if reset is not None and limit_nano is None:
        raise InvalidRequest(
            "`limit_reset` needs a `limit`. Nothing was changed.",
            field="limit_reset",
            expected="a `limit` beside it",
            received=reset,
            remedy="Send both.",
        )


def _check_spent(db: Database, key: Caller, now_ms: int) -> None:
    """Within the transaction that sets the limit, so that it is undone."""
    room = room_of(db, key_purse(key.key_hash, key.limit_reset or "lifetime", now_ms))
    if room is not None and room.unspent < 0:
        assert key.limit_nano is not None
        raise InvalidRequest(
            "`limit` is below what the key has spent already. Nothing was changed.",
            field="limit",
            expected=f"at least {usd(key.limit_nano - room.unspent)}",
            received=usd(key.limit_nano),
            remedy="Raise it, or disable the key.",
        )


def _subject(key: Caller) -> str:
    return f"key/{key.key_hash}"


def _told(key: Caller) -> dict[str, object]:
    return {
        "name": key.name,
        "kind": key.kind,
        "disabled": key.disabled,
        "expires_ms": key.expires_ms,
        "limit": None if key.limit_nano is None else usd(key.limit_nano),
        "limit_reset": key.limit_reset,
    }
