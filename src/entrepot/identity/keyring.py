"""All keys in memory: a lookup costs one keyed hash whatever their number, and changes in the store are seen within a second."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from entrepot.errors import Forbidden, Unauthenticated
from entrepot.identity.packed import PackedRows
from entrepot.identity.secrets import hasher, is_well_formed, kind_of
from entrepot.identity.store import all_keys, caller_of, changed_since, newest_revision
from entrepot.storage.sqlite import StorageAway
from entrepot.values.caller import Caller

_REMEMBERED = 10_000
_SLICE = 5_000
_HOW = "Send `Authorization: Bearer sk-ep-...`; `entrepot keys create --name NAME` makes a key."


class KeyRing:
    """Those there are at the start are packed in order; what changes later stands beside them and comes first.

    `refresh` takes in what changed in the store since the last call; run it on a timer.
    """

    def __init__(self, db: sqlite3.Connection, secret: bytes, now_ms: Callable[[], int]) -> None:
        # The whole table is read once: mapped into memory it would count as ours for as long as we run.
        db.execute("PRAGMA mmap_size = 0")
        self._db = db
        self._digest = hasher(secret)
        self._now_ms = now_ms
        self._seen: dict[str, Caller] = {}
        self._changed: dict[bytes, bytes] = {}
        self._data_version = -1
        # Asked before the keys are read: what changes while they are is taken in once more by `refresh`.
        self._revision = newest_revision(db)
        self._loaded = PackedRows()
        for digests, rows in all_keys(db):
            self._loaded.extend(digests, rows)
        while self.refresh():
            pass

    def refresh(self) -> bool:
        """Takes in a slice of what changed; true while there is more. Costs one pragma when no other connection wrote anything.

        raises  sqlite3.Error
        """
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version == self._data_version:
            return False
        changes = changed_since(self._db, self._revision, _SLICE)
        for revision, digest, row in changes:
            self._changed[digest] = row
            self._revision = revision
        if changes:
            self._seen.clear()
        if len(changes) == _SLICE:
            return True
        self._data_version = version
        return False

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
        digest = self._digest(key)
        row = self._find(digest)
        if row is None:
            raise Unauthenticated("This key is not known here.", remedy="Check that it was made for this server. " + _HOW)
        caller = caller_of(digest, row)
        if caller is None:
            raise Unauthenticated("This key was deleted.", remedy="Make a new one with `entrepot keys create`.")
        return caller

    def _find(self, digest: bytes) -> bytes | None:
        """A key that is not known may have been made a moment ago, so the store is asked once more. raises StorageAway"""
        row = self._changed.get(digest) or self._loaded.find(digest)
        if row is None:
            try:
                self.refresh()
            except sqlite3.Error as error:
                raise StorageAway(f"Keys cannot be read: {error}.") from None
            row = self._changed.get(digest)
        return row


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
