"""Reports are kept, the newest of each endpoint is shown, and of many servers one checks."""

from collections.abc import Iterator

import pytest

from entrepot.checks import store
from entrepot.checks.case import PASSED, failed
from entrepot.checks.finding import finding_of
from entrepot.checks.store import Report
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database

MODEL, HERE, THERE = "openai/gpt-5.1", "openai/gpt-5.1@openai", "openai/gpt-5.1@azure"


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url, "normal")
    opened.migrate()
    yield opened
    opened.close()


def report(endpoint: str, at_ms: int, *, passed: int = 8) -> Report:
    verdicts = [PASSED] * passed + [failed("no")] * (8 - passed)
    return Report(endpoint, MODEL, at_ms, 1, 0.01, (finding_of("tools", verdicts), finding_of("seed", [])))


def keep(db: Database, found: Report) -> None:
    begun = store.begin(db, MODEL, found.endpoint, found.at_ms)
    assert begun is not None
    store.finish(db, begun, found)


def test_the_newest_report_of_each_endpoint_is_shown(db: Database) -> None:
    for found in (report(HERE, 1_000), report(THERE, 2_000), report(HERE, 3_000, passed=2)):
        keep(db, found)
    assert store.latest(db, MODEL) == [report(THERE, 2_000), report(HERE, 3_000, passed=2)]
    assert store.latest(db, "openai/gpt-4o") == []


def test_quality_is_the_least_that_is_likely(db: Database) -> None:
    keep(db, report(HERE, 1_000))
    keep(db, report(THERE, 1_000, passed=4))
    assert store.qualities(db) == {HERE: pytest.approx(0.6756, abs=1e-4), THERE: pytest.approx(0.2152, abs=1e-4)}


def test_a_check_is_begun_once_in_its_time(db: Database) -> None:
    assert store.begin(db, MODEL, HERE, 10_000, every_ms=5_000)
    assert store.begin(db, MODEL, HERE, 12_000, every_ms=5_000) is None
    assert store.begin(db, MODEL, THERE, 12_000, every_ms=5_000)
    assert store.begin(db, MODEL, HERE, 15_000, every_ms=5_000)


def test_a_check_that_never_ended_is_not_shown(db: Database) -> None:
    assert store.begin(db, MODEL, HERE, 1_000)
    assert store.latest(db, MODEL) == []
    assert store.qualities(db) == {}
