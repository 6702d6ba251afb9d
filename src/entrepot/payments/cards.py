"""Who pays for a workspace, by the payment company's id, and the card that it keeps for later.

The card's number is never here: what is kept is the payment company's name for it, and what a person knows it by.
"""

from __future__ import annotations

import msgspec

from entrepot.ledger import audit, leases
from entrepot.ledger.audit import Act
from entrepot.payments.till import CardSeen, Till
from entrepot.storage.database import Database
from entrepot.values.ids import ulid

_COLUMNS = "workspace, customer, card, brand, last4, expires, saved_ms"


class Payer(msgspec.Struct, frozen=True):
    """card  the payment company's name for it; "" when none is kept"""

    workspace: str
    customer: str
    card: str = ""
    brand: str = ""
    last4: str = ""
    expires: str = ""
    saved_ms: int = 0


def find(db: Database, workspace: str) -> Payer | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM payers WHERE workspace = ?", (workspace,)).fetchone()  # noqa: S608 # words of ours
    return None if row is None else Payer(*row)


def customer_of(db: Database, till: Till, workspace: str, now_ms: int) -> str:
    """The workspace's customer, made at the first need. raises TillAway, TillRefuses

    Of two that make one at the same time, the one that is written down first is everybody's.
    """
    payer = find(db, workspace)
    if payer is None:
        customer = till.new_customer(workspace, "customer-" + ulid(now_ms))
        row = (workspace, customer, "", "", "", "", 0)
        db.execute("INSERT INTO payers VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
        payer = find(db, workspace)
        assert payer is not None
    return payer.customer


def keep(db: Database, workspace: str, card: CardSeen, act: Act) -> None:
    """Within a transaction: this card from now on, in place of another."""
    before = find(db, workspace)
    if before is None or before.card == card.id:
        return
    db.execute(
        "UPDATE payers SET card = ?, brand = ?, last4 = ?, expires = ?, saved_ms = ? WHERE workspace = ?",
        (card.id, card.brand, card.last4, card.expires, act.at_ms, workspace),
    )
    told = ({"card": before.last4}, {"card": card.last4})
    audit.write(db, act, "card.kept", f"workspace/{workspace}", *told)


def left_behind(db: Database) -> list[str]:
    """Deleted workspaces whose card is kept still."""
    sql = (
        "SELECT p.workspace FROM payers p JOIN workspaces w ON w.id = p.workspace "
        "WHERE p.card <> '' AND w.deleted_ms IS NOT NULL ORDER BY w.deleted_ms, p.workspace LIMIT 100"
    )
    return [workspace for (workspace,) in db.execute(sql).fetchall()]


def remove(db: Database, till: Till, workspace: str, act: Act) -> bool:
    """Forgets the card here and at the payment company; false when there is none. raises TillAway, TillRefuses"""
    payer = find(db, workspace)
    if payer is None or not payer.card:
        return False
    till.forget_card(payer.card)
    with db.transaction(alone=leases.alone(workspace)):
        sql = "UPDATE payers SET card = '', brand = '', last4 = '', expires = '' WHERE workspace = ? AND card = ?"
        if db.execute(sql, (workspace, payer.card)).rowcount:
            audit.write(db, act, "card.removed", f"workspace/{workspace}", {"card": payer.last4}, {"card": ""})
    return True
