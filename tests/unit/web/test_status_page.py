"""The status page tells what is not well, and reads incidents off uptime by the hour."""

import pytest

from entrepot.records.figures import Span, Uptime, UptimePoint
from entrepot.web.listings_measured import Measured
from entrepot.web.status import Component, Hours, context, grade_of, incidents_of, together

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def hours(*told: tuple[int, int]) -> list[UptimePoint]:
    """Attempts and failures of hours in a row."""
    return [
        UptimePoint(at * HOUR_MS, Uptime(attempts, {"provider_unavailable": failed} if failed else {}))
        for at, (attempts, failed) in enumerate(told)
    ]


def test_an_incident_lasts_from_its_first_bad_hour_to_its_last() -> None:
    (found,) = incidents_of("acme", hours((100, 0), (100, 50), (100, 90), (100, 0)))
    assert (found.from_ms, found.until_ms, found.hours) == (HOUR_MS, 3 * HOUR_MS, 2)
    assert (found.worst, found.attempts, found.failures) == (pytest.approx(0.1), 200, {"provider_unavailable": 140})


def test_one_that_has_not_ended_goes_on() -> None:
    (found,) = incidents_of("acme", hours((100, 0), (100, 50)))
    assert found.until_ms is None


def test_an_hour_without_calls_neither_begins_nor_ends_one() -> None:
    assert incidents_of("acme", hours((0, 0), (0, 0))) == []
    (found,) = incidents_of("acme", hours((10, 9), (0, 0), (10, 9), (10, 0)))
    assert (found.from_ms, found.until_ms) == (0, 3 * HOUR_MS)


def test_a_single_failure_is_no_incident() -> None:
    assert incidents_of("acme", hours((1, 1), (4, 4), (100, 5))) == []


def test_uptimes_add_up() -> None:
    assert together([Uptime(10, {"timeout": 1}), Uptime(30, {"timeout": 2, "server": 1}, 5)]) == Uptime(
        40, {"timeout": 3, "server": 1}, 5
    )


@pytest.mark.parametrize(("failed", "grade"), [(0, "good"), (5, "good"), (6, "fair"), (20, "fair"), (21, "poor")])
def test_grades_follow_the_contracts_thresholds(failed: int, grade: str) -> None:
    assert grade_of(Uptime(100, {"timeout": failed} if failed else {})) == grade


def test_what_was_never_tried_has_no_grade() -> None:
    assert grade_of(Uptime()) == "none"


def test_a_part_that_is_not_well_is_named_also_without_statistics() -> None:
    told = context(
        Measured(None), Hours(), lambda: [Component("records", False, "the disk is full"), Component("catalogue", True)], {}
    )
    assert [part.name for part in told["unwell"]] == ["records"]
    assert told["lines"] == []


class Asked:
    """Statistics of one provider that was tried in every hour; the days that were asked for are noted."""

    def __init__(self) -> None:
        self.today, self.days = 100, list[int]()

    def now_ms(self) -> int:
        return self.today * DAY_MS + HOUR_MS

    def uptimes_of_providers(self, span: Span, level: str) -> dict[str, list[UptimePoint]]:
        self.days += range(span.from_ms // DAY_MS, span.before_ms // DAY_MS)
        hours = range(span.from_ms, span.before_ms, HOUR_MS)
        return {"acme": [UptimePoint(at_ms, Uptime(10, {})) for at_ms in hours]}


def test_days_that_are_over_are_asked_for_once() -> None:
    asked, kept = Asked(), Hours(days=30)
    assert kept.of(asked) == {"acme": hours_of(71, 101)}
    assert sorted(asked.days) == list(range(71, 101))
    asked.days.clear()
    assert kept.of(asked) == {"acme": hours_of(71, 101)}
    assert asked.days == [99, 100]


def test_of_a_new_day_the_one_that_is_over_is_asked_for_too() -> None:
    asked, kept = Asked(), Hours(days=30)
    kept.of(asked)
    asked.today, asked.days = 101, []
    assert kept.of(asked) == {"acme": hours_of(72, 102)}
    assert asked.days == [99, 100, 101]


def hours_of(first: int, before: int) -> list[UptimePoint]:
    return [UptimePoint(at_ms, Uptime(10, {})) for at_ms in range(first * DAY_MS, before * DAY_MS, HOUR_MS)]
