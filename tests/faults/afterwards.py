"""What must hold after any fault, told from the database alone and from what the clients saw."""

from __future__ import annotations

import collections
import json
from typing import NamedTuple

from entrepot.ledger.verify import verify
from entrepot.settings import Settings
from entrepot.storage.engines import open_store
from entrepot.values.money import usd
from load import Book


class Tally(NamedTuple):
    """whole        answers that a client saw to the end
    billed_unseen   records of calls whose client did not, and what they cost
    unbilled        calls whose client did not, of which there is no record
    """

    whole: int
    billed_unseen: int
    billed_unseen_nano: int
    unbilled: int
    largest_nano: int

    def told(self) -> str:
        return (
            f"{self.whole} answers seen whole, 0 of them lost; {self.billed_unseen} billed of which the end was not seen "
            f"(${usd(self.billed_unseen_nano)}); {self.unbilled} begun and neither seen nor billed "
            f"(at most ${usd(self.unbilled * self.largest_nano)})"
        )


def look(settings: Settings, book: Book, *, ended: bool = True) -> Tally:
    """Fails when an answer is billed otherwise than it was shown, or the books are not in order.

    ended  all servers have: then no lease may be left either
    """
    db = open_store(settings)
    try:
        rows = [
            (name, cost, json.loads(bytes(detail)))
            for name, cost, detail in db.execute("SELECT id, cost_nano, detail FROM generations")
        ]
        summed = db.execute("SELECT coalesce(sum(cost_nano), 0), coalesce(sum(requests), 0) FROM key_usage").fetchone()
        left = db.execute("SELECT purse, process, granted_nano FROM leases").fetchall()
        holders = db.execute("SELECT process, place FROM lease_holders").fetchall()
        wrong = [finding for finding in verify(db, records=True, all_days=True) if finding.wrong]
    finally:
        db.close()
    billed = {name: cost for name, cost, _ in rows}
    otherwise = {w.id: (w.cost_nano, billed.get(w.id)) for w in book.whole.values() if billed.get(w.id) != w.cost_nano}
    assert not otherwise, f"shown and billed: {otherwise}"
    sessions = collections.Counter(detail.get("session_id") for _, _, detail in rows)
    assert [session for session, count in sessions.items() if session and count > 1] == []
    assert summed == (sum(billed.values()), len(rows))
    assert wrong == [] and not (ended and (left or holders))
    unseen = [cost for _, cost, detail in rows if detail.get("session_id") in book.unseen]
    return Tally(len(book.whole), len(unseen), sum(unseen), len(book.unseen - sessions.keys()), max(billed.values(), default=0))
