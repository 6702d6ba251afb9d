"""Time in the demo: each simulated call carries its own, so that calls overlap in history and run one after the other here.

Whoever asks within a call (its client, the gateway, the provider's double) is told the call's time; everybody else the time up to
which history has come, and once it has caught up with the present, the time of this machine.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar

from entrepot.demo.people import Ask
from entrepot.values.clock import Clock


class Moment:
    """Where a call is in time, and what it is about.

    at_s   seconds since 1970; in the present it is the machine that tells the time, and waiting is waiting
    left   set when its client has hung up
    """

    __slots__ = ("_at_s", "ask", "left")

    def __init__(self, ask: Ask, at_s: float | None) -> None:
        self.ask = ask
        self._at_s = at_s
        self.left = asyncio.Event()

    @property
    def at_s(self) -> float:
        return time.time() if self._at_s is None else self._at_s

    async def pass_by(self, seconds: float) -> None:
        """Lets time pass."""
        if self._at_s is None:
            await asyncio.sleep(seconds)
        else:
            self._at_s += seconds


_HERE: ContextVar[Moment | None] = ContextVar("moment", default=None)


def here() -> Moment | None:
    """The moment of the call that asks; None outside of simulated calls."""
    return _HERE.get()


def enter(moment: Moment) -> None:
    """From now on this task is within the call."""
    _HERE.set(moment)


class HistoryClock(Clock):
    """`reach` moves history forward; `arrive` ends it: from then on this is the machine's clock."""

    def __init__(self, at_s: float) -> None:
        self._at_s: float | None = at_s
        self._began_s = at_s

    def now_ms(self) -> int:
        return round(self._now_s() * 1000)

    def monotonic(self) -> float:
        return self._now_s() - self._began_s

    def reach(self, at_s: float) -> None:
        if self._at_s is not None:
            self._at_s = max(self._at_s, at_s)

    def arrive(self) -> None:
        self._at_s = None

    def _now_s(self) -> float:
        moment = _HERE.get()
        if moment is not None:
            return moment.at_s
        return time.time() if self._at_s is None else self._at_s
