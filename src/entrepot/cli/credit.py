"""`entrepot credit`: what workspaces may spend, straight on the store, also while the server runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.api.http import dollars
from entrepot.cli.common import Json, Place, out, print_json, print_table, store
from entrepot.identity.store import DEFAULT_WORKSPACE, ensure_workspace
from entrepot.ledger import funding
from entrepot.ledger.audit import Act
from entrepot.ledger.books import by_kind
from entrepot.ledger.funding import Order, amount_of
from entrepot.ledger.purses import Span
from entrepot.ledger.terms import bounds_of, set_budget, set_prepaid
from entrepot.storage.database import Database
from entrepot.values.clock import Clock
from entrepot.values.ids import ulid
from entrepot.values.money import usd

app = App(name=("credit", "credits"), help="Give, correct and show credit; set what bounds a workspace.")
Workspace = Annotated[str, Parameter(help="Its id.")]
Amount = Annotated[str, Parameter(help="US dollars.")]
Reason = Annotated[str, Parameter(help="Why, for the audit log and the statement.")]
Once = Annotated[str | None, Parameter(help="Names this order: what comes again under one name is done once [a new one].")]


@app.command
def grant(workspace: Workspace, amount: Amount, *, reason: Reason, key: Once = None, place: Place = Place()) -> None:
    """Give credit to a workspace."""
    _fund(funding.grant, workspace, amount_of(amount), reason, key, place)


@app.command
def correct(workspace: Workspace, amount: Amount, *, reason: Reason, key: Once = None, place: Place = Place()) -> None:
    """Add to a workspace's credit, or with an amount below zero take away."""
    _fund(funding.correct, workspace, amount_of(amount, negative=True), reason, key, place)


@app.command
def refund(workspace: Workspace, amount: Amount, *, reason: Reason, key: Once = None, place: Place = Place()) -> None:
    """Pay back credit that is neither spent nor held."""
    _fund(funding.refund, workspace, amount_of(amount), reason, key, place)


@app.command
def show(workspace: Workspace = DEFAULT_WORKSPACE, *, json: Json = False, place: Place = Place()) -> None:
    """Show a workspace's credit, what it used, and what bounds it."""
    with store(place.settings()) as db:
        ensure_workspace(db, Clock().now_ms())
        bounds = bounds_of(db, workspace)
        sums = dict(by_kind(db, "credit", workspace))
    used = -sums.pop("usage", 0)
    given = sum(sums.values())
    if json:
        print_json(
            {
                "workspace_id": workspace,
                "prepaid": bounds.prepaid,
                "total_credits": dollars(given),
                "total_usage": dollars(used),
                "balance": dollars(given - used),
                "budgets": {span: dollars(limit) for span, limit in bounds.budgets.items()},
            }
        )
        return
    rows = [("credit given", f"${usd(given)}"), ("used", f"${usd(used)}"), ("balance", f"${usd(given - used)}")]
    rows += [(f"{span} budget", f"${usd(limit)}") for span, limit in bounds.budgets.items()]
    rows += [("terms", "prepaid: it spends its credit and no more" if bounds.prepaid else "postpaid: credit does not bound it")]
    print_table((escape(workspace), ""), rows, empty="")


@app.command
def terms(
    workspace: Workspace,
    kind: Annotated[Literal["prepaid", "postpaid"], Parameter(help="Whether it may spend its credit and no more.")],
    *,
    place: Place = Place(),
) -> None:
    """Make a workspace prepaid or postpaid."""
    with store(place.settings()) as db:
        ensure_workspace(db, Clock().now_ms())
        set_prepaid(db, workspace, kind == "prepaid", Act(actor="cli", at_ms=Clock().now_ms()))
    out.print(f"{escape(workspace)} is {kind}.")


@app.command
def budget(
    workspace: Workspace,
    span: Annotated[Span, Parameter(help="The window it is for, in UTC.")],
    amount: Annotated[str, Parameter(help="US dollars, or none.")],
    *,
    place: Place = Place(),
) -> None:
    """Cap what a workspace's keys spend together, or take the cap away."""
    limit = None if amount == "none" else amount_of(amount)
    with store(place.settings()) as db:
        ensure_workspace(db, Clock().now_ms())
        set_budget(db, workspace, span, limit, Act(actor="cli", at_ms=Clock().now_ms()))
    out.print(f"{escape(workspace)} has {'no' if limit is None else f'a ${usd(limit)}'} {span} budget.")


def _fund(fund: Callable[[Database, Order], bool], workspace: str, nano: int, reason: str, key: str | None, place: Place) -> None:
    now_ms = Clock().now_ms()
    order = Order(actor="cli", at_ms=now_ms, key=key or ulid(now_ms), workspace=workspace, amount_nano=nano, reason=reason)
    with store(place.settings()) as db:
        ensure_workspace(db, now_ms)
        done = fund(db, order)
        balance = sum(amount for _, amount in by_kind(db, "credit", workspace))
        prepaid = bounds_of(db, workspace).prepaid
    out.print(f"{'Done' if done else 'Done before, nothing changed'}: the balance of {escape(workspace)} is ${usd(balance)}.")
    if not prepaid:
        out.print("[dim]It is postpaid, so that credit does not bound it; `entrepot credit terms` makes it prepaid.[/]")
