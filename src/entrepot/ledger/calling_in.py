"""Credit that is to leave a workspace is called in from processes that have it at hand for calls to come.

What is leased may be spent without asking, so that none of it can be paid back or taken away. But most of it waits for nothing in
particular: a process that hears that somebody looks for it gives back at once what no open call needs. What calls under way hold
stays theirs, and whoever asked is told how much that is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from entrepot.errors import Conflict
from entrepot.ledger import leases
from entrepot.ledger.purses import credit_purse
from entrepot.storage.database import Database

T = TypeVar("T")
PATIENCE_S = 3.0
_PAUSE_S = 0.1


def called_in(
    db: Database, workspace: str, now_ms: int, attempt: Callable[[], T], wait: Callable[[float], None] = time.sleep
) -> T:
    """What the attempt gives, made again for a moment while it finds credit in use. Not within a transaction. raises Conflict"""
    waited = 0.0
    while True:
        try:
            return attempt()
        except Conflict as error:
            if not error.retryable or waited >= PATIENCE_S:
                raise
        leases.want(db, credit_purse(workspace), now_ms + round(waited * 1000))
        wait(_PAUSE_S)
        waited += _PAUSE_S
