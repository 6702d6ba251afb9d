"""Records that are safe but not yet in the database: lines appended to a file, which outlive the process.

One `write` makes a record survive whatever kills us; the database takes it later, with many others, in one transaction. A file is
deleted when all its lines are in the database. Files that a dead process left are taken in by the next one that starts: a lock on
each tells whether its owner lives.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:
    _CAN_LOCK = False
else:
    _CAN_LOCK = True

_NAME = "records-{}-{:08d}.journal"
_NAME_OF = "records-{}-*.journal"
_ROOM = bytes(2**20)
"""Of what a disk must take before it counts as having room: that of some hundred records."""
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL


class Journal:
    """The file that is being written. Use from one thread. `name` tells the files of processes on one folder apart."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._number = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def _open(self) -> None:
        """A new file, locked. Between its making and its lock another process may have thought it left behind: then the next."""
        while True:
            path = self._folder / _NAME.format(self._name, self._number)
            descriptor = os.open(path, _FLAGS, 0o600)
            self._number += 1
            if _lock(descriptor) and path.exists():
                break
            os.close(descriptor)
        self._descriptor, self._path, self._length = descriptor, path, 0

    def append(self, line: bytes) -> None:
        """The line is safe from the end of this process when this returns. raises OSError, and then nothing is left of it"""
        try:
            written = os.write(self._descriptor, line)
        except OSError:
            os.ftruncate(self._descriptor, self._length)
            raise
        if written != len(line):
            os.ftruncate(self._descriptor, self._length)
            raise OSError(28, "no space left on the device")
        self._length += written

    def try_out(self) -> None:
        """Whether the disk has room. What is written has no end of a line, so nobody takes it for a record. raises OSError"""
        try:
            written = os.write(self._descriptor, _ROOM)
        finally:
            os.ftruncate(self._descriptor, self._length)
        if written != len(_ROOM):
            raise OSError(28, "no space left on the device")

    def sync(self) -> None:
        """What was appended outlives the loss of power when this returns. raises OSError"""
        os.fsync(self._descriptor)

    def rotate(self) -> Finished:
        """Begins another file and gives the one so far. raises OSError, and then goes on with the same file"""
        before = Finished(self._path, self._descriptor)
        self._open()
        return before

    def close(self) -> Finished:
        """The last file. Nothing may be appended afterwards."""
        return Finished(self._path, self._descriptor)


class Finished:
    """A file nothing is appended to any more. Its lock is held until it is deleted or let go."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @property
    def process(self) -> str:
        """The name of the journal's owner."""
        return self.path.name.split("-")[1]

    def lines(self) -> list[bytes]:
        """Whole lines. A last one without its end was being written when the process died: its answer never left."""
        return self.path.read_bytes().split(b"\n")[:-1]

    def sync(self) -> None:
        """raises OSError"""
        os.fsync(self._descriptor)

    def delete(self) -> None:
        """A file that cannot be deleted is taken in again by the next start, which finds that nothing of it is missing."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        os.close(self._descriptor)


def left_behind(folder: Path) -> Iterator[Finished]:
    """The files of processes that are no more, oldest first."""
    for path in sorted(folder.glob("records-*.journal"), key=lambda path: path.stat().st_mtime_ns):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDWR)
            if _lock(descriptor) and path.exists():
                yield Finished(path, descriptor)
            else:
                os.close(descriptor)


def has_journal(folder: Path, process: str) -> bool:
    """Whether a file of that owner is there: it lives, or left records that nobody took in yet."""
    return any(folder.glob(_NAME_OF.format(process)))


def _lock(descriptor: int) -> bool:
    if not _CAN_LOCK:
        return True  # then nothing tells a second server on the same folder from a dead one
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
