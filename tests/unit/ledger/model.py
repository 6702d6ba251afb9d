"""What there should be, in so few lines that a reader can check them: the model that the whole ledger is compared with."""

from __future__ import annotations

from typing import NamedTuple


class Held(NamedTuple):
    """An amount set aside on a day by a process."""

    process: str
    day: int
    amount: int


class Model:
    """Credit given and taken, what calls cost by day, and what is set aside besides, by the living and the dead."""

    def __init__(self, limit: int) -> None:
        self.credit = 0
        self.limit = limit
        self.spent: dict[int, int] = {}
        self.held: list[Held] = []

    def credit_left(self) -> int:
        return self.credit - sum(self.spent.values()) - sum(held.amount for held in self.held)

    def limit_left(self, day: int) -> int:
        """Of a day's limit."""
        return self.limit - self.spent.get(day, 0) - sum(held.amount for held in self.held if held.day == day)

    def left(self, day: int) -> int:
        return min(self.credit_left(), self.limit_left(day))

    def hold(self, process: str, day: int, amount: int) -> Held:
        held = Held(process, day, amount)
        self.held.append(held)
        return held

    def settle(self, held: Held, cost: int) -> None:
        """Beyond what was held a call may cost what is left of everything, and never more."""
        self.held.remove(held)
        assert cost <= max(held.amount, self.left(held.day))
        self.spent[held.day] = self.spent.get(held.day, 0) + cost

    def release(self, held: Held) -> None:
        self.held.remove(held)

    def expire(self, process: str) -> None:
        """What a dead process had set aside is free again."""
        self.held = [held for held in self.held if held.process != process]
