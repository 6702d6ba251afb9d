"""For any schema that has one, an instance that validates."""

import random
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.sandbox.schema import Unsatisfiable, instance

NASTY: list[Any] = [
    True,
    {},
    {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/a"}},
        "required": ["a"],
        "$defs": {"a": {"type": "integer", "minimum": 3}},
    },
    {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                "required": ["value", "next"],
                "additionalProperties": False,
            }
        },
    },
    {"type": "array", "items": {"type": "string", "minLength": 3, "maxLength": 4}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"const": "x"}], "items": False, "minItems": 2},
    {"type": "array", "items": {"type": "number", "maximum": -16}, "uniqueItems": True},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"},
    {"type": "string", "pattern": "^(red|green)$", "enum": ["red", "green"]},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "integer", "multipleOf": 7, "minimum": 50, "maximum": 60},
    {"type": "number", "multipleOf": 0.5, "minimum": 1.2},
    {"type": ["null", "string"]},
    {"enum": [None, 1, "a"]},
    {"const": {"a": [1]}},
    {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {"required": ["b"]}]},
    {"oneOf": [{"type": "string", "maxLength": 0, "minLength": 2}, {"type": "integer"}]},
    {"type": "object", "minProperties": 3, "additionalProperties": {"type": "boolean"}},
    {
        "type": "object",
        "properties": {"when": {"type": "string", "format": "date-time"}, "id": {"type": "string", "format": "uuid"}},
    },
    {
        "type": "object",
        "properties": {"a/b": {"$ref": "#/$defs/x~1y"}},
        "required": ["a/b"],
        "$defs": {"x/y": {"type": "boolean"}},
    },
]


def faults_of(schema: Any, seed: int = 1) -> list[str]:
    """Of what is made for a schema, by the schema."""
    judge = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    return [fault.message for fault in judge.iter_errors(instance(schema, random.Random(seed)))]


@pytest.mark.parametrize("schema", NASTY, ids=str)
def test_nasty_schemas_are_satisfied(schema: Any) -> None:
    assert faults_of(schema) == []


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"enum": []},
        {"$ref": "#/$defs/gone"},
        {"type": "integer", "minimum": 2, "maximum": 1},
        {"type": "hologram"},
        {"type": "string", "pattern": "[\\]]q"},
    ],
    ids=str,
)
def test_what_nothing_satisfies_is_refused(schema: Any) -> None:
    with pytest.raises(Unsatisfiable):
        instance(schema, random.Random(1))


def test_a_schema_that_never_ends_is_refused() -> None:
    endless = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"]}},
    }
    with pytest.raises(Unsatisfiable):
        instance(endless, random.Random(1))


leaves = st.one_of(
    st.builds(
        lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span}, st.integers(-50, 50), st.integers(0, 9)
    ),
    st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, st.integers(-9, 9)),
    st.builds(
        lambda low, span: {"type": "string", "minLength": low, "maxLength": low + span}, st.integers(0, 9), st.integers(0, 9)
    ),
    st.sampled_from(["date", "email", "uuid", "uri", "ipv4"]).map(lambda name: {"type": "string", "format": name}),
    st.lists(st.integers() | st.text(max_size=5), min_size=1, max_size=4).map(lambda values: {"enum": values}),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
)


def objects(inner: Any) -> Any:
    names = st.text("abcde", min_size=1, max_size=3)
    return st.dictionaries(names, inner, max_size=4).flatmap(
        lambda properties: st.builds(
            lambda required, extra: {
                "type": "object",
                "properties": properties,
                "required": sorted(required),
                "additionalProperties": extra,
            },
            st.sets(st.sampled_from(sorted(properties)), max_size=4) if properties else st.just(set()),
            st.booleans(),
        )
    )


def arrays(inner: Any) -> Any:
    return st.builds(lambda items, low, span: {"type": "array", "items": items, "minItems": low, "maxItems": low + span},
                     inner, st.integers(0, 3), st.integers(0, 3))  # fmt: skip


schemas = st.recursive(
    leaves,
    lambda inner: objects(inner) | arrays(inner) | st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
)


@given(schemas, st.integers(0, 1000))
def test_any_schema_is_satisfied(schema: Any, seed: int) -> None:
    assert faults_of(schema, seed) == []
