"""A clock that stands still until it is turned."""

from __future__ import annotations

from entrepot.values.clock import Clock


class TurnableClock(Clock):
    """Wall and monotonic time, turned together. It starts on 2026-11-21 00:00 UTC."""

    def __init__(self, now_ms: int = 1_795_219_200_000) -> None:
        self._now_ms = now_ms
        self._monotonic = 0.0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return self._monotonic

    def turn(self, seconds: float) -> None:
        """Lets time pass. Forward only, as monotonic time does."""
        if seconds < 0:
            raise ValueError("a clock is turned forward only")
        self._now_ms += round(seconds * 1000)
        self._monotonic += seconds
