"""A client's body to typed values, or an error that names the field, its bounds, what came and what would mend it.

Shared by the parsers of all dialects. Duplicate keys at the top are refused: two readers of one body could see two requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import Fields, decode_fields
from entrepot.errors import InvalidRequest

T = TypeVar("T")


class Words(msgspec.Struct, frozen=True):
    """What a dialect says of its own fields; "" leaves it to the general words.

    expected  what is accepted, from what msgspec told and the path
    remedy    what mends it, from the path
    """

    expected: Callable[[str, str], str]
    remedy: Callable[[str], str]


def read_body(body: bytes, decode: Callable[[bytes], T], words: Words) -> tuple[T, Fields]:
    """The body as `decode` types it, and its top-level members raw. raises InvalidRequest"""
    try:
        if not body.isascii():
            body.decode()
        value = decode(body)
        fields = decode_fields(body)
    except msgspec.ValidationError as error:
        raise wrong_field(str(error), body, words) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise not_json(body, error) from None
    except RecursionError:
        raise too_deep() from None
    _refuse_duplicates(body, fields)
    return value, fields


def too_deep() -> InvalidRequest:
    return InvalidRequest(
        "The request body is nested too deeply.",
        expected="JSON nested less than about 500 levels",
        remedy="Flatten the body; a schema can use $ref instead of nesting.",
    )


def not_json(body: bytes, error: Exception) -> InvalidRequest:
    what = "is empty" if not body.strip() else "is not valid JSON"
    told = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else _tidy(str(error))
    if rb"\ud" in body.lower() and "truncated" in told:
        told += " (or a \\u escape is half of a surrogate pair)"
    return InvalidRequest(
        f"The request body {what}." if what == "is empty" else f"The request body {what}: {told}.",
        expected="a JSON object in UTF-8",
        received=f"{len(body)} bytes",
        remedy="Send the body with a JSON encoder, with Content-Type: application/json.",
    )


def _tidy(error: str) -> str:
    return error.removeprefix("JSON is malformed: ").rstrip(".")


def wrong_field(error: str, body: bytes, words: Words) -> InvalidRequest:
    """msgspec says "Expected `float` <= 2.0 - at `$.temperature`"."""
    told, _, path = error.partition(" - at `")
    path = path.rstrip("`").removeprefix("key` in `").removeprefix("$").lstrip(".")
    value = _value_at(body, path)
    missing = re.fullmatch(r"Object missing required field `(\w+)`", told)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
        return InvalidRequest(
            f"`{path}` is required.", field=path, expected="a value", received="nothing", remedy=_remedy(path, told, words)
        )
    expected = words.expected(told, path) or _expected(told)
    received = show(value)
    where = f"`{path}`" if path else "The request body"
    return InvalidRequest(
        f"{where} is not valid: expected {expected}, got {received}.",
        field=path or None,
        expected=expected,
        received=received,
        remedy=_remedy(path, told, words),
    )


def _expected(told: str) -> str:
    if told.startswith("Invalid"):
        return "one of the values of the reference"
    if told.startswith("Object contains unknown field"):
        return "only known fields (" + told.partition("`")[2].rstrip("`") + " is not one)"
    told = told.removeprefix("Expected ").partition(", got ")[0].replace("`", "")
    told = told.replace("str | array", "a string or a list of content parts").replace(" | ", " or ")
    return _KIND.sub(lambda kind: _KINDS[kind[0]], told)


_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a string",
    "array": "a list",
    "object": "an object",
}
_KIND = re.compile(r"\b(?:" + "|".join(_KINDS) + r")\b")


def _remedy(path: str, told: str, words: Words) -> str:
    if "Object contains unknown field" in told:
        return "Leave the field out or correct its name."
    return words.remedy(path) or (
        f"Correct `{path}`; the reference at /reference lists its type and bounds." if path else "Send a JSON object."
    )


def _value_at(body: bytes, path: str) -> Any:
    """What stands at `messages[0].content`; a marker when it cannot be told."""
    try:
        value: Any = msgspec.json.decode(body)
        for step in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path):
            value = value[int(step[0])] if step[0] else value[step[1]]
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, RecursionError):
        return ...
    return value


def show(value: Any) -> str:
    """A value for an error's `received`: as it is when short, else its kind and length."""
    if value is ...:
        return "something else"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return type(value).__name__
    if len(text) <= 80:
        return text
    kind = "a string" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
    return f"{kind} of {len(value)}" if isinstance(value, str | list | dict) else text[:80]


def _refuse_duplicates(body: bytes, fields: dict[str, Raw]) -> None:
    """Top-level only. A compact body whose members account for every byte cannot hide a second one; others are looked at."""
    accounted = 1
    for name, raw in fields.items():
        accounted += len(name) + len(memoryview(raw)) + 4
    if accounted == len(body):
        return
    seen: set[str] = set()
    for name in _top_level_names(body):
        if name in seen:
            raise InvalidRequest(
                f"`{name}` is given twice.",
                field=name,
                expected="each field once",
                received="two or more",
                remedy="Leave one of them out.",
            )
        seen.add(name)


def _top_level_names(body: bytes) -> Iterator[str]:
    decoder = json.JSONDecoder(object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=str)
    try:
        return (name for name, _ in decoder.decode(body.decode()))
    except RecursionError:
        raise too_deep() from None
