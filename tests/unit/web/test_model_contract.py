"""The OpenAPI document and the schemas of one model."""

import json
import re

import jsonschema
import pytest
from tests.unit.web.test_model_page import BRIG, CATALOG, DOCUMENT, MODELS, PRICE, get, text

from entrepot.values.model import Endpoint
from entrepot.web.model_contract import Contract
from entrepot.web.reference import Reference
from entrepot.web.shelf import Row, Shelf

VECTOR = next(model for model in MODELS if model.makes_embeddings)


def contract() -> Contract:
    return Contract(lambda: DOCUMENT, Reference(lambda: DOCUMENT))


def test_the_document_has_the_paths_of_the_model_and_every_schema_they_lead_to() -> None:
    answer = get("/acme/brig/openapi.json")
    assert answer is not None
    told = json.loads(answer.body)
    assert list(told["paths"]) == ["/api/v1/chat/completions", "/api/v1/responses", "/api/v1/messages"]
    assert told["servers"] == [{"url": "http://port.example.test"}]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.body.decode()))
    assert named <= set(told["components"]["schemas"])
    assert told["components"]["schemas"]["Chat"]["properties"]["model"]["const"] == "acme/brig"


def test_a_model_of_embeddings_has_their_path() -> None:
    assert list(contract().openapi(VECTOR, "http://a")["paths"]) == ["/api/v1/embeddings"]


@pytest.mark.parametrize("model", [BRIG, VECTOR], ids=lambda model: model.id)
def test_the_schemas_are_whole_in_themselves_and_judge_a_request(model: object) -> None:
    sent, came = map(json.loads, contract().schemas(model))  # type: ignore[arg-type]
    jsonschema.Draft202012Validator.check_schema(came)
    judge = jsonschema.Draft202012Validator(sent)
    body = {"messages": [{"role": "user", "content": "Hello"}], "input": ["Hello"]}
    assert judge.is_valid(body | {"model": model.id})  # type: ignore[attr-defined]
    assert not judge.is_valid(body | {"model": "another/one"})


@pytest.mark.parametrize("name", ["request.schema.json", "answer.schema.json"])
def test_each_schema_has_an_address_that_the_api_tab_names(name: str) -> None:
    answer = get(f"/acme/brig/{name}")
    assert answer is not None and json.loads(answer.body)["$schema"].startswith("https://json-schema.org/")
    assert f'href="/acme/brig/{name}"' in text("/acme/brig/api")


def test_each_provider_is_told_by_the_parameters_it_takes() -> None:
    shelf = Shelf(CATALOG, {"acme": "Acme Inc"})
    taken = {one.parameter.name: one for one in contract().parameters(shelf, shelf.rows["acme/brig"])}
    assert taken["temperature"].providers == "all"
    assert (taken["seed"].takes, taken["seed"].providers) == (False, "none")
    assert contract().common(shelf.rows["acme/brig"]) == ["max_tokens", "reasoning_effort", "temperature"]
    assert contract().matrix(shelf.rows["acme/brig"]) == []


def test_where_providers_differ_each_is_told_apart() -> None:
    plain, full = Endpoint("m@a", "m", "a", "m", PRICE, supported_parameters=("seed",)), CATALOG.endpoints("acme/brig")[0]
    row = Row(BRIG, BRIG.id, (plain, full), PRICE, "")
    assert dict(contract().matrix(row)) == {
        "max_tokens": (False, True),
        "reasoning_effort": (False, True),
        "seed": (True, False),
        "temperature": (False, True),
    }


def test_the_page_leads_to_the_document() -> None:
    assert 'href="/acme/brig/openapi.json"' in text("/acme/brig/api")
