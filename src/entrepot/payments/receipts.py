"""Numbers of receipts: one for each payment that was paid, in the order in which they were, without a gap."""

from __future__ import annotations

import msgspec

from entrepot.ledger.audit import Act
from entrepot.storage.database import Database

_LOCK = "receipts"


class Seller(msgspec.Struct, frozen=True):
    """Who sells. prefix  begins the numbers; each prefix has its own count"""

    name: str = ""
    address: str = ""
    prefix: str = "R-"

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for part in (self.name, self.address) for line in part.splitlines() if line.strip())


class Receipt(msgspec.Struct, frozen=True):
    """seller  name and address as they were then, one a line"""

    number: str
    seller: str
    at_ms: int


def number(db: Database, payment: str, seller: Seller, act: Act) -> None:
    """Within the transaction that posts the payment, so that no number is used up by what does not happen."""
    with db.transaction(alone=_LOCK):
        row = db.execute("SELECT coalesce(max(number), 0) + 1 FROM receipts WHERE prefix = ?", (seller.prefix,)).fetchone()
        assert row is not None
        told = (seller.prefix, row[0], payment, "\n".join(seller.lines), act.at_ms)
        db.execute("INSERT INTO receipts VALUES (?, ?, ?, ?, ?)", told)


def find(db: Database, payment: str) -> Receipt | None:
    row = db.execute("SELECT prefix, number, seller, at_ms FROM receipts WHERE payment = ?", (payment,)).fetchone()
    return None if row is None else Receipt(f"{row[0]}{row[1]:06d}", row[2], row[3])
