"""Work that waits for somebody outside, whom nobody has to wait for at the end.

Each piece of work runs on a thread of its own, which does not keep the process from ending. Whoever asked for it waits until it
is done, or until patience is over.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from typing import Any, TypeVar

T = TypeVar("T")


class Patience:
    """Without an end until `end` is called."""

    def __init__(self) -> None:
        self._over: Future[None] = Future()

    def end(self, within_s: float) -> None:
        """Of work that is not done by then, and of all that is asked for later, nobody hears any more."""
        timer = threading.Timer(within_s, self._end)
        timer.daemon = True
        timer.start()

    def ask(self, work: Callable[[], T]) -> T:
        """What the work gives or raises. raises TimeoutError, when patience is over first"""
        if not self._over.done():
            done: Future[T] = Future()
            threading.Thread(target=_do, args=(work, done), name="patience", daemon=True).start()
            either: tuple[Future[Any], ...] = (done, self._over)
            wait(either, return_when=FIRST_COMPLETED)
            if done.done():
                return done.result()
        raise TimeoutError

    def _end(self) -> None:
        with contextlib.suppress(InvalidStateError):
            self._over.set_result(None)


def _do(work: Callable[[], T], done: Future[T]) -> None:
    """What is raised is raised where the work was asked for."""
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)
