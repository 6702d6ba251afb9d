"""`entrepot credit`: what workspaces may spend, straight on the store, also while the server runs."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.cli.changing import changing
from entrepot.cli.common import Json, Place, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.cli.typed import as_typed_here
from entrepot.identity.store import DEFAULT_WORKSPACE, ensure_workspace
from entrepot.ledger import funding
from entrepot.ledger.books import by_kind
from entrepot.ledger.calling_in import called_in
from entrepot.ledger.funding import Order, amount_of
from entrepot.ledger.purses import Span
from entrepot.ledger.terms import bounds_of, set_budget, set_prepaid
from entrepot.ledger.workspaces import find
from entrepot.payments import rules
from entrepot.payments.rules import Rule
from entrepot.payments.terms import amount_text
from entrepot.values.clock import Clock
from entrepot.values.ids import ulid
from entrepot.values.money import dollars, usd

app = App(name=("credit", "credits"), help="Give, correct and show credit; set what bounds a workspace.")
Workspace = Annotated[str, Parameter(help="Its id or slug.")]
Amount = Annotated[str, Parameter(help="US dollars, as 25 or 25.50.", allow_leading_hyphen=True)]
Reason = Annotated[str, Parameter(help="Why, for the audit log and the statement.")]
Once = Annotated[str | None, Parameter(help="Names this order: what comes again under one name is done once [a new one].")]


@app.command
def grant(workspace: Workspace, amount: Amount, *, reason: Reason, key: Once = None, place: Place = Place()) -> None:
    """Give credit to a workspace."""
    _fund("grant", workspace, amount, reason, key, place)


@app.command
def correct(workspace: Workspace, amount: Amount, *, reason: Reason, key: Once = None, place: Place = Place()) -> None:
    """Add to a workspace's credit, or with an amount below zero take away what is neither spent nor in use."""
    _fund("correction", workspace, amount, reason, key, place)


@app.command
def refund(workspace: Workspace, amount: Amount, *, reason: Reason, key: Once = None, place: Place = Place()) -> None:
    """Pay back credit that is neither spent nor in use."""
    _fund("refund", workspace, amount, reason, key, place)


@app.command
def show(workspace: Workspace = DEFAULT_WORKSPACE, *, json: Json = False, place: Place = Place()) -> None:
    """Show a workspace's credit, what it used, and what bounds it."""
    with reading(place) as db:
        ensure_workspace(db, Clock().now_ms())
        found = find(db, workspace)
        bounds = bounds_of(db, found.id)
        sums = dict(by_kind(db, "credit", found.id))
        top_up = rules.find(db, found.id)
    used = -sums.pop("usage", 0)
    given = sum(sums.values())
    if json:
        print_json(
            {
                "workspace_id": found.id,
                "prepaid": bounds.prepaid,
                "total_credits": dollars(given),
                "total_usage": dollars(used),
                "balance": dollars(given - used),
                "top_up": None if top_up is None else {"state": top_up.state, "why": top_up.why or None},
                "budgets": {span: dollars(limit) for span, limit in bounds.budgets.items()},
            }
        )
        return
    rows = [("credit given", f"${usd(given)}"), ("used", f"${usd(used)}"), ("balance", f"${usd(given - used)}")]
    rows += [(f"{span} budget", f"${usd(limit)}") for span, limit in bounds.budgets.items()]
    rows += [("terms", "prepaid: it spends its credit and no more" if bounds.prepaid else "postpaid: credit does not bound it")]
    if top_up is not None:
        rows.append(("automatic top-up", _topped_up(top_up)))
    print_table((escape(workspace), ""), rows, empty="")


@app.command
def terms(
    workspace: Workspace,
    kind: Annotated[Literal["prepaid", "postpaid"], Parameter(help="Whether it may spend its credit and no more.")],
    *,
    place: Place = Place(),
) -> None:
    """Make a workspace prepaid or postpaid."""
    with changing(place, "workspace.terms", f"workspace/{workspace}", terms=kind) as (db, act):
        set_prepaid(db, find(db, workspace).id, kind == "prepaid", act)
    out.print(f"{escape(workspace)} is {kind}.")


@app.command
def budget(
    workspace: Workspace,
    span: Annotated[Span, Parameter(help="The window it is for, in UTC.")],
    amount: Annotated[str, Parameter(help="US dollars, or none.", allow_leading_hyphen=True)],
    *,
    place: Place = Place(),
) -> None:
    """Cap what a workspace's keys spend together, or take the cap away."""
    with changing(place, "workspace.budget", f"workspace/{workspace}", span=span, limit=amount) as (db, act):
        limit = None if amount == "none" else amount_of(amount)
        set_budget(db, find(db, workspace).id, span, limit, act)
    out.print(f"{escape(workspace)} has {'no' if limit is None else f'a ${usd(limit)}'} {span} budget.")


def _topped_up(rule: Rule) -> str:
    amount = f"{amount_text(rule.amount_minor, rule.currency)} {rule.currency}"
    what = f"buys {amount} when less than ${usd(rule.threshold_nano)} is available"
    if rule.state == "stopped":
        return f"[red]stopped[/]: {escape(rule.why)}; it {what} when it is set again"
    return what + (f"; it waits: {escape(rule.why)}" if rule.why else "")


_FUND = {"grant": funding.grant, "correction": funding.correct, "refund": funding.refund}


def _fund(kind: str, workspace: str, amount: str, reason: str, key: str | None, place: Place) -> None:
    asked = {"amount": amount, "reason": reason, "key": key}
    with changing(place, f"credit.{kind}", f"workspace/{workspace}", **asked) as (db, act):
        whose = find(db, workspace).id
        nano = amount_of(amount, negative=kind == "correction")
        order = Order(
            actor=act.actor, at_ms=act.at_ms, key=key or ulid(act.at_ms), workspace=whose, amount_nano=nano, reason=reason
        )
        done = called_in(db, whose, act.at_ms, lambda: _FUND[kind](db, order))
        balance = sum(amount for _, amount in by_kind(db, "credit", whose))
        prepaid = bounds_of(db, whose).prepaid
    out.print(f"{'Done' if done else 'Done before, nothing changed'}: the balance of {escape(workspace)} is ${usd(balance)}.")
    if not prepaid:
        remedy = as_typed_here("`entrepot credit terms` makes it prepaid.")
        out.print(f"[dim]It is postpaid, so that credit does not bind it; {escape(remedy)}[/]")
