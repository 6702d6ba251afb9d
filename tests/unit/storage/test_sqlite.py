"""The database comes up whole whoever opens it, and says so when it cannot."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from entrepot.storage.sqlite import StorageAway, asked, connect, migrate, migrations


def started(path: Path) -> int:
    db = connect(path)
    try:
        return migrate(db)
    finally:
        db.close()


@pytest.mark.parametrize("turn", range(5))
def test_all_that_start_at_once_come_up_with_the_same_schema(tmp_path: Path, turn: int) -> None:
    path = tmp_path / f"{turn}.db"
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(started, [path] * 8)) == {migrations()[-1][0]}
    db = connect(path)
    assert [row[0] for row in db.execute("SELECT number FROM schema_versions")] == [number for number, _, _ in migrations()]
    db.close()


def test_a_place_without_a_database_folder_is_trouble_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageAway, match="cannot be opened"):
        connect(tmp_path / "file" / "e.db")


def test_a_question_the_database_cannot_answer_is_503(tmp_path: Path) -> None:
    db = connect(tmp_path / "e.db")
    with pytest.raises(StorageAway) as told:
        asked(tmp_path / "e.db", lambda: db.execute("SELECT * FROM nothing"))
    assert told.value.status == 503
    db.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    started(tmp_path / "e.db")
    db = connect(tmp_path / "e.db", read_only=True)
    with pytest.raises(sqlite3.OperationalError):
        db.execute("DELETE FROM keys")
    db.close()
