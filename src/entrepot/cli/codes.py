"""`entrepot codes`: codes that are redeemed for credit, straight on the store, also while the server runs."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.cli.changing import changing, moment
from entrepot.cli.common import Json, Limit, Offset, Place, err, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.identity.installation import installation_secret
from entrepot.ledger import workspaces
from entrepot.ledger.funding import amount_of
from entrepot.payments import codes
from entrepot.payments.codes import Batch
from entrepot.values.clock import Clock
from entrepot.values.money import usd
from entrepot.values.times import date_at

app = App(name="codes", help="Make, list and revoke codes that are redeemed for credit.")


@app.command
def create(
    *,
    amount: Annotated[str, Parameter(help="US dollars of credit of each.", allow_leading_hyphen=True)],
    count: Annotated[int, Parameter(help="How many.")] = 1,
    expires: Annotated[str | None, Parameter(help="The first day (UTC) on which they are worth nothing, as 2027-01-31.")] = None,
    workspace: Annotated[str, Parameter(help="Who alone may redeem them: id or slug [anybody].")] = "",
    sold: Annotated[bool, Parameter(negative="", help="They were paid for by another way, and not given away.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Make codes, and print them as CSV. They are shown this once."""
    until_ms = moment(expires, "--expires")
    asked = {"amount": amount, "count": count, "expires": expires, "workspace": workspace or None}
    with changing(place, "codes.make", "codes/", **asked) as (db, act):
        batch = Batch(amount_of(amount), count, workspaces.id_of(db, workspace), until_ms, sold)
        secret = installation_secret(db, Path(place.settings().data_dir))
        made = codes.make(db, secret, batch, act)
    rows = [(text, usd(code.amount_nano), expires or "", code.id, code.batch) for text, code in made]
    names = ("code", "amount_usd", "expires", "id", "batch")
    if json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    err.print("[dim]The codes are not kept: this is the only time they are shown.[/]")


@app.command(name="list")
def list_(
    *,
    batch: Annotated[str | None, Parameter(help="Only those of this batch.")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """List codes with their state."""
    now_ms = Clock().now_ms()
    with reading(place) as db:
        found, total = codes.page(db, batch, offset=offset, limit=limit)
    if json:
        shown = [
            {"id": c.id, "batch": c.batch, "hint": c.hint, "state": c.state(now_ms), "amount": usd(c.amount_nano)} for c in found
        ]
        print_json({"codes": shown, "total": total})
        return
    rows = [
        (
            c.id,
            f"…{c.hint}",
            usd(c.amount_nano),
            c.state(now_ms),
            escape(c.used_by),
            "" if c.expires_ms is None else date_at(c.expires_ms),
        )
        for c in found
    ]
    print_table(
        ("id", "code", "US dollars", "state", "redeemed by", "expires"),
        rows,
        empty="There are no codes. `entrepot codes create --amount 10 --count 100` makes some.",
        right=("US dollars",),
    )
    if total > offset + len(found):
        out.print(f"[dim]{total - offset - len(found):,} more: --offset {offset + len(found)}[/]")


@app.command
def revoke(wanted: Annotated[str, Parameter(help="The id of a code or of a batch.")], *, place: Place = Place()) -> None:
    """Make a code, or all of a batch that are not redeemed, worth nothing."""
    with changing(place, "codes.revoke", f"codes/{wanted}") as (db, act):
        count = codes.revoke(db, wanted, act)
    out.print(f"Revoked: {count}.")
