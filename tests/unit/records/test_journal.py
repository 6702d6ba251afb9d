"""A journal's lines outlive the process, and nothing else of its file is taken for one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from entrepot.records.journal import Journal, left_behind

LONG = b"x" * 100_000
KILLED = """
import os, signal, sys
from pathlib import Path
from entrepot.records.journal import Journal
journal = Journal(Path(sys.argv[1]), "dead")
for number in range(1000):
    journal.append(b'{"number": %d}' % number)
os.kill(os.getpid(), signal.SIGKILL)
"""


def lines(folder: Path) -> list[bytes]:
    return [line for left in left_behind(folder) for line in left.lines()]


def test_it_makes_its_folder(tmp_path: Path) -> None:
    """A replica on a remote database starts with none."""
    journal = Journal(tmp_path / "data" / "here", "one")
    journal.append(b"a line")
    [file] = (tmp_path / "data" / "here").iterdir()
    assert file.read_bytes().rstrip(b"\0") == b"a line\n"
    journal.close().delete()


@pytest.mark.parametrize(
    "made", [[], [b"a"], [b"a", b"b"] * 5_000, [LONG], [b"a", LONG, b"b", LONG]], ids=["0", "1", "many", "long", "both"]
)
def test_all_lines_are_there_however_much_room_they_need(tmp_path: Path, made: list[bytes]) -> None:
    journal = Journal(tmp_path, "one")
    for line in made:
        journal.append(line)
    journal.close().let_go()
    assert lines(tmp_path) == made


def test_lines_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert lines(tmp_path) == [b'{"number": %d}' % number for number in range(1000)]


def test_what_has_no_end_was_being_written_and_counts_for_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "one")
    journal.append(b"whole")
    file = journal.close()
    with file.path.open("r+b") as written:
        written.seek(len(b"whole\n"))
        written.write(b"half")
    assert file.lines() == [b"whole"]
    file.delete()


def test_the_next_file_begins_empty_and_the_one_before_keeps_its_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "one")
    journal.append(b"first")
    before = journal.rotate()
    journal.append(b"second")
    assert (before.lines(), journal.close().lines()) == ([b"first"], [b"second"])


def test_files_of_one_who_lives_are_not_left_behind(tmp_path: Path) -> None:
    """Also those that it has finished, until it lets them go."""
    journal = Journal(tmp_path, "one")
    journal.append(b"first")
    before, now = journal.rotate(), journal.close()
    assert lines(tmp_path) == []
    before.let_go()
    assert lines(tmp_path) == [b"first"]
    now.let_go()


def test_a_file_that_is_used_again_tells_nothing_of_what_it_held(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "one")
    for line in (b"a line that is longer than the next", b"another"):
        journal.append(line)
    journal.give_back(journal.rotate())
    assert journal.rotate().lines() == []
    journal.append(b"short")
    again = journal.close()
    assert (again.path.name, again.lines()) == ("records-one-00000000.journal", [b"short"])


def test_few_files_are_kept_for_later_and_no_long_ones(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "one")
    held = []
    for line in (b"x" * 2**23, b"a", b"b", b"c", b"d"):
        journal.append(line)
        held.append(journal.rotate())
    for file in held:
        journal.give_back(file)
    assert [path.stat().st_size for path in sorted(tmp_path.iterdir())] == [2**14, 2**14, 0]
    journal.close().delete()
    assert not list(tmp_path.iterdir())


def test_no_file_stays_open_when_all_are_let_go(tmp_path: Path) -> None:
    opened = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else pytest.skip("no /proc here")
    journal = Journal(tmp_path, "one")
    for _ in range(20):
        journal.append(LONG)
        journal.give_back(journal.rotate())
    journal.close().delete()
    assert len(os.listdir("/proc/self/fd")) == opened and not list(tmp_path.iterdir())
