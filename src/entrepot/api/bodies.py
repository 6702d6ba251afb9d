"""A JSON body as a struct, or a refusal that names the member, what was expected there, what came, and what mends it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from entrepot.errors import InvalidRequest

T = TypeVar("T")
_SHOWN = 80
_NAMED = re.compile(r"Object (contains unknown|missing required) field `([^`]*)`")
_CONTROL = r"matching regex '^[^\\x00-\\x1f]"
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|([^.\[\]]+)")
_KINDS = (
    ("decimal", "a number"), ("float", "a number"), ("int", "a whole number"), ("bool", "true or false"), ("str", "text"),
    ("array", "a list"), ("object", "an object"),
)  # fmt: skip


def body_as(body: bytes, wanted: type[T], *, tail: str = "") -> T:
    """tail  follows the message, as that nothing was changed. raises InvalidRequest"""
    try:
        return msgspec.json.decode(body, type=wanted)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), body, wanted, tail) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"The body is not JSON: {error}.{tail}",
            field="body",
            expected="a JSON object",
            received=body[:_SHOWN].decode(errors="replace") or "nothing",
            remedy="Send a JSON object.",
        ) from None


def nearest(told: str, known: Iterable[str], cutoff: float = 0.7) -> str | None:
    """What a mistyped name was probably meant to be."""
    return next(iter(difflib.get_close_matches(told[:100], list(known), n=1, cutoff=cutoff)), None)


def instead(told: str, known: Iterable[str]) -> str:
    """What mends a name that is not known."""
    near = nearest(told, known)
    return f"Did you mean `{near}`?" if near else "Correct its name, or leave it out."


def _misfit(said: str, body: bytes, wanted: type, tail: str) -> InvalidRequest:
    said, _, path = said.partition(" - at `$")
    place = path.rstrip("`").lstrip(".")
    named = _NAMED.search(said)
    if named is not None:
        field = f"{place}.{named[2]}" if place else named[2]
        if named[1] == "missing required":
            return _unfit(field, f"`{field}` is missing.{tail}", "a value", "nothing", f"Send `{field}`.")
        known = list(_members(_kinds_at(wanted, place)))
        message = f"`{field[:_SHOWN]}` is not known here.{tail}"
        return _unfit(field, message, f"one of: {', '.join(known)}", named[2], instead(named[2], known))
    field = place or "body"
    expected = _expected(said, _kinds_at(wanted, place))
    remedy = f"Send `{field}` as it is expected; /reference has every member with its bounds."
    return _unfit(field, f"`{field}` must be {expected}.{tail}", expected, _value_at(body, place), remedy)


def _unfit(field: str, message: str, expected: str, received: str, remedy: str) -> InvalidRequest:
    return InvalidRequest(message, field=field[:_SHOWN], expected=expected, received=received[:_SHOWN], remedy=remedy)


def _expected(said: str, kinds: Iterable[inspect.Type]) -> str:
    kinds = list(kinds)
    words = [str(word) for kind in kinds if isinstance(kind, inspect.LiteralType) for word in kind.values]
    if words:
        return f"one of: {', '.join(words)}"
    if said.startswith("Invalid decimal"):
        return "a number"
    if _CONTROL in said:
        return "text without control characters"
    if "matching regex" in said:
        return next((f"written as {example}" for example in _examples(kinds)), "of the form that /reference gives")
    told = said.removeprefix("Expected ").partition(", got")[0].replace("`", "")
    for word, meaning in _KINDS:
        told = re.sub(rf"\b{word}\b", meaning, told)
    return told.replace(" | ", " or ").replace("of length >= 1", "that is not empty").replace("of length", "of a length")


def _examples(kinds: Iterable[inspect.Type]) -> Iterator[str]:
    for kind in kinds:
        if isinstance(kind, inspect.Metadata) and kind.extra_json_schema is not None:
            yield from map(str, kind.extra_json_schema.get("examples", ()))


def _kinds_at(wanted: Any, place: str) -> list[inspect.Type]:
    """What a member may be, by its path from the top, as `filters[0].field`."""
    kinds = list(_plain(inspect.type_info(wanted)))
    for index, name in _STEP.findall(place):
        kinds = [inner for kind in kinds for inner in _inside(kind, index, name)]
    return kinds


def _inside(kind: inspect.Type, index: str, name: str) -> Iterator[inspect.Type]:
    if index and isinstance(kind, inspect.ListType):
        yield from _plain(kind.item_type)
    if name and isinstance(kind, inspect.StructType):
        for member in kind.fields:
            if member.encode_name == name:
                yield from _plain(member.type)


def _plain(kind: inspect.Type) -> Iterator[inspect.Type]:
    """A type, and whatever is described or joined in it."""
    yield kind
    if isinstance(kind, inspect.Metadata):
        yield from _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _plain(one)


def _members(kinds: Iterable[inspect.Type]) -> Iterator[str]:
    for kind in kinds:
        if isinstance(kind, inspect.StructType):
            yield from (member.encode_name for member in kind.fields)


def _value_at(body: bytes, place: str) -> str:
    """What stands there, as JSON."""
    found = msgspec.json.decode(body)
    for index, name in _STEP.findall(place):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError, ValueError):
            return "something else"
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()
