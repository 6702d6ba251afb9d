"""Dates and times, UTC, as queries tell them: each checked, with a word on what was expected."""

from __future__ import annotations

from entrepot.errors import InvalidRequest
from entrepot.values.times import day_in, time_in

DATE = {"pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
"""How the OpenAPI document describes a query's date, which may be empty; `day_of` refuses others, in better words."""
_EXAMPLE = "2026-11-21T09:30:00Z"


def day_of(text: str, field: str) -> int:
    """A date as 2026-11-21, in days since 1970. raises InvalidRequest"""
    try:
        return day_in(text)
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
        return time_in(text)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"`{field}` must be a time.",
            field=field,
            expected="RFC 3339, as 2026-11-21T09:30:00Z",
            received=text[:40],
            remedy=f"Write `{field}` as {_EXAMPLE}.",
        ) from None
