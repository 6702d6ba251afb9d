"""The table: medians of the rounds with half of their spread, latency as what is added over direct, CPU against nginx's."""

from __future__ import annotations

import statistics
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from bench.rounds import Results
from bench.sections import CPU_CHUNK_ALONE, CPU_CHUNK_FAST, CPU_REQUEST

_TARGETS_US = {CPU_REQUEST: 90, CPU_CHUNK_FAST: 14, CPU_CHUNK_ALONE: 14}
_OPENING = ("requests/s", "chunks/s", "streams open")
"""Rows that a group begins with."""
_NGINX = "nginx"
_ADDED = "ms "
_FAILED = "failed "
Rows = dict[str, list[float]]


def show(results: Results, console: Console) -> None:
    """Rows in the order in which they were measured."""
    columns = results.columns
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right", style="bold cyan" if name == "entrepot" else "")
    for row in dict.fromkeys(row for rows in columns.values() for row in rows):
        if row in _OPENING:
            table.add_section()
        if not row.startswith(_FAILED):
            table.add_row(_label(row), *(_cell(row, name, columns) for name in columns))
        if row in _TARGETS_US:
            table.add_row("  least of the rounds", *(_least(row, name, columns) for name in columns), style="dim")
            table.add_row("  times nginx's", *(_against_nginx(row, name, columns) for name in columns), style="dim")
    console.print(table)
    for line in [*_failures(columns), *(f"{name}: {why}" for name, why in results.missing.items())]:
        console.print(line, highlight=False, markup=False)


def as_json(results: Results) -> dict[str, Any]:
    """Every round of every figure, with its median."""
    columns = {
        name: {row: {"median": statistics.median(found), "rounds": found} for row, found in rows.items()}
        for name, rows in results.columns.items()
    }
    return {"columns": columns, "missing": results.missing}


def _label(row: str) -> str:
    if row.startswith(_ADDED):
        return f"added {row}"
    return f"{row} (aim: {_TARGETS_US[row]})" if row in _TARGETS_US else row


def _cell(row: str, name: str, columns: dict[str, Rows]) -> str:
    figures = columns[name].get(row)
    if figures is None:
        return "-"
    if not row.startswith(_ADDED):
        return _plainly(figures)
    if name == "direct":
        return f"({_plainly(figures)})"
    return _plainly([figure - direct for figure, direct in zip(figures, columns["direct"][row], strict=False)], sign="+")


def _least(row: str, name: str, columns: dict[str, Rows]) -> str:
    """Others on the machine can only add to a CPU time."""
    figures = columns[name].get(row)
    return _plainly([min(figures)]) if figures else ""


def _against_nginx(row: str, name: str, columns: dict[str, Rows]) -> str:
    """Within each round, so that what slowed both down cancels out."""
    ours, theirs = columns[name].get(row), columns.get(_NGINX, {}).get(row)
    if not ours or not theirs or name in ("direct", _NGINX):
        return ""
    return _plainly([mine / his for mine, his in zip(ours, theirs, strict=False)])


def _failures(columns: dict[str, Rows]) -> list[str]:
    """A line for each kind of failure that there was."""
    return [
        f"{name}: {sum(figures):,.0f} {row}"
        for name, rows in columns.items()
        for row, figures in rows.items()
        if row.startswith(_FAILED) and any(figures)
    ]


def _plainly(figures: list[float], sign: str = "") -> str:
    """The median, and half of the distance from the lowest to the highest."""
    median, half = statistics.median(figures), (max(figures) - min(figures)) / 2
    digits = 0 if abs(median) >= 200 or median == round(median) else 1 if abs(median) >= 10 else 2
    return f"{median:{sign},.{digits}f}" + (f" ±{half:,.{digits}f}" if len(figures) > 1 else "")
