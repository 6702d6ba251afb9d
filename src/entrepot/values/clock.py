"""Time, handed in so that tests can turn it."""

from __future__ import annotations

import time


class Clock:
    """Wall time and monotonic time of this machine. `entrepot.testing.TurnableClock` stands in for it in tests."""

    def now_ms(self) -> int:
        """Wall time, milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    monotonic = staticmethod(time.monotonic)
    """Seconds that only go forward, from an arbitrary start. Asked several times in every request."""
