"""The page of all models: what a query finds, in which order, and what the page says."""

import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.shipped import shipped_models
from entrepot.values.model import Endpoint, Model
from entrepot.values.price import Price, Rates
from entrepot.web import browser
from entrepot.web.pages import FrontFacts, PageResponse, Pages, ProviderFact
from entrepot.web.shelf import Shelf

DOLLAR = 10**18
"""A dollar for a million tokens, as a rate."""


def price(prompt: int, completion: int = 0, **more: str) -> Price:
    return Price(Rates(prompt * DOLLAR, completion * DOLLAR), **more)


MODELS = (
    Model(
        "acme/brig", "Acme: Brig", "acme/brig-1", 300, price(3, 9), 8_000, supported_parameters=("tools",), aliases=("schooner",)
    ),
    Model("acme/cog", "Acme: Cog", "acme/cog", 200, price(1, 2), 200_000, input_modalities=("text", "image")),
    Model("bay/dhow", "Bay: Dhow", "bay/dhow", 100, price(0, 0), 32_000, output_modalities=("video",)),
    Model("bay/dhow:free", "Bay: <Dhow>", "bay/dhow", 50, price(0, 0), 32_000),
    Model("~acme/latest", "Acme: Latest", "~acme/latest", 10, price(7), 1_000, alias_target="acme/cog"),
)
ENDPOINTS = (
    Endpoint("acme/brig@acme", "acme/brig", "acme", "brig", price(2, 4)),
    Endpoint("acme/cog@acme", "acme/cog", "acme", "cog", price(1, 2), off_reason="set ACME_API_KEY"),
)
CATALOG = Catalog(MODELS, ENDPOINTS)


def found(**query: str) -> list[str]:
    return [row.model.id for row in browser.matching(Shelf(CATALOG, {}), browser.read(query))]


def page(target: str, catalog: Catalog = CATALOG) -> PageResponse:
    facts = FrontFacts(5, 1, 0.0, (ProviderFact("Acme Inc", "acme", True),))
    answer = Pages(lambda: facts, lambda: {"paths": {}}, lambda: catalog).respond("GET", target, {})
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"q": "SCHOONER"}, ["acme/brig"]),
        ({"q": "bay dhow"}, ["bay/dhow", "bay/dhow:free"]),
        ({"author": "acme"}, ["acme/brig", "acme/cog", "~acme/latest"]),
        ({"provider": "acme"}, ["acme/brig", "acme/cog", "~acme/latest"]),
        ({"input": "image"}, ["acme/cog"]),
        ({"output": "video"}, ["bay/dhow"]),
        ({"parameter": "tools"}, ["acme/brig"]),
        ({"min_context": "32000"}, ["acme/cog", "bay/dhow", "bay/dhow:free"]),
        ({"ready": "1"}, ["acme/brig"]),
        ({"author": "acme", "q": "dhow"}, []),
    ],
)
def test_a_filter_keeps_what_meets_it_newest_first(query: dict[str, str], ids: list[str]) -> None:
    assert found(**query) == ids


def test_the_price_is_that_of_who_would_serve_and_what_has_none_by_the_token_is_not_cheap() -> None:
    assert found(max_price="2") == ["acme/brig", "acme/cog", "bay/dhow:free", "~acme/latest"]
    assert found(max_price="1.99") == ["acme/cog", "bay/dhow:free", "~acme/latest"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("name", "acme/brig", "bay/dhow"),
        ("price", "bay/dhow:free", "bay/dhow"),
        ("price-high", "acme/brig", "bay/dhow"),
        ("context", "acme/cog", "~acme/latest"),
    ],
)
def test_models_are_sorted_and_those_without_a_price_stand_last(sort: str, first: str, last: str) -> None:
    ordered = found(sort=sort)
    assert (ordered[0], ordered[-1]) == (first, last)


@pytest.mark.parametrize("query", [{"max_price": "cheap"}, {"max_price": "nan"}, {"min_context": "-1"}, {"sort": "luck"}])
def test_what_cannot_be_read_is_said_and_hides_nothing(query: dict[str, str]) -> None:
    assert len(found(**query)) == len(MODELS)
    assert len(browser.read(query).problems) == 1


def test_a_page_has_fifty_models_and_a_number_beyond_the_last_shows_the_last() -> None:
    many = Catalog([Model(f"a/m{number:03}", "M", f"a/m{number:03}", number, price(1)) for number in range(120)], ())
    shelf = Shelf(many, {})
    last = browser.context(shelf, browser.read({"page": "999"}))
    assert (last["pages"], last["page"], len(last["rows"]), last["start"]) == (3, 3, 20, 100)
    assert browser.context(shelf, browser.read({"page": "٣"}))["page"] == 1


def test_each_filter_can_be_taken_off_by_a_link_that_keeps_the_others() -> None:
    chips = browser.context(Shelf(CATALOG, {"acme": "Acme Inc"}), browser.read({"q": "a&b", "provider": "acme", "sort": "name"}))[
        "chips"
    ]
    assert [(chip.label, chip.without) for chip in chips] == [
        ("search a&b", "/models?provider=acme&sort=name"),
        ("provider Acme Inc", "/models?q=a%26b&sort=name"),
    ]


def test_empty_fields_of_a_form_leave_the_address() -> None:
    moved = page("/models?q=&author=acme&sort=")
    assert (moved.status, dict(moved.headers)[b"location"]) == (303, b"/models?author=acme")


def test_names_are_escaped_and_an_empty_result_says_what_to_do() -> None:
    assert b"Bay: &lt;Dhow&gt;" in page("/models").body
    empty = page("/models?q=%3Cb%3E&ready=1").body
    assert b"Show all 5 models" in empty
    assert b"Switch a provider on" in empty
    assert b"&lt;b&gt;" in empty


def test_a_query_of_too_many_parts_is_the_whole_list() -> None:
    assert b"<strong>5</strong> models" in page("/models?" + "a=1&" * 1000).body


def test_the_whole_shipped_catalogue_is_browsed_by_its_filters() -> None:
    shelf = Shelf(Catalog(shipped_models(), ()), {})
    for name in ("author", "input", "output", "parameter"):
        for choice in shelf.choices[name]:
            assert len(browser.matching(shelf, browser.read({name: choice.value}))) == choice.count
