"""What pages read: speeds, uptime, rankings, series."""

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from entrepot.records import store
from entrepot.records.apps import OF_A_WORKSPACE, OTHER, app_at
from entrepot.records.figures import Scope, Span, last, together
from entrepot.records.rollups import Rollups
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, attempt, generation, usage
from entrepot.values.ids import generation_id
from entrepot.values.times import DAY_MS

A, B = "openai/a", "acme/b"
TODAY = last(NOW_MS, days=1)


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        yield opened


class Traffic:
    """Calls one after another; `statistics` is asked when all are counted."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rollups = Rollups(db, "p", 1, lambda: NOW_MS)

    def call(self, model: str = A, provider: str = "openai", at_ms: int = NOW_MS, **more: Any) -> None:
        endpoint = f"{model}@{provider}"
        told = {"model": model, "endpoint": endpoint, "attempts": (attempt(endpoint=endpoint, provider=provider),)} | more
        made = generation(generation_id(at_ms), created_ms=at_ms, provider=provider, **told)
        store.insert(self._db, [(made, msgspec.json.encode(made))], self._rollups.note)

    def statistics(self) -> Statistics:
        self._rollups.add()
        return Statistics(self._db, lambda: NOW_MS)


def test_a_failed_attempt_counts_against_its_endpoint_and_the_answer_for_the_next(db: Database) -> None:
    traffic = Traffic(db)
    failed = attempt(endpoint=f"{A}@azure", provider="azure", error_type="timeout", status=0)
    traffic.call(attempts=(failed, attempt(endpoint=f"{A}@openai")))
    served = {one.endpoint: one for one in traffic.statistics().served(A, TODAY)}
    assert [(one.totals.requests, one.uptime.share) for one in served.values()] == [(1, 1.0), (0, 0.0)]
    assert served[f"{A}@azure"].uptime.failures == {"timeout": 1}


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ({"error_type": "rate_limit_exceeded", "status": 429}, None),
        ({"error_type": "invalid_request", "status": 400}, None),
        ({"error_type": "provider_unavailable", "status": 401}, None),
        ({"error_type": "provider_unavailable", "status": 502}, 0.0),
    ],
)
def test_only_what_is_the_providers_fault_counts_as_down(db: Database, told: dict[str, Any], share: float | None) -> None:
    traffic = Traffic(db)
    traffic.call(model="", endpoint="", error_type="provider_unavailable", attempts=(attempt(endpoint=f"{A}@openai", **told),))
    assert traffic.statistics().uptime(Scope(model=A), TODAY).share == share


def test_an_answer_that_breaks_off_counts_as_down(db: Database) -> None:
    traffic = Traffic(db)
    traffic.call(error_type="provider_unavailable", finish_reason="error")
    traffic.call()
    statistics = traffic.statistics()
    assert statistics.uptime(Scope(model=A), TODAY).share == 0.5
    assert statistics.errors(Scope(model=A), TODAY) == {"provider_unavailable": 1}


def test_speed_is_that_of_streams_and_throughput_of_all(db: Database) -> None:
    traffic = Traffic(db)
    traffic.call(streamed=True, first_byte_ms=400.0, generation_ms=1000.0, usage=usage(1, 100))
    traffic.call(streamed=False, first_byte_ms=1000.0, generation_ms=1000.0, usage=usage(1, 100))
    speed = traffic.statistics().speed(Scope(model=A, provider="openai"), last(NOW_MS, minutes=1))
    assert speed.latency_ms is not None
    assert speed.throughput_tps is not None
    assert (speed.latency_ms.count, speed.throughput_tps.count) == (1, 2)
    assert speed.throughput_tps.p50 == pytest.approx(50, rel=0.021)


def test_a_series_has_every_hour_and_its_sum_is_the_total(db: Database) -> None:
    traffic = Traffic(db)
    for hours in (0, 3, 3, 30):
        traffic.call(at_ms=NOW_MS - hours * 3_600_000)
    statistics, span = traffic.statistics(), last(NOW_MS, hours=24)
    series = statistics.series(Scope(model=A), span)
    assert [point.totals.requests for point in series if point.totals.requests] == [2, 1]
    assert len(series) == 24
    assert len(statistics.speed_series(Scope(model=A), span)) == len(statistics.uptime_series(Scope(model=A), span)) == 24


def test_models_are_ranked_beside_the_span_before(db: Database) -> None:
    traffic = Traffic(db)
    for days_ago, model, tokens in ((1, A, 100), (1, B, 50), (0, A, 50), (0, B, 150)):
        traffic.call(model, at_ms=NOW_MS - days_ago * DAY_MS, usage=usage(tokens, 0))
    first, second = traffic.statistics().top("model", TODAY)
    assert [(one.name, one.rank, one.previous, one.change) for one in (first, second)] == [(B, 1, 2, 2.0), (A, 2, 1, -0.5)]
    assert first.share == 0.75


def test_the_apps_of_a_model_and_the_models_of_an_app(db: Database) -> None:
    traffic = Traffic(db)
    traffic.call(A, http_referer="https://one.example/?q=1", app_title="One")
    traffic.call(B, http_referer="https://one.example#x", app_title="One!")
    traffic.call(B, http_referer="http://localhost:9/", app_title="Mine")
    statistics = traffic.statistics()
    assert [(one.name, one.title) for one in statistics.top("app", TODAY, of=Scope(model=B))] == [("https://one.example", "One!")]
    assert {one.name for one in statistics.top("model", TODAY, of=Scope(app="https://one.example"))} == {A, B}


def test_invented_addresses_are_counted_together(db: Database) -> None:
    traffic = Traffic(db)
    for number in range(OF_A_WORKSPACE + 30):
        traffic.call(http_referer=f"https://app{number}.example")
    ranked = traffic.statistics().ranking("app", TODAY)
    assert len(ranked) == OF_A_WORKSPACE + 1
    assert next(one.requests for one in ranked if one.name == OTHER) == 30


def test_providers_are_told_all_at_once_as_each_alone(db: Database) -> None:
    traffic = Traffic(db)
    for provider, kind in (("openai", ""), ("openai", "timeout"), ("azure", "rate_limit_exceeded")):
        tried = attempt(endpoint=f"{A}@{provider}", provider=provider, error_type=kind)
        traffic.call(provider=provider, attempts=(tried,), streamed=True, first_byte_ms=300.0)
    statistics, span = traffic.statistics(), last(NOW_MS, hours=3)
    at_once = statistics.uptimes_of_providers(span)
    assert {name: statistics.uptime_series(Scope(provider=name), span) for name in at_once} == at_once
    assert [together(point.uptime for point in at_once[name]).share for name in ("openai", "azure")] == [0.5, None]
    assert {name: statistics.speed(Scope(provider=name), span) for name in at_once} == statistics.speeds_of_providers(span)


@pytest.mark.parametrize(
    ("referer", "titled", "app"),
    [
        ("https://One.Example:443/Path/?q=1#f", False, "https://one.example/Path"),
        ("http://one.example:8080", False, "http://one.example:8080"),
        ("http://localhost:3000/", False, ""),
        ("http://localhost:3000/", True, "http://localhost:3000"),
        ("http://[::1]:5/a", True, "http://[::1]:5/a"),
        ("one.example", True, ""),
        ("file:///etc/passwd", True, ""),
        ("https://[broken", True, ""),
        ("https://a.example/\x00", True, ""),
        ("https://a.example/" + "x" * 500, False, ("https://a.example/" + "x" * 500)[:200]),
    ],
)
def test_an_app_is_known_by_its_address(referer: str, titled: bool, app: str) -> None:
    assert app_at(referer, titled) == app


def test_a_span_is_widened_to_whole_buckets_and_bounded() -> None:
    assert Span(61_000, 119_000).bounds("minute") == (60, 120)
    first, before = Span(0, 10**15).bounds("minute")
    assert (before - first) // 60 == 2_000
