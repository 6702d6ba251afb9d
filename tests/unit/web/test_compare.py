"""Models side by side: which ones an address names, and what differs."""

import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.testing.builders import endpoint, model, price
from entrepot.web import compare
from entrepot.web.listings_measured import Measured
from entrepot.web.pages import FrontFacts, Pages
from entrepot.web.shelf import Shelf
from entrepot.web.visit import PageResponse

MODELS = (
    model("acme/brig", price=price("2", "8"), context_length=8_000),
    model("acme/cog", price=price("1", "8"), context_length=200_000, supported_parameters=("max_tokens",)),
    model("ollama/hf.co/some/one:8b"),
    model("bay/dhow", aliases=("bay/boat",)),
    model("bay/junk"),
)
CATALOG = Catalog(MODELS, [endpoint("acme/brig", "acme", price=price("2", "8"))])
SHELF = Shelf(CATALOG, {"acme": "Acme Inc"})


def page(target: str) -> PageResponse | None:
    return Pages(lambda: FrontFacts(5, 1, 0.0, ()), lambda: {"paths": {}}, lambda: CATALOG).respond("GET", target, {})


def where(target: str) -> str:
    answer = page(target)
    assert answer is not None
    assert answer.status == 303
    return dict(answer.headers)[b"location"].decode()


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("", []),
        ("/acme/brig", ["acme/brig"]),
        ("/acme/brig/acme/cog", ["acme/brig", "acme/cog"]),
        ("/ollama/hf.co/some/one:8b/acme/cog", ["ollama/hf.co/some/one:8b", "acme/cog"]),
        ("/bay/boat/acme/cog", ["bay/dhow", "acme/cog"]),
    ],
)
def test_an_address_names_models_one_after_the_other(path: str, ids: list[str]) -> None:
    rows = compare.read_path(SHELF, path)
    assert rows is not None
    assert [row.model.id for row in rows] == ids


@pytest.mark.parametrize("path", ["/acme", "/acme/brig/acme", "/acme/none", "/acme/brig" * 5, "/a/b" * 500])
def test_what_names_no_models_is_no_comparison(path: str) -> None:
    assert compare.read_path(SHELF, path) is None


def test_what_is_ticked_or_typed_becomes_one_readable_address() -> None:
    assert where("/compare?with=acme/brig&with=acme/cog&with=") == "/compare/acme/brig/acme/cog"
    assert where("/compare/acme/brig?with=bay/boat") == "/compare/acme/brig/bay/dhow"
    assert where("/compare/acme/brig/acme/brig") == "/compare/acme/brig"


def test_a_slug_that_names_nothing_is_said() -> None:
    answer = page("/compare?with=acme/none&with=acme/cog")
    assert answer is not None
    assert b"<code>acme/none</code> is not a model of this catalogue" in answer.body


def test_an_empty_comparison_says_what_to_do() -> None:
    answer = page("/compare")
    assert answer is not None
    assert b"Nothing on the scales yet" in answer.body


def lines(*, only: bool = False) -> dict[str, compare.Line]:
    rows = compare.read_path(SHELF, "/acme/brig/acme/cog")
    assert rows is not None
    told = compare.context(SHELF, rows, Measured(None), only=only)
    return {line.label: line for band in told["bands"] for line in band.lines}


def test_differences_are_marked_and_the_best_of_a_line() -> None:
    told = lines()
    assert [cell.best for cell in told["In, a million"].cells] == [False, True]
    assert [cell.best for cell in told["Context"].cells] == [False, True]
    assert told["tools"].differs
    assert not told["Out, a million"].differs
    assert not any(cell.best for cell in told["Out, a million"].cells)
    assert told["10,000 tokens in, 1,000 out"].cells[0].text == "$0.028"


def test_lines_in_which_all_are_the_same_can_be_left_out() -> None:
    assert "Out, a million" not in lines(only=True)
    assert "In, a million" in lines(only=True)
