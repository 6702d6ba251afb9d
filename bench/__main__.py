"""`make bench`: requests/s, latency added, CPU per request and per chunk, memory; side by side with what else is installed.

python -m bench [SECTION ...] [--quick] [--json FILE] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import sections, targets
from bench.processes import Failed, raise_file_limit

console = Console()
_ADDED = "added: "
Columns = dict[str, sections.Figures]


def main() -> int:
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_file_limit()
    if shutil.which("wrk") is None:
        console.print("wrk is not here (apt-get install wrk): our own generator does its part.")
    size = sections.QUICK if asked.quick else sections.Size()
    wanted = asked.sections or list(sections.SECTIONS)
    try:
        columns, missing = _measure(asked.only or list(targets.PEERS), wanted, size)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    _show(columns, missing)
    if asked.json:
        asked.json.write_text(json.dumps({"cpus": os.cpu_count(), "columns": columns, "missing": missing}, indent=2) + "\n")
    return 0 if "entrepot" in columns or "entrepot" not in (asked.only or targets.PEERS) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(sections.SECTIONS)}; all of them")
    parser.add_argument("--quick", action="store_true", help="a short run, with less to trust in its figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--only", nargs="+", choices=list(targets.PEERS), metavar="NAME", help=", ".join(targets.PEERS))
    asked = parser.parse_args()
    if unknown := [name for name in asked.sections if name not in sections.SECTIONS]:
        parser.error(f"{unknown[0]!r} is not a section; there are {', '.join(sections.SECTIONS)}")
    return asked


def _measure(names: list[str], wanted: list[str], size: sections.Size) -> tuple[Columns, dict[str, str]]:
    """Figures by column and row, and why a column is missing."""
    columns: Columns = {}
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="entrepot-bench-") as folder, targets.double() as direct, _progress() as progress:
        steps = progress.add_task("", total=(len(names) + 1) * len(wanted))

        def run(target: targets.Target) -> None:
            figures = columns[target.name] = {"MiB at rest": target.child.rss_bytes() / 2**20}
            for section in wanted:
                progress.update(steps, description=f"{target.name}: {section}")
                figures.update(sections.SECTIONS[section](target, size))
                progress.advance(steps)

        run(direct)
        for name in names:
            progress.update(steps, description=f"{name}: starting")
            place = Path(folder) / name
            place.mkdir()
            try:
                with targets.PEERS[name](direct.port, place) as target:
                    run(target)
            except FileNotFoundError:
                missing[name] = f"not installed ({targets.HOW_TO.get(name, 'make setup')})"
                progress.advance(steps, len(wanted))
            except Failed as why:
                missing[name] = f"{why}{_last_words(place)}"
    return columns, missing


def _last_words(place: Path) -> str:
    """The end of what a program that failed has written."""
    lines = [line for log in place.glob("*.log") for line in log.read_text(errors="replace").splitlines()]
    return "".join(f"\n    {line[:200]}" for line in lines[-5:])


def _progress() -> Progress:
    columns = (TextColumn("{task.description:24}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _show(columns: Columns, missing: dict[str, str]) -> None:
    table = Table(title="On this machine, over loopback; added: what is added over direct")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for row in dict.fromkeys(row for figures in columns.values() for row in figures):
        shown = [_shown(name, row, columns) for name in columns]
        table.add_row(_ADDED + row if row.startswith("ms ") else row, *shown)
    console.print(table)
    for name, why in missing.items():
        console.print(f"{name}: {why}", highlight=False, markup=False)


def _shown(name: str, row: str, columns: Columns) -> str:
    figure = columns[name].get(row)
    if figure is None:
        return "-"
    if row.startswith("ms ") and name != "direct":
        return f"{figure - columns['direct'][row]:+.2f}"
    if row.startswith("ms "):
        return f"({figure:.2f})"
    return f"{figure:,.0f}" if float(figure).is_integer() or figure >= 1000 else f"{figure:,.1f}"


if __name__ == "__main__":
    sys.exit(main())
