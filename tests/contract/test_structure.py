"""The building keeps its floors: no import circle, no import uphill, no framework of ours that a stranger could not name."""

import ast
import functools
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2] / "src" / "entrepot"
FLOORS = [
    {"values", "errors", "settings"},
    {"providers", "dialects", "storage", "telemetry"},
    {"identity", "catalog", "routing", "upstream", "files", "metering", "records", "sandbox", "ledger", "payments", "checks"},
    {"pipeline"},
    {"api", "web", "cli", "jobs", "testing", "demo", "app", "server", "binding"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


@functools.cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(parsed())


def parsed() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(("entrepot", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        yield name, ast.parse(path.read_text(encoding="utf8"))


@functools.cache
def graph() -> dict[str, set[str]]:
    """Module to the modules of ours that it imports, also inside functions."""
    trees = dict(modules())
    found: dict[str, set[str]] = {}
    for name, tree in trees.items():
        targets = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                targets |= {f"{node.module}.{alias.name}" for alias in node.names}
                targets |= {node.module} if node.module != "entrepot" else set()
        found[name] = {target for target in targets if target in trees and target not in (name, "entrepot")}
    return found


def circle_in(found: dict[str, set[str]]) -> list[str]:
    """The modules of one, in order; none: []."""
    try:
        tuple(TopologicalSorter(found).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_import_goes_in_a_circle() -> None:
    assert circle_in(graph()) == []


def test_no_import_goes_uphill() -> None:
    def room(module: str) -> str:
        return module.split(".")[1]

    uphill = [
        f"{module} imports {target}"
        for module, targets in graph().items()
        for target in targets
        if "." in module and FLOOR.get(room(module), 9) < FLOOR.get(room(target), 9)
    ]
    assert not uphill


def test_only_settings_reads_the_environment() -> None:
    readers = [
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert set(readers) <= {"entrepot.settings.environment", "entrepot.testing.gateway"}


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, tree in modules() if not ast.get_docstring(tree)] == []


def test_what_a_room_says_of_its_files_is_there() -> None:
    names = {name for name, _ in modules()}
    told = {
        f"{room}.{file}"
        for room, tree in modules()
        for line in (ast.get_docstring(tree) or "").splitlines()
        if line.startswith("`") and " · `" in line
        for file in re.findall("(?:^|· |, )`([a-z_]+)`", line)
    }
    assert len(told) > 50 and told <= names
