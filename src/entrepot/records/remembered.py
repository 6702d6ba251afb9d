"""Answers that may be a little old: made again when their time is over, and only so many at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class Remembered:
    """May be asked from any thread; two that ask at once for what is not there both make it, and neither waits."""

    def __init__(self, now_ms: Callable[[], int], *, for_ms: int, most: int) -> None:
        self._now_ms = now_ms
        self._for_ms = for_ms
        self._most = most
        self._held: dict[Hashable, tuple[int, object]] = {}
        self._lock = threading.Lock()

    def get(self, name: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a name, or what `make` gives now. Those made first go when there are too many."""
        with self._lock:
            held = self._held.get(name)
        now_ms = self._now_ms()
        if held is not None and now_ms < held[0]:
            return held[1]  # type: ignore[return-value]  # what is kept under a name is what made it
        made = make()
        with self._lock:
            self._held.pop(name, None)
            while len(self._held) >= self._most:
                del self._held[next(iter(self._held))]
            self._held[name] = (now_ms + self._for_ms, made)
        return made
