"""Dates and times, UTC: as queries tell them, each checked with a word on what was expected, and as answers do."""

from __future__ import annotations

import datetime

from entrepot.errors import InvalidRequest

DAY_MS = 86_400_000
DATE = {"pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
"""How the OpenAPI document describes a query's date, which may be empty; `day_of` refuses others, in better words."""


def day_of(text: str, field: str) -> int:
    """A date as 2026-11-21, in days since 1970. raises InvalidRequest"""
    try:
        date = datetime.date.fromisoformat(text)
        if date.isoformat() != text:  # 20261121 and 2026-W47-6 are dates too, but not as it is asked for
            raise ValueError
        return date.toordinal() - _EPOCH
    except ValueError:
        raise InvalidRequest(
            f"`{field}` must be a date.",
            field=field,
            expected="YYYY-MM-DD",
            received=text[:40],
            remedy=f"Write `{field}` as {_EXAMPLE[:10]}.",
        ) from None


def time_of(text: str, field: str) -> int:
    """A date or a time as RFC 3339 has it, in milliseconds since 1970. raises InvalidRequest"""
    try:
        found = datetime.datetime.fromisoformat(text)
        told = found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
        return int(told.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"`{field}` must be a time.",
            field=field,
            expected="RFC 3339, as 2026-11-21T09:30:00Z",
            received=text[:40],
            remedy=f"Write `{field}` as {_EXAMPLE}.",
        ) from None


def date_of(day: int) -> str:
    return datetime.date.fromordinal(day + _EPOCH).isoformat()


def iso(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def first_of(period: str, day: int) -> int:
    """The first day of the week (Monday) or month that a day is in; of a day itself."""
    date = datetime.date.fromordinal(day + _EPOCH)
    return day - {"week": date.weekday(), "month": date.day - 1}.get(period, 0)


_EPOCH = datetime.date(1970, 1, 1).toordinal()
_EXAMPLE = "2026-11-21T09:30:00Z"
