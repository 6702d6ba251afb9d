"""Records that are safe but not yet in the database: lines appended to a file, which outlive the process.

A file is mapped into memory: a record is copied once and is then in the hands of the system, whatever kills us, without a call of
the system, during which the interpreter would be given away while an answer waits. Room is taken from the disk beforehand, as
zeros. The database takes the records later, many in one transaction; a file all of whose lines are there is made empty and used
again. Files that a dead process left are taken in by the next one that starts: a lock on each tells whether its owner lives.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import shutil
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
_ROOM_BYTES = 2**20
"""Of what a disk must take before it counts as having room: that of some hundred records."""
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL
_FIRST_BYTES, _MOST_BYTES = 2**14, 2**20
"""Room that a file takes at first; then as much again each time, and no more than this at once."""
_SPARE, _SPARE_BYTES = 2, 2**22
"""So many files that are empty again are kept, none longer than this."""
_END = ord("\n")


class JournalFile:
    """Lines, and zeros after them. Its lock is held until it is deleted or let go."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._map: mmap.mmap | None = None
        self._used = self._length = 0

    @property
    def process(self) -> str:
        """The name of the journal's owner."""
        return self.path.name.split("-")[1]

    def lines(self) -> list[bytes]:
        """Whole lines. What follows their last end was being written when the process died, or is room that nobody used."""
        return self.path.read_bytes().split(b"\n")[:-1]

    def append(self, line: bytes) -> None:
        """A line, given without its end, outlives this process when this returns. raises OSError, and nothing is left of it"""
        used = self._used
        end = used + len(line)
        if end >= self._length:
            self._grow(end + 1)
        assert self._map is not None
        self._map[used:end] = line
        self._map[end] = _END  # after the line: without it a reader takes no notice of what was being copied
        self._used = end + 1

    def _grow(self, least: int) -> None:
        more = min(max(self._length, _FIRST_BYTES), _MOST_BYTES)
        length = max(self._length + more, -(-least // mmap.PAGESIZE) * mmap.PAGESIZE)
        self._take(length - self._length)
        before, self._map, self._length = self._map, mmap.mmap(self._descriptor, length), length
        if before is not None:
            before.close()

    def _take(self, size: int) -> None:
        """Written and not only reserved: not every disk keeps what it promised. raises OSError, and then gives all back"""
        try:
            written = os.pwrite(self._descriptor, bytes(size), self._length)
        except OSError:
            os.ftruncate(self._descriptor, self._length)
            raise
        if written != size:
            os.ftruncate(self._descriptor, self._length)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def try_out(self) -> None:
        """Whether the disk has room. raises OSError"""
        self._take(_ROOM_BYTES)
        os.ftruncate(self._descriptor, self._length)

    def sync(self) -> None:
        """What was appended outlives the loss of power when this returns. From any thread. raises OSError

        By a map of its own, since not every system counts what was put into maps among what `fsync` writes.
        """
        if os.fstat(self._descriptor).st_size:
            with mmap.mmap(self._descriptor, 0) as mapped:
                mapped.flush()
        os.fsync(self._descriptor)

    def clear(self) -> bool:
        """Empty, to be used again; False when it is not worth keeping."""
        if self._map is None or self._length > _SPARE_BYTES:
            return False
        self._map[: self._used] = bytes(self._used)
        self._used = 0
        return True

    def delete(self) -> None:
        """A file that cannot be deleted is taken in again by the next start, which finds that nothing of it is missing."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        if self._map is not None:
            self._map.close()
        os.close(self._descriptor)


class Journal:
    """Lines go to one file after another. Use from one thread. `name` tells the files of processes on one folder apart."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._number = 0
        self._spare: list[JournalFile] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._open()

    def _open(self) -> JournalFile:
        """A new file, locked. Between its making and its lock another process may have thought it left behind: then the next."""
        while True:
            path = self._folder / _NAME.format(self._name, self._number)
            descriptor = os.open(path, _FLAGS, 0o600)
            self._number += 1
            if _lock(descriptor) and path.exists():
                return JournalFile(path, descriptor)
            os.close(descriptor)

    def append(self, line: bytes) -> None:
        """As a file does."""
        self._file.append(line)

    def has_room(self) -> bool:
        """Whether the disk says that it has; a look that costs little."""
        return shutil.disk_usage(self._folder).free >= _ROOM_BYTES

    def try_out(self) -> None:
        """Whether the disk has room. raises OSError"""
        self._file.try_out()

    def sync(self) -> None:
        """As a file does. From any thread. raises OSError"""
        self._file.sync()

    def rotate(self) -> JournalFile:
        """Begins another file and gives the one so far. raises OSError, and then goes on with the same file"""
        before, self._file = self._file, self._spare.pop() if self._spare else self._open()
        return before

    def give_back(self, file: JournalFile) -> None:
        """A file whose lines nobody needs any more. From any thread."""
        if len(self._spare) < _SPARE and file.clear():
            self._spare.append(file)
        else:
            file.delete()

    def close(self) -> JournalFile:
        """The last file. Nothing may be appended or given back afterwards."""
        for file in self._spare:
            file.delete()
        return self._file


def left_behind(folder: Path) -> Iterator[JournalFile]:
    """The files of processes that are no more, oldest first."""
    for path in sorted(folder.glob("records-*.journal"), key=lambda path: path.stat().st_mtime_ns):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDWR)
            if _lock(descriptor) and path.exists():
                yield JournalFile(path, descriptor)
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
