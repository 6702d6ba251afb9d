"""`entrepot check`: what providers really deliver."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from entrepot.binding.local import Local
from entrepot.catalog.catalog import Catalog
from entrepot.checks import store as reports
from entrepot.checks.comparing import overcounts
from entrepot.checks.finding import Finding
from entrepot.checks.session import Session, session
from entrepot.checks.session import check as check_endpoint
from entrepot.checks.store import Report
from entrepot.checks.suite import CHECKS
from entrepot.cli.common import Failure, Json, Place, err, out, print_json, print_table, store
from entrepot.cli.offered import offered
from entrepot.cli.reading import must_be_there, passing
from entrepot.sandbox import SANDBOX
from entrepot.settings import Settings
from entrepot.values.clock import Clock
from entrepot.values.model import Endpoint, Model
from entrepot.values.money import usd

_MOST_SAMPLES = 1_000


def check(
    target: Annotated[
        str, Parameter(help="A model, for all its endpoints that are on; or one endpoint, as openai/gpt-5.1@openai.")
    ],
    *,
    only: Annotated[str, Parameter(help=f"Checks, separated by commas [all]: {', '.join(CHECKS)}.")] = "",
    samples: Annotated[int | None, Parameter(help="Cases of each check; more of them make the intervals narrower.")] = None,
    seed: Annotated[int | None, Parameter(help="The same seed asks the same [one that was never used].")] = None,
    test: Annotated[
        bool, Parameter(negative="", help="Measure the sandbox instead: no model is called, nothing charged.")
    ] = False,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Do not ask before money is spent.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> int:
    """Measure what endpoints really deliver: instructions, JSON, schemas, tools, stop, length, token counts, seed, recall, speed.

    What it may cost at most is shown before it starts. Results are kept, and shown on the model's page.
    """
    settings, names = place.settings(), _names(only)
    if samples is not None and not 1 <= samples <= _MOST_SAMPLES:
        raise Failure(f"--samples is 1 to {_MOST_SAMPLES}.")
    if not test:
        must_be_there(place, settings, " `--test` checks the sandbox and keeps nothing.")
    _, catalog = asyncio.run(offered(settings))
    model, endpoints = _targets(catalog, target, test=test)
    chosen = random.SystemRandom().randrange(10**6) if seed is None else seed
    wanted = [session(model, endpoint, seed=chosen, names=names, samples=samples) for endpoint in endpoints]
    if not any(each.cases for each in wanted):
        raise Failure("None of these checks makes sense for it: it takes none of the parameters they are about.")
    _announce(wanted, test=test)
    if not (test or yes):
        _ask_before()
    with passing(place, settings) as where:
        found = asyncio.run(_check(where, wanted, test=test))
    if json:
        print_json(msgspec.to_builtins(found))
    else:
        _show(found, test=test)
    findings = [finding for report in found for finding in report.findings]
    # The sandbox is no model: that it answered is all there is to find out.
    return int(any(finding.unanswered if test else not finding.sound for finding in findings))


def _names(only: str) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in CHECKS]:
        raise Failure(f"There is no check {unknown[0]!r}. There are: {', '.join(CHECKS)}.")
    return names


def _targets(catalog: Catalog, target: str, *, test: bool) -> tuple[Model, list[Endpoint]]:
    slug, _, provider = target.partition("@")
    found = catalog.resolve(slug)
    if test:
        return found.model, [Endpoint(f"{found.model.id}@{SANDBOX}", found.model.id, SANDBOX, found.model.id, found.model.price)]
    named = [endpoint for endpoint in found.endpoints if not provider or endpoint.id == f"{found.model.id}@{provider}"]
    if not named:
        there = ", ".join(endpoint.id for endpoint in found.endpoints)
        raise Failure(f"{found.model.id} has no endpoint {provider!r}. " + (f"It has: {there}." if there else "It has none."))
    if not (on := [endpoint for endpoint in named if endpoint.on]):
        raise Failure(f"No endpoint of {found.model.id} is on: {named[0].off_reason}. `--test` checks the sandbox.")
    return found.model, on


def _announce(wanted: Sequence[Session], *, test: bool) -> None:
    most = usd(sum(each.cost_most_nano for each in wanted))
    number = sum(each.calls for each in wanted)
    calls = "1 call" if number == 1 else f"{number:,} calls"
    if test:
        model = escape(wanted[0].endpoint.model)
        err.print(f"{calls} to the sandbox, which charges nothing. {model} itself is not called.")
        return
    where = ", ".join(each.endpoint.id for each in wanted)
    err.print(f"{calls} to {escape(where)}, at most [bold]${most}[/] in all and usually a good deal less.")


def _ask_before() -> None:
    if not sys.stdin.isatty():
        raise Failure("This spends money. Say --yes to go on without being asked.")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Failure("Nothing was asked and nothing spent.")


async def _check(settings: Settings, wanted: Sequence[Session], *, test: bool) -> list[Report]:
    clock = Clock()
    local = Local(settings, None, live=not test, clock=clock)
    await local.open()
    try:
        with _progress() as progress, store(settings) as db:
            found = []
            for each in wanted:
                task = progress.add_task(each.endpoint.id, total=len(each.cases))
                begun = None if test else reports.begin(db, each.endpoint.model, each.endpoint.id, clock.now_ms())
                report = await check_endpoint(each, local, clock, lambda case, task=task: progress.advance(task))  # type: ignore[misc]
                if begun is not None:
                    reports.finish(db, begun, report)
                found.append(report)
            return found
    finally:
        await local.close()


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    return Progress(*columns, console=err)


def _show(found: Sequence[Report], *, test: bool) -> None:
    for report in found:
        cost = f"${report.cost:.6f} at list price; nothing charged" if test else f"cost ${report.cost:.6f}"
        out.print(f"\n[bold]{escape(report.endpoint)}[/]  {cost}, seed {report.seed}")
        print_table(
            ("check", "passed", "in truth (95 %)", "what was wrong"),
            [_row(finding, failing="yellow" if test else "red") for finding in report.findings],
            right=("passed",),
            empty="Nothing was checked.",
        )
        if test:
            out.print(
                "\nThe sandbox was measured, no model: it does not understand what it is asked, so much of this cannot pass. "
                f"It says nothing of {escape(report.model)}, and is not kept."
            )
    for more in overcounts(found):
        apart = f"{more.times - 1:.0%} more tokens than {escape(more.other)} for the same texts"
        out.print(f"\n[red]{escape(more.endpoint)} reports {apart}.[/] One model has one tokenizer.")


def _row(finding: Finding, *, failing: str) -> tuple[str, ...]:
    check, why = CHECKS[finding.check], escape("; ".join(finding.why))
    silent = f"[yellow]{finding.unanswered} without an answer[/] " if finding.unanswered else ""
    if check.measures:
        measured = "–" if finding.value is None else f"{finding.value:,.0f} {check.measures}"
        between = "" if finding.value_low is None else f"{finding.value_low:,.0f} to {finding.value_high:,.0f}"
        return check.title, measured, between, silent + why
    colour = "green" if finding.sound else failing if finding.tried else "yellow"
    share = f"[{colour}]{finding.passed} of {finding.tried}[/]" if finding.tried else "–"
    return check.title, share, f"{finding.low:.0%} to {finding.high:.0%}" if finding.tried else "", silent + why
