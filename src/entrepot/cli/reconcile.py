"""`entrepot reconcile`: our record of what a provider charges, beside its exported bill."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape

from entrepot.cli.common import FAILED, Failure, Json, Place, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.ledger import bills
from entrepot.ledger.bills import Bill
from entrepot.ledger.funding import amount_of
from entrepot.ledger.reconciling import Row, Tolerance, compare
from entrepot.providers.configured import configure
from entrepot.records.figures import Scope, Span
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.values.clock import Clock
from entrepot.values.money import dollars, usd
from entrepot.values.times import DAY_MS, date_at, time_in


def reconcile(
    provider: Annotated[str, Parameter(help="Its slug, as openai.")],
    file: Annotated[Path, Parameter(help="Its bill: OpenAI's or Anthropic's cost export, or a CSV with date, model and amount.")],
    *,
    tolerance: Annotated[str, Parameter(help="Per cent by which a sum may differ.")] = "1",
    least: Annotated[str, Parameter(help="US dollars by which a sum may differ in any case.")] = "0.01",
    all_rows: Annotated[bool, Parameter(name="--all", negative="", help="Show the rows that agree too.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> int:
    """Compare what we recorded with a provider's bill; exit code 1 when something is unexplained."""
    settings = place.settings()
    known, _ = configure(settings.providers)
    if provider not in known:
        raise Failure(f"There is no provider {provider!r}. `entrepot providers list` shows them.")
    allowed = Tolerance(_millionths(tolerance), amount_of(least, field="least"))
    bill = bills.read(file)
    with reading(place) as db:
        rows = compare(_recorded(db, provider, bill), bill.sums, allowed)
    unexplained = [row for row in rows if row.verdict != "agrees"]
    if json:
        print_json(_told(provider, bill, rows))
    else:
        _print(bill, rows if all_rows else unexplained, rows)
    return FAILED if unexplained else 0


def _recorded(db: Database, provider: str, bill: Bill) -> dict[tuple[str, str], int]:
    """What we recorded by day and model, over the days of the bill."""
    days = sorted(day for day, _ in bill.sums)
    span = Span(time_in(days[0]), time_in(days[-1]) + DAY_MS)
    series = Statistics(db, Clock().now_ms).series_by("model", Scope(provider=provider), span, "day")
    return {
        (
            date_at(point.at_ms),
            model,
        ): point.totals.upstream_cost_nano
        for model, points in series.items()
        for point in points
        if point.totals.upstream_cost_nano
    }


def _told(provider: str, bill: Bill, rows: list[Row]) -> dict[str, object]:
    ours, theirs = sum(row.ours_nano for row in rows), sum(row.theirs_nano for row in rows)
    return {
        "provider": provider,
        "format": bill.form,
        "lines": bill.lines,
        "credits": bill.credits,
        "ours": dollars(ours),
        "theirs": dollars(theirs),
        "difference": dollars(theirs - ours),
        "unexplained": dollars(sum(row.difference_nano for row in rows if row.verdict != "agrees")),
        "rows": [
            {
                "day": row.day,
                "model": row.model or None,
                "ours": dollars(row.ours_nano),
                "theirs": dollars(row.theirs_nano),
                "difference": dollars(row.difference_nano),
                "verdict": row.verdict,
            }
            for row in rows
        ],
    }


def _print(bill: Bill, shown: list[Row], rows: list[Row]) -> None:
    credits_ = f", {bill.credits:,} of them credits" if bill.credits else ""
    out.print(f"Read as {bill.form}: {bill.lines:,} lines{credits_}.")
    print_table(
        ("day", "model", "ours", "theirs", "difference", ""),
        [
            (
                row.day,
                escape(row.model or "all models"),
                usd(row.ours_nano),
                usd(row.theirs_nano),
                usd(row.difference_nano),
                "" if row.verdict == "agrees" else f"[red]{row.verdict}[/]",
            )
            for row in shown
        ],
        empty="All of it agrees.",
        right=("ours", "theirs", "difference"),
    )
    ours, theirs = sum(row.ours_nano for row in rows), sum(row.theirs_nano for row in rows)
    out.print(f"Ours ${usd(ours)}, theirs ${usd(theirs)}, difference ${usd(theirs - ours)}.")


def _millionths(percent: str) -> int:
    try:
        value = Decimal(percent)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and 0 <= value <= 100):
        raise Failure(f"--tolerance {percent} is not a share from 0 to 100 per cent.")
    return int(value * 10_000)
