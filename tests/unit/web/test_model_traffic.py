"""What was measured of a model, as its pages tell it."""

import contextlib
import random
from collections.abc import Iterator

import msgspec
import pytest

from entrepot.records import store
from entrepot.records.rollups import Rollups
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, attempt, generation, usage
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.web.listings_measured import Measured
from entrepot.web.model_traffic import REACHES, Traffic

MODEL = "acme/brig"
HOUR_MS = 3_600_000


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        yield opened


def called(number: int, hours_ago: int, provider: str = "acme", failed: str = "", **said: object) -> Generation:
    at_ms = NOW_MS - hours_ago * HOUR_MS
    endpoint = f"{MODEL}@{provider}"
    members: dict[str, object] = {
        "created_ms": at_ms,
        "model": MODEL,
        "provider": provider,
        "endpoint": endpoint,
        "usage": usage(1000, 100, cached_tokens=400, reasoning_tokens=30),
        "cost_nano": 1_100_000,
        "cache_discount_nano": 550_000,
        "streamed": True,
        "first_byte_ms": 200.0 + number,
        "generation_ms": 1000.0,
        "attempts": (attempt(endpoint=endpoint, provider=provider, error_type=failed),),
        "test": False,
    }
    return generation(generation_id(at_ms, random.Random(number).randbytes(16)), **(members | said))


def traffic(db: Database, *made: Generation) -> Traffic:
    rollups = Rollups(db, "process", 0, lambda: NOW_MS)
    store.insert_missing(db, [(one, msgspec.json.encode(one)) for one in made], rollups.note, 0)
    rollups.add()
    return Traffic(Measured(Statistics(db, lambda: NOW_MS)), MODEL, lambda endpoint: endpoint.rpartition("@")[2].title())


def test_tokens_are_told_in_classes_that_do_not_overlap(db: Database) -> None:
    activity = traffic(db, called(1, 1), called(2, 1), called(3, 30)).activity(REACHES["7d"])
    tokens = activity.charts[0]
    assert {one.name: sum(filter(None, one.values)) for one in tokens.series} == {
        "Prompt": 1800,
        "Prompt from the cache": 1200,
        "Completion": 210,
        "Reasoning": 90,
    }
    assert activity.totals.total_tokens == 3300
    assert len(tokens.buckets) == 7 * 24


def test_what_was_paid_is_told_beside_what_it_were_without_caches(db: Database) -> None:
    spent, paid = traffic(db, called(1, 1), called(2, 40)).prices(REACHES["30d"])
    assert spent.cost_nano == 2_200_000
    assert paid is not None
    assert {one.name: {shown for shown in one.shown if shown != "–"} for one in paid.series} == {
        "Without caches": {"$1.50"},
        "As charged": {"$1.00"},
    }


def test_speed_is_drawn_for_all_answers_and_for_each_provider(db: Database) -> None:
    found = traffic(db, called(1, 1), called(2, 1, "bay"), called(3, 2, "bay")).performance(REACHES["24h"])
    assert [one.endpoint for one in found.served] == [f"{MODEL}@bay", f"{MODEL}@acme"]
    assert [series.name for series in found.charts[2].series] == ["Bay", "Acme"]
    assert [shown for shown in found.charts[0].series[0].shown if shown != "–"] == ["204 ms", "204 ms"]


def test_uptime_counts_the_providers_faults_and_names_them(db: Database) -> None:
    calls = [called(n, 2) for n in range(3)] + [called(9, 2, failed="timeout"), called(10, 2, failed="rate_limit_exceeded")]
    (strip,) = traffic(db, *calls).uptime(REACHES["24h"])
    assert (strip.name, strip.uptime.share) == ("Acme", 0.75)
    assert strip.failures == "1 timeout, 1 throttled, not counted"
    assert [cell.grade for cell in strip.cells].count("bad") == 1
    assert [cell.grade for cell in strip.cells].count("none") == 23


def test_several_providers_are_told_together_too(db: Database) -> None:
    strips = traffic(db, called(1, 2), called(2, 2, "bay", failed="timeout")).uptime(REACHES["24h"])
    assert [(strip.name, strip.uptime.share) for strip in strips] == [("All providers", 0.5), ("Acme", 1.0), ("Bay", 0.0)]


def test_test_keys_and_other_models_do_not_count(db: Database) -> None:
    quiet = traffic(db, called(1, 1, test=True), called(2, 1, model="acme/sloop", endpoint="acme/sloop@acme"))
    assert quiet.week().requests == 0
    assert not quiet.performance(REACHES["24h"]).served
    assert quiet.apps() == []


def test_without_statistics_nothing_is_known_and_nothing_breaks() -> None:
    nobody = Traffic(Measured(None), MODEL, str)
    assert nobody.week().requests == 0
    assert nobody.performance(REACHES["7d"]).charts == ()
    assert nobody.uptime(REACHES["7d"]) == ()
