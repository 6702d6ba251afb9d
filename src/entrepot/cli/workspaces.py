"""`entrepot workspaces`: who buys here, each with keys, credit and prices of its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter
from msgspec import UNSET
from rich.markup import escape

from entrepot.cli.changing import changing
from entrepot.cli.common import Json, Place, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.cli.typed import as_typed_here
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import workspaces
from entrepot.ledger.books import balance
from entrepot.ledger.terms import bounds_of
from entrepot.ledger.workspaces import Change, Order, Workspace
from entrepot.storage.database import Database
from entrepot.values.clock import Clock
from entrepot.values.money import dollars, usd
from entrepot.values.times import iso, iso_or_none

app = App(name="workspaces", help="Make, list, change and delete workspaces, also while the server runs.")
Wanted = Annotated[str, Parameter(help="Its id or slug.")]
Slug = Annotated[str | None, Parameter(help="Its name in addresses: small letters, digits, hyphens.")]
Description = Annotated[str | None, Parameter(help="What or whom it is for.")]
Billing = Annotated[
    Literal["prepaid", "postpaid"] | None, Parameter(help="prepaid: it spends its credit and no more [ledger.new_workspaces].")
]
_MOST = 10_000


@app.command
def create(
    name: Annotated[str, Parameter(help="What it is called.")],
    *,
    slug: Slug = None,
    description: Description = None,
    billing: Billing = None,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Make a workspace."""
    kind = billing or place.settings().ledger.new_workspaces
    order = Order(name=name, slug=slug or "", description=description or "", prepaid=kind == "prepaid")
    with changing(place, "workspace.create", "workspace/", name=name, slug=slug, billing=billing) as (db, act):
        made = workspaces.make(db, order, act)
    if json:
        print_json(_told(made))
        return
    out.print(f"{escape(made.name)} is made: {made.slug}, {kind}.")
    hint = as_typed_here(f"`entrepot keys create --name NAME --workspace {made.slug}` makes a key for it.")
    out.print(f"[dim]{escape(hint)}[/]")


@app.command(name="list")
def list_(*, json: Json = False, place: Place = Place()) -> None:
    """List all workspaces."""
    with reading(place) as db:
        ensure_workspace(db, Clock().now_ms())
        found, _ = workspaces.page(db, offset=0, limit=_MOST)
        rows = [(workspace, balance(db, "credit", workspace.id)) for workspace in found]
    if json:
        print_json([_told(workspace) | {"balance": dollars(nano)} for workspace, nano in rows])
        return
    print_table(
        ("name", "slug", "billing", "balance", "id"),
        [(escape(one.name), one.slug, _billing(one), f"${usd(nano)}", f"[dim]{one.id}[/]") for one, nano in rows],
        empty="There are no workspaces.",
        right=("balance",),
    )


@app.command
def show(workspace: Wanted, *, json: Json = False, place: Place = Place()) -> None:
    """Show a workspace."""
    with reading(place) as db:
        ensure_workspace(db, Clock().now_ms())
        found = workspaces.find(db, workspace)
        told = _told(found) | _money(db, found)
    if json:
        print_json(told)
        return
    rows = [(name.replace("_", " "), escape(_word(value))) for name, value in told.items() if value not in (None, "", {})]
    print_table((escape(found.name), ""), rows, empty="")


@app.command(name="set")
def set_(
    workspace: Wanted,
    *,
    name: Annotated[str | None, Parameter(help="What it is called.")] = None,
    slug: Slug = None,
    description: Description = None,
    billing: Annotated[
        Literal["prepaid", "postpaid"] | None, Parameter(help="prepaid: it spends its credit and no more.")
    ] = None,
    sort: Annotated[
        Literal["price", "throughput", "latency", "exacto", "usual"] | None,
        Parameter(help="By what endpoints are sorted for it, where a request does not say; usual: as [routing.sort] says."),
    ] = None,
    place: Place = Place(),
) -> None:
    """Change what is given; the rest stays."""
    wished = Change(
        name=UNSET if name is None else name,
        slug=UNSET if slug is None else slug,
        description=UNSET if description is None else description,
        settings={} if sort is None else {"default_provider_sort": None if sort == "usual" else sort},
        prepaid=UNSET if billing is None else billing == "prepaid",
    )
    told = {"name": name, "slug": slug, "description": description, "billing": billing, "sort": sort}
    with changing(place, "workspace.change", f"workspace/{workspace}", **told) as (db, act):
        changed = workspaces.change(db, workspaces.find(db, workspace), wished, act)
    out.print(f"{escape(changed.name)} is changed: {changed.slug}, {_billing(changed)}.")


@app.command
def delete(workspace: Wanted, *, place: Place = Place()) -> None:
    """Delete a workspace that has neither keys nor credit. What it used stays in the records."""
    with changing(place, "workspace.delete", f"workspace/{workspace}") as (db, act):
        found = workspaces.find(db, workspace)
        workspaces.delete(db, found, act)
    out.print(f"{escape(found.name)} ({found.slug}) is deleted.")


def _told(workspace: Workspace) -> dict[str, Any]:
    return {
        "id": workspace.id,
        "name": workspace.name,
        "slug": workspace.slug,
        "description": workspace.description,
        "billing": _billing(workspace),
        "created_at": iso(workspace.created_ms),
        "updated_at": iso_or_none(workspace.updated_ms),
        **workspace.settings,
    }


def _money(db: Database, workspace: Workspace) -> dict[str, Any]:
    budgets = {span: dollars(limit) for span, limit in bounds_of(db, workspace.id).budgets.items()}
    return {"balance": dollars(balance(db, "credit", workspace.id)), "budgets": budgets}


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} ${_word(one)}" for name, one in value.items())
    return bytes(value).decode() if not isinstance(value, str | int | float | list) else str(value)


def _billing(workspace: Workspace) -> str:
    return "prepaid" if workspace.prepaid else "postpaid"
