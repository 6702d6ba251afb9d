"""A key for as long as something lasts. Its records stay, under its name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from entrepot.identity.store import create_key, delete_key
from entrepot.storage.database import Database
from entrepot.values.caller import KeyKind
from entrepot.values.clock import Clock


@contextlib.contextmanager
def passing_key(db: Database, secret: bytes, name: str, kind: KeyKind, clock: Clock) -> Iterator[str]:
    """The plain key. Nobody else knows it, and it is refused once this is closed."""
    key, kept = create_key(db, secret, name=name, kind=kind, now_ms=clock.now_ms())
    try:
        yield key
    finally:
        delete_key(db, kept.key_hash, clock.now_ms())
