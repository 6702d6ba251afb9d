"""Days and times are UTC wherever they are read and written."""

import pytest

from entrepot.values.times import DAY_MS, date_at, date_of, day_in, first_of, iso, time_in, to_the_minute

NOON_MS = 1_795_262_400_000
"""2026-11-21 12:00 UTC, a Saturday."""


@pytest.mark.parametrize(
    "text", ["2026-11-21T12:00:00Z", "2026-11-21T12:00", "2026-11-21 12:00:00.000", "2026-11-21T13:00+01:00", "20261121T12"]
)
def test_a_time_is_read_with_any_offset_and_without_one(text: str) -> None:
    assert time_in(text) == NOON_MS


def test_a_date_is_its_first_moment() -> None:
    assert time_in("2026-11-21") == NOON_MS - DAY_MS // 2


@pytest.mark.parametrize(
    ("text", "wish"),
    [("2026-11-21T12:00", {"bare": False}), ("2026-11-21T13:00+01:00", {"abroad": False}), ("tomorrow", {}), ("", {})],
)
def test_what_is_not_a_time_as_it_is_asked_for_is_refused(text: str, wish: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match=r"."):
        time_in(text, **wish)


@pytest.mark.parametrize("text", ["2026-11-31", "20261121", "2026-W47-6", "21.11.2026", "2026-11-21T12:00"])
def test_a_day_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        day_in(text)


def test_what_is_written_is_read_again() -> None:
    assert time_in(iso(NOON_MS)) == NOON_MS
    assert day_in(date_of(NOON_MS // DAY_MS)) == NOON_MS // DAY_MS
    assert (iso(NOON_MS), date_at(NOON_MS), to_the_minute(NOON_MS)) == (
        "2026-11-21T12:00:00.000Z",
        "2026-11-21",
        "2026-11-21 12:00",
    )


@pytest.mark.parametrize(("period", "first"), [("day", "2026-11-21"), ("week", "2026-11-16"), ("month", "2026-11-01")])
def test_weeks_begin_on_monday_and_months_on_the_first(period: str, first: str) -> None:
    assert date_of(first_of(period, day_in("2026-11-21"))) == first
