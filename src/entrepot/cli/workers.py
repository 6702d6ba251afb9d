"""Several processes on one listening socket: made by a first one that serves nothing itself, and replaced when they die.

The first worker comes up alone, so that what is wrong is said once. A signal to stop goes on to all, and a second one too.
Workers that lose the process that made them stop by themselves. Of one that is killed it is said by what.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog

from entrepot.cli.common import Failure

_PAUSE_S = 1.0
"""Before a worker that died is replaced."""
_READY = b"."
_HINT = " When nobody killed it, the system did, for want of memory: its log says so (`dmesg`)."
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger("entrepot")


class Crew:
    """From the first process's side. Call `run` from the main thread, before any other is started and before an event loop."""

    def __init__(self, count: int, work: Callable[[int, Callable[[], None]], None]) -> None:
        """work  serves until a signal; told its number, and what to call when it serves"""
        self._count = count
        self._work = work
        self._at_work: dict[int, int] = {}
        self._stopping = False
        self._lifeline = os.pipe()

    def run(self) -> int:
        """Returns in each worker when its work is over, and in the first process when all have ended; gives the exit code.

        raises  Failure, when the first worker was killed before it served
        """
        for known in _SIGNALS:
            signal.signal(known, self._stop)
        if not self._first_is_up():
            return self._worst() if self._at_work else 0
        for number in range(1, self._count):
            if self._hire(number):
                return 0
        return self._look_after()

    def _first_is_up(self) -> bool:
        """False when it ended instead, and in the first worker itself when its work is over."""
        reading, writing = os.pipe()
        if self._hire(0, ready=lambda: self._say_ready(writing)):
            return False
        os.close(writing)
        up = os.read(reading, 1) == _READY
        os.close(reading)
        return up

    def _say_ready(self, writing: int) -> None:
        os.write(writing, _READY)
        os.close(writing)

    def _hire(self, number: int, ready: Callable[[], None] = lambda: None) -> bool:
        """True in the worker, when its work is over."""
        worker = os.fork()
        if worker:
            self._at_work[worker] = number
            return False
        self._at_work.clear()
        # Ctrl-C in a terminal goes to a whole group, and would come a second time from the first process.
        os.setpgid(0, 0)
        for known in _SIGNALS:
            signal.signal(known, signal.SIG_DFL)
        os.close(self._lifeline[1])
        threading.Thread(target=self._stop_when_alone, daemon=True).start()
        self._work(number, ready)
        return True

    def _stop_when_alone(self) -> None:
        """The other end is open as long as the first process lives."""
        os.read(self._lifeline[0], 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _look_after(self) -> int:
        worst = 0
        while self._at_work:
            worker, status = os.wait()
            number = self._at_work.pop(worker)
            if self._stopping:
                worst = max(worst, os.waitstatus_to_exitcode(status))
                continue
            log.warning("a worker ended and is replaced", process=worker, why=_why(status))
            time.sleep(_PAUSE_S)
            if not self._stopping and self._hire(number):
                return 0
        return worst

    def _worst(self) -> int:
        """The first worker ended before it served, and said why unless it was killed. raises Failure"""
        _, status = os.wait()
        if os.WIFSIGNALED(status) and not self._stopping:
            raise Failure(f"The first worker was {_why(status)} before it served, so none was started.{_HINT}")
        return max(1, os.waitstatus_to_exitcode(status))

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for worker in self._at_work:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGTERM)


def _why(status: int) -> str:
    """How a process ended, in words."""
    code = os.waitstatus_to_exitcode(status)
    return f"killed by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"over with exit code {code}"
