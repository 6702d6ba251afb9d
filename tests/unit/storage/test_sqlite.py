"""The database comes up whole whoever opens it, and says so when it cannot."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from entrepot.storage.database import Refused, StorageAway, UnknownSchema, Violation
from entrepot.storage.schema import migrations
from entrepot.storage.sqlite import connect


def started(path: Path) -> int:
    db = connect(path)
    try:
        return db.migrate()
    finally:
        db.close()


@pytest.mark.parametrize("turn", range(5))
def test_all_that_start_at_once_come_up_with_the_same_schema(tmp_path: Path, turn: int) -> None:
    path = tmp_path / f"{turn}.db"
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(started, [path] * 8)) == {migrations("sqlite")[-1][0]}
    db = connect(path)
    assert [row[0] for row in db.execute("SELECT number FROM schema_versions")] == [
        number for number, _, _ in migrations("sqlite")
    ]
    db.close()


def test_a_place_without_a_database_folder_is_trouble_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageAway, match="file cannot hold the database") as caught:
        connect(tmp_path / "file" / "e.db")
    assert "--data-dir" in str(caught.value.remedy)


def test_a_database_that_another_program_keeps_is_waited_for_and_then_told(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    started(path)
    keeper = sqlite3.connect(path, isolation_level=None)
    keeper.execute("PRAGMA locking_mode = EXCLUSIVE")
    keeper.execute("DELETE FROM keys")
    with pytest.raises(StorageAway, match="another program keeps it locked"):
        connect(path, wait_s=0.1)
    keeper.close()
    keeper = sqlite3.connect(path, isolation_level=None)
    keeper.execute("BEGIN IMMEDIATE")
    db = connect(path, wait_s=0.1)
    with pytest.raises(StorageAway, match="another program keeps it locked"):
        db.migrate()
    keeper.execute("ROLLBACK")
    assert db.migrate()
    keeper.close()
    db.close()


@pytest.mark.parametrize(("content", "words"), [(b"not a database" * 100, "not an SQLite database"), (None, "no file")])
def test_what_is_not_a_database_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "e.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StorageAway, match=words):
        connect(path)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    db = connect(tmp_path / "e.db")
    db.execute("CREATE TABLE keys (mine)")
    with pytest.raises(UnknownSchema, match="another program"):
        db.migrate()
    assert [name for (name,) in db.execute("SELECT name FROM sqlite_master")] == ["keys"]
    db.close()


def test_a_full_disk_is_told_and_nothing_is_left_half_done(tmp_path: Path) -> None:
    db = connect(tmp_path / "e.db")
    db.execute("PRAGMA max_page_count = 3")
    with pytest.raises(StorageAway, match="disk is full"):
        db.migrate()
    assert [*db.execute("SELECT name FROM sqlite_master")] == []
    db.execute("PRAGMA max_page_count = 1000000")
    assert db.migrate()
    db.close()


def test_a_database_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    connect(tmp_path / "e.db").close()
    db = connect(tmp_path / "e.db", read_only=True)
    with pytest.raises(StorageAway, match="may not be written"):
        db.migrate()
    db.close()


def test_a_mistake_of_ours_is_told_from_trouble_of_the_store(tmp_path: Path) -> None:
    db = connect(tmp_path / "e.db")
    db.migrate()
    with pytest.raises(Refused, match="nothing"):
        db.execute("SELECT * FROM nothing")
    with pytest.raises(Violation, match="NOT NULL"):
        db.execute("INSERT INTO workspaces (id) VALUES ('a')")
    db.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    started(tmp_path / "e.db")
    db = connect(tmp_path / "e.db", read_only=True)
    with pytest.raises(StorageAway, match="may not be written"):
        db.execute("DELETE FROM keys")
    db.close()
