"""What was used is told by day, by query and as rankings: from sums, whatever is asked."""

import random
from typing import Any

import msgspec
import pytest
from tests.unit.api.desk import FakeDesk

from entrepot.api import activity, analytics, datasets, models
from entrepot.api.http import Request
from entrepot.catalog.catalog import Catalog
from entrepot.errors import InvalidRequest
from entrepot.identity.store import create_key
from entrepot.records import store
from entrepot.records.groups import Groups
from entrepot.records.rollups import Rollups
from entrepot.testing.builders import NOW_MS, attempt, endpoint, generation, model, usage
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.values.times import DAY_MS

TODAY_MS = NOW_MS // DAY_MS * DAY_MS
ROUTES = (*activity.ROUTES, *analytics.ROUTES, *datasets.ROUTES)
A, B = "openai/a", "acme/b"


def used(days_ago: float, name: str = A, **more: Any) -> Generation:
    at_ms = TODAY_MS - int(days_ago * DAY_MS) + 1000
    endpoint = f"{name}@openai"
    told = {"workspace": "default", "key_hash": "k", "cost_nano": 1000, "usage": usage(10, 5), "endpoint": endpoint} | more
    return generation(
        generation_id(at_ms, random.randbytes(16)), created_ms=at_ms, model=name, attempts=(attempt(endpoint=endpoint),), **told
    )


def desk_with(*made: Generation) -> FakeDesk:
    desk = FakeDesk(model(A, canonical_slug="openai/a-2026"), model(B, output_modalities=("image",)))
    rollups = Rollups(desk.store, "p", 0, lambda: NOW_MS)
    store.insert(desk.store, [(g, msgspec.json.encode(g)) for g in made], rollups.note)
    rollups.add()
    return desk


def days(desk: FakeDesk, query: str = "") -> Any:
    return desk.get(f"/api/v1/activity?{query}", key="mgmt", routes=ROUTES).json()


def ask(desk: FakeDesk, **query: Any) -> Any:
    answer = analytics.query(desk.desk(), Request("", {}, body=msgspec.json.encode(query)))
    return msgspec.json.decode(answer.body)["data"]


def test_activity_is_of_the_last_thirty_whole_days_newest_first() -> None:
    desk = desk_with(used(0), used(1), used(1), used(30), used(31), used(2, B))
    told = days(desk)
    assert [(row["date"], row["model_permaslug"], row["requests"]) for row in told["data"]] == [
        ("2026-11-20", "openai/a-2026", 2),
        ("2026-11-19", "acme/b", 1),
        ("2026-10-22", "openai/a-2026", 1),
    ]
    assert (told["total_count"], told["data"][0]["usage"], told["data"][0]["provider_name"]) == (3, 0.000002, "OpenAI")


def test_activity_is_narrowed_and_paged() -> None:
    desk = desk_with(used(1), used(1, workspace="w"), used(2, B, workspace="w", key_hash="x"))
    assert [row["workspace_id"] for row in days(desk, "group_by=workspace")["data"]] == ["default", "w", "w"]
    assert [row["model"] for row in days(desk, "workspace_id=w")["data"]] == [A, B]
    assert [row["model"] for row in days(desk, "date=2026-11-19")["data"]] == [B]
    page = days(desk, "limit=1&offset=1")
    assert ([row["model"] for row in page["data"]], page["total_count"]) == ([B], 2)


def test_activity_of_a_key_is_also_told_of_a_test_key() -> None:
    desk = desk_with()
    _, key = create_key(desk.store, b"s" * 32, name="n", kind="test", now_ms=1)
    rollups = Rollups(desk.store, "q", 0, lambda: NOW_MS)
    with desk.store.transaction():
        rollups.note(Groups([used(1, key_hash=key.key_hash, test=True), used(1)]))
    rollups.add()
    assert [row["requests"] for row in days(desk, f"api_key_hash={key.key_hash}")["data"]] == [1]
    assert days(desk, f"api_key_hash={key.key_hash}&workspace_id=other")["data"] == []


@pytest.mark.parametrize("query", ["date=2026-11-21", "date=yesterday", "date=2026-02-30", "limit=0", "group_by=day"])
def test_activity_names_what_is_wrong(query: str) -> None:
    answer = desk_with().get(f"/api/v1/activity?{query}", key="mgmt", routes=ROUTES)
    assert (answer.status, answer.json()["error"]["metadata"]["field"]) == (400, query.partition("=")[0])


def test_a_query_tells_sums_by_day_and_model() -> None:
    desk = desk_with(used(1), used(1), used(1, B), used(2, B, error_type="timeout", endpoint=""))
    found = ask(desk, metrics=["request_count", "tokens_total", "error_rate"], dimensions=["model"], granularity="day")
    assert found["data"] == [
        {"date__day": "2026-11-19T00:00:00.000Z", "model": B, "request_count": 1, "tokens_total": 15, "error_rate": 1.0},
        {"date__day": "2026-11-20T00:00:00.000Z", "model": A, "request_count": 2, "tokens_total": 30, "error_rate": 0.0},
        {"date__day": "2026-11-20T00:00:00.000Z", "model": B, "request_count": 1, "tokens_total": 15, "error_rate": 0.0},
    ]
    assert (found["metadata"]["row_count"], found["metadata"]["truncated"]) == (3, False)


def test_a_query_filters_orders_and_cuts() -> None:
    desk = desk_with(used(1), used(3), used(1, B, http_referer="https://x.example"), used(9, B, workspace="w"))
    count, by_model = ["request_count"], {"metrics": ["request_count"], "dimensions": ["model"]}
    told = [{"field": "model", "operator": "neq", "value": B}]
    assert ask(desk, metrics=count, filters=told)["data"] == [{"request_count": 2}]
    told = [{"field": "app", "operator": "in", "value": ["https://x.example", "https://y.example"]}]
    assert ask(desk, **by_model, filters=told)["data"] == [{"model": B, "request_count": 1}]
    assert ask(desk, **by_model, filters=[{"field": "request_count", "operator": "gt", "value": 2}])["data"] == []
    assert [row["model"] for row in ask(desk, **by_model, order_by={"field": "model", "direction": "asc"})["data"]] == [B, A]
    cut = ask(desk, **by_model, granularity="week", limit=1)
    assert (cut["data"], cut["metadata"]["truncated"]) == (
        [{"date__week": "2026-11-09T00:00:00.000Z", "model": B, "request_count": 1}],
        True,
    )
    assert len(ask(desk, **by_model, granularity="day", group_limit=1)["data"]) == 2


def test_a_query_tells_speeds_of_models() -> None:
    desk = desk_with(used(1, streamed=True, first_byte_ms=200.0, generation_ms=1000.0), used(1, B, streamed=False))
    found = ask(desk, metrics=["latency_p50", "throughput_p90"], dimensions=["model"])
    told = {row["model"]: row for row in found["data"]}
    assert told[A]["latency_p50"] == pytest.approx(200, rel=0.02)
    assert told[A]["throughput_p90"] == pytest.approx(5, rel=0.02)
    assert told[B]["latency_p50"] is None


def test_of_nothing_the_sums_are_none_and_rates_unknown() -> None:
    assert ask(desk_with(), metrics=["request_count", "error_rate"])["data"] == [{"request_count": 0, "error_rate": None}]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"metrics": []}, "metrics"),
        ({"metrics": ["speed"]}, "metrics"),
        ({"metrics": ["request_count"], "dimensions": ["user"]}, "dimensions"),
        ({"metrics": ["request_count"], "dimensions": ["model", "app", "provider"]}, "dimensions"),
        ({"metrics": ["request_count"], "dimensions": ["app"], "granularity": "minute"}, "granularity"),
        ({"metrics": ["request_count"], "granularity": "minute"}, "granularity"),
        ({"metrics": ["latency_p50"], "dimensions": ["app"]}, "metrics"),
        ({"metrics": ["request_count"], "time_range": {"start": "2026-11-02", "end": "2026-11-01"}}, "time_range"),
        ({"metrics": ["request_count"], "time_range": {"start": "now", "end": "2026-11-01"}}, "time_range.start"),
        ({"metrics": ["request_count"], "filters": [{"field": "model", "operator": "gt", "value": "a"}]}, "filters"),
        ({"metrics": ["request_count"], "filters": [{"field": "request_count", "operator": "eq", "value": "x"}]}, "filters"),
        ({"metrics": ["request_count"], "order_by": {"field": "model"}}, "order_by.field"),
        ({"metrics": ["request_count"], "limit": 10**9}, "limit"),
    ],
)
def test_a_query_that_cannot_be_answered_names_the_member(query: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ask(desk_with(), **query)
    assert refused.value.metadata["field"] == field


def test_what_can_be_asked_is_listed_and_can_be_asked() -> None:
    desk = desk_with(used(1))
    told = desk.get("/api/v1/analytics/meta", key="mgmt", routes=ROUTES).json()["data"]
    metrics = [one["name"] for one in told["metrics"]]
    assert set(ask(desk, metrics=metrics)["data"][0]) == set(metrics)
    for one in told["dimensions"]:
        assert ask(desk, metrics=["request_count"], dimensions=[one["name"]])["data"][0]["request_count"] == 1


def test_models_are_ranked_by_day_with_the_rest_as_other() -> None:
    desk = desk_with(*(used(1, f"m/{n:02d}", usage=usage(n, 1)) for n in range(53)), used(2))
    told = desk.get("/api/v1/datasets/rankings-daily?start_date=2026-11-19", key="live", routes=ROUTES).json()
    rows = [(row["date"], row["model_permaslug"], row["total_tokens"]) for row in told["data"]]
    assert rows[:2] == [("2026-11-19", "openai/a-2026", "15"), ("2026-11-20", "m/52", "53")]
    assert (len(rows), rows[-1]) == (52, ("2026-11-20", "other", "6"))
    assert told["meta"]["end_date"] == "2026-11-20"


def test_models_are_ranked_by_month_and_modality() -> None:
    desk = desk_with(used(1), used(2), used(1, B))
    target = "/api/v1/datasets/rankings-daily?start_date=2026-11-01&period=month"
    told = desk.get(target, key="live", routes=ROUTES).json()["data"]
    assert told[0] == {"date": "2026-11-01", "model_permaslug": "openai/a-2026", "total_tokens": "30"}
    assert [row["model_permaslug"] for row in desk.get(f"{target}&modality=image", key="live", routes=ROUTES).json()["data"]] == [
        B
    ]


def test_apps_are_ranked_by_tokens_or_by_what_they_rose() -> None:
    old = [used(n, http_referer="https://old.example", app_title="Old", usage=usage(100, 0)) for n in range(1, 5)]
    new = used(1, http_referer="https://new.example", usage=usage(60, 0))
    local = used(1, http_referer="http://localhost:3000", app_title="Mine")
    desk = desk_with(*old, new, local)
    target = "/api/v1/datasets/app-rankings?start_date=2026-11-20"
    told = desk.get(target, key="live", routes=ROUTES).json()["data"]
    assert [(row["rank"], row["app_id"], row["app_name"]) for row in told] == [
        (1, "https://old.example", "Old"),
        (2, "https://new.example", "https://new.example"),
    ]
    risen = desk.get(f"{target}&sort=trending", key="live", routes=ROUTES).json()["data"]
    assert [row["app_id"] for row in risen] == ["https://new.example"]


CODER = {"http_referer": "https://coder.example", "categories": ("cli-agent",)}


@pytest.mark.parametrize("query", ["category=cli-agent", "category=programming", "category=CODING"])
def test_models_are_ranked_and_listed_by_what_applications_are_for(query: str) -> None:
    desk = desk_with(used(1, A, **CODER), used(1, B, http_referer="https://game.example", categories=("game",)), used(1, B))
    target = f"/api/v1/datasets/rankings-daily?start_date=2026-11-20&{query}"
    rows = desk.get(target, key="live", routes=ROUTES).json()["data"]
    assert [(row["model_permaslug"], row["total_tokens"]) for row in rows] == [("openai/a-2026", "15")]
    assert [row["id"] for row in desk.get(f"/api/v1/models?output_modalities=all&{query}").json()["data"]] == [A]


def test_models_of_a_category_are_sorted_by_its_own_traffic() -> None:
    desk = desk_with(used(0, A, **CODER), used(0, B, usage=usage(20, 0), **CODER), used(0, A, usage=usage(100, 0)))
    told = desk.get("/api/v1/models?output_modalities=all&category=coding&sort=most-popular").json()["data"]
    assert [row["id"] for row in told] == [B, A]


@pytest.mark.parametrize(
    ("query", "found"),
    [("category=coding", 1), ("category=coding&subcategory=cli-agent", 1), ("subcategory=game", 1), ("category=game", 1),
     ("category=coding&subcategory=game", 0), ("category=creative", 0), ("category=coding&sort=trending", 1)],
)  # fmt: skip
def test_apps_are_ranked_within_a_category_and_a_part_of_it(query: str, found: int) -> None:
    desk = desk_with(used(1, **CODER), used(1, http_referer="https://game.example", categories=("game",)))
    told = desk.get(f"/api/v1/datasets/app-rankings?start_date=2026-11-20&{query}", key="live", routes=ROUTES).json()
    assert len(told["data"]) == found


@pytest.mark.parametrize("path", ["/api/v1/models?category=codng", "/api/v1/datasets/app-rankings?subcategory=codng"])
def test_a_category_that_there_is_not_is_refused_with_the_nearest(path: str) -> None:
    refused = desk_with().get(path, key="live", routes=(*ROUTES, *models.ROUTES))
    assert (refused.status, "`coding`" in refused.json()["error"]["metadata"]["remedy_hint"]) == (400, True)


@pytest.mark.parametrize(
    "query", ["start_date=2024-12-31", "start_date=2026-11-20&end_date=2026-11-19", "end_date=x", "start_date=2026-W47-5"]
)
def test_days_that_cannot_be_ranked_are_refused(query: str) -> None:
    assert desk_with().get(f"/api/v1/datasets/rankings-daily?{query}", key="live", routes=ROUTES).status == 400


def test_only_management_keys_see_what_was_used() -> None:
    assert desk_with().get("/api/v1/activity", key="live", routes=ROUTES).status == 403


def test_models_are_sorted_by_what_traffic_says_those_without_any_last() -> None:
    slow = [used(0, A, streamed=True, first_byte_ms=900.0, generation_ms=5000.0) for _ in range(3)]
    fast = used(0, B, streamed=True, first_byte_ms=100.0, generation_ms=10.0)
    desk = desk_with(*slow, fast)
    desk.catalog = Catalog([*desk.catalog.models.values(), model("z/none")], ())
    orders = {
        sort: [row["id"] for row in desk.get(f"/api/v1/models?output_modalities=all&sort={sort}").json()["data"]]
        for sort in ("most-popular", "top-weekly", "throughput-high-to-low", "latency-low-to-high")
    }
    assert orders["most-popular"] == orders["top-weekly"] == [A, B, "z/none"]
    assert orders["throughput-high-to-low"] == orders["latency-low-to-high"] == [B, A, "z/none"]


def test_endpoints_tell_uptime_to_all_and_speeds_to_who_has_a_key() -> None:
    now = (TODAY_MS - NOW_MS) / DAY_MS
    failed = attempt(endpoint=f"{A}@openai", error_type="timeout")
    well = [used(now, streamed=True, first_byte_ms=300.0, generation_ms=1000.0) for _ in range(3)]
    throttled = attempt(endpoint=f"{A}@openai", error_type="rate_limit_exceeded")
    bad = [msgspec.structs.replace(used(now, endpoint=""), attempts=(one,)) for one in (failed, throttled)]
    desk = desk_with(*well, *bad)
    desk.catalog = Catalog(desk.catalog.models.values(), [endpoint(A)])
    (row,) = desk.get(f"/api/v1/models/{A}/endpoints").json()["data"]["endpoints"]
    assert [row[f"uptime_last_{span}"] for span in ("5m", "30m", "1d")] == [75.0, 75.0, 75.0]
    assert row["latency_last_30m"] is None
    (row,) = desk.get(f"/api/v1/models/{A}/endpoints", key="live").json()["data"]["endpoints"]
    assert row["latency_last_30m"]["p99"] == pytest.approx(300, rel=0.02)
    assert set(row["throughput_last_30m"]) == {"p50", "p75", "p90", "p99"}
