"""A body that does not fit is refused with what was expected, what came, and what mends it."""

import json
from typing import Any

import pytest

from entrepot.api.analytics import Query
from entrepot.api.changing import decoded
from entrepot.api.credits import CreditOrder
from entrepot.api.http import Request
from entrepot.api.keys import NewKey
from entrepot.api.prices import NewPrice
from entrepot.api.workspaces import NewWorkspace
from entrepot.errors import InvalidRequest


def refused(body: bytes, wanted: type) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        decoded(Request("/", {}, body=body), wanted)
    return caught.value


@pytest.mark.parametrize(
    ("wanted", "body", "field", "received"),
    [
        (NewKey, {"name": "x", "limitt": 5}, "limitt", "limitt"),
        (NewKey, {}, "name", "nothing"),
        (NewKey, {"name": 5}, "name", "5"),
        (NewKey, {"name": "\t"}, "name", "\t"),
        (NewKey, {"name": "x", "limit": True}, "limit", "true"),
        (NewKey, [], "body", "[]"),
        (NewWorkspace, {"name": "x", "slug": "Not A Slug"}, "slug", "Not A Slug"),
        (CreditOrder, {"kind": "gift", "amount": 1, "reason": "x"}, "kind", "gift"),
        (NewPrice, {"price": {"promt": 1}}, "price.promt", "promt"),
    ],
)
def test_a_body_that_does_not_fit_names_all_that_mends_it(wanted: type, body: Any, field: str, received: str) -> None:
    error = refused(json.dumps(body).encode(), wanted)
    assert (error.field, error.received) == (field, received)
    assert error.expected
    assert error.remedy
    assert "regex" not in error.message


def test_what_is_no_json_is_told_so() -> None:
    error = refused(b"{nonsense", NewKey)
    assert (error.field, error.expected) == ("body", "a JSON object")


def test_a_mistyped_limit_makes_no_key() -> None:
    assert "limit" in str(refused(b'{"name": "x", "limmit": 5}', NewKey).expected)


def expected(body: object, wanted: type) -> str:
    return refused(json.dumps(body).encode(), wanted).expected or ""


def test_what_is_expected_is_said_in_words() -> None:
    """Of a member inside another one too, and with the words that it may be."""
    assert expected({"kind": "gift", "amount": 1, "reason": "x"}, CreditOrder) == "one of: correction, grant, refund"
    assert expected({"name": "x", "limit": []}, NewKey) == "a number or null"
    assert expected({"name": "x", "slug": "Not A Slug"}, NewWorkspace) == "written as team-one"
    assert expected({"name": "\t"}, NewKey) == "text without control characters"
    assert expected({"metrics": [], "limit": 5}, Query) == "a list that is not empty"
    assert expected({"metrics": ["x"], "filters": [{"field": "x", "operator": "is", "value": 1}]}, Query).startswith("one of: eq")
    assert expected({"price": {"promt": 1}}, NewPrice).startswith("one of: prompt, completion, cached")
