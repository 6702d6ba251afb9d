"""All keys in memory: a lookup costs one keyed hash whatever their number, and changes in the store are seen within a second."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from entrepot.errors import Forbidden, Unauthenticated
from entrepot.identity.secrets import is_well_formed, key_hash, kind_of
from entrepot.identity.store import changed_since
from entrepot.values.caller import Caller

_REMEMBERED = 10_000
_HOW = "Send `Authorization: Bearer sk-ep-...`; `entrepot keys create --name NAME` makes a key."


class KeyRing:
    """`refresh` applies what changed in the store since the last call; run it on a timer."""

    def __init__(self, db: sqlite3.Connection, secret: bytes, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._secret = secret
        self._now_ms = now_ms
        self._keys: dict[str, Caller] = {}
        self._deleted: set[str] = set()
        self._seen: dict[str, Caller] = {}
        self._revision = 0
        self._data_version = -1
        self.refresh()

    def __len__(self) -> int:
        return len(self._keys)

    def refresh(self) -> None:
        """Costs one pragma when no other connection wrote anything. raises sqlite3.Error"""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version == self._data_version:
            return
        for revision, deleted, key in changed_since(self._db, self._revision):
            self._revision = revision
            self._keys[key.key_hash] = key
            if deleted:
                self._deleted.add(key.key_hash)
                del self._keys[key.key_hash]
            self._seen.clear()
        self._data_version = version

    def get(self, hash_: str) -> Caller | None:
        return self._keys.get(hash_)

    def authenticate(self, authorization: str | None) -> Caller:
        """Who shows this Authorization header. raises Unauthenticated, in words that tell the cases apart"""
        caller = self._seen.get(authorization) if authorization else None
        if caller is None:
            caller = self._look_up(_bearer(authorization))
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            assert authorization is not None
            self._seen[authorization] = caller
        if caller.disabled:
            raise Unauthenticated("This key is disabled.", remedy="Enable it with `entrepot keys enable`, or use another.")
        if caller.expires_ms is not None and caller.expires_ms <= self._now_ms():
            raise Unauthenticated("This key has expired.", remedy="Make a new one with `entrepot keys create`.")
        return caller

    def authenticate_inference(self, authorization: str | None) -> Caller:
        """raises  Unauthenticated; Forbidden for a management key"""
        caller = self.authenticate(authorization)
        if caller.kind == "management":
            raise Forbidden("Management keys cannot run models.", remedy="Use a live or test key here.")
        return caller

    def _look_up(self, key: str) -> Caller:
        if kind_of(key) is None:
            foreign = key.partition("-")[0] in ("sk", "gsk", "xai", "AIza") or key.startswith("AIza")
            said = "This is the key of another service." if foreign else "This is not an Entrepot key."
            raise Unauthenticated(said, expected="sk-ep-...", remedy=_HOW)
        if not is_well_formed(key):
            raise Unauthenticated("This key is mistyped or cut short.", expected="a whole key", remedy="Copy it again.")
        hash_ = key_hash(key, self._secret)
        found = self._keys.get(hash_)
        if found is None and hash_ in self._deleted:
            raise Unauthenticated("This key was deleted.", remedy="Make a new one with `entrepot keys create`.")
        if found is None:
            raise Unauthenticated("This key is not known here.", remedy="Check that it was made for this server. " + _HOW)
        return found


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise Unauthenticated(
            "No key was sent.", field="Authorization", expected="Bearer sk-ep-...", received="nothing", remedy=_HOW
        )
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthenticated(
            "The Authorization header is not a bearer key.",
            field="Authorization",
            expected="Bearer sk-ep-...",
            received=scheme[:20] if key else "one word",
            remedy=_HOW,
        )
    return key.strip()
