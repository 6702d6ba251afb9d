"""What a call of one model takes and gives: its parameters, JSON schemas and an OpenAPI document, out of the one of all paths."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from entrepot.values.model import Endpoint, Model
from entrepot.web.reference import Parameter, Reference
from entrepot.web.shelf import Row, Shelf

Schema = dict[str, Any]
_LENGTHS = ("max_tokens", "max_completion_tokens")
_TEXT_PATHS = ("/api/v1/chat/completions", "/api/v1/responses", "/api/v1/messages")
_VECTOR_PATHS = ("/api/v1/embeddings",)
_AT = "#/components/schemas/"


class Taken(msgspec.Struct, frozen=True):
    """A parameter, and whether the model takes it: None where that is not known. `providers` are those that take it."""

    parameter: Parameter
    takes: bool | None
    providers: str


class Contract:
    """Made from the OpenAPI document of all paths."""

    def __init__(self, openapi: Callable[[], Schema], reference: Reference) -> None:
        self._openapi = functools.cache(openapi)
        self._reference = reference

    def parameters(self, shelf: Shelf, row: Row) -> list[Taken]:
        """Those of the request that some models take and others do not, with this model's own bounds and defaults."""
        judged = {choice.value for choice in shelf.choices["parameter"]}
        model = row.model
        return [
            Taken(_own(parameter, model), _takes(parameter.name, model.supported_parameters), _who(shelf, row, parameter.name))
            for parameter in self._reference.parameters("EmbeddingRequest" if model.makes_embeddings else "Chat")
            if parameter.name in judged
        ]

    def common(self, row: Row) -> list[str]:
        """The parameters that every endpoint takes."""
        known = [set(_known(endpoint, row.model)) for endpoint in row.endpoints]
        return sorted(set.intersection(*known)) if known else []

    def matrix(self, row: Row) -> list[tuple[str, tuple[bool | None, ...]]]:
        """Each parameter that some endpoints take and others do not, and for each endpoint whether it does."""
        known = [_known(endpoint, row.model) for endpoint in row.endpoints]
        names = sorted({name for taken in known for name in taken}.difference(self.common(row)))
        return [(name, tuple(_takes(name, taken) for taken in known)) for name in names]

    def schemas(self, model: Model) -> tuple[str, str]:
        """Of what is sent and what comes back, each whole in itself, as JSON text."""
        sent, came = ("EmbeddingRequest", "EmbeddingAnswer") if model.makes_embeddings else ("Chat", "ChatAnswer")
        return self._alone(sent, model), self._alone(came, model)

    def openapi(self, model: Model, base_url: str) -> Schema:
        """The paths that reach this model, with its name fixed and its bounds in place of the widest."""
        whole = self._openapi()
        paths = {path: whole["paths"][path] for path in paths_of(model) if path in whole["paths"]}
        used = self._used(paths)
        about = {"title": model.name, "version": whole["info"]["version"], "summary": f"{model.id} through this gateway."}
        if model.description:
            about["description"] = model.description
        components = {name: value for name, value in whole.get("components", {}).items() if name != "schemas"}
        return {
            "openapi": whole["openapi"],
            "info": about,
            "servers": [{"url": base_url}],
            "paths": paths,
            "components": components | {"schemas": {name: self._bound(name, model) for name in sorted(used)}},
        }

    def _alone(self, name: str, model: Model) -> str:
        inner = {at: self._bound(at, model) for at in sorted(self._used(self._schema(name)) - {name})}
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **self._bound(name, model), "$defs": inner}
        return json.dumps(whole, indent=2).replace(_AT, "#/$defs/")

    def _schema(self, name: str) -> Schema:
        found: Schema = self._openapi()["components"]["schemas"][name]
        return found

    def _used(self, shape: Any) -> set[str]:
        """The names of all schemas that it leads to."""
        found: set[str] = set()
        waiting = list(_names(shape))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(_names(self._schema(name)))
        return found

    def _bound(self, name: str, model: Model) -> Schema:
        schema = self._schema(name)
        members: Schema = schema.get("properties", {})
        if "model" not in members or not {"messages", "input"}.intersection(members):
            return schema
        said: Schema = {"model": {"const": model.id, "description": "This model."}}
        for length in _LENGTHS:
            if length in members and model.max_completion_tokens:
                said[length] = members[length] | {"description": f"1 to {model.max_completion_tokens} tokens."}
        return schema | {"properties": members | said}


def paths_of(model: Model) -> tuple[str, ...]:
    if model.makes_embeddings:
        return _VECTOR_PATHS
    return _TEXT_PATHS if "text" in model.output_modalities else ()


def _names(shape: Any) -> Iterable[str]:
    """Of the schemas that it refers to, however deep."""
    if isinstance(shape, list):
        for inner in shape:
            yield from _names(inner)
    elif isinstance(shape, dict):
        told = shape.get("$ref")
        if isinstance(told, str) and told.startswith(_AT):
            yield told.removeprefix(_AT)
        for inner in shape.values():
            yield from _names(inner)


def _takes(name: str, known: tuple[str, ...]) -> bool | None:
    """Either spelling of the length does: it is sent as the provider spells it."""
    if not known:
        return None
    return name in known or (name in _LENGTHS and not set(_LENGTHS).isdisjoint(known))


def _who(shelf: Shelf, row: Row, name: str) -> str:
    """The providers that take it, in words."""
    taking = [endpoint for endpoint in row.endpoints if _takes(name, _known(endpoint, row.model))]
    if not taking or not row.endpoints:
        return "none" if row.endpoints else "–"
    if len(taking) == len(row.endpoints):
        return "all" if len(taking) > 1 else shelf.provider_names.get(taking[0].provider, taking[0].provider)
    return ", ".join(dict.fromkeys(shelf.provider_names.get(endpoint.provider, endpoint.provider) for endpoint in taking))


def _known(endpoint: Endpoint, model: Model) -> tuple[str, ...]:
    return endpoint.supported_parameters or model.supported_parameters


def _own(parameter: Parameter, model: Model) -> Parameter:
    if parameter.name in _LENGTHS and model.max_completion_tokens:
        parameter = msgspec.structs.replace(parameter, bounds=f"1 to {model.max_completion_tokens:,}")
    if parameter.name == "reasoning_effort" and model.reasoning is not None:
        efforts, usual = model.reasoning.efforts, model.reasoning.default_effort
        parameter = msgspec.structs.replace(parameter, bounds=", ".join(efforts) or parameter.bounds, default=usual)
    default = model.default_parameters.get(parameter.name)
    return parameter if default is None else msgspec.structs.replace(parameter, default=f"{default:g}")
