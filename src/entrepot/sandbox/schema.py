"""An instance for any JSON schema that has one: small, deterministic for a source of randomness, and valid.

Handles type, enum, const, properties, required, items, prefixItems, bounds, lengths, plain patterns, formats, multipleOf,
uniqueItems, $ref (also recursive), allOf, anyOf, oneOf and additionalProperties. What it cannot satisfy is refused, not guessed.
"""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from entrepot.sandbox.numbers import is_number, number_in, range_of
from entrepot.sandbox.texts import FORMATS, WORDS, has_length, matching, stretched

_MAX_DEPTH = 24
_SHALLOW = 4
_MOST_ITEMS = 1000
_MOST_MEMBERS = 64
_LONGEST_TEXT = 100_000
_TRIES = 60
_TELLING = {
    "object": ("properties", "required", "additionalProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
"""Words that tell the type where a schema does not."""


class Unsatisfiable(Exception):
    """No instance was found; the message says where."""


def instance(schema: Any, randomness: random.Random, hints: dict[str, Any] | None = None) -> Any:
    """A valid instance. `hints` are values to prefer for properties of that name, where they fit. raises Unsatisfiable"""
    return _Maker(schema, randomness, hints or {}).make(schema, 0, "")


class _Maker:
    def __init__(self, root: Any, randomness: random.Random, hints: dict[str, Any]) -> None:
        self._root = root
        self._random = randomness
        self._hints = hints

    def make(self, schema: Any, depth: int, name: str) -> Any:
        if schema is False:
            raise Unsatisfiable(f"nothing is allowed at {name or 'the root'}")
        if schema is True or not schema:
            return "anything"
        if not isinstance(schema, dict) or depth > _MAX_DEPTH:
            raise Unsatisfiable(f"too deep or not a schema at {name or 'the root'}")
        schema = self._flat(schema, depth, name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._one_of(schema, depth, name)
        kind = self._kind(schema, depth)
        makers: dict[str, Callable[[dict[str, Any], int, str], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._number,
            "number": self._number,
            "boolean": self._boolean,
            "null": self._null,
        }
        if kind not in makers:
            raise Unsatisfiable(f"the type {kind!r} at {name or 'the root'} is not one")
        return makers[kind](schema, depth, name)

    def _boolean(self, schema: dict[str, Any], depth: int, name: str) -> bool:
        return bool(self._random.getrandbits(1))

    def _null(self, schema: dict[str, Any], depth: int, name: str) -> None:
        return None

    def _one_of(self, schema: dict[str, Any], depth: int, name: str) -> Any:
        if not schema["enum"]:
            raise Unsatisfiable(f"the enum at {name or 'the root'} is empty")
        hint = self._hints.get(name)
        fitting = [value for value in schema["enum"] if _is_of(value, schema.get("type"))]
        if not fitting:
            raise Unsatisfiable(f"no value of the enum at {name or 'the root'} has its type")
        return hint if hint in fitting else self._random.choice(fitting)

    def _flat(self, schema: dict[str, Any], depth: int, name: str) -> dict[str, Any]:
        """References followed, allOf merged, and one branch of anyOf or oneOf taken: the simplest when it is deep."""
        seen = 0
        while "$ref" in schema:
            seen += 1
            target = self._target(schema["$ref"])
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            if seen > _MAX_DEPTH or not isinstance(target, dict):
                raise Unsatisfiable(f"{schema['$ref']} leads nowhere")
            schema = _merge(target, rest)
        for part in schema.get("allOf") or ():
            inner = self._flat(part, depth + 1, name) if isinstance(part, dict) else {}
            schema = _merge({key: value for key, value in schema.items() if key != "allOf"}, inner)
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                rest = {key: value for key, value in schema.items() if key != word}
                return self._branch(rest, schema[word], depth, name)
        return schema

    def _branch(self, rest: dict[str, Any], branches: list[Any], depth: int, name: str) -> dict[str, Any]:
        ordered = sorted(branches, key=_weight) if depth > _SHALLOW else branches
        for branch in ordered:
            try:
                flat = self._flat(branch, depth + 1, name) if isinstance(branch, dict) else {}
                merged = _merge(rest, flat)
                self.make(merged, depth + 1, name)
            except Unsatisfiable:
                continue
            return merged
        raise Unsatisfiable(f"no branch at {name or 'the root'} can be satisfied")

    def _target(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise Unsatisfiable(f"{reference!r} is not a reference within the schema")
        place = self._root
        for step in reference[1:].split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~").replace("%25", "%")
            try:
                place = place[int(step)] if isinstance(place, list) else place[step]
            except (KeyError, IndexError, ValueError, TypeError):
                raise Unsatisfiable(f"{reference} leads nowhere") from None
        return place

    def _kind(self, schema: dict[str, Any], depth: int) -> str:
        told = schema.get("type")
        if isinstance(told, list):
            simple = [kind for kind in told if kind in ("null", "boolean", "string", "integer", "number")]
            return str((simple or told)[0] if depth > _SHALLOW and simple else told[0]) if told else "null"
        if isinstance(told, str):
            return told
        return next((kind for kind, words in _TELLING.items() if not schema.keys().isdisjoint(words)), "string")

    def _object(self, schema: dict[str, Any], depth: int, name: str) -> dict[str, Any]:
        required = list(schema.get("required") or ())
        made = self._members(schema.get("properties") or {}, required, depth)
        extra = schema.get("additionalProperties", True)
        for key in required:
            if key not in made:
                made[key] = self.make(extra, depth + 1, key)
        number = 0
        while len(made) < schema.get("minProperties", 0):
            number += 1
            made[f"extra_{number}"] = self.make(extra, depth + 1, "extra")
        most = schema.get("maxProperties")
        if most is not None:
            for key in [key for key in reversed(made) if key not in required][: max(len(made) - most, 0)]:
                del made[key]
        return made

    def _members(self, properties: dict[str, Any], required: list[str], depth: int) -> dict[str, Any]:
        """Those that are required, and others as long as it is neither deep nor large."""
        made: dict[str, Any] = {}
        for key, inner in properties.items():
            if key in required:
                made[key] = self.make(inner, depth + 1, key)
            elif depth <= _SHALLOW and len(made) < _MOST_MEMBERS:
                with contextlib.suppress(Unsatisfiable):
                    made[key] = self.make(inner, depth + 1, key)
        return made

    def _array(self, schema: dict[str, Any], depth: int, name: str) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 1_000_000)
        first = schema.get("prefixItems") or []
        rest = schema.get("items", True)
        if least > _MOST_ITEMS:
            raise Unsatisfiable(f"{least} items at {name or 'the root'} are more than the sandbox makes")
        wanted = min(max(least, len(first), 0 if rest is False or depth > _SHALLOW else 2), most)
        made: list[Any] = []
        for place in range(wanted):
            inner = first[place] if place < len(first) else rest
            try:
                made.append(self._item(inner, made if schema.get("uniqueItems") else (), depth, name))
            except Unsatisfiable:
                if place < least:
                    raise
                break
        return made

    def _item(self, schema: Any, others: Sequence[Any], depth: int, name: str) -> Any:
        """One that is not among the others."""
        value = self.make(schema, depth + 1, name)
        for attempt in range(_TRIES):
            if value not in others:
                return value
            value = self._another(value, others, schema, depth, name, attempt)
        raise Unsatisfiable(f"too few different items at {name or 'the root'}")

    def _another(self, value: Any, others: Sequence[Any], schema: Any, depth: int, name: str, attempt: int) -> Any:
        if isinstance(schema, dict) and "enum" not in schema:
            if isinstance(value, str) and "pattern" not in schema:
                text = f"{self._random.choice(WORDS)}{attempt}"
                return stretched(text, schema.get("minLength", 0), schema.get("maxLength"))
            if is_number(value):
                above = max(other for other in others if isinstance(other, int | float)) + (schema.get("multipleOf") or 1)
                return self._number(_merge(schema, {"minimum": above}), depth, name)
        return self.make(schema, depth + 1, name)

    def _string(self, schema: dict[str, Any], depth: int, name: str) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if least > _LONGEST_TEXT or (most is not None and most < least):
            raise Unsatisfiable(f"no text has that length at {name or 'the root'}")
        if "pattern" in schema:
            return self._matching(schema["pattern"], least, most, name)
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        hint = self._hints.get(name)
        if isinstance(hint, str) and has_length(hint, least, most):
            return hint
        return stretched(self._random.choice(WORDS), least, most)

    def _matching(self, pattern: str, least: int, most: int | None, name: str) -> str:
        try:
            text = matching(pattern, least, most)
        except (re.error, RecursionError):
            raise Unsatisfiable(f"the pattern at {name or 'the root'} is not one we read") from None
        if text is None:
            raise Unsatisfiable(f"no text was found for the pattern at {name or 'the root'}")
        return text

    def _number(self, schema: dict[str, Any], depth: int, name: str) -> int | float:
        hint = self._hints.get(name)
        found = number_in(range_of(schema), [*([hint] if is_number(hint) else []), self._random.randint(1, 9)])
        if found is None:
            raise Unsatisfiable(f"no number fits the bounds at {name or 'the root'}")
        return found


def _is_of(value: Any, kind: Any) -> bool:
    if kind is None:
        return True
    kinds = kind if isinstance(kind, list) else [kind]
    tests = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "null": value is None,
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
    }
    return any(tests.get(one, False) for one in kinds)


def _weight(schema: Any) -> int:
    return len(str(schema)) + (1000 if "$ref" in str(schema) else 0)


_STRICTER = {"minimum": max, "exclusiveMinimum": max, "minLength": max, "minItems": max, "minProperties": max,
             "maximum": min, "exclusiveMaximum": min, "maxLength": min, "maxItems": min, "maxProperties": min}  # fmt: skip


def _merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both schemas at once, as far as their words can be joined."""
    merged = dict(one)
    for key, value in other.items():
        if key not in merged:
            merged[key] = value
        elif key == "properties":
            merged[key] = merged[key] | {k: _both(merged[key].get(k), v) for k, v in value.items()}
        elif key == "required":
            merged[key] = list(dict.fromkeys([*merged[key], *value]))
        elif key == "enum":
            merged[key] = [item for item in merged[key] if item in value]
        elif key in _STRICTER:
            merged[key] = _STRICTER[key](merged[key], value)
        elif key == "type" and merged[key] != value:
            merged[key] = _common_type(merged[key], value)
        else:
            merged[key] = value
    return merged


def _both(one: Any, other: Any) -> Any:
    return _merge(one, other) if isinstance(one, dict) and isinstance(other, dict) else other


def _common_type(one: Any, other: Any) -> Any:
    first = one if isinstance(one, list) else [one]
    second = other if isinstance(other, list) else [other]
    common = [kind for kind in first if kind in second or (kind == "integer" and "number" in second)]
    common += [kind for kind in second if kind == "integer" and "number" in first and kind not in common]
    if not common:
        raise Unsatisfiable(f"nothing is both {one} and {other}")
    return common[0] if len(common) == 1 else common
