"""Who may have a page make a test key, and how many are made in an hour: each is a row that stays."""

from __future__ import annotations

from collections import deque

HOUR_MS = 3_600_000


class Ration:
    """`who`: browsers on this machine (`near`), anybody (`any`) or nobody (`off`)."""

    def __init__(self, who: str = "off", most: int = 60) -> None:
        self.who = who
        self._most = most
        self._taken_ms: deque[int] = deque()

    def serves(self, near: bool) -> bool:
        return self.who == "any" or (self.who == "near" and near)

    def wait_ms(self, now_ms: int) -> int:
        """Takes one and gives 0; or, when the hour's are gone, how long until there is one."""
        while self._taken_ms and self._taken_ms[0] <= now_ms - HOUR_MS:
            self._taken_ms.popleft()
        if len(self._taken_ms) >= self._most:
            return self._taken_ms[0] + HOUR_MS - now_ms
        self._taken_ms.append(now_ms)
        return 0
