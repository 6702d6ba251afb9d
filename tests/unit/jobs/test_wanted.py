"""Endpoints are checked by themselves where their model is named and they are on; a name that is none is told."""

from entrepot.catalog.catalog import Catalog
from entrepot.jobs.checking import wanted
from entrepot.testing.builders import endpoint, model

CATALOG = Catalog(
    [model("acme/one"), model("acme/two")],
    [endpoint("acme/one", "here"), endpoint("acme/one", "there", off_reason="no key"), endpoint("acme/two", "here")],
)


def told(slugs: str) -> tuple[list[str], str]:
    """What is checked, and why something cannot be."""
    problems: list[str] = []
    found = wanted(slugs, CATALOG, lambda what, why: problems.append(why))
    [why] = problems
    return [each.id for _, each in found], why


def test_endpoints_that_are_on_are_checked() -> None:
    assert told("acme/one, acme/two,") == (["acme/one@here", "acme/two@here"], "")


def test_every_name_that_is_none_is_told_and_the_others_are_checked() -> None:
    found, why = told("acme/on,acme/one,acme/zero")
    assert found == ["acme/one@here"]
    assert "acme/on" in why and "acme/zero" in why
