"""`entrepot reconcile`: our record of what a provider charges, beside its exported bill."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.markup import escape

from entrepot.cli.common import FAILED, Failure, Json, Place, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.ledger import bills
from entrepot.ledger.bills import Bill
from entrepot.ledger.reconciling import Row, Tolerance, compare
from entrepot.providers.configured import configure
from entrepot.records.figures import Scope, Span
from entrepot.records.statistics import Statistics
from entrepot.values.clock import Clock
from entrepot.values.money import dollars, parse_usd, usd
from entrepot.values.times import DAY_MS, time_in


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
    allowed = Tolerance(_millionths(tolerance), _nano(least))
    bill = bills.read(file)
    with reading(place) as db:
        found = _compared(Statistics(db, Clock().now_ms), provider, bill, allowed, all_rows=all_rows or json)
    if json:
        print_json(_told(provider, bill, found))
    else:
        _print(provider, bill, found)
    return FAILED if found.differing else 0


class Found(msgspec.Struct):
    """rows       those to be shown
    differing  how many are unexplained, and `unexplained` what they come to
    """

    rows: list[Row] = []
    ours: int = 0
    theirs: int = 0
    differing: int = 0
    unexplained: int = 0


def _compared(statistics: Statistics, provider: str, bill: Bill, allowed: Tolerance, *, all_rows: bool) -> Found:
    def recorded(day: str) -> dict[str, int]:
        span = Span(time_in(day), time_in(day) + DAY_MS)
        of_day = statistics.totals_by("model", Scope(provider=provider), span, "day")
        return {model: totals.upstream_cost_nano for model, totals in of_day.items() if totals.upstream_cost_nano}

    found = Found()
    for row in compare(bill.days, recorded, bill.sums, allowed):
        found.ours += row.ours_nano
        found.theirs += row.theirs_nano
        if row.verdict != "agrees":
            found.differing += 1
            found.unexplained += row.difference_nano
        if all_rows or row.verdict != "agrees":
            found.rows.append(row)
    return found


def _told(provider: str, bill: Bill, found: Found) -> dict[str, object]:
    return {
        "provider": provider,
        "format": bill.form,
        "lines": bill.lines,
        "credits": bill.credits,
        "ours": dollars(found.ours),
        "theirs": dollars(found.theirs),
        "difference": dollars(found.theirs - found.ours),
        "unexplained": dollars(found.unexplained),
        "rows": [
            {
                "day": row.day,
                "model": row.model or None,
                "ours": dollars(row.ours_nano),
                "theirs": dollars(row.theirs_nano),
                "difference": dollars(row.difference_nano),
                "verdict": row.verdict,
            }
            for row in found.rows
        ],
    }


def _print(provider: str, bill: Bill, found: Found) -> None:
    credits_ = f", {bill.credits:,} of them credits" if bill.credits else ""
    out.print(f"Read as {bill.form}: {bill.lines:,} {'line' if bill.lines == 1 else 'lines'}{credits_}.")
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
            for row in found.rows
        ],
        empty="All of it agrees.",
        right=("ours", "theirs", "difference"),
    )
    out.print(f"Ours ${usd(found.ours)}, theirs ${usd(found.theirs)}, difference ${usd(found.theirs - found.ours)}.")
    if not found.ours:
        out.print(f"[dim]From {bill.days[0]} to {bill.days[-1]} no cost at {escape(provider)} is recorded here.[/]")


def _millionths(percent: str) -> int:
    try:
        value = Decimal(percent)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and 0 <= value <= 100):
        raise Failure(f"--tolerance {percent} is not a share from 0 to 100 per cent.")
    return int(value * 10_000)


def _nano(amount: str) -> int:
    try:
        nano = parse_usd(amount)
    except ValueError as error:
        raise Failure(f"--least {amount} is not an amount: {error}.") from None
    if nano < 0:
        raise Failure(f"--least {amount} is below zero.")
    return nano
