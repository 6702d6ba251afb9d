"""Endpoints are ordered by how they did of late, as the request wishes."""

import json
from typing import Any

import pytest

from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.records.figures import Quantiles, Served, Speed, Totals, Uptime
from entrepot.routing.plan import Offer, Plan, plan
from entrepot.routing.standing import Standing, Standings, standings_of
from entrepot.values.model import Endpoint, Model
from entrepot.values.price import Price, Rates

MODEL = Model("acme/one", "One", "acme/one", 0, Price())
CHEAP, MIDDLE, DEAR, NEW = (
    Endpoint(f"acme/one@{name}", "acme/one", name, "one", Price(Rates(prompt=rate * 10**18)))
    for rate, name in enumerate(("cheap", "middle", "dear", "new"), 1)
)
STANDINGS: Standings = {
    CHEAP.id: Standing(latency_s=(0.9, 1.0, 1.5, 2.0), throughput=(40.0, 30.0, 20.0, 10.0), quality=0.4),
    MIDDLE.id: Standing(latency_s=(0.3, 0.8, 2.0, 4.0), throughput=(60.0, 50.0, 20.0, 5.0), quality=0.9),
    DEAR.id: Standing(latency_s=(0.5, 0.6, 0.7, 0.8), throughput=(90.0, 80.0, 70.0, 60.0), quality=0.6),
}


def planned(standings: Standings = STANDINGS, variants: tuple[str, ...] = (), **wish: Any) -> Plan:
    body = {"messages": [{"role": "user", "content": "hi"}]} | ({"provider": wish} if wish else {})
    return plan(
        parse_request(json.dumps(body).encode()),
        [Offer(MODEL, (CHEAP, MIDDLE, DEAR, NEW), variants)],
        {},
        standings=standings,
    )


def order(found: Plan) -> list[str]:
    return [candidate.endpoint.provider for candidate in found.candidates]


@pytest.mark.parametrize(
    ("wish", "wanted"),
    [
        ({}, ["cheap", "middle", "dear", "new"]),
        ({"sort": "price"}, ["cheap", "middle", "dear", "new"]),
        ({"sort": "throughput"}, ["dear", "middle", "cheap", "new"]),
        ({"sort": {"by": "latency"}}, ["middle", "dear", "cheap", "new"]),
        ({"sort": "exacto"}, ["middle", "dear", "cheap", "new"]),
        ({"preferred_min_throughput": 50}, ["middle", "dear", "new", "cheap"]),
        ({"preferred_max_latency": {"p90": 1}}, ["dear", "new", "cheap", "middle"]),
        ({"preferred_min_throughput": 50, "preferred_max_latency": {"p90": 1}}, ["dear", "new", "cheap", "middle"]),
        ({"sort": "throughput", "order": ["cheap"]}, ["cheap", "dear", "middle", "new"]),
    ],
)
def test_a_wish_orders_endpoints_by_what_was_measured(wish: dict[str, Any], wanted: list[str]) -> None:
    assert order(planned(**wish)) == wanted


def test_the_last_suffix_of_a_slug_sorts_and_the_request_itself_wins() -> None:
    assert order(planned(variants=("floor", "nitro"))) == ["dear", "middle", "cheap", "new"]
    assert order(planned(variants=("nitro", "floor"))) == ["cheap", "middle", "dear", "new"]
    assert order(planned(variants=("nitro",), sort="latency"))[0] == "middle"


def test_what_fails_markedly_stands_behind_and_the_plan_says_why() -> None:
    unwell = {CHEAP.id: Standing(uptime=0.7, attempts=100), MIDDLE.id: Standing(uptime=0.9, attempts=100)}
    found = planned(unwell)
    assert order(found) == ["dear", "new", "middle", "cheap"]
    assert found.reasons[-1] == "acme/one@cheap kept, behind the others: 70% of its last attempts did not fail"


def test_a_few_failures_tell_nothing() -> None:
    assert order(planned({CHEAP.id: Standing(uptime=0.0, attempts=99)}))[0] == "cheap"


def test_figures_of_traffic_and_of_checks_come_together() -> None:
    half = Quantiles(10, 200.0, 300.0, 400.0, 450.0, 500.0)
    served = Served(CHEAP.id, "acme/one", "cheap", Totals(), Speed(half, None), Uptime(10, {"timeout": 1}))
    assert standings_of([served], {DEAR.id: 0.5}) == {
        CHEAP.id: Standing((0.2, 0.3, 0.4, 0.5), None, 0.9, 10),
        DEAR.id: Standing(quality=0.5),
    }
