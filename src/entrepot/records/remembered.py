"""Answers that may be a little old: made again when their time is over, and only so many at once.

Where somebody calls `renew` again and again, nobody waits for an answer that was there before: the old one is given once more,
and a new one is made behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class Remembered:
    """May be asked from any thread; two that ask at once for what is not there both make it, and neither waits.

    stale_ms  how much longer than `for_ms` an answer is given while a new one is made; above 0 somebody must call `renew`
    """

    def __init__(self, now_ms: Callable[[], int], *, for_ms: int, most: int, stale_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._for_ms = for_ms
        self._stale_ms = stale_ms
        self._most = most
        self._held: dict[Hashable, tuple[int, object]] = {}
        self._stale: dict[Hashable, Callable[[], object]] = {}
        self._lock = threading.Lock()
        self._here = threading.local()

    def get(self, name: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a name, or what `make` gives now. Those made first go when there are too many."""
        with self._lock:
            held = self._held.get(name)
        now_ms = self._now_ms()
        if held is not None and now_ms < held[0]:
            return held[1]  # type: ignore[return-value]  # what is kept under a name is what made it
        if held is not None and now_ms < held[0] + self._stale_ms and not self.renewing:
            with self._lock:
                self._stale.setdefault(name, make)
            return held[1]  # type: ignore[return-value]  # as above
        return self._make(name, make)

    @property
    def renewing(self) -> bool:
        """Whether this thread makes answers that nobody waits for."""
        return getattr(self._here, "renewing", False)

    def renew(self) -> None:
        """Makes again what was asked for since it became old. From one thread at a time. raises what making one raises"""
        self._here.renewing = True
        try:
            while self._stale:
                with self._lock:
                    name = next(iter(self._stale))
                    make = self._stale.pop(name)
                self._make(name, make)
        finally:
            self._here.renewing = False

    def _make(self, name: Hashable, make: Callable[[], T]) -> T:
        made = make()
        with self._lock:
            self._held.pop(name, None)
            while len(self._held) >= self._most:
                del self._held[next(iter(self._held))]
            self._held[name] = (self._now_ms() + self._for_ms, made)
        return made
