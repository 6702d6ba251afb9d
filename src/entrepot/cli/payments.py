"""`entrepot payments`: what customers paid, from the store; also when payments are off."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.api.payments import shown
from entrepot.cli.common import Failure, Json, Limit, Offset, Place, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.ledger import workspaces
from entrepot.payments import store as rows
from entrepot.payments.terms import amount_text
from entrepot.values.times import to_the_minute

app = App(name="payments", help="List and show payments.")


@app.command(name="list")
def list_(
    *,
    workspace: Annotated[str | None, Parameter(help="Only those of this one: id or slug [all].")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """List payments, the newest first."""
    with reading(place) as db:
        found, total = rows.page(db, workspace and workspaces.id_of(db, workspace), offset=offset, limit=limit)
        if json:
            print_json({"payments": [shown(db, payment) for payment in found], "total": total})
            return
    print_table(
        ("when", "payment", "workspace", "state", "by", "total"),
        [
            (
                to_the_minute(p.created_ms),
                p.id,
                escape(p.workspace),
                p.standing,
                p.method + (" (top-up)" if p.origin == "top_up" else ""),
                f"{amount_text(p.quote.total_minor, p.currency)} {p.currency.upper()}",
            )
            for p in found
        ],
        empty="Nobody has paid yet. The page on payments says how to sell credit.",
        right=("total",),
    )
    if total > offset + len(found):
        out.print(f"[dim]{total - offset - len(found):,} more: --offset {offset + len(found)}[/]")


@app.command
def show(payment: Annotated[str, Parameter(help="Its id.")], *, json: Json = False, place: Place = Place()) -> None:
    """Show a payment, and what of it went back."""
    with reading(place) as db:
        found = rows.find(db, payment)
        if found is None:
            raise Failure(f"There is no payment {payment}. `entrepot payments list` shows them.")
        told = shown(db, found)
    if json:
        print_json(told)
        return
    currency = found.currency.upper()
    facts = [
        ("workspace", found.workspace),
        ("state", found.standing + (f": {found.failure}" if found.failure else "")),
        ("total", f"{amount_text(found.quote.total_minor, found.currency)} {currency}"),
        ("of it the fee", f"{amount_text(found.fee_minor, found.currency)} {currency}"),
        ("receipt", told.receipt or ""),
        ("opened", told.created_at),
        ("paid", told.paid_at or ""),
    ]
    facts += [(back.kind, f"{bytes(back.amount).decode()} {currency}, {back.state}") for back in told.returns]
    print_table((found.id, ""), [(name, escape(value)) for name, value in facts], empty="")
