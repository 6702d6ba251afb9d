"""The books written out: for beancount, and as CSV. Amounts are exact."""

from __future__ import annotations

import csv as comma
import io
import itertools
import re
from collections.abc import Iterator

from entrepot.storage.database import Database, Row
from entrepot.values.money import usd
from entrepot.values.times import date_at

_ALL = (
    "SELECT t.key, t.book, t.kind, t.at_ms, t.actor, t.memo, m.line, m.giver, m.giver_of, m.taker, m.taker_of, m.amount_nano "
    "FROM ledger_transactions t JOIN ledger_moves m ON m.key = t.key ORDER BY t.at_ms, t.key, m.line"
)
_ROOTS = {
    "credit": "Liabilities:Credit",
    "revenue": "Income:Usage",
    "provider_cost": "Expenses:Providers",
    "provider_due": "Liabilities:Providers",
    "clearing": "Assets:Clearing",
    "promotion": "Expenses:Promotion",
    "adjustment": "Equity:Adjustment",
}
_AS_THERE = ("provider_cost", "provider_due")
"""Accounts whose signs are beancount's already."""
_COLUMNS = ("key", "book", "kind", "at_ms", "actor", "memo", "line", "account", "owner", "amount_nano")


def beancount(db: Database) -> Iterator[str]:
    """Signs are beancount's: what a workspace has to spend is a liability, and so below zero."""
    rows = db.execute(_ALL).fetchall()
    opened = {_account(row[1], *row[at : at + 2]) for row in rows for at in (7, 9)}
    yield 'option "title" "Entrepot"\noption "operating_currency" "USD"\n\n'
    for account in sorted(opened):
        yield f"1970-01-01 open {account} USD\n"
    for _, group in itertools.groupby(rows, key=lambda row: row[0]):
        yield from _transaction(list(group))


def csv(db: Database) -> Iterator[str]:
    """One line for each entry; the entries of a transaction sum to zero."""
    yield _line(_COLUMNS)
    for row in db.execute(_ALL):
        *about, line, giver, giver_of, taker, taker_of, amount = row
        yield _line((*about, line, taker, taker_of, amount))
        yield _line((*about, line, giver, giver_of, -amount))


def _transaction(rows: list[Row]) -> Iterator[str]:
    key, book, kind, at_ms, actor, memo, *_ = rows[0]
    day = date_at(at_ms)
    yield f'\n{day} * "{_quoted(actor)}" "{_quoted(memo)}"\n  key: "{_quoted(key)}"\n  kind: "{kind}"\n'
    for _, _, _, _, _, _, _, giver, giver_of, taker, taker_of, amount in rows:
        shown = -amount if giver in _AS_THERE else amount
        yield f"  {_account(book, giver, giver_of)}  {usd(shown)} USD\n"
        yield f"  {_account(book, taker, taker_of)}  {usd(-shown)} USD\n"


def _account(book: str, account: str, owner: str) -> str:
    name = re.sub(r"[^A-Za-z0-9-]", "-", owner)
    return f"{_ROOTS[account]}:{book.title()}:{name[:1].upper()}{name[1:]}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _line(values: tuple[object, ...]) -> str:
    out = io.StringIO()
    comma.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()
