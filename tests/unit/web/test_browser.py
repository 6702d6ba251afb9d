"""The page of all models: what a query finds, in which order, and what the page says."""

import msgspec
import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.shipped import shipped_models
from entrepot.values.model import Endpoint, Model
from entrepot.values.price import Price, Rates
from entrepot.web import browser
from entrepot.web.listings_measured import ModelFigures
from entrepot.web.pages import FrontFacts, Pages
from entrepot.web.shelf import ProviderFact, Shelf
from entrepot.web.visit import PageResponse

DOLLAR = 10**18
"""A dollar for a million tokens, as a rate."""


def price(prompt: int, completion: int = 0, **more: str) -> Price:
    return Price(Rates(prompt * DOLLAR, completion * DOLLAR), **more)


MODELS = (
    Model(
        "acme/brig", "Acme: Brig", "acme/brig-1", 300, price(3, 9), 8_000, supported_parameters=("tools",), aliases=("schooner",)
    ),
    Model("acme/cog", "Acme: Cog", "acme/cog", 200, price(1, 2), 200_000, input_modalities=("text", "image"), tokenizer="Cog"),
    Model("bay/dhow", "Bay: Dhow", "bay/dhow", 100, price(0, 0), 32_000, output_modalities=("video",)),
    Model("bay/dhow:free", "Bay: <Dhow>", "bay/dhow", 50, price(0, 0), 32_000, supported_parameters=("tools", "seed")),
    Model("~acme/latest", "Acme: Latest", "~acme/latest", 10, price(7), 1_000, alias_target="acme/cog"),
)
ENDPOINTS = (
    Endpoint("acme/brig@acme", "acme/brig", "acme", "brig", price(2, 4), data_policy="zdr"),
    Endpoint("acme/cog@acme", "acme/cog", "acme", "cog", price(1, 2), off_reason="set ACME_API_KEY"),
)
CATALOG = Catalog(MODELS, ENDPOINTS)
ACME = ProviderFact("Acme Inc", "acme", True)


def found(*pairs: tuple[str, str], **query: str) -> list[str]:
    wish = browser.read([*pairs, *query.items()])
    return [row.model.id for row in browser.browse(Shelf(CATALOG, {}, {"acme": "FR"}), wish).rows]


def page(target: str, catalog: Catalog = CATALOG) -> PageResponse:
    facts = FrontFacts(5, 1, 0.0, (ACME,))
    answer = Pages(lambda: facts, lambda: {"paths": {}}, lambda: catalog).respond("GET", target, {})
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"q": "SCHOONER"}, ["acme/brig"]),
        ({"q": "bay dhow"}, ["bay/dhow", "bay/dhow:free"]),
        ({"author": "acme"}, ["acme/brig", "acme/cog", "~acme/latest"]),
        ({"author": "acme,bay", "q": "dhow"}, ["bay/dhow", "bay/dhow:free"]),
        ({"series": "Cog"}, ["acme/cog"]),
        ({"provider": "acme"}, ["acme/brig", "acme/cog", "~acme/latest"]),
        ({"country": "FR"}, ["acme/brig", "acme/cog", "~acme/latest"]),
        ({"policy": "zdr"}, ["acme/brig"]),
        ({"input": "image"}, ["acme/cog"]),
        ({"output": "video"}, ["bay/dhow"]),
        ({"parameter": "tools"}, ["acme/brig", "bay/dhow:free"]),
        ({"parameter": "tools,seed"}, ["bay/dhow:free"]),
        ({"kind": "free"}, ["bay/dhow:free"]),
        ({"min_context": "32000"}, ["acme/cog", "bay/dhow", "bay/dhow:free"]),
        ({"here": "ready"}, ["acme/brig"]),
        ({"here": "none"}, ["bay/dhow", "bay/dhow:free"]),
        ({"author": "acme", "q": "dhow"}, []),
    ],
)
def test_a_filter_keeps_what_meets_it_newest_first(query: dict[str, str], ids: list[str]) -> None:
    assert found(**query) == ids


def test_the_price_is_that_of_who_would_serve_and_what_has_none_by_the_token_is_not_cheap() -> None:
    assert found(max_price="2") == ["acme/brig", "acme/cog", "bay/dhow:free", "~acme/latest"]
    assert found(max_price="1.99") == ["acme/cog", "bay/dhow:free", "~acme/latest"]
    assert found(min_price="1.5") == ["acme/brig"]


@pytest.mark.parametrize("sort", list(browser.SORTS))
def test_whatever_the_order_what_is_ready_comes_first(sort: str) -> None:
    assert found(sort=sort)[0] == "acme/brig"


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("name", "acme/cog", "bay/dhow"),
        ("price", "bay/dhow:free", "bay/dhow"),
        ("price-high", "acme/cog", "bay/dhow"),
        ("context", "acme/cog", "~acme/latest"),
    ],
)
def test_models_are_sorted_and_those_without_a_price_stand_last(sort: str, first: str, last: str) -> None:
    ordered = found(("here", "off,none"), sort=sort)
    assert (ordered[0], ordered[-1]) == (first, last)


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("popular", ["bay/dhow:free", "bay/dhow"]),
        ("latency", ["bay/dhow", "bay/dhow:free"]),
        ("throughput", ["bay/dhow:free", "bay/dhow"]),
    ],
)
def test_what_was_measured_orders_and_what_was_not_stands_last(sort: str, ids: list[str]) -> None:
    seen = {"bay/dhow:free": ModelFigures(9, 1, 900.0, 80.0), "bay/dhow": ModelFigures(5, 1, 100.0, 20.0)}
    rows = browser.browse(Shelf(CATALOG, {}), browser.read([("sort", sort), ("here", "none,off")]), seen).rows
    assert [row.model.id for row in rows][:2] == ids


@pytest.mark.parametrize("query", [{"category": "coding"}, {"categories": "programming"}, {"category": "game,Coding"}])
def test_models_are_found_by_what_their_apps_are_for(query: dict[str, str]) -> None:
    seen = {"acme/cog": ModelFigures(9, 1, categories=frozenset({"coding", "cli-agent"}))}
    shelf, wish = Shelf(CATALOG, {}), browser.read(query.items())
    assert {row.model.id for row in browser.browse(shelf, wish, seen).rows} == {"acme/cog", "~acme/latest"}
    facets = {facet.name: facet for facet in browser.context(shelf, browser.read([]), seen)["facets"]}
    assert [(one.label, one.count) for one in facets["category"].options] == [("Coding", 2), ("Agents in a terminal", 2)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"region": "EU"}, ["acme/brig"]),
        ({"region": "de"}, ["acme/brig"]),
        ({"region": "us"}, []),
        ({"region": "unknown"}, ["acme/cog"]),
        ({"distillable": "true"}, ["acme/cog"]),
        ({"distillable": "false"}, ["acme/brig"]),
        ({"distillable": "unknown"}, ["bay/dhow"]),
    ],
)
def test_models_are_found_by_where_they_run_and_whether_they_may_train_others(query: dict[str, str], ids: list[str]) -> None:
    brig, cog, dhow = (
        msgspec.structs.replace(one, distillable=may) for one, may in zip(MODELS, (False, True, None), strict=False)
    )
    shelf = Shelf(Catalog((brig, cog, dhow), (msgspec.structs.replace(ENDPOINTS[0], region="de"), ENDPOINTS[1])), {})
    found = browser.browse(shelf, browser.read(query.items())).rows
    assert [row.model.id for row in found] == ids


def test_what_is_not_known_of_a_place_is_said_so() -> None:
    assert [Shelf(CATALOG, {}).label("region", value) for value in ("eu", "de", "unknown")] == [
        "European Union",
        "DE",
        "Not known",
    ]


def test_a_category_that_nobody_used_says_how_apps_tell_it() -> None:
    assert b"X-OpenRouter-Categories" in page("/models?category=finance").body


@pytest.mark.parametrize("query", [{"max_price": "cheap"}, {"max_price": "nan"}, {"min_context": "-1"}, {"sort": "luck"}])
def test_what_cannot_be_read_is_said_and_hides_nothing(query: dict[str, str]) -> None:
    assert len(found(**query)) == len(MODELS)
    assert len(browser.read(query.items()).problems) == 1


def test_a_page_has_fifty_models_and_a_number_beyond_the_last_shows_the_last() -> None:
    many = Catalog([Model(f"a/m{number:03}", "M", f"a/m{number:03}", number, price(1)) for number in range(120)], ())
    shelf = Shelf(many, {})
    last = browser.context(shelf, browser.read([("page", "999")]))
    assert (last["pages"], last["page"], last["shown"], last["start"]) == (3, 3, 20, 100)
    assert browser.context(shelf, browser.read([("page", "٣")]))["page"] == 1


def test_each_filter_can_be_taken_off_by_a_link_that_keeps_the_others() -> None:
    wish = browser.read([("q", "a&b"), ("provider", "acme"), ("sort", "name")])
    chips = browser.context(Shelf(CATALOG, {"acme": "Acme Inc"}), wish)["chips"]
    assert [(chip.label, chip.without) for chip in chips] == [
        ("search: a&b", "/models?provider=acme&sort=name"),
        ("provider: Acme Inc", "/models?q=a%26b&sort=name"),
    ]


def test_a_value_is_counted_as_many_times_as_choosing_it_would_leave() -> None:
    shelf = Shelf(CATALOG, {})
    facets = {facet.title: facet for facet in browser.context(shelf, browser.read([("author", "acme")]))["facets"]}
    assert [(one.label, one.count, one.chosen) for one in facets["Author"].options] == [("acme", 3, True), ("bay", 2, False)]
    for facet in facets.values():
        for one in facet.options:
            query = [tuple(part.split("=")) for part in one.link.partition("?")[2].split("&") if part]
            left = browser.browse(shelf, browser.read(query)).rows  # type: ignore[arg-type]
            assert one.chosen or facet.title == "Author" or len(left) == one.count


@pytest.mark.parametrize(
    ("asked", "ours"),
    [
        ("q=&author=acme&sort=", "?author=acme"),
        ("model_authors=acme&supported_parameters=tools", "?author=acme&parameter=tools"),
        ("order=pricing-low-to-high&fmt=cards", "?sort=price&view=list"),
        ("pricing=free&zdr=true", "?kind=free&policy=zdr"),
        ("parameter=tools&parameter=seed", "?parameter=tools,seed"),
        ("ready=1&utm_source=x", "?here=ready"),
        ("page=1", ""),
    ],
)
def test_a_page_has_one_address_however_it_was_asked_for(asked: str, ours: str) -> None:
    moved = page("/models?" + asked)
    assert (moved.status, dict(moved.headers)[b"location"]) == (303, b"/models" + ours.encode())
    assert page("/models" + ours).status == 200


def test_a_model_below_models_is_at_its_slug() -> None:
    assert dict(page("/models/acme/cog").headers)[b"location"] == b"/acme/cog"


def test_names_are_escaped_and_an_empty_result_says_what_to_do() -> None:
    assert b"Bay: &lt;Dhow&gt;" in page("/models").body
    empty = page("/models?q=%3Cb%3E&here=ready").body
    assert b"Show all 5 models" in empty
    assert b"Switch a provider on" in empty
    assert b"&lt;b&gt;" in empty


def test_what_is_not_served_is_told_apart() -> None:
    assert b"no provider that is switched on serves these" in page("/models").body
    assert b"A test key is answered by the sandbox" in page("/models?here=none").body


def test_a_query_of_too_many_parts_is_the_whole_list() -> None:
    assert b"<strong>5</strong> models" in page("/models?" + "a=1&" * 1000).body


def test_the_whole_shipped_catalogue_is_browsed_by_its_filters() -> None:
    shelf = Shelf(Catalog(shipped_models(), ()), {})
    for name in ("author", "series", "input", "output", "kind", "parameter"):
        for choice in shelf.choices[name]:
            assert len(browser.browse(shelf, browser.read([(name, choice.value)])).rows) == choice.count
