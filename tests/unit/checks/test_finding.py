"""Findings carry intervals that mean something for few cases, too."""

import pytest

from entrepot.checks.case import PASSED, Verdict, failed
from entrepot.checks.finding import finding_of, median_interval, wilson


def test_nothing_tried_is_nothing_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("passed", "tried", "low", "high"),
    [(8, 8, 0.6756, 1.0), (0, 8, 0.0, 0.3244), (5, 10, 0.2366, 0.7634), (95, 100, 0.8883, 0.9785)],
)
def test_shares_have_wilsons_interval(passed: int, tried: int, low: float, high: float) -> None:
    """Figures from the formula in Wilson's paper of 1927, worked out with another program."""
    assert wilson(passed, tried) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_a_median_lies_within_its_interval() -> None:
    assert median_interval([1.0]) == (1.0, 1.0, 1.0)
    assert median_interval([1.0, 3.0]) == (2.0, 1.0, 3.0)
    median, low, high = median_interval([float(number) for number in range(101)])
    assert (median, low, high) == (50.0, 40.0, 61.0)


def test_reasons_are_told_once_and_cases_without_an_answer_apart() -> None:
    found = finding_of("json", [PASSED, failed("not JSON"), failed("not JSON")], ["it is down"])
    assert (found.tried, found.passed, found.unanswered) == (3, 1, 1)
    assert found.why == ("not JSON", "it is down")
    assert not found.sound


def test_what_was_measured_is_told_by_its_median() -> None:
    found = finding_of("throughput", [Verdict(True, value=value) for value in (90.0, 10.0, 50.0)])
    assert (found.value, found.value_low, found.value_high) == (50.0, 10.0, 90.0)
    assert found.sound
