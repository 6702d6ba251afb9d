"""A row without prices amends a model that is here: results that others published, and what is known of it."""

import json
from typing import Any

import pytest

from entrepot.catalog.importing import difference, merged, parse_file
from entrepot.errors import InvalidRequest
from entrepot.testing.builders import model
from entrepot.values.model import Benchmark, Model

HAVE = model("acme/one", benchmarks=(Benchmark("Old", 1, "https://a.example", "2026-01-01"),), aliases=("one",))
RESULT = {"name": "GPQA Diamond", "value": 88.1, "unit": "%", "source": "https://a.example/b?c=1", "date": "2025-11-13"}


def taken(*rows: dict[str, Any]) -> list[Model]:
    data = "\n".join(json.dumps(row) for row in rows).encode()
    kind, models, passed = parse_file(data, source="t", as_of="2026-11-21", here={HAVE.id: HAVE})
    assert (kind, passed) == ("entrepot", [])
    return models


def test_what_a_row_names_is_as_it_says_and_the_rest_stays() -> None:
    (found,) = taken({"id": "acme/one", "distillable": True, "benchmarks": [RESULT]})
    after = merged(HAVE, found)
    assert (after.distillable, after.benchmarks) == (
        True,
        (Benchmark("GPQA Diamond", 88.1, "https://a.example/b?c=1", "2025-11-13", "%"),),
    )
    assert (after.price.rates, after.aliases, after.description) == (HAVE.price.rates, HAVE.aliases, HAVE.description)


def test_only_what_is_another_is_a_change_also_for_a_model_of_the_operators_own_endpoints() -> None:
    changes = difference({HAVE.id: HAVE}, taken({"id": "acme/one", "distillable": False}), {HAVE.id})
    assert [(change.what, change.fields) for change in changes] == [("changed", {"distillable": ("none", "false")})]


def test_results_can_be_taken_away_again() -> None:
    (found,) = taken({"id": "acme/one", "benchmarks": []})
    assert merged(HAVE, found).benchmarks == ()


def test_one_row_may_be_written_on_several_lines() -> None:
    data = json.dumps({"id": "acme/one", "benchmarks": [RESULT]}, indent=2).encode()
    assert parse_file(data, source="t", as_of="2026-11-21", here={HAVE.id: HAVE})[1][0].benchmarks[0].value == 88.1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "acme/none", "distillable": True}, "no model of that id is here"),
        ({"id": "acme/one", "benchmark": []}, "no member 'benchmark'"),
        ({"id": "acme/one", "distillable": "yes"}, "Expected `bool | null`"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"value": "88"}]}, "Expected `float`"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"source": "javascript:alert(1)"}]}, "is not an address"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"source": "https://a.example/<b>"}]}, "is not an address"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"date": "20251113"}]}, "is not as 2026-11-21"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"date": "soon"}]}, "Invalid isoformat"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"name": " "}]}, "has no name"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"name": "a\nb"}]}, "is not one line"),
        ({"id": "acme/one", "benchmarks": [RESULT] * 101}, "length <= 100"),
        ({"id": "acme/one", "benchmarks": [RESULT | {"value": 10**400}]}, "cannot be taken in"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason_and_what_mends_it(row: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match="Nothing was changed") as refused:
        taken(row)
    assert said in refused.value.message
    assert refused.value.remedy == "Correct the entry, or leave it out."


def test_a_file_of_no_known_form_is_told_which_there_are() -> None:
    for data in (b"models", b"3"):
        with pytest.raises(InvalidRequest) as refused:
            parse_file(data, source="t", as_of="2026-11-21")
        assert "LiteLLM price map" in str(refused.value.remedy)


def test_the_list_of_another_entrepot_brings_its_results_and_that_of_openrouter_none() -> None:
    row = {"id": "acme/two", "name": "Two", "pricing": {"prompt": "1", "completion": "1"}}
    theirs: dict[str, Any] = {"artificial_analysis": {"coding_index": 49.4}, "design_arena": []}
    for told, names in ((theirs | {"published": [RESULT]}, ["GPQA Diamond"]), (theirs, []), (None, [])):
        data = json.dumps({"data": [row | {"benchmarks": told}]}).encode()
        (found,) = parse_file(data, source="t", as_of="2026-11-21")[1]
        assert [result.name for result in found.benchmarks] == names


def test_a_list_of_others_says_whether_text_may_train_others() -> None:
    row = {"id": "acme/two", "name": "Two", "pricing": {"prompt": "1", "completion": "1"}}
    for told, known in (({"is_trainable_text": True}, True), ({"distillable": False}, False), ({}, None)):
        (found,) = parse_file(json.dumps({"data": [row | told]}).encode(), source="t", as_of="2026-11-21")[1]
        assert found.distillable is known
