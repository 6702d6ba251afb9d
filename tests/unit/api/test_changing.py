"""A body that does not fit is refused with what was expected, what came, and what mends it."""

import json
from typing import Any

import pytest

from entrepot.api.changing import decoded
from entrepot.api.http import Request
from entrepot.api.keys import NewKey
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
        (NewKey, {"name": 5}, "name", "int"),
        (NewKey, {"name": "x", "limit": True}, "limit", "bool"),
        (NewKey, [], "body", "array"),
        (NewWorkspace, {"name": "x", "slug": "Not A Slug"}, "slug", "something else"),
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
