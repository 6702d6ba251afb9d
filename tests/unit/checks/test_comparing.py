"""Endpoints of one model count the same text alike."""

from entrepot.checks.comparing import Overcount, overcounts
from entrepot.checks.finding import Finding
from entrepot.checks.store import Report


def report(endpoint: str, value: float | None) -> Report:
    finding = Finding("counting", 4, 4, 1.0, 0.51, 1.0, value=value)
    return Report(endpoint, "some/model", 0, 1, 0.0, (finding,))


def test_who_counts_more_than_another_is_named() -> None:
    found = overcounts([report("m@one", 1.21), report("m@two", 1.14), report("m@three", 1.15)])
    assert found == [Overcount("m@one", "m@two", 1.0614)]


def test_one_alone_or_without_a_count_is_accused_of_nothing() -> None:
    assert overcounts([report("m@one", 1.4)]) == []
    assert overcounts([report("m@one", None), report("m@two", 0.0)]) == []
