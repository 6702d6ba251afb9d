"""A query string becomes a typed struct, or an error that names the parameter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.api.generation import GenerationQuery
from entrepot.api.http import parse_query
from entrepot.api.models import ModelsQuery
from entrepot.errors import InvalidRequest


def test_values_get_their_types():
    query = parse_query(b"limit=5&max_price=1.25&zdr=true&q=gpt%205", ModelsQuery)
    assert (query.limit, query.max_price, query.zdr, query.q) == (5, 1.25, True, "gpt 5")


def test_a_repeated_parameter_is_a_list_and_an_unknown_one_is_ignored():
    query = parse_query(b"supported_parameters=tools&supported_parameters=seed&utm_source=x", ModelsQuery)
    assert query.supported_parameters == "tools,seed"


@pytest.mark.parametrize(
    ("sent", "field", "expected"),
    [
        (b"limit=0", "limit", "a whole number >= 1"),
        (b"limit=many", "limit", "a whole number"),
        (b"max_price=-1", "max_price", "a number >= 0.0"),
        (b"max_price=nan", "max_price", "a number >= 0.0"),
        (b"use_rss=perhaps", "use_rss", "true or false"),
        (b"offset=null", "offset", "a value"),
        (b"region=mars", "region", "one of eu, us"),
    ],
)
def test_an_error_names_the_parameter_what_was_expected_and_what_came(sent: bytes, field: str, expected: str):
    with pytest.raises(InvalidRequest) as refused:
        parse_query(sent, ModelsQuery)
    assert (refused.value.field, refused.value.expected) == (field, expected)
    assert refused.value.received == sent.decode().partition("=")[2]


def test_a_missing_parameter_is_named():
    with pytest.raises(InvalidRequest) as refused:
        parse_query(b"", GenerationQuery)
    assert (refused.value.field, refused.value.received) == ("id", "nothing")


@given(st.binary(max_size=200))
def test_no_query_string_is_more_than_a_400(sent: bytes):
    try:
        parse_query(sent, ModelsQuery)
    except InvalidRequest as refused:
        assert refused.status == 400
