"""The receipt of a payment, as paper."""

from __future__ import annotations

from collections.abc import Sequence

from entrepot.ledger.statement_paper import Column, Paper, Table, decimals_of, figure
from entrepot.payments.receipts import Receipt
from entrepot.payments.store import Payment, Return
from entrepot.payments.terms import amount_text, units
from entrepot.values.money import usd
from entrepot.values.times import date_at

_METHODS = {"card": "card", "alipay": "Alipay"}
_STATES = {"asked": "asked for", "done": "paid back", "undone": "came to nothing"}


def receipt_paper(payment: Payment, receipt: Receipt, returns: Sequence[Return], workspace: str) -> Paper:
    """workspace  its name"""
    quote, scale = payment.quote, units(payment.currency)
    decimals = decimals_of([], scale)
    code = payment.currency.upper()

    def money(minor: int) -> str:
        return figure(minor, decimals, scale)

    columns = (Column("", 3), Column(f"Amount, {code}", 1, True))
    rows = [(f"Credit of ${figure(quote.credit_nano, decimals_of([quote.credit_nano]))}", money(payment.amount_minor))]
    if payment.fee_minor:
        rows.append(("Fee", money(payment.fee_minor)))
    tables = [Table("Paid", columns, tuple(rows), (("Total", money(quote.total_minor)),))]
    if returns:
        tables.append(_paid_back(payment, returns, decimals))
    return Paper(
        title="Receipt",
        number=receipt.number,
        seller=tuple(receipt.seller.splitlines()),
        buyer=(workspace, f"Workspace {payment.workspace}"),
        facts=(
            ("Date", date_at(receipt.at_ms)),
            ("Paid by", _METHODS.get(payment.method, payment.method or "Stripe")),
            ("Payment", payment.id),
        ),
        tables=tuple(tables),
        notes=_rate_told(payment),
        at_ms=receipt.at_ms,
    )


def _paid_back(payment: Payment, returns: Sequence[Return], decimals: int) -> Table:
    scale = units(payment.currency)
    columns = (
        Column("Date", 2, whole=True),
        Column("What", 2),
        Column("State", 3),
        Column(f"Amount, {payment.currency.upper()}", 2, True),
    )

    def row(back: Return) -> tuple[str, ...]:
        amount = figure(-back.credit_minor - back.fee_minor, decimals, scale)
        return date_at(back.at_ms), back.kind.capitalize(), _STATES[back.state], amount

    rows = tuple(row(back) for back in returns)
    gone = sum(back.credit_minor + back.fee_minor for back in returns if back.state != "undone")
    left = figure(payment.quote.total_minor - gone, decimals, scale)
    return Table("Paid back", columns, rows, (("", "", "Remains paid", left),))


def _rate_told(payment: Payment) -> tuple[str, ...]:
    if payment.currency == "usd":
        return ()
    one = f"{amount_text(units(payment.currency), payment.currency)} {payment.currency.upper()}"
    of_day = f", the seller's rate of {payment.rate_day}" if payment.rate_day else ""
    return (f"{one} buys ${usd(payment.rate_nano * units(payment.currency))} of credit{of_day}.",)
