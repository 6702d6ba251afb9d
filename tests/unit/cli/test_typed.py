"""How a command is typed depends on where it is and where its reader stands."""

from pathlib import Path

import pytest

from entrepot.cli.typed import as_typed_here, command_here, program
from entrepot.settings import Settings


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "my clone"
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("entrepot", "python"):
        (folder / ".venv/bin" / name).write_text("")
    return folder


def test_in_a_clone_it_is_a_path_from_there(clone: Path) -> None:
    python = str(clone / ".venv/bin/python")
    for started_as in (clone / ".venv/bin/entrepot", clone / "src/entrepot/__main__.py"):
        assert program(str(started_as), python, None, clone) == ".venv/bin/entrepot"
        assert program(str(started_as), python, "/bin/sh", clone) == ".venv/bin/entrepot"
    assert program(str(clone / ".venv/bin/entrepot"), python, None, clone.parent) == "'my clone/.venv/bin/entrepot'"
    assert program(str(clone / ".venv/bin/entrepot"), python, None, Path("/usr")) == f"'{clone}/.venv/bin/entrepot'"


def test_where_a_shell_finds_it_it_is_its_name(clone: Path, tmp_path: Path) -> None:
    linked = tmp_path / "entrepot"
    linked.symlink_to(clone / ".venv/bin/entrepot")
    python = str(clone / ".venv/bin/python")
    for started_as in (clone / ".venv/bin/entrepot", linked, clone / "src/entrepot/__main__.py"):
        assert program(str(started_as), python, str(linked), clone) == "entrepot"


def test_without_a_script_it_is_a_module(clone: Path) -> None:
    (clone / ".venv/bin/entrepot").unlink()
    assert program("__main__.py", str(clone / ".venv/bin/python"), None, clone) == ".venv/bin/python -m entrepot"


def test_it_says_which_data_it_is_about_when_they_are_not_the_usual() -> None:
    assert command_here(None, Settings()).options == ""
    elsewhere = command_here(Path("port.toml"), Settings(data_dir="my data"))
    assert elsewhere.typed("keys list").endswith("keys list --config port.toml --data-dir 'my data'")


def test_a_text_tells_of_commands_as_they_are_typed_here() -> None:
    told = as_typed_here("`entrepot keys list` shows them; entrepot.toml stays.")
    assert told.endswith(" keys list` shows them; entrepot.toml stays.") and told.startswith(
        f"`{command_here(None, Settings()).program} "
    )
