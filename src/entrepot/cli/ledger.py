"""`entrepot ledger`: the books proved, shown and written out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.api.statements import stated_by_model, stated_data
from entrepot.cli.common import FAILED, Json, Limit, Place, err, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit, export, statement_html, statement_pdf, workspaces
from entrepot.ledger.naming import named
from entrepot.ledger.statement import Statement
from entrepot.ledger.statement_paper import paper_of
from entrepot.ledger.verify import verify as verify_books
from entrepot.payments.opening import seller_of
from entrepot.values.clock import Clock
from entrepot.values.money import usd
from entrepot.values.times import date_at, iso, to_the_minute

app = App(name="ledger", help="Prove, show and write out the books.")


@app.command
def verify(
    *,
    records: Annotated[bool, Parameter(negative="", help="Read every record of a generation too, which takes longer.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> int:
    """Prove that the books balance and that all that was used was posted once."""
    settings = place.settings()
    with reading(place) as db:
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
    workspace: Annotated[str, Parameter(help="Its id or slug.")] = "default",
    *,
    month: Annotated[str | None, Parameter(help="As 2026-11 [this month].")] = None,
    pdf: Annotated[Path | None, Parameter(help="Write it to this file as PDF.")] = None,
    html: Annotated[Path | None, Parameter(help="Write it to this file as HTML.")] = None,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Show what happened to a workspace's credit in a month (UTC)."""
    settings, now_ms = place.settings(), Clock().now_ms()
    with reading(place) as db:
        ensure_workspace(db, now_ms)
        stated = stated_by_model(db, workspaces.id_of(db, workspace), month or date_at(now_ms)[:7], lambda: now_ms)
    paper = paper_of(stated, seller_of(settings.payments).lines)
    if pdf is not None:
        _write(pdf, statement_pdf.render(paper, settings.payments.pdf_font))
    if html is not None:
        _write(html, statement_html.render(paper))
    if json:
        print_json(stated_data(stated))
    elif pdf is None and html is None:
        _print(stated)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    err.print(f"Written to {escape(str(path))}.")


def _print(stated: Statement) -> None:
    rows = [("", "opening balance", "", usd(stated.opening_nano))]
    rows += [(to_the_minute(e.at_ms), e.kind, escape(e.memo), usd(e.amount_nano)) for e in stated.lines]
    if stated.more:
        rows.append(("", f"{stated.more:,} more", "", usd(sum(stated.sums.values()) - sum(e.amount_nano for e in stated.lines))))
    for used in stated.models or stated.days:
        rows.append(("", "usage", escape(f"{used.name} ({used.requests:,} requests)"), usd(-used.cost_nano)))
    rows.append(("", "closing balance", "", usd(stated.closing_nano)))
    print_table(("when", "what", "", "US dollars"), rows, empty="", right=("US dollars",))


@app.command(name="export")
def export_(
    *,
    form: Annotated[Literal["beancount", "csv"], Parameter(name="--format", help="What to write.")] = "beancount",
    to: Annotated[Path | None, Parameter(help="The file to write [standard output].")] = None,
    place: Place = Place(),
) -> None:
    """Write all entries out, for other bookkeeping."""
    write = export.beancount if form == "beancount" else export.csv
    with reading(place) as db:
        if to is None:
            sys.stdout.writelines(write(db))
        else:
            with to.open("w", encoding="utf8") as file:
                file.writelines(write(db))


@app.command(name="audit")
def audit_(
    *,
    last: Limit = 50,
    action: Annotated[str | None, Parameter(help="Only these, as key.create, or only its beginning, as key [all].")] = None,
    actor: Annotated[str | None, Parameter(help="Only what this one did: a label, or cli [all].")] = None,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Show who changed keys, workspaces, credit and prices, or tried to: the newest first."""
    with reading(place) as db:
        lines = audit.lines(db, last, wish=audit.Wish(action=action, actor=actor))
        names = {line.subject: named(db, line.subject) for line in lines}
    if json:
        print_json(lines)
        return
    print_table(
        ("when", "who", "what", "of", "change"),
        [
            (iso(line.at_ms)[:19].replace("T", " "), escape(line.actor), line.action, escape(names[line.subject]), _changes(line))
            for line in lines
        ],
        empty="There is nothing here." if action or actor else "Nothing was changed yet.",
    )


def _changes(line: audit.Line) -> str:
    """Each member that differs, as it was and as it is."""
    before, after = msgspec.json.decode(line.before), msgspec.json.decode(line.after)
    if line.action.endswith(".refused"):
        return f"[yellow]refused:[/] {escape(str(after.get('why', '')))} [dim]{escape(str(after.get('asked', '')))}[/]"
    told = []
    for name in {**before, **after}:
        was, now = _word(before.get(name)), _word(after.get(name))
        told.append(
            f"{name}: {now}" if name not in before else f"{name}: {was} -> {now}" if name in after else f"{name}: {was} ->"
        )
    return escape(", ".join(told))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
