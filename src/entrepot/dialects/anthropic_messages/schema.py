"""A JSON schema as Messages takes it for `output_config.format`.

Facts from its reference, read 2026-11: every object must refuse additional properties; limits of numbers and lengths are not
taken, nor are schemas that contain themselves. A schema that already is so stays as it came, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.unsaid import cannot
from entrepot.dialects.voice import encode

_REFUSED = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems",
        "uniqueItems", "minProperties", "maxProperties", "minContains", "maxContains",
    }
)  # fmt: skip
_VALUES = ("enum", "const", "default", "examples")
_NAMED = ("properties", "$defs", "definitions", "patternProperties")
_PATH = "response_format.json_schema.schema"


def fitted_schema(raw: Raw, notes: list[str]) -> Raw:
    """raises  InvalidRequest, for one that cannot be said"""
    try:
        schema = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        schema = None
    if not isinstance(schema, dict):
        raise cannot(_PATH, "a JSON schema that is an object", bytes(memoryview(raw))[:80].decode(errors="replace"), "Give one.")
    _refuse_circles(schema)
    fit = _Fit()
    fitted = fit.schema(schema)
    if fit.removed:
        notes.append(f"response_format: {', '.join(sorted(fit.removed))} left out of the schema, Messages does not take them")
    if fit.closed:
        notes.append("response_format: additionalProperties is false in every object of the schema")
    return Raw(encode(fitted)) if fit.removed or fit.closed else raw


class _Fit:
    """`removed` names what was left out; `closed`: an object was made to refuse additional properties."""

    def __init__(self) -> None:
        self.removed: set[str] = set()
        self.closed = False

    def schema(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self.schema(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        fitted = {name: self._member(name, value) for name, value in schema.items() if not self._refuses(name, value)}
        if _is_object(schema) and fitted.get("additionalProperties") is not False:
            fitted["additionalProperties"] = False
            self.closed = True
        return fitted

    def _refuses(self, name: str, value: Any) -> bool:
        refuses = name in _REFUSED or (name == "minItems" and value not in (0, 1))
        if refuses:
            self.removed.add(name)
        return refuses

    def _member(self, name: str, value: Any) -> Any:
        if name in _NAMED and isinstance(value, dict):
            return {key: self.schema(item) for key, item in value.items()}
        return value if name in _VALUES else self.schema(value)


def _is_object(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or (kind is None and "properties" in schema)


def _refuse_circles(schema: dict[str, Any]) -> None:
    """raises  InvalidRequest, for a definition that contains itself"""
    places = {f"#/{group}/{name}": inner for group in ("$defs", "definitions") for name, inner in _group(schema, group).items()}
    reached = {place: {ref for ref in _references(inner) if ref in places} for place, inner in places.items()}
    for place in reached:
        seen: set[str] = set()
        ahead = list(reached[place])
        while ahead:
            now = ahead.pop()
            if now == place:
                raise _circle(place)
            if now not in seen:
                seen.add(now)
                ahead += reached[now]
    if "#" in _references(schema):
        raise _circle("#")


def _group(schema: dict[str, Any], name: str) -> dict[str, Any]:
    group = schema.get(name)
    return group if isinstance(group, dict) else {}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "$ref" and isinstance(item, str):
                yield item
            else:
                yield from _references(item)


def _circle(place: str) -> Exception:
    return cannot(_PATH, "a schema that does not contain itself", f"$ref {place}", "Spell out as many levels as are needed.")
