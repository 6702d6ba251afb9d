"""The proof that the books are right: every sum is made again from what it is a sum of."""

from __future__ import annotations

import msgspec

from entrepot.storage.database import Database


class Finding(msgspec.Struct, frozen=True):
    """One thing that was proved or is wrong. `wrong` names the first few that do not fit; empty when all do."""

    what: str
    looked_at: int
    wrong: tuple[str, ...] = ()


_CHECKS = (
    (
        "every transaction sums to zero",
        "SELECT count(*) FROM ledger_transactions",
        "SELECT key, sum(amount_nano) FROM ledger_entries GROUP BY key HAVING sum(amount_nano) <> 0",
    ),
    (
        "every transaction has all its moves",
        "SELECT count(*) FROM ledger_moves",
        "SELECT t.key, t.moves - count(m.key) FROM ledger_transactions t LEFT JOIN ledger_moves m ON m.key = t.key "
        "GROUP BY t.key, t.moves HAVING t.moves <> count(m.key)",
    ),
    (
        "balances equal the sum of their entries",
        "SELECT count(*) FROM ledger_balances",
        "SELECT book || '/' || account || '/' || owner || '/' || kind, sum(amount) FROM ("
        "SELECT book, account, owner, kind, amount_nano AS amount FROM ledger_balances "
        "UNION ALL SELECT book, account, owner, kind, -amount_nano FROM ledger_entries) AS both_sides "
        "GROUP BY book, account, owner, kind HAVING sum(amount) <> 0",
    ),
    (
        "what workspaces used equals what was posted",
        "SELECT count(*) FROM workspace_usage",
        "SELECT book || '/' || workspace, sum(amount) FROM ("
        "SELECT book, workspace, cost_nano AS amount FROM workspace_usage "
        "UNION ALL SELECT book, owner, -amount_nano FROM ledger_balances WHERE account = 'revenue' AND kind = 'usage'"
        ") AS both_sides GROUP BY book, workspace HAVING sum(amount) <> 0",
    ),
    (
        "what keys used equals what workspaces used",
        "SELECT count(*) FROM key_usage",
        "SELECT 'in all', sum(cost_nano) FROM ("
        "SELECT sum(cost_nano) AS cost_nano, sum(requests) AS requests FROM key_usage "
        "UNION ALL SELECT -sum(cost_nano), -sum(requests) FROM workspace_usage) AS both_sides "
        "HAVING sum(cost_nano) <> 0 OR sum(requests) <> 0",
    ),
    (
        "no lease is below zero, or of nobody",
        "SELECT count(*) FROM leases",
        "SELECT purse || ' ' || process, granted_nano FROM leases "
        "WHERE granted_nano < 0 OR process NOT IN (SELECT process FROM lease_holders)",
    ),
)
_COUNTED = (
    "there are as many records as were posted",
    "SELECT count(*) FROM generations",
    "SELECT 'missing', sum(requests) FROM ("
    "SELECT sum(requests) AS requests FROM workspace_usage UNION ALL SELECT -count(*) FROM generations) AS both_sides "
    "HAVING sum(requests) <> 0",
)
_WHOLE = (
    (
        "what keys used equals what workspaces used, on every day",
        "SELECT count(*) FROM key_usage",
        "SELECT book || '/' || workspace || '/' || day, sum(amount) FROM ("
        "SELECT CASE k.kind WHEN 'test' THEN 'test' ELSE 'live' END AS book, k.workspace AS workspace, u.day AS day, "
        "u.cost_nano AS amount FROM key_usage u JOIN keys k ON k.hash = u.key_hash "
        "UNION ALL SELECT book, workspace, day, -cost_nano FROM workspace_usage) AS both_sides "
        "GROUP BY book, workspace, day HAVING sum(amount) <> 0",
    ),
)
_RECORDS = (
    "every record of a generation is posted once",
    "SELECT count(*) FROM generations",
    "SELECT key_hash || '/' || day, sum(amount) FROM ("
    "SELECT key_hash, created_ms / 86400000 AS day, cost_nano AS amount, 1 AS requests FROM generations "
    "UNION ALL SELECT key_hash, day, -cost_nano, -requests FROM key_usage) AS both_sides "
    "WHERE day > (SELECT coalesce(min(created_ms), 0) / 86400000 FROM generations) "
    "GROUP BY key_hash, day HAVING sum(amount) <> 0 OR sum(requests) <> 0",
)
_RECORDS_OF_ALL_DAYS = (
    _RECORDS[0],
    _RECORDS[1],
    _RECORDS[2].replace("WHERE day > (SELECT coalesce(min(created_ms), 0) / 86400000 FROM generations) ", ""),
)
_AT_MOST = 20


def verify(db: Database, *, records: bool = False, all_days: bool = False) -> list[Finding]:
    """Every check with what it found. Of what there is a row for in each key and day only the sums are compared, and of records
    only how many there are: it takes seconds where there are ten million.

    records   compares also those rows with each other, and with every record, which takes minutes then
    all_days  nothing was deleted because of its age, so that there is a record for everything that was posted
    """
    wished = [*_CHECKS, *([_COUNTED] if all_days else [])]
    if records:
        wished += [*_WHOLE, _RECORDS_OF_ALL_DAYS if all_days else _RECORDS]
    with db.snapshot():
        return [_check(db, *check) for check in wished]


def _check(db: Database, what: str, counting: str, finding: str) -> Finding:
    counted = db.execute(counting).fetchone()
    wrong = db.execute(f"{finding} LIMIT {_AT_MOST}").fetchall()
    return Finding(what, int(counted[0]) if counted else 0, tuple(f"{name}: {value}" for name, value in wrong))
