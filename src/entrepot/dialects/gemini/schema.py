"""Google's own Schema (an OpenAPI subset) and JSON Schema, both ways.

Since Gemini 2.5 both are taken; older models know only the subset, so schemas are rewritten for them: references are put in
place, `oneOf` becomes `anyOf`, `const` an `enum`, a list of types `nullable`, and keywords that would be refused are left out.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import dumps
from entrepot.errors import InvalidRequest

_DEEPEST = 60
_TYPES = ("", "string", "number", "integer", "boolean", "array", "object", "null")
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_PLAIN = ("title", "description", "required", "minimum", "maximum", "pattern", *_COUNTS)
_FORMATS = frozenset({"enum", "date-time", "int32", "int64", "float", "double"})
_NAMES = {
    "any_of": "anyOf",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "additional_properties": "additionalProperties",
    "defs": "$defs",
    "ref": "$ref",
}
_OURS_ALONE = frozenset({"propertyOrdering", "property_ordering", "nullable", "type", "example"})


def json_schema(raw: Raw) -> Raw:
    """A Google Schema as JSON Schema, its order kept."""
    return Raw(dumps(_to_json(msgspec.json.decode(raw), 0)))


def _to_json(schema: Any, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    told: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "type":
            told["type"] = _json_type(value)
        elif name not in _OURS_ALONE and value is not None:
            key = _NAMES.get(str(name), str(name))
            told[key] = _member_to_json(key, value, depth)
    if told.get("format") in ("enum", "int32", "int64", "float", "double"):
        del told["format"]
    return _nullable(told) if schema.get("nullable") is True else told


def _member_to_json(key: str, value: Any, depth: int) -> Any:
    if key in ("properties", "$defs") and isinstance(value, dict):
        return {name: _to_json(inner, depth + 1) for name, inner in value.items()}
    if key == "anyOf" and isinstance(value, list):
        return [_to_json(inner, depth + 1) for inner in value]
    if key in ("items", "additionalProperties"):
        return _to_json(value, depth + 1)
    if key in _COUNTS and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


def _json_type(value: Any) -> Any:
    """Types by name in either case, by number, or a list of them."""
    if isinstance(value, list):
        return [_json_type(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < len(_TYPES):
        return _TYPES[value]
    return value.lower() if isinstance(value, str) else value


def _nullable(told: dict[str, Any]) -> dict[str, Any]:
    kind = told.get("type")
    if not isinstance(kind, str):
        return told | {"anyOf": [*told["anyOf"], {"type": "null"}]} if isinstance(told.get("anyOf"), list) else told
    if isinstance(told.get("enum"), list):
        told = told | {"enum": [*told["enum"], None]}
    return told | {"type": [kind, "null"]}


def google_schema(raw: Raw, path: str) -> Raw:
    """JSON Schema as a Google Schema. raises InvalidRequest, for one that contains itself"""
    root = msgspec.json.decode(raw)
    return Raw(dumps(_Rewriting(root, path).rewrite(root, ())))


class _Rewriting:
    __slots__ = ("_path", "_root")

    def __init__(self, root: Any, path: str) -> None:
        self._root = root
        self._path = path

    def rewrite(self, schema: Any, seen: tuple[str, ...]) -> dict[str, Any]:
        if len(seen) > _DEEPEST:
            raise self._cannot("a schema nested less deeply", "Flatten the schema.")
        if not isinstance(schema, dict):
            return {"type": "OBJECT"}
        if isinstance(schema.get("$ref"), str):
            return self._referred(schema, schema["$ref"], seen)
        for part in schema.get("allOf") or ():
            schema = _merged(schema, part)
        return self._members(schema, (*seen, ""))

    def _referred(self, schema: dict[str, Any], name: str, seen: tuple[str, ...]) -> dict[str, Any]:
        if name in seen:
            raise self._cannot("a schema that does not contain itself", "Choose a newer model, or unroll the reference.")
        target: Any = self._root
        for step in name.removeprefix("#").strip("/").split("/"):
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) and step else target
        if not isinstance(target, dict):
            raise self._cannot("a reference to a part of the same schema", f"Correct {name[:60]}.")
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return self.rewrite({**target, **beside}, (*seen, name))

    def _members(self, schema: dict[str, Any], seen: tuple[str, ...]) -> dict[str, Any]:
        told = {name: schema[name] for name in _PLAIN if schema.get(name) is not None}
        if schema.get("format") in _FORMATS:
            told["format"] = schema["format"]
        self._type(schema, told)
        choices = schema.get("enum") if "const" not in schema else [schema["const"]]
        if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices if choice is not None):
            told |= {"type": "STRING", "format": "enum", "enum": [choice for choice in choices if choice is not None]}
            if None in choices:
                told["nullable"] = True
        options = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(options, list):
            self._choice(options, told, seen)
        if isinstance(schema.get("properties"), dict):
            told["properties"] = {name: self.rewrite(inner, seen) for name, inner in schema["properties"].items()}
            told["propertyOrdering"] = list(schema["properties"])
        if told.get("type") == "ARRAY":
            told["items"] = self.rewrite(schema.get("items") or {"type": "string"}, seen)
        return told

    def _type(self, schema: dict[str, Any], told: dict[str, Any]) -> None:
        kinds = schema.get("type")
        named = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)]
        if "null" in named and len(named) > 1:
            told["nullable"] = True
        others = [kind for kind in named if kind != "null"] or named
        if len(others) > 1:
            told["anyOf"] = [{"type": kind.upper()} for kind in others]
        elif others:
            told["type"] = others[0].upper()
        elif "properties" in schema:
            told["type"] = "OBJECT"

    def _choice(self, options: list[Any], told: dict[str, Any], seen: tuple[str, ...]) -> None:
        kept = [option for option in options if option != {"type": "null"}]
        if len(kept) < len(options):
            told["nullable"] = True
        rewritten = [self.rewrite(option, seen) for option in kept]
        if len(rewritten) == 1:
            told |= {name: value for name, value in rewritten[0].items() if name not in told}
        elif rewritten:
            told["anyOf"] = rewritten

    def _cannot(self, expected: str, remedy: str) -> InvalidRequest:
        return InvalidRequest(
            f"`{self._path}` cannot be given to this model.",
            field=self._path,
            expected=expected,
            received="another",
            remedy=remedy,
        )


def _merged(schema: dict[str, Any], part: Any) -> dict[str, Any]:
    """A schema with one of its `allOf` in it."""
    if not isinstance(part, dict):
        return schema
    both = {**part, **{name: value for name, value in schema.items() if name != "allOf"}}
    if isinstance(part.get("properties"), dict):
        both["properties"] = {**part["properties"], **(schema.get("properties") or {})}
    if isinstance(part.get("required"), list):
        both["required"] = list(dict.fromkeys([*part["required"], *(schema.get("required") or [])]))
    return both
