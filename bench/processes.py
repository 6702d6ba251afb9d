"""Child processes on loopback, what they have used, and their end. Linux only: it reads /proc and other processes' CPU clocks."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

FILES = 24_000
_MIB = 2**20


class Failed(Exception):
    """A program did not do what it was started for; the message has what it said."""


def raise_file_limit() -> int:
    """As many open files as `FILES`, or as the system allows; gives the number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (max(FILES, hard), hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return wanted
    return soft


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Child:
    """One program with all that it starts. Ends with the `with` block, however that is left."""

    def __init__(self, name: str, command: list[str], **more: Any) -> None:
        self.name = name
        self._command = command
        self._more = more

    def __enter__(self) -> Child:
        self.process = subprocess.Popen(self._command, start_new_session=True, text=True, **self._more)
        return self

    def __exit__(self, *_: object) -> None:
        """Asks its whole group to end, waits, then makes it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self, seconds: float = 20) -> str:
        """The next line it prints, or `Failed`."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            raise Failed(f"{self.name} said nothing for {seconds:.0f} s")
        line: str = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.name} ended with {self.process.wait(5)} before it was done")
        return line.strip()

    def until_listening(self, port: int, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.1)
        raise Failed(f"{self.name} does not listen on port {port}")

    @property
    def pids(self) -> list[int]:
        """The program and everything below it."""
        found, look = [], [self.process.pid]
        while look:
            pid = look.pop()
            found.append(pid)
            for threads in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    look += [int(child) for child in threads.read_text().split()]
        return found

    def cpu_s(self) -> float:
        """User and system time of all its threads so far, to the nanosecond."""
        return sum(cpu_of(pid) for pid in self.pids)

    def rss_mib(self) -> float:
        return sum(_status_mib(pid, "VmRSS") for pid in self.pids)

    def anonymous_mib(self) -> float:
        """The part of it that no file stands behind."""
        return sum(_status_mib(pid, "RssAnon") for pid in self.pids)


def cpu_of(pid: int) -> float:
    """By the kernel's number for the CPU clock of another process (MAKE_PROCESS_CPUCLOCK of its posix-timers.h)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _status_mib(pid: int, field: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / _MIB for line in lines if line.startswith(field)), 0.0)
