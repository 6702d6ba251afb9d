"""The API reference from the OpenAPI document: a list of all paths, and a page for each group of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import msgspec

Schema = dict[str, Any]
_LONG = 2**31
"""Bounds from here on say how a number is kept, not what a caller would write."""


class Parameter(msgspec.Struct, frozen=True):
    """One member of a request, in words; `bounds` and `default` are "" where there are none."""

    name: str
    kind: str
    bounds: str
    default: str
    meaning: str


class Group(msgspec.Struct, frozen=True):
    """Operations that belong together, with the page that shows them."""

    title: str
    path: str
    operations: list[dict[str, Any]]


class Reference:
    def __init__(self, openapi: Callable[[], Schema]) -> None:
        self._openapi = openapi
        self._written: dict[tuple[str, int], str] = {}

    @functools.cached_property
    def _document(self) -> Schema:
        return self._openapi()

    def groups(self, base_url: str) -> list[Group]:
        tags: dict[str, list[dict[str, Any]]] = {}
        for path, methods in self._document.get("paths", {}).items():
            for method, operation in methods.items():
                tag = (operation.get("tags") or ["Other"])[0]
                tags.setdefault(tag, []).append(self._operation(path, method, operation, base_url))
        return [Group(tag, f"/reference/{tag.lower().replace(' ', '-')}", operations) for tag, operations in tags.items()]

    @property
    def following(self) -> dict[str, Any]:
        """What a template needs to follow references."""
        return {
            "resolve": self._resolve,
            "nested": self._nested,
            "kinds": self._kinds,
            "bounds": _bounds,
            "once": self._once,
        }

    def parameters(self, schema: str) -> list[Parameter]:
        """The members of a named schema."""
        members: Schema = self._document.get("components", {}).get("schemas", {}).get(schema, {}).get("properties", {})
        return [self._parameter(name, member) for name, member in members.items()]

    def kinds(self, schema: str, member: str) -> list[Schema]:
        """What a member of a named schema may be."""
        members: Schema = self._document["components"]["schemas"][schema]["properties"]
        return [self._resolve(kind) for kind in self._flat(members[member])]

    def _parameter(self, name: str, member: Schema) -> Parameter:
        kinds = [kind for kind in map(self._resolve, self._flat(member)) if kind.get("type") != "null"]
        default = member.get("default")
        return Parameter(
            name,
            " or ".join(
                dict.fromkeys("text" if "enum" in kind else _KINDS.get(kind.get("type", ""), "object") for kind in kinds)
            ),
            next((said for said in map(_range, kinds) if said), ""),
            "" if default is None else str(default).lower() if isinstance(default, bool) else str(default),
            member.get("description") or "",
        )

    def _flat(self, schema: Schema) -> list[Schema]:
        shape = self._resolve(schema)
        return [kind for inner in shape["anyOf"] for kind in self._flat(inner)] if shape.get("anyOf") else [shape]

    def _operation(self, path: str, method: str, operation: Schema, base_url: str) -> dict[str, Any]:
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        needs_key = bool(operation.get("security"))
        return {
            "path": path,
            "method": method,
            "anchor": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
            "summary": operation.get("summary") or path,
            "description": operation.get("description") or "",
            "auth": "Needs a key: Authorization: Bearer sk-ep-..." if needs_key else "Open: needs no key.",
            "parameters": operation.get("parameters") or [],
            "body": body,
            "responses": [_response(status, told) for status, told in operation.get("responses", {}).items()],
            "curl": _curl(base_url + path, method, needs_key, body is not None),
        }

    def _resolve(self, schema: Any) -> Schema:
        seen = 0
        while isinstance(schema, dict) and "$ref" in schema and seen < 20:
            place: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            schema, seen = place, seen + 1
        return schema if isinstance(schema, dict) else {}

    def _once(self, write: Callable[[Schema, int], str], schema: Schema, depth: int) -> str:
        """A schema that has a name is written once, however often others lead to it."""
        name = schema.get("$ref")
        if name is None:
            return write(schema, depth)
        if (name, depth) not in self._written:
            self._written[name, depth] = write(schema, depth)
        return self._written[name, depth]

    def _kinds(self, schemas: list[Schema]) -> list[Schema]:
        """What a value may be, each said once: six shapes of object are an object to someone who reads a type."""
        shown: dict[str, Schema] = {}
        for schema in map(self._resolve, schemas):
            plain = schema.get("type") == "object"
            shown.setdefault("object" if plain else repr(schema), schema)
        return list(shown.values())

    def _nested(self, schema: Schema) -> bool:
        """Whether there are fields inside."""
        shape = self._resolve(schema)
        if shape.get("anyOf"):
            return any(self._nested(inner) for inner in shape["anyOf"])
        if shape.get("type") == "array":
            return self._nested(shape.get("items") or {})
        return bool(shape.get("properties"))


_KINDS = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false", "array": "list"}


def _range(schema: Schema) -> str:
    """What a value may be, in words."""
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is None or least is None or most >= _LONG:
        return "" if least is None or least <= -_LONG else f"from {least}"
    return f"{least} to {most}"


def _response(status: str, told: Schema) -> dict[str, Any]:
    content = told.get("content", {}).get("application/json", {})
    return {"status": status, "description": told.get("description") or "", "schema": content.get("schema")}


def _bounds(schema: Schema) -> str:
    least = schema.get("minimum", schema.get("exclusiveMinimum", schema.get("minLength", schema.get("minItems"))))
    most = schema.get("maximum", schema.get("exclusiveMaximum", schema.get("maxLength", schema.get("maxItems"))))
    unit = " characters" if "maxLength" in schema or "minLength" in schema else ""
    if least is None and most is None:
        return ""
    return f", {least if least is not None else ''}…{most if most is not None else ''}{unit}"


def _curl(url: str, method: str, needs_key: bool, has_body: bool) -> str:
    lines = [f"curl {url}" if method == "get" else f"curl -X {method.upper()} {url}"]
    if needs_key:
        lines.append('-H "Authorization: Bearer $ENTREPOT_API_KEY"')
    if has_body:
        lines.append('-d \'{"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "Hello"}]}\'')
    return " \\\n  ".join(lines)
