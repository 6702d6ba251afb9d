"""`entrepot catalog`: other people's catalogues into ours, seen before they are applied."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.catalog.importing import Change, difference, merged, parse_file
from entrepot.catalog.store import save_models
from entrepot.cli.common import Failure, Json, Place, err, out, print_json, print_table, store
from entrepot.cli.offered import offered
from entrepot.settings import Settings
from entrepot.values.clock import Clock
from entrepot.values.model import Model
from entrepot.values.times import date_at

app = App(name="catalog", help="Take in an OpenRouter models body, a LiteLLM price map, or our own format.")
File = Annotated[Path, Parameter(help="The file to read.")]


@app.command
def diff(file: File, *, json: Json = False, place: Place = Place()) -> None:
    """Show what an import would change. Nothing is changed."""
    changes, passed, _ = _compare(file, place.settings())
    _show(changes, passed, as_json=json)


@app.command(name="import")
def import_(
    file: File,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Apply without asking.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Show what would change, ask, and apply it. Models of your own entrepot.toml are never touched."""
    settings = place.settings()
    changes, passed, models = _compare(file, settings)
    _show(changes, passed, as_json=json)
    wanted = {change.model for change in changes if change.what != "kept"}
    if not wanted:
        return
    if not yes and not _agrees(len(wanted)):
        raise Failure("Nothing was changed. Give --yes to apply without being asked.")
    _save([model for model in models if model.id in wanted], file, settings)
    err.print(f"{len(wanted)} models taken in. A running server shows them within a second.")


def _compare(file: Path, settings: Settings) -> tuple[list[Change], list[str], list[Model]]:
    """Changes, entries passed over with the reason, and the models as they would be kept."""
    as_of = date_at(file.stat().st_mtime * 1000)
    _, catalog = asyncio.run(offered(settings))
    kind, incoming, passed = parse_file(file.read_bytes(), source=file.name, as_of=as_of, here=catalog.models)
    err.print(f"[dim]{escape(file.name)}: {len(incoming)} models in {kind} format.[/]")
    overridden = {entry.model for entry in settings.endpoints}
    changes = difference(catalog.models, incoming, overridden)
    return changes, passed, [merged(catalog.models.get(model.id), model) for model in incoming]


def _show(changes: list[Change], passed: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"changes": changes, "passed_over": passed})
        return
    print_table(
        ("", "model", "field", "from", "to"),
        [row for change in changes for row in _rows(change)],
        empty="Nothing would change.",
    )
    for reason in passed[:20]:
        err.print(f"[dim]passed over: {escape(reason)}[/]")
    if len(passed) > 20:
        err.print(f"[dim]... and {len(passed) - 20} more[/]")


def _rows(change: Change) -> list[tuple[str, ...]]:
    colour = {"added": "green", "changed": "yellow", "kept": "dim"}[change.what]
    said, model = f"[{colour}]{change.what}[/]", escape(change.model)
    fields = [(name, escape(before[:60]), escape(after[:60])) for name, (before, after) in change.fields.items()]
    return [(said, model, *field) for field in fields] or [(said, model, "", "", "")]


def _agrees(count: int) -> bool:
    if not sys.stdin.isatty():
        return False
    return out.input(f"Apply these changes to {count} models? [y/N] ").strip().lower() in ("y", "yes")


def _save(models: list[Model], file: Path, settings: Settings) -> None:
    with store(settings) as db, err.status(f"Taking in {len(models)} models ..."):
        save_models(db, models, file.name, Clock().now_ms())
