"""Days and times, all of them UTC. Here a time is milliseconds since 1970 and a day is a count of days since then; people write
both as ISO 8601 has them, and this is where one becomes the other."""

from __future__ import annotations

import datetime

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
HOUR_MS, DAY_MS = 1000 * HOUR_S, 1000 * DAY_S
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def time_in(text: str, *, bare: bool = True, abroad: bool = True) -> int:
    """Of a date or a time. raises ValueError

    bare    one that names no offset is taken as UTC; False: it is refused
    abroad  one may name the offset of another zone; False: it is refused
    """
    time = datetime.datetime.fromisoformat(text)
    if time.tzinfo is None and bare:
        time = time.replace(tzinfo=datetime.UTC)
    if time.tzinfo is None or (time.utcoffset() and not abroad):
        raise ValueError(f"{text[:40]} is not in UTC")
    return int(time.timestamp() * 1000)


def day_in(text: str) -> int:
    """Of a date as 2026-11-21; 20261121 and 2026-W47-6 are dates too, but not as they are written here. raises ValueError"""
    date = datetime.date.fromisoformat(text)
    if date.isoformat() != text:
        raise ValueError(f"{text[:40]} is not written as 2026-11-21")
    return date.toordinal() - _EPOCH


def utc(ms: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)


def calendar(day: int) -> datetime.date:
    return datetime.date.fromordinal(day + _EPOCH)


def iso(ms: int) -> str:
    """As 2026-11-21T09:30:00.000Z."""
    return utc(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(ms: int | None) -> str | None:
    """None for what has no time, as a key that never expires."""
    return None if ms is None else iso(ms)


def to_the_minute(ms: int) -> str:
    """As 2026-11-21 09:30, for people."""
    return f"{utc(ms):%Y-%m-%d %H:%M}"


def date_at(ms: float) -> str:
    """The date that a time is on, as 2026-11-21."""
    return utc(ms).date().isoformat()


def date_of(day: int) -> str:
    return calendar(day).isoformat()


def first_of(period: str, day: int) -> int:
    """The first day of the week (Monday) or month that a day is in; of a day itself."""
    date = calendar(day)
    return day - {"week": date.weekday(), "month": date.day - 1}.get(period, 0)
