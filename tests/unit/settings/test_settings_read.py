"""Settings are read of the file, the environment and the command line, and all that is wrong is told at once."""

from pathlib import Path

import msgspec
import pytest

from entrepot.settings import BadSettings, Settings, describe, load


def numbers() -> set[str]:
    """The knobs that no text fits."""
    tables = {table: knobs for table, knobs in msgspec.to_builtins(Settings()).items() if isinstance(knobs, dict)}
    return {f"{table}.{name}" for table, knobs in tables.items() for name, value in knobs.items() if not isinstance(value, str)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "entrepot.toml"
    path.write_text("[server]\nport = 1\nworkers = 2\nkeep_alive_s = 3\n")
    return path


def test_every_knob_is_read_of_the_environment_and_all_that_is_wrong_is_told_at_once(file: Path) -> None:
    environment = {f"ENTREPOT_{name.replace('.', '_')}".upper(): "an anchor" for name in numbers()}
    with pytest.raises(BadSettings) as refused:
        load(file, environment)
    assert {problem.partition(":")[0] for problem in refused.value.problems} == numbers()


def test_every_knob_is_described() -> None:
    assert numbers() < {knob.name for knob in describe()}


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(file: Path) -> None:
    environment = {"ENTREPOT_SERVER_PORT": "10", "ENTREPOT_SERVER_WORKERS": "20"}
    read = load(file, environment, {"server.port": 100, "server.workers": None}).server
    assert (read.port, read.workers, read.keep_alive_s) == (100, 20, 3.0)
