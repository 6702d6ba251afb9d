"""What a workspace wished of automatic top-up, as rows. All but the finding functions run within the caller's transaction."""

from __future__ import annotations

from typing import Literal

import msgspec

from entrepot.ledger import audit
from entrepot.ledger.audit import Act
from entrepot.ledger.available import available_of
from entrepot.storage.database import Database
from entrepot.values.money import usd

_COLUMNS = "workspace, threshold_nano, currency, amount_minor, ceiling_nano, state, why, changed_ms"


class Rule(msgspec.Struct, frozen=True):
    """Below the threshold, so much is bought with the kept card, as long as a UTC month's sum with fees is within the ceiling.

    state  stopped: a charge failed, and nothing is charged until somebody turns it on again
    why    what stopped it, or what it waits for; "" when all is well
    """

    workspace: str
    threshold_nano: int
    currency: str
    amount_minor: int
    ceiling_nano: int
    state: Literal["on", "stopped"] = "on"
    why: str = ""
    changed_ms: int = 0


def find(db: Database, workspace: str) -> Rule | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM top_ups WHERE workspace = ?", (workspace,)).fetchone()  # noqa: S608 # words of ours
    return None if row is None else Rule(*row)


def low(db: Database, workspace: str = "") -> list[str]:
    """Workspaces whose rule is on, that have less than its threshold and are not being topped up; all, or only the one.

    None that was deleted: it has nothing, and would be topped up for ever.
    """
    thresholds: dict[str, int] = dict(
        db.execute(
            "SELECT t.workspace, t.threshold_nano FROM top_ups t WHERE t.state = 'on' "
            "AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = t.workspace AND w.deleted_ms IS NOT NULL) AND NOT EXISTS "
            "(SELECT 1 FROM payments p WHERE p.workspace = t.workspace AND p.origin = 'top_up' AND p.state = 'open') "
            "AND (? = '' OR t.workspace = ?)",
            (workspace, workspace),
        ).fetchall()
    )
    available = available_of(db, list(thresholds))
    return [name for name, threshold in thresholds.items() if available[name] < threshold]


def stopped(db: Database) -> list[Rule]:
    """Those in which nothing is charged until somebody turns them on again, the last one first."""
    sql = f"SELECT {_COLUMNS} FROM top_ups WHERE state = 'stopped' ORDER BY changed_ms DESC, workspace"  # noqa: S608 # words of ours
    return [Rule(*row) for row in db.execute(sql).fetchall()]


def put(db: Database, rule: Rule, act: Act) -> None:
    """A new one, or another in its place, and on."""
    before = find(db, rule.workspace)
    db.execute("DELETE FROM top_ups WHERE workspace = ?", (rule.workspace,))
    db.execute(f"INSERT INTO top_ups ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(rule))  # noqa: S608 # ours
    audit.write(db, act, "top_up.set", f"workspace/{rule.workspace}", _told(before), _told(rule))


def stop(db: Database, workspace: str, why: str, act: Act) -> None:
    """Nothing is charged until somebody turns it on again."""
    rule = find(db, workspace)
    if rule is not None and rule.state == "on":
        db.execute(
            "UPDATE top_ups SET state = 'stopped', why = ?, changed_ms = ? WHERE workspace = ?", (why, act.at_ms, workspace)
        )
        audit.write(db, act, "top_up.stopped", f"workspace/{workspace}", {"state": "on"}, {"state": "stopped", "why": why})


def note(db: Database, rule: Rule, why: str) -> None:
    """What it waits for."""
    if rule.why != why:
        db.execute("UPDATE top_ups SET why = ? WHERE workspace = ?", (why, rule.workspace))


def remove(db: Database, workspace: str, act: Act) -> bool:
    before = find(db, workspace)
    if before is None:
        return False
    db.execute("DELETE FROM top_ups WHERE workspace = ?", (workspace,))
    audit.write(db, act, "top_up.removed", f"workspace/{workspace}", _told(before), {})
    return True


def _told(rule: Rule | None) -> dict[str, str]:
    if rule is None:
        return {}
    return {
        "threshold": usd(rule.threshold_nano),
        "amount_minor": f"{rule.amount_minor} {rule.currency}",
        "monthly_ceiling": usd(rule.ceiling_nano),
        "state": rule.state,
    }
