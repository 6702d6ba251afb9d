"""The place of a journal is the folder itself, whatever it is called."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from entrepot.ledger.place import place_of


def test_all_who_use_a_folder_agree_on_it_from_the_first_moment(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(place_of, [tmp_path / "data"] * 40))
    assert len(set(found)) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["place"]


def test_another_folder_is_another_place_also_under_the_same_name(tmp_path: Path) -> None:
    before = place_of(tmp_path / "data")
    (tmp_path / "data").rename(tmp_path / "moved")
    assert place_of(tmp_path / "data") != before == place_of(tmp_path / "moved")
