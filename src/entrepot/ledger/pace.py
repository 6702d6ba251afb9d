"""How fast a purse is spent, and so how much of it should be at hand: as much as the last minute and a half took.

So a database that is away for a minute is not noticed by those whose load stays what it was.
"""

from __future__ import annotations

from collections import deque

SLOT_S = 15
_SLOTS = 6


class Pace:
    """Slots of a quarter of a minute, each with what was spent in it and the most that was held at once."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: deque[tuple[int, int, int]] = deque()

    def tell(self, slot: int, spent: int, peak: int) -> None:
        """What happened since the last time. `slot` is the time in slots, which never goes back."""
        slots = self._slots
        while slots and slots[0][0] <= slot - _SLOTS:
            slots.popleft()
        if slots and slots[-1][0] == slot:
            _, before, highest = slots.pop()
            spent, peak = spent + before, max(peak, highest)
        if spent or peak:
            slots.append((slot, spent, peak))

    @property
    def needed(self) -> int:
        """Enough to spend all of that again, with as much held at once."""
        return sum(spent for _, spent, _ in self._slots) + max((peak for _, _, peak in self._slots), default=0)
