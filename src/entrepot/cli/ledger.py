"""`entrepot ledger`: the books proved, shown and written out."""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.api.key import iso
from entrepot.cli.common import FAILED, Failure, Json, Place, out, print_json, print_table, store
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit, export
from entrepot.ledger.books import balance_at, entries
from entrepot.ledger.terms import bounds_of
from entrepot.ledger.verify import verify as verify_books
from entrepot.values.clock import Clock
from entrepot.values.money import usd

app = App(name="ledger", help="Prove, show and write out the books.")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@app.command
def verify(
    *,
    records: Annotated[bool, Parameter(negative="", help="Read every record of a generation too, which takes longer.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> int:
    """Prove that the books balance and that all that was used was posted once."""
    settings = place.settings()
    with store(settings) as db:
        findings = verify_books(db, records=records, all_days=not settings.storage.retention_days)
    if json:
        print_json(findings)
    else:
        for finding in findings:
            sign = "[red]wrong[/]" if finding.wrong else "[green]good[/] "
            out.print(f"{sign} {finding.what} [dim]({finding.looked_at:,} looked at)[/]")
            for wrong in finding.wrong:
                out.print(f"      {escape(wrong)}")
    return FAILED if any(finding.wrong for finding in findings) else 0


@app.command
def statement(
    workspace: Annotated[str, Parameter(help="Its id.")] = "default",
    *,
    month: Annotated[str | None, Parameter(help="As 2026-11 [this month].")] = None,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Show what happened to a workspace's credit in a month (UTC)."""
    from_ms, before_ms = _month(month or iso(Clock().now_ms())[:7])
    with store(place.settings()) as db:
        ensure_workspace(db, Clock().now_ms())
        bounds_of(db, workspace)
        opening = balance_at(db, "credit", workspace, from_ms)
        found = entries(db, "credit", workspace, from_ms, before_ms)
    closing = opening + sum(entry.amount_nano for entry in found)
    if json:
        lines = [{"at": iso(e.at_ms), "kind": e.kind, "memo": e.memo, "amount": usd(e.amount_nano), "key": e.key} for e in found]
        print_json({"workspace_id": workspace, "opening": usd(opening), "entries": lines, "closing": usd(closing)})
        return
    rows = [(iso(e.at_ms)[:16].replace("T", " "), e.kind, escape(e.memo), usd(e.amount_nano)) for e in found]
    print_table(
        ("when", "what", "", "US dollars"),
        [("", "opening balance", "", usd(opening)), *rows, ("", "closing balance", "", usd(closing))],
        empty="",
        right=("US dollars",),
    )


@app.command(name="export")
def export_(
    *,
    form: Annotated[Literal["beancount", "csv"], Parameter(name="--format", help="What to write.")] = "beancount",
    to: Annotated[Path | None, Parameter(help="The file to write [standard output].")] = None,
    place: Place = Place(),
) -> None:
    """Write all entries out, for other bookkeeping."""
    write = export.beancount if form == "beancount" else export.csv
    with store(place.settings()) as db:
        if to is None:
            sys.stdout.writelines(write(db))
        else:
            with to.open("w", encoding="utf8") as file:
                file.writelines(write(db))


@app.command(name="audit")
def audit_(
    *,
    last: Annotated[int, Parameter(help="How many lines.")] = 50,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Show who changed keys, limits and credit: the newest first."""
    with store(place.settings()) as db:
        lines = audit.lines(db, last)
    if json:
        print_json(lines)
        return
    print_table(
        ("when", "who", "what", "of", "before", "after"),
        [(iso(n.at_ms)[:19], escape(n.actor), n.action, escape(n.subject), escape(n.before), escape(n.after)) for n in lines],
        empty="Nothing was changed yet.",
    )


def _month(text: str) -> tuple[int, int]:
    """Its first millisecond, and the first one after it."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise Failure(f"--month {text} is not a month. Write it as 2026-11.")
    year, month = int(found[1]), int(found[2])
    first = datetime.datetime(year, month, 1, tzinfo=datetime.UTC)
    after = datetime.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=datetime.UTC)
    return int(first.timestamp() * 1000), int(after.timestamp() * 1000)
