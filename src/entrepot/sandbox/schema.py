"""An instance for any JSON schema that has one: small, deterministic for a source of randomness, and valid.

Handles type, enum, const, properties, required, items, prefixItems, bounds, lengths, plain patterns, formats, multipleOf,
uniqueItems, $ref (also recursive), allOf, anyOf, oneOf and additionalProperties. What it cannot satisfy is refused, not guessed.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from typing import Any

_MAX_DEPTH = 24
_SHALLOW = 4
_FORMATS = {
    "date-time": "2025-11-13T12:00:00Z",
    "date": "2025-11-13",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "port@example.com",
    "idn-email": "port@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/port",
    "iri": "https://example.com/",
    "iri-reference": "/port",
    "uuid": "3f2b6a9e-1c4d-4e8f-9a7b-5d6c7e8f9a0b",
    "json-pointer": "/port",
    "relative-json-pointer": "0",
    "uri-template": "/port/{id}",
    "regex": "^port$",
}
_WORDS = ("harbour", "cargo", "tide", "ledger", "crane", "quay", "beacon", "anchor")


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
        if "properties" in schema or "required" in schema or "additionalProperties" in schema or "minProperties" in schema:
            return "object"
        if "items" in schema or "prefixItems" in schema or "minItems" in schema:
            return "array"
        if any(word in schema for word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")):
            return "number"
        return "string"

    def _object(self, schema: dict[str, Any], depth: int, name: str) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = list(schema.get("required") or ())
        made: dict[str, Any] = {}
        for key, inner in properties.items():
            if key in required:
                made[key] = self.make(inner, depth + 1, key)
            elif depth <= _SHALLOW and len(made) < 64:
                try:
                    made[key] = self.make(inner, depth + 1, key)
                except Unsatisfiable:
                    continue
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

    def _array(self, schema: dict[str, Any], depth: int, name: str) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 1_000_000)
        first = schema.get("prefixItems") or []
        rest = schema.get("items", True)
        if least > 1000:
            raise Unsatisfiable(f"{least} items at {name or 'the root'} are more than the sandbox makes")
        wanted = min(max(least, len(first), 0 if rest is False or depth > _SHALLOW else 2), most)
        made: list[Any] = []
        for place in range(wanted):
            try:
                value = self.make(first[place] if place < len(first) else rest, depth + 1, name)
            except Unsatisfiable:
                if place >= max(least, 0):
                    break
                raise
            if schema.get("uniqueItems"):
                value = self._another(value, made, first[place] if place < len(first) else rest, depth, name)
                if value is ...:
                    if len(made) >= least:
                        break
                    raise Unsatisfiable(f"too few different items at {name or 'the root'}")
            made.append(value)
        return made

    def _another(self, value: Any, made: list[Any], schema: Any, depth: int, name: str) -> Any:
        for attempt in range(60):
            if value not in made:
                return value
            if isinstance(schema, dict) and isinstance(value, str) and "enum" not in schema and "pattern" not in schema:
                value = _fit(f"{self._random.choice(_WORDS)}{attempt}", schema.get("minLength", 0), schema.get("maxLength"))
            elif (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and isinstance(schema, dict)
                and "enum" not in schema
            ):
                step = schema.get("multipleOf") or 1
                value = self._number(
                    _merge(schema, {"minimum": max(v for v in made if isinstance(v, int | float)) + step}), depth, name
                )
            else:
                value = self.make(schema, depth + 1, name)
        return ...

    def _string(self, schema: dict[str, Any], depth: int, name: str) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if least > 100_000 or (most is not None and most < least):
            raise Unsatisfiable(f"no text has that length at {name or 'the root'}")
        if "pattern" in schema:
            return self._matching(schema["pattern"], least, most, name)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        hint = self._hints.get(name)
        if isinstance(hint, str) and len(hint) >= least and (most is None or len(hint) <= most):
            return hint
        return _fit(self._random.choice(_WORDS), least, most)

    def _matching(self, pattern: str, least: int, most: int | None, name: str) -> str:
        try:
            compiled = re.compile(pattern)
        except (re.error, RecursionError):
            raise Unsatisfiable(f"the pattern at {name or 'the root'} is not one we read") from None
        for text in (*_WORDS, *_FORMATS.values(), "A1", "1", "a", "0", "abc-123", "ABC123", "+12025550123", "12345", "en-US"):
            if compiled.search(text) and len(text) >= least and (most is None or len(text) <= most):
                return text
        made = _from_pattern(pattern, least)
        if made is not None and compiled.search(made) and len(made) >= least and (most is None or len(made) <= most):
            return made
        raise Unsatisfiable(f"no text was found for the pattern at {name or 'the root'}")

    def _number(self, schema: dict[str, Any], depth: int, name: str) -> int | float:
        whole = schema.get("type") == "integer" or (isinstance(schema.get("type"), list) and "integer" in schema["type"])
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        low_open, high_open = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        step = schema.get("multipleOf") or (1 if whole else None)
        hint = self._hints.get(name)
        candidates = [hint] if isinstance(hint, int | float) and not isinstance(hint, bool) else []
        candidates += [self._random.randint(1, 9), 0, 1]
        for bound in (low, low_open, high, high_open):
            if isinstance(bound, int | float) and not isinstance(bound, bool) and math.isfinite(bound):
                edge = step or 0.5
                near = math.ceil(bound / edge) * edge
                candidates += [bound, near, near + edge, near - edge, math.floor(bound / edge) * edge]
                if step is None:
                    candidates += [bound + 1e-6, bound - 1e-6]
        finite = [v for v in (low, low_open, high, high_open) if isinstance(v, int | float) and math.isfinite(v)]
        if len(finite) >= 2 and step is None:
            candidates.append((min(finite) + max(finite)) / 2)
        if step:
            candidates += [step, -step, step * 2]
        for value in candidates:
            if whole and float(value).is_integer():
                value = int(value)
            if (
                _within(value, low, high, low_open, high_open)
                and (not whole or isinstance(value, int))
                and _is_multiple(value, step)
            ):
                return value
        raise Unsatisfiable(f"no number fits the bounds at {name or 'the root'}")


def _within(value: float, low: Any, high: Any, low_open: Any, high_open: Any) -> bool:
    if isinstance(low_open, int | float) and not isinstance(low_open, bool) and value <= low_open:
        return False
    if isinstance(high_open, int | float) and not isinstance(high_open, bool) and value >= high_open:
        return False
    return bool(low <= value <= high)


def _is_multiple(value: float, step: float | None) -> bool:
    if step is None or (isinstance(value, int) and step == 1):
        return True
    quotient = value / step
    return quotient == int(quotient) if math.isfinite(quotient) else False


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


def _fit(text: str, least: int, most: int | None) -> str:
    while len(text) < least:
        text += " " + text
    return (
        text[: max(least, min(len(text), most if most is not None else len(text)))] if most is None or len(text) > most else text
    )


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


_PIECE = re.compile(r"(\[[^\]]+\]|\\[dwsDWS.\-/+]|\.|[^\\\[\](){}*+?|^$])(\{(\d+)(?:,(\d*))?\}|[*+?])?")


def _from_pattern(pattern: str, least: int) -> str | None:
    """A text for a plain sequence of characters, classes and counts; None for anything else."""
    body = pattern.removeprefix("^").removesuffix("$")
    made, at = "", 0
    while at < len(body):
        piece = _PIECE.match(body, at)
        if piece is None:
            return None
        atom, count = piece[1], piece[2]
        times = int(piece[3]) if piece[3] else 0 if count in ("*", "?") else 1
        if count and (count in ("*", "+") or (piece[4] == "")):
            times = max(times, min(least - len(made), 1000)) if piece.end() == len(body) else max(times, 1)
        made += _character(atom) * times
        at = piece.end()
    return made


def _character(atom: str) -> str:
    if atom.startswith("["):
        for sign in "a1A0Zz9_-. @/:+":
            if re.fullmatch(atom, sign):
                return sign
        return atom[1]
    known = {"\\d": "1", "\\w": "a", "\\s": " ", "\\D": "a", "\\W": "-", "\\S": "a", ".": "a"}
    return known.get(atom, atom.removeprefix("\\"))
