"""Limits and holds, in memory and exact: nothing here waits, asks a disk or knows of other processes.

A purse is money that may be spent against one limit: a key's limit in its window, a workspace's budget in its window, or a
prepaid workspace's credit. What this process may spend of it is leased to it and counted in its `allowance`. A hold takes the
highest possible cost out of every purse that a call is bound by, all or none, and ends exactly once: settled at what the call
cost, or released.

    allowance   leased, and neither spent nor given back
    held        the part of it that open holds have set aside; 0 <= held <= allowance, always
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Literal

import msgspec

from entrepot.ledger.pace import Pace
from entrepot.values.times import DAY_MS, calendar

Span = Literal["daily", "weekly", "monthly", "lifetime"]
SPANS: tuple[Span, ...] = ("lifetime", "monthly", "weekly", "daily")
"""From the broadest to the narrowest."""
_FOR_EVER = 10**9


class Window(msgspec.Struct, frozen=True):
    """UTC days since 1970: the first one in the window, and the first one after it."""

    first_day: int
    end_day: int


def window_of(span: Span, now_ms: int) -> Window:
    """The day from midnight, the week from Monday, the month from the first, or ever."""
    today = now_ms // DAY_MS
    if span == "daily":
        return Window(today, today + 1)
    if span == "lifetime":
        return Window(0, _FOR_EVER)
    date = calendar(today)
    if span == "weekly":
        monday = today - date.weekday()
        return Window(monday, monday + 7)
    first = today - date.day + 1
    after = (date.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
    return Window(first, first + (after - date.replace(day=1)).days)


def key_purse(key_hash: str, span: Span, now_ms: int) -> str:
    return f"key/{key_hash}/{span}/{window_of(span, now_ms).first_day}"


def budget_purse(workspace: str, span: Span, now_ms: int) -> str:
    return f"budget/{workspace}/{span}/{window_of(span, now_ms).first_day}"


def credit_purse(workspace: str) -> str:
    return f"credit/{workspace}"


class Purse:
    """beyond     what the store had left besides when it was last asked
    until_day  when the window is over
    workspace  whose it is
    """

    __slots__ = ("allowance", "beyond", "held", "name", "pace", "peak", "spent", "until_day", "used", "workspace")

    def __init__(self, name: str, until_day: int = _FOR_EVER, workspace: str = "") -> None:
        self.name = name
        self.until_day = until_day
        self.workspace = workspace
        self.allowance = 0
        self.held = 0
        self.beyond = 0
        self.used = True
        """Something was held since the janitor last looked."""
        self.spent = 0
        self.peak = 0
        """Spent, and the most that was held at once, since the janitor last looked."""
        self.pace = Pace()

    @property
    def free(self) -> int:
        return self.allowance - self.held


class Hold:
    """An amount set aside in each of its purses. `cap` is the longest answer it covers; None: as long as was asked for."""

    __slots__ = ("amount", "cap", "names", "open", "purses")

    def __init__(self, purses: Sequence[Purse], names: tuple[str, ...], amount: int) -> None:
        self.purses = purses
        self.names = names
        self.amount = amount
        self.cap: int | None = None
        self.open = True


def take(purses: Sequence[Purse], names: tuple[str, ...], amount: int) -> Hold | None:
    """Sets the amount aside in all of them, or in none when one of them has less."""
    for purse in purses:
        if purse.allowance - purse.held < amount:
            return None
    for purse in purses:
        purse.held += amount
        if purse.held > purse.peak:
            purse.peak = purse.held
        purse.used = True
    return Hold(purses, names, amount)


def chargeable(hold: Hold, cost: int) -> int:
    """What of a cost may be charged: all that was held, and beyond it only what is free in every purse."""
    if cost <= hold.amount:
        return cost
    return min(cost, hold.amount + min((purse.free for purse in hold.purses), default=0))


def settle(hold: Hold, cost: int) -> None:
    """Ends the hold at a cost that is `chargeable`. A second end does nothing."""
    if not hold.open:
        return
    hold.open = False
    for purse in hold.purses:
        purse.held -= hold.amount
        purse.allowance -= cost
        purse.spent += cost


def release(hold: Hold) -> None:
    """Ends the hold at no cost. A second end does nothing."""
    settle(hold, 0)
