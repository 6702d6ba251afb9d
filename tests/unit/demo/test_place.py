"""The demo's directory: whole or not there, and never one that holds other data."""

from pathlib import Path

import pytest

from entrepot.demo import place
from entrepot.demo.place import Mark
from entrepot.settings import Settings

MARK = Mark(1, 1, 1.0, 0.0, 86_400.0, 86_400.0)


def test_a_demo_is_whole_or_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert place.begin(folder, MARK) is False
    assert place.look(folder) == "empty"
    place.finish(folder, MARK)
    assert place.look(folder) == MARK
    assert Settings(data_dir=str(folder)).is_demo


def test_what_an_earlier_run_left_half_way_goes(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    place.begin(folder, MARK)
    (place.stump_of(folder) / "entrepot.db").write_text("half")
    assert place.begin(folder, MARK) is True
    assert not (place.stump_of(folder) / "entrepot.db").exists()


def test_a_directory_with_other_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "entrepot.db").write_text("somebody's books")
    assert place.look(tmp_path) == "other"
    assert not Settings(data_dir=str(tmp_path)).is_demo


def test_nothing_that_is_not_ours_is_deleted_to_make_room(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    stump = place.stump_of(folder)
    stump.mkdir()
    (stump / "letters.txt").write_text("dear")
    with pytest.raises(FileExistsError):
        place.begin(folder, MARK)
    assert (stump / "letters.txt").read_text() == "dear"
