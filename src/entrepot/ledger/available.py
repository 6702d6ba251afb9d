"""What workspaces have left to spend: their balance less what is leased to calls under way."""

from __future__ import annotations

from collections.abc import Sequence

from entrepot.ledger.purses import credit_purse
from entrepot.storage.database import Database

_AT_ONCE = 500


def available_of(db: Database, workspaces: Sequence[str]) -> dict[str, int]:
    """Nano-dollars of each, below zero for one that owes."""
    found: dict[str, int] = {}
    for at in range(0, len(workspaces), _AT_ONCE):
        some = workspaces[at : at + _AT_ONCE]
        balances = _sums(
            db,
            "SELECT owner, sum(amount_nano) FROM ledger_balances WHERE book = 'live' AND account = 'credit' AND owner IN ({}) "
            "GROUP BY owner",
            some,
        )
        leased = _sums(
            db,
            "SELECT purse, sum(granted_nano) FROM leases WHERE purse IN ({}) GROUP BY purse",
            [credit_purse(workspace) for workspace in some],
        )
        found |= {workspace: balances.get(workspace, 0) - leased.get(credit_purse(workspace), 0) for workspace in some}
    return found


def _sums(db: Database, sql: str, names: Sequence[str]) -> dict[str, int]:
    rows = db.execute(sql.format(", ".join("?" * len(names))), names).fetchall()
    return {name: int(amount) for name, amount in rows}
