"""What all commands that change something share: who acts, and that a refusal is in the audit log too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from entrepot.cli.common import Failure, Place, store
from entrepot.cli.reading import reading
from entrepot.errors import CallerError
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit
from entrepot.ledger.audit import Act
from entrepot.storage.database import Database
from entrepot.values.clock import Clock
from entrepot.values.times import time_in

_OF_WHAT_IS_THERE = ("key.change", "key.delete", "workspace.change", "workspace.delete", "codes.revoke")
"""What makes no sense where nothing was made yet."""


@contextlib.contextmanager
def changing(place: Place, action: str, subject: str, **asked: object) -> Iterator[tuple[Database, Act]]:
    """The database and who acts; what is refused inside leaves a line. asked  as it was typed; None: it was not"""
    act = Act(actor="cli", at_ms=Clock().now_ms())
    with reading(place) if action in _OF_WHAT_IS_THERE else store(place.settings()) as db:
        ensure_workspace(db, act.at_ms)
        try:
            yield db, act
        except CallerError as error:
            told = " ".join(f"{name}={value}" for name, value in asked.items() if value is not None)
            audit.refused(db, act, action, subject, told, error.message)
            raise


def moment(text: str | None, option: str) -> int | None:
    """Milliseconds since 1970 of a time in UTC, as 2027-01-31 or 2027-01-31T12:00Z."""
    if text is None:
        return None
    try:
        return time_in(text, abroad=False)
    except ValueError:
        raise Failure(f"{option} {text} is not a time in UTC. Write it as 2027-01-31 or 2027-01-31T12:00Z.") from None
