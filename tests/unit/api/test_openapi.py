"""The OpenAPI document says what is served."""

from typing import Any

import jsonschema
import msgspec
import pytest
from tests.unit.api.desk import FakeDesk

from entrepot.api.chat_words import WORDS
from entrepot.api.openapi import document
from entrepot.api.table import ROUTES
from entrepot.testing.builders import endpoint, generation, model
from entrepot.values import chat, messages, preferences

DOCUMENT = document(ROUTES, "1.2.3")


def schema_of(path: str, status: str = "200") -> dict[str, Any]:
    told = DOCUMENT["paths"][path]["get"]["responses"][status]["content"]["application/json"]["schema"]
    return {**told, "components": DOCUMENT["components"]}


def test_every_route_is_in_the_document_once():
    told = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert told == {(route.documented_path, route.method.lower()) for route in ROUTES}
    assert len(told) == len(ROUTES)


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere():
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            return [*([part["$ref"]] if "$ref" in part else []), *(ref for value in part.values() for ref in references(value))]
        return [ref for value in part for ref in references(value)] if isinstance(part, list) else []

    schemas = DOCUMENT["components"]["schemas"]
    assert {ref.removeprefix("#/components/schemas/") for ref in references(DOCUMENT)} <= set(schemas)


@pytest.mark.parametrize(
    ("path", "target", "status"),
    [
        ("/api/v1/models", "/api/v1/models", "200"),
        ("/api/v1/models/{model}", "/api/v1/models/openai/gpt-5.1", "200"),
        ("/api/v1/models/{author}/{slug}/endpoints", "/api/v1/models/openai/gpt-5.1/endpoints", "200"),
        ("/api/v1/models/{model}", "/api/v1/models/nothing", "404"),
        ("/api/v1/key", "/api/v1/key", "200"),
        ("/api/v1/credits", "/api/v1/credits", "200"),
        ("/api/v1/generation", "/api/v1/generation?id=gen-1", "200"),
        ("/api/v1/generation", "/api/v1/generation", "400"),
        ("/health/ready", "/health/ready", "200"),
    ],
)
def test_answers_are_what_their_schema_says(path: str, target: str, status: str):
    desk = FakeDesk(model(), endpoints=(endpoint(),))
    desk.generations["gen-1"] = generation("gen-1")
    got = desk.get(target, key="live")
    assert got.status == int(status)
    jsonschema.validate(got.json(), schema_of(path, status), cls=jsonschema.Draft202012Validator)


def test_a_query_parameter_shows_its_bounds():
    told = {row["name"]: row for row in DOCUMENT["paths"]["/api/v1/models"]["get"]["parameters"]}
    assert told["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000}
    assert told["sort"]["required"] is False and "newest" in told["sort"]["schema"]["enum"]


def test_every_member_of_a_chat_request_is_explained():
    schemas = DOCUMENT["components"]["schemas"]
    modules = (chat, messages, preferences)
    found = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    structs = [kind for kind in found if issubclass(kind, msgspec.Struct)]
    asked = [kind for kind in structs if kind.__name__ in schemas]
    members = {
        f"{kind.__name__}.{name}": told.get("description")
        for kind in asked
        for name, told in schemas[kind.__name__].get("properties", {}).items()
        if name != kind.__struct_config__.tag_field
    }
    assert len(members) > 150
    assert [name for name, description in members.items() if not description] == []
    assert {kind.__name__ for kind in WORDS} <= set(schemas)


def test_a_member_of_a_chat_request_shows_its_bounds_and_what_leaving_it_out_means():
    told = DOCUMENT["components"]["schemas"]["Chat"]["properties"]
    assert told["temperature"]["anyOf"][0] == {"type": "number", "minimum": 0, "maximum": 2}
    assert {name: told[name]["default"] for name in ("stream", "n", "parallel_tool_calls")} == {
        "stream": False, "n": 1, "parallel_tool_calls": True,
    }  # fmt: skip
    assert told["seed"]["default"] is None
