"""A statement or a receipt as paper: what is written where, in words, without a look of its own.

All amounts of a paper are shown with the same number of decimals, as many as the finest of them needs, so that they stand below
each other and add up as they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from entrepot.ledger.statement import Statement, Used
from entrepot.values.money import NANO, usd
from entrepot.values.times import date_at

_WORDS = {
    "payment": "Payment",
    "grant": "Credit given",
    "code": "Code redeemed",
    "refund": "Refund",
    "dispute": "Dispute",
    "correction": "Correction",
}
_LEAST_DECIMALS = 2


class Letterhead(msgspec.Struct, frozen=True):
    """How papers are made out. seller  lines, the name first;  pdf_font  a font file for letters beyond those of `paper_fonts`"""

    seller: tuple[str, ...] = ()
    pdf_font: str = ""


class Column(msgspec.Struct, frozen=True):
    """width  a share of the page;  whole  its cells are not broken"""

    name: str
    width: int
    right: bool = False
    whole: bool = False


class Table(msgspec.Struct, frozen=True):
    """last  rows at the end that sum up; `empty` is said when there are no rows"""

    heading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    last: tuple[tuple[str, ...], ...] = ()
    empty: str = ""


class Paper(msgspec.Struct, frozen=True):
    """number   the receipt's, or of which month a statement is
    seller     lines, the name first; `buyer` likewise
    facts      what is said at the top, as label and value
    at_ms      when it was made out, which does not change with when it is looked at
    """

    title: str
    number: str
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    at_ms: int


def paper_of(stated: Statement, seller: Sequence[str]) -> Paper:
    """A monthly statement."""
    sums = [(_word(kind), amount) for kind, amount in stated.sums.items()]
    amounts = [stated.opening_nano, *(amount for _, amount in sums), stated.used_nano, stated.closing_nano]
    amounts += [line.amount_nano for line in stated.lines] + [used.cost_nano for used in (*stated.days, *stated.models)]
    decimals = decimals_of(amounts)

    def money(nano: int) -> str:
        return figure(nano, decimals)

    rows = [("Opening balance", money(stated.opening_nano)), *((word, money(amount)) for word, amount in sums)]
    rows.append(("Usage", money(-stated.used_nano)))
    return Paper(
        title="Statement",
        number=stated.month.name,
        seller=tuple(seller),
        buyer=(stated.name, f"Workspace {stated.workspace}"),
        facts=(
            ("Period", f"{date_at(stated.month.from_ms)} to {date_at(stated.month.before_ms - 1)} (UTC)"),
            ("Terms", "prepaid" if stated.prepaid else "postpaid"),
            ("Amounts", "US dollars"),
        ),
        tables=(
            Table(
                "Summary",
                (Column("", 3), Column("Amount", 1, True)),
                tuple(rows),
                (("Closing balance", money(stated.closing_nano)),),
            ),
            _entries(stated, decimals),
            _usage(stated, decimals),
        ),
        notes=() if stated.prepaid else ("A balance below zero is what is owed.",),
        at_ms=stated.month.before_ms,
    )


def decimals_of(amounts: Iterable[int], scale: int = NANO) -> int:
    """As many as the finest amount needs, and two at least where the currency has cents."""
    most = len(str(scale)) - 1
    needed = max((len(usd(amount, scale=scale).partition(".")[2]) for amount in amounts), default=0)
    return max(needed, min(_LEAST_DECIMALS, most))


def figure(amount: int, decimals: int, scale: int = NANO) -> str:
    """With commas between thousands and a true minus."""
    whole, _, rest = usd(abs(amount), scale=scale).partition(".")
    sign = "−" if amount < 0 else ""
    return f"{sign}{int(whole):,}" + (f".{rest:0<{decimals}}" if decimals else "")


def _entries(stated: Statement, decimals: int) -> Table:
    rows = [(date_at(line.at_ms), _word(line.kind), line.memo, figure(line.amount_nano, decimals)) for line in stated.lines]
    more = (("", f"and {stated.more:,} more, which are in the summary", "", ""),) if stated.more else ()
    columns = (Column("Date", 2, whole=True), Column("What", 2, whole=True), Column("Reference", 5), Column("Amount", 3, True))
    return Table("Payments and corrections", columns, (*rows, *more), empty="Nothing was paid, given or corrected.")


def _usage(stated: Statement, decimals: int) -> Table:
    total = ("Total", f"{stated.requests:,}", "", "", figure(stated.used_nano, decimals))
    if stated.models:
        models = (
            Column("Model", 8),
            Column("Requests", 2, True),
            Column("Prompt tokens", 3, True),
            Column("Completion tokens", 3, True),
            Column("Amount", 3, True),
        )
        rows = tuple(_row(used, decimals) for used in stated.models)
        return Table("Usage by model", models, rows, (total,))
    columns = (Column("Day", 3), Column("Requests", 2, True), Column("Amount", 3, True))
    rows = tuple((used.name, f"{used.requests:,}", figure(used.cost_nano, decimals)) for used in stated.days)
    last = (("Total", total[1], total[4]),) if rows else ()
    return Table("Usage by day", columns, rows, last, empty="Nothing was used.")


def _row(used: Used, decimals: int) -> tuple[str, ...]:
    return (
        used.name,
        f"{used.requests:,}",
        f"{used.prompt_tokens:,}",
        f"{used.completion_tokens:,}",
        figure(used.cost_nano, decimals),
    )


def _word(kind: str) -> str:
    return _WORDS.get(kind, kind.capitalize())
