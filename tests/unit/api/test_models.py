"""The catalogue paths show models as OpenRouter's and OpenAI's clients read them."""

import pytest
from tests.unit.api.desk import FakeDesk

from entrepot.testing.builders import endpoint, model, price
from entrepot.values.model import Benchmark

CHEAP = model("openai/cheap", price=price("0.1", "0.4"), context_length=8_000, created=1_700_000_000)
DEAR = model("acme/dear", price=price("5", "20"), tokenizer="Claude", supported_parameters=("tools",), created=1_790_000_000)
PAINTER = model("acme/painter", output_modalities=("image",))


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk(CHEAP, DEAR, PAINTER, endpoints=(endpoint("openai/cheap", price=price("0.2", "0.8"), context_length=4_000),))


def ids(desk: FakeDesk, query: str) -> list[str]:
    return [row["id"] for row in desk.get(f"/api/v1/models?{query}").json()["data"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["openai/cheap", "acme/dear"]),
        ("output_modalities=all", ["openai/cheap", "acme/dear", "acme/painter"]),
        ("output_modalities=image", ["acme/painter"]),
        ("supported_parameters=tools,seed", ["openai/cheap"]),
        ("q=DEAR", ["acme/dear"]),
        ("context=8001", ["acme/dear"]),
        ("max_price=0.1", ["openai/cheap"]),
        ("min_price=0.1000001", ["acme/dear"]),
        ("min_output_price=20", ["acme/dear"]),
        ("arch=claude", ["acme/dear"]),
        ("model_authors=acme", ["acme/dear"]),
        ("providers=OpenAI", ["openai/cheap"]),
        ("max_age_days=100", ["acme/dear"]),
        ("min_coding_index=10", []),
        ("sort=pricing-high-to-low", ["acme/dear", "openai/cheap"]),
        ("sort=newest", ["acme/dear", "openai/cheap"]),
        ("sort=context-high-to-low", ["acme/dear", "openai/cheap"]),
    ],
)
def test_filters_and_sorts(desk: FakeDesk, query: str, expected: list[str]):
    assert ids(desk, query) == expected


INDEX = Benchmark("Artificial Analysis Coding Index", 49.4, "https://artificialanalysis.ai", "2026-08-05")
SHIP = model("acme/ship", distillable=True, benchmarks=(INDEX,))
BOAT = model("acme/boat", distillable=False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("distillable=true", ["acme/ship"]),
        ("distillable=false", ["acme/boat", "openai/cheap"]),
        ("region=eu", ["acme/boat"]),
        ("region=us", []),
        ("min_coding_index=49.4", ["acme/ship"]),
        ("max_coding_index=40", []),
        ("sort=coding-high-to-low&model_authors=acme", ["acme/ship", "acme/boat"]),
    ],
)
def test_what_the_catalogue_knows_filters_and_what_it_does_not_matches_nothing(query: str, expected: list[str]):
    desk = FakeDesk(BOAT, SHIP, CHEAP, endpoints=(endpoint("acme/boat", region="fr"), endpoint("acme/ship")))
    assert ids(desk, query) == expected


def test_regions_results_and_what_is_not_known_are_told_as_such():
    desk = FakeDesk(BOAT, SHIP, CHEAP, endpoints=(endpoint("acme/boat", region="fr"), endpoint("acme/ship")))
    regions = [
        desk.get(f"/api/v1/models/{slug}/endpoints").json()["data"]["endpoints"][0]["region"]
        for slug in ("acme/boat", "acme/ship")
    ]
    ship, cheap = (desk.get(f"/api/v1/model/{slug}").json()["data"] for slug in ("acme/ship", "openai/cheap"))
    assert (regions, ship["distillable"], cheap["distillable"], "benchmarks" in cheap) == (["fr", None], True, None, False)
    assert ship["benchmarks"] == {
        "artificial_analysis": {"agentic_index": None, "coding_index": 49.4, "intelligence_index": None},
        "design_arena": [],
        "published": [{"name": INDEX.name, "value": 49.4, "source": INDEX.source, "date": INDEX.date}],
    }


def test_pages_lead_to_each_other_and_keep_the_filter(desk: FakeDesk):
    first = desk.get("/api/v1/models?output_modalities=all&limit=2").json()
    assert first["total_count"] == 3
    second = desk.get(first["links"]["next"]).json()
    assert [row["id"] for row in second["data"]] == ["acme/painter"]
    assert second["links"]["next"] is None


def test_a_model_is_shown_at_the_price_and_bounds_of_who_would_serve_it(desk: FakeDesk):
    row = desk.get("/api/v1/model/openai/cheap").json()["data"]
    assert row["pricing"]["prompt"] == "0.0000002"
    assert row["top_provider"]["context_length"] == 4_000
    assert (row["object"], row["owned_by"]) == ("model", "openai")


def test_an_unknown_model_is_404_with_the_nearest_names(desk: FakeDesk):
    got = desk.get("/api/v1/model/openai/cheep")
    assert got.status == 404
    assert "openai/cheap" in got.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/models/openai/cheap", "/v1/models/cheap"])
def test_openai_clients_retrieve_the_model_itself(desk: FakeDesk, path: str):
    assert desk.get(path).json()["id"] == "openai/cheap"


def test_endpoints_say_whether_they_serve_and_why_not():
    off = endpoint("openai/cheap", "acme", off_reason="set ACME_API_KEY to switch it on")
    desk = FakeDesk(CHEAP, endpoints=(endpoint("openai/cheap"), off))
    rows = desk.get("/api/v1/models/openai/cheap/endpoints").json()["data"]["endpoints"]
    assert {row["provider_name"]: (row["status"], row["status_reason"]) for row in rows} == {
        "OpenAI": (0, ""),
        "acme": (-10, "set ACME_API_KEY to switch it on"),
    }


def test_a_variant_nobody_offers_has_no_endpoints(desk: FakeDesk):
    assert desk.get("/api/v1/models/openai/cheap:free/endpoints").json()["data"]["endpoints"] == []


def test_rss_is_given_on_request_and_escapes_what_it_shows():
    got = FakeDesk(model("acme/a", name="A <b> & c")).get("/api/v1/models?use_rss=true")
    assert got.headers["content-type"] == "application/rss+xml"
    assert b"A &lt;b&gt; &amp; c" in got.body


def test_providers_have_what_clients_require(desk: FakeDesk):
    (row,) = desk.get("/api/v1/providers").json()["data"]
    assert (row["slug"], row["name"], row["privacy_policy_url"]) == ("openai", "OpenAI", None)
