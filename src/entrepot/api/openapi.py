"""The OpenAPI 3.1 document, made from the table of routes and the types that serve them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from entrepot.api.chat_words import explain
from entrepot.api.routes import Route
from entrepot.errors import Forbidden, GatewayError, InvalidRequest, Unauthenticated

_REF = "#/components/schemas/{name}"


class ErrorBody(msgspec.Struct, frozen=True):
    """`code` is the HTTP status. `metadata` has `error_type` and `retryable` always, and what was wrong where it is known:
    `field`, `expected`, `received`, `remedy_hint`, `retry_after_s`."""

    code: int
    message: str
    metadata: dict[str, Any]


class ErrorEnvelope(msgspec.Struct, frozen=True):
    """What every refusal looks like. `id` names the generation when one was begun."""

    error: ErrorBody
    id: str | msgspec.UnsetType = msgspec.UNSET


_DESCRIPTIONS = {
    400: "The request is not understood; the error names the field.",
    401: "No key, or not one that is good here.",
    402: "Not enough credit.",
    403: "The key may not do this.",
    404: "There is no such thing.",
    408: "Too slow.",
    413: "The body is too long.",
    429: "Too many requests; Retry-After says when to try again.",
    500: "A bug of the gateway.",
    502: "No provider gave an answer.",
    503: "Not now; trying again helps.",
    504: "No provider answered in time.",
}

_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of an answer you have.",
}


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The whole document. Every route stands under its first base."""
    routes = tuple(routes)
    types = [found for route in routes for found in (route.query, route.body, route.returns) if found is not None]
    types += [ErrorEnvelope, *(route.refused for route in routes if route.refused is not None)]
    schemas, components = _shortly_named(*msgspec.json.schema_components(types, ref_template=_REF))
    explain(components)
    schema_of = dict(zip(map(_name, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, schema_of, components)
        paths.setdefault(route.documented_path, {})[route.method.lower()] = operation
    queries = {_component(schema_of[_name(route.query)]) for route in routes if route.query is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Entrepot",
            "version": version,
            "summary": "One API and one key in front of every model and provider.",
            "description": "Paths under `/api/v1` are answered under `/v1` too.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in sorted(components.items()) if name not in queries},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key that begins with `sk-ep-`."},
            },
        },
    }


def _shortly_named(schemas: Any, components: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Types of one name in several modules, which msgspec names by their module, get short names: chat's the bare one."""
    text = msgspec.json.encode([list(schemas), components]).decode()
    for name in components:
        if "." in name:
            package, room, *_, bare = name.removeprefix("entrepot.").split(".")
            short = bare if package == "values" else _FIRST.get(room, room.title()) + bare
            text = text.replace(f'"{name}"', f'"{short}"').replace(f'/{name}"', f'/{short}"')
    told: tuple[list[Any], dict[str, Any]] = msgspec.json.decode(text, type=tuple[list[Any], dict[str, Any]])
    return told


_FIRST = {"anthropic_messages": "Messages", "cloudflare_run": "Run"} | {
    f"openai_{name.lower()}": name for name in ("Responses", "Embeddings", "Completions")
}


def render(made: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(made)


def _operation(route: Route, schema_of: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _responses(route, schema_of),
    }
    if route.description:
        told["description"] = route.description
    parameters = [
        *_path_parameters(route),
        *_query_parameters(route, schema_of, components),
        *([_IF_NONE_MATCH] if route.lasting else []),
    ]
    if parameters:
        told["parameters"] = parameters
    if route.body is not None:
        content = {"application/json": {"schema": schema_of[_name(route.body)]}}
        told["requestBody"] = {"required": True, "content": content}
    if route.auth != "none":
        told["security"] = [{}, {"key": []}] if route.auth == "optional" else [{"key": []}]
    return told


def _responses(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    schema = schema_of[_name(route.returns)] if route.returns is not None else {"type": "string"}
    good["content"] = {route.media: {"schema": schema}}
    if route.also:
        good["content"][route.also] = {"schema": {"type": "string"}}
    if route.streams:
        # No type: to some readers it is the text of the stream, to others each of its events.
        good["content"]["text/event-stream"] = {"schema": {"description": route.streams}}
    responses: dict[str, Any] = {"200": good}
    if route.lasting is not None:
        good["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Names this answer, until it changes."}}
        responses["304"] = {"description": "The answer is still the one that If-None-Match names."}
    for status in sorted(_statuses(route)):
        refused = schema_of[_name(route.refused or ErrorEnvelope)]
        shape = schema if status in route.same_shape else refused
        responses[str(status)] = {
            "description": _DESCRIPTIONS.get(status, "Refused."),
            "content": {"application/json": {"schema": shape}},
        }
    return responses


def _told_as(error: type[GatewayError], route: Route) -> int:
    """The status of an error on a route whose dialect may have another one for it."""
    if route.envelope is None or route.envelope.render_error is None:
        return error.status
    return route.envelope.render_error(error("..."), "")[0]


def _statuses(route: Route) -> set[int]:
    errors: set[type[GatewayError]] = set(route.errors)
    if route.query is not None or route.body is not None:
        errors.add(InvalidRequest)
    if route.auth in ("key", "management"):
        errors.add(Unauthenticated)
    if route.auth == "management":
        errors.add(Forbidden)
    statuses = {_told_as(error, route) for error in errors}
    return statuses | set(route.same_shape) | ({503} if route.auth != "none" else set())


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _query_parameters(route: Route, schema_of: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = components[_component(schema_of[_name(route.query)])]
    required = set(schema.get("required", ()))
    parameters = []
    for name, told in schema["properties"].items():
        said = {key: value for key, value in told.items() if key not in ("description", "default") or value not in (None, "")}
        description = said.pop("description", "")
        parameter = {"name": name, "in": "query", "required": name in required, "schema": _without_null(said)}
        parameters.append(parameter | ({"description": description} if description else {}))
    return parameters


def _component(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query cannot say null: a parameter that may be null is one that may be left out."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        rest: dict[str, Any] = options[0]
        return {key: value for key, value in schema.items() if key != "anyOf"} | rest
    if "enum" in schema:
        return schema | {"enum": [word for word in schema["enum"] if word is not None]}
    return schema


def _operation_id(route: Route) -> str:
    words = re.findall(r"[A-Za-z0-9]+", route.documented_path.removeprefix("/api/v1"))
    return "".join([route.method.lower(), *(word.capitalize() for word in words)])


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", "") + str(kind)
