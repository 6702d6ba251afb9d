"""A journal lies where it is told to, also where there is no folder yet: a replica on a remote database starts with none."""

from pathlib import Path

from entrepot.records.journal import Journal


def test_a_journal_makes_its_folder(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "data" / "here", "one")
    journal.append(b"a line\n")
    (file,) = (tmp_path / "data" / "here").iterdir()
    assert file.read_bytes() == b"a line\n"
    journal.close().delete()
