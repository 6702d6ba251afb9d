"""All keys in memory: a lookup costs one keyed hash whatever their number, and changes in the store are seen within a second.

A start waits for a few thousand of them. Until the others are read too, a key that is not among those that were is asked for in
the store, so that a million keys keep nobody waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from entrepot.errors import Forbidden, Unauthenticated
from entrepot.identity.packed import PackedRows
from entrepot.identity.secrets import hasher, is_well_formed, kind_of, label_of
from entrepot.identity.store import caller_of, changed_since, kept_of, keys_after, newest_revision
from entrepot.storage.database import Database, Refused, StorageAway
from entrepot.values.caller import Caller

_REMEMBERED = 10_000
_SLICE = 5_000
_SILENT_MS = 3_000
"""A store that says nothing for so long counts as away."""
_HOW = "Send `Authorization: Bearer sk-ep-...`; `entrepot keys create --name NAME` makes a key."


class KeyRing:
    """Those there are at the start are packed in order; what changes later stands beside them and comes first.

    `read_on` takes in more of those there were at the start; call it until there are no more. `refresh` takes in what changed in
    the store since the last call; run it on a timer.
    """

    def __init__(self, db: Database, secret: bytes, now_ms: Callable[[], int], *, at_once: int = _SLICE) -> None:
        self._db = db
        self._at_once = at_once
        self._refreshing = threading.Lock()
        self._away = ""
        self._asked_ms = 0
        self._near = db.mark() is not None
        self._digest = hasher(secret)
        self._now_ms = now_ms
        self._seen: dict[str, Caller] = {}
        self._changed: dict[bytes, bytes] = {}
        self._mark: int | None = None
        # Asked before the keys are read: what changes while they are is taken in once more by `refresh`.
        self._revision = newest_revision(db)
        self._loaded = PackedRows()
        self._last: str | None = ""
        """Of the hashes that were read; None when all were."""
        self.read_on()
        while self.refresh():
            pass

    def read_on(self) -> bool:
        """Takes in a slice of the keys there were at the start; true while there are more. From one thread. raises StorageAway"""
        if self._last is None:
            return False
        hashes, rows = keys_after(self._db, self._last, self._at_once)
        self._loaded.extend(bytes.fromhex("".join(hashes)), rows)
        self._last = hashes[-1] if len(hashes) == self._at_once else None
        return self._last is not None

    def refresh(self) -> bool:
        """Takes in a slice of what changed; true while there is more. From any thread. raises StorageAway"""
        with self._refreshing:
            self._asked_ms = self._now_ms()
            try:
                more = self._take_in()
            except (StorageAway, Refused) as error:
                self._away = str(error)
                raise StorageAway(f"Keys cannot be read: {error}") from None
            finally:
                self._asked_ms = 0
            self._away = ""
        return more

    @property
    def trouble(self) -> str:
        """Why the store could not be asked the last time, or that it has not answered for long; "" when all is well."""
        silent_ms = self._now_ms() - self._asked_ms if self._asked_ms else 0
        return self._away or (f"The database has not answered for {silent_ms // 1000} s." if silent_ms > _SILENT_MS else "")

    def _take_in(self) -> bool:
        """Costs SQLite one pragma when no other connection wrote anything."""
        mark = self._db.mark()
        if mark is not None and mark == self._mark:
            return False
        changes = changed_since(self._db, self._revision, self._at_once)
        for revision, digest, row in changes:
            self._changed[digest] = row
            self._revision = revision
        if changes:
            # A new one: a request may be about to remember, in the one it took, a caller as it was before.
            self._seen = {}
        if len(changes) == self._at_once:
            return True
        self._mark = mark
        return False

    def authenticate(self, authorization: str | None) -> Caller:
        """Who shows this Authorization header. raises Unauthenticated, in words that tell the cases apart"""
        seen = self._seen
        caller = seen.get(authorization) if authorization else None
        if caller is None:
            caller = self._look_up(_bearer(authorization))
            if len(seen) >= _REMEMBERED:
                seen.clear()
            assert authorization is not None
            seen[authorization] = caller
        if caller.disabled:
            remedy = "Enable it with `entrepot keys enable`, or use another."
            raise _refused("This key is disabled.", "a key that is enabled", caller.label, remedy)
        if caller.expires_ms is not None and caller.expires_ms <= self._now_ms():
            raise _refused(
                "This key has expired.", "a key that is good", caller.label, "Make a new one with `entrepot keys create`."
            )
        return caller

    def authenticate_inference(self, authorization: str | None) -> Caller:
        """raises  Unauthenticated; Forbidden for a management key"""
        caller = self.authenticate(authorization)
        if caller.kind == "management":
            raise Forbidden(
                "Management keys cannot run models.",
                field="Authorization",
                expected="a live or test key",
                received="a management key",
                remedy="Use a live or test key here.",
            )
        return caller

    def _look_up(self, key: str) -> Caller:
        if kind_of(key) is None:
            foreign = key.partition("-")[0] in ("sk", "gsk", "xai", "AIza") or key.startswith("AIza")
            said = "This is the key of another service." if foreign else "This is not an Entrepot key."
            raise _refused(said, "Bearer sk-ep-...", "a key that begins otherwise", _HOW)
        if not is_well_formed(key):
            raise _refused("This key is mistyped or cut short.", "a whole key", f"{len(key)} characters", "Copy it again.")
        digest = self._digest(key)
        row = self._find(digest)
        if row is None:
            remedy = "Check that it was made for this server. " + _HOW
            raise _refused("This key is not known here.", "a key of this server", label_of(key), remedy)
        caller = caller_of(digest, row)
        if caller is None:
            remedy = "Make a new one with `entrepot keys create`."
            raise _refused("This key was deleted.", "a key that is good", label_of(key), remedy)
        return caller

    def _find(self, digest: bytes) -> bytes | None:
        """raises StorageAway"""
        return self._changed.get(digest) or self._loaded.find(digest) or self._asked(digest)

    def _asked(self, digest: bytes) -> bytes | None:
        """A key that is not known may have been made a moment ago: a store that is near is asked once more. raises StorageAway"""
        if self._near:
            self.refresh()
            if row := self._changed.get(digest):
                return row
        elif trouble := self.trouble:
            raise StorageAway(f"Keys cannot be read: {trouble}")
        if self._last is None:
            return None
        try:
            return kept_of(self._db, digest)
        except (StorageAway, Refused) as error:
            raise StorageAway(f"Keys cannot be read: {error}") from None


def _refused(message: str, expected: str, received: str, remedy: str) -> Unauthenticated:
    """received  never the key itself: answers are logged by whoever gets them"""
    return Unauthenticated(message, field="Authorization", expected=expected, received=received, remedy=remedy)


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
