"""What all commands share: where things are, how output looks, and how a failure is told."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter, validators
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from entrepot import settings as knobs
from entrepot.cli.typed import as_typed_here
from entrepot.errors import GatewayError
from entrepot.settings import BadSettings, Settings
from entrepot.storage.database import Database, UnknownSchema
from entrepot.storage.engines import open_store

FAILED, USAGE, CONFIGURATION = 1, 2, 3
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@Parameter(name="*")
@dataclass(frozen=True)
class Place:
    """Which installation a command is about."""

    data_dir: Annotated[Path | None, Parameter(help="Where the database and the server's secret live [data].")] = None
    config: Annotated[Path | None, Parameter(help="Configuration file [entrepot.toml here, when there is one].")] = None

    def settings(self, **overrides: Any) -> Settings:
        """From the file, the environment and the command line. `server__port=1` stands for `server.port`. raises BadSettings"""
        told = {name.replace("__", "."): value for name, value in overrides.items()}
        data_dir = None if self.data_dir is None else str(self.data_dir)
        try:
            return knobs.load(self.config, overrides=told | {"data_dir": data_dir})
        except BadSettings as error:
            raise BadSettings([_by_flag(problem, told) for problem in error.problems]) from None


_FEW = validators.Number(gte=1, lte=10_000)
Limit = Annotated[int, Parameter(help="How many at most.", validator=_FEW)]
Offset = Annotated[int, Parameter(help="After so many, the newest first.", validator=validators.Number(gte=0, lte=10**9))]
Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON on standard output instead of a table.")]


class Failure(Exception):
    """Something that did not work, in one line with its remedy."""


@contextlib.contextmanager
def store(settings: Settings) -> Iterator[Database]:
    """The database at this build's schema. raises StorageAway, UnknownSchema"""
    db = open_store(settings)
    try:
        yield db
    finally:
        db.close()


def print_json(value: Any) -> None:
    """For programs: no colours, no wrapping."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, right: Sequence[str] = ()) -> None:
    """Rows may hold rich markup. `empty` is said when there are none; `right` names columns of numbers."""
    rows = list(rows)
    if not rows:
        out.print(as_typed_here(empty))
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    # Where nobody looks at a screen, lines are as long as they need to be.
    console = out if out.is_terminal else Console(width=400, highlight=False)
    console.print(table)


def explain(error: Exception) -> int:
    """Says what failed and what would mend it, on one line each; gives the exit code. raises what is a bug of ours"""
    if isinstance(error, BadSettings):
        for problem in error.problems:
            err.print(f"[red]configuration:[/] {escape(problem)}")
        return CONFIGURATION
    if isinstance(error, GatewayError):
        _say(" ".join(part for part in (str(error), _difference(error), error.remedy) if part))
        return FAILED
    if isinstance(error, Failure | UnknownSchema):
        _say(str(error))
        return FAILED
    if isinstance(error, OSError):
        _say(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
        return FAILED
    raise error


def _by_flag(problem: str, told: Mapping[str, Any]) -> str:
    """With the flag that was typed in place of the setting that it stands for."""
    name, _, what = problem.partition(": ")
    value = told.get(name)
    return problem if value is None else f"--{name.rpartition('.')[2]} {value}: {what}"


def _difference(error: GatewayError) -> str:
    """What was expected and what came, where the message does not say it."""
    if error.expected is None or error.received is None or error.expected in error.message:
        return ""
    return f"Expected {error.expected}; received {error.received if error.received.strip() else 'nothing'}."


def _say(text: str) -> None:
    err.print(f"[red]error:[/] {escape(as_typed_here(text))}")
