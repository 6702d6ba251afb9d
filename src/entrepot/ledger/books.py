"""The books: double entry, append-only, whole nano-dollars.

A transaction is a list of moves, each of which takes an amount from one account and gives it to another, so that every
transaction sums to zero. Its key names what happened (`usage:gen-...`, `grant:...`): whatever is posted twice under one key is
posted once. The database itself refuses to change or delete what was posted. Test keys have a book of their own.

    credit         what a workspace may spend; below zero it is what it owes
    revenue        what generations were charged
    provider_cost  what providers charge us, and `provider_due` what we owe them for it
    clearing       payments on their way
    promotion      credit that was given away
    adjustment     corrections

All functions run within a transaction of the database that the caller opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from entrepot.storage.database import Database, Row, Table

Book = Literal["live", "test"]
Account = Literal["credit", "revenue", "provider_cost", "provider_due", "clearing", "promotion", "adjustment"]
LARGEST = 2**62
"""No balance passes it, so that no sum of two of them leaves 64 bit."""
_MOVES = Table(
    "ledger_moves",
    (
        ("key", "text"),
        ("line", "integer"),
        ("giver", "text"),
        ("giver_of", "text"),
        ("taker", "text"),
        ("taker_of", "text"),
        ("amount_nano", "bigint"),
    ),
)
_BALANCES = Table(
    "ledger_balances", (("book", "text"), ("account", "text"), ("owner", "text"), ("kind", "text"), ("amount_nano", "bigint"))
)
_ADD = "ON CONFLICT (book, account, owner, kind) DO UPDATE SET amount_nano = ledger_balances.amount_nano + excluded.amount_nano"


class Move(msgspec.Struct, frozen=True):
    """`owner` of an account is a workspace, or a provider for the two accounts of providers. The amount is above zero."""

    giver: Account
    giver_of: str
    taker: Account
    taker_of: str
    amount_nano: int


class Transaction(msgspec.Struct, frozen=True):
    """key    names what happened, once and for ever
    kind   usage, grant, correction, refund
    actor  who did it: a key's label, "cli", "gateway"
    """

    key: str
    book: Book
    kind: str
    at_ms: int
    moves: tuple[Move, ...]
    actor: str = "gateway"
    memo: str = ""


def post(db: Database, transaction: Transaction) -> bool:
    """Writes it down; false when its key is in the books already, and then nothing is done. raises ValueError, Violation"""
    if not transaction.moves or any(not 0 < move.amount_nano <= LARGEST for move in transaction.moves):
        raise ValueError(f"{transaction.key}: a transaction has moves, and each an amount above zero")
    if is_posted(db, transaction.key):
        return False
    t = transaction
    db.execute(
        "INSERT INTO ledger_transactions VALUES (?, ?, ?, ?, ?, ?, ?)",
        (t.key, t.book, t.kind, t.at_ms, t.actor, t.memo, len(t.moves)),
    )
    rows = [(t.key, line, m.giver, m.giver_of, m.taker, m.taker_of, m.amount_nano) for line, m in enumerate(t.moves)]
    db.insert(_MOVES, rows)
    db.insert(_BALANCES, _sums(t), _ADD)
    return True


def _sums(t: Transaction) -> list[Row]:
    """What the transaction adds to each balance; sorted, so that no two writers wait for each other crosswise."""
    sums: Counter[tuple[str, str]] = Counter()
    for m in t.moves:
        sums[m.taker, m.taker_of] += m.amount_nano
        sums[m.giver, m.giver_of] -= m.amount_nano
    return sorted((t.book, account, owner, t.kind, amount) for (account, owner), amount in sums.items())


def is_posted(db: Database, key: str) -> bool:
    return db.execute("SELECT 1 FROM ledger_transactions WHERE key = ?", (key,)).fetchone() is not None


def credited(db: Database, key: str) -> list[tuple[str, int]]:
    """What a transaction that is in the books gave to workspaces' credit, and took of it below zero."""
    sql = "SELECT owner, amount_nano FROM ledger_entries WHERE key = ? AND account = 'credit' ORDER BY line"
    return [(owner, int(amount)) for owner, amount in db.execute(sql, (key,)).fetchall()]


def balance(db: Database, account: Account, owner: str, book: Book = "live") -> int:
    """The sum of an account's entries."""
    return sum(amount for _, amount in by_kind(db, account, owner, book))


def by_kind(db: Database, account: Account, owner: str, book: Book = "live") -> Sequence[tuple[str, int]]:
    """The sums of an account's entries, one for each kind of transaction."""
    return [
        (kind, int(amount))
        for kind, amount in db.execute(
            "SELECT kind, amount_nano FROM ledger_balances WHERE book = ? AND account = ? AND owner = ? ORDER BY kind",
            (book, account, owner),
        ).fetchall()
    ]
