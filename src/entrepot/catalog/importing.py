"""Catalogues of others into ours: an OpenRouter models body, a LiteLLM price map, or our own rows. Nothing is changed here.

A row of our own without `pricing` amends a model that is here: what it names is as it says, the rest stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from entrepot.catalog.foreign import SLUG, PassOver, litellm, openrouter
from entrepot.catalog.rows import Row, describe, to_model, to_row
from entrepot.errors import InvalidRequest
from entrepot.values.model import Model, Reasoning
from entrepot.values.price import Price, Rates

_MAX_BYTES = 64 * 2**20
_MAX_MODELS = 20_000


class Change(msgspec.Struct, frozen=True):
    """What an import would do to one model: `added`, `changed` with the fields, or `kept` because the operator set it."""

    model: str
    what: str
    fields: dict[str, tuple[str, str]] = {}


class Amendment(Row):
    """A row that amends a model: whole, with what stays as it is."""


class Amended(Model, frozen=True):
    """A model that is here, with what a row says of it in place of what was known."""


def parse_file(data: bytes, *, source: str, as_of: str, here: Mapping[str, Model] = {}) -> tuple[str, list[Model], list[str]]:
    """The format's name, its models, and entries passed over with the reason. raises InvalidRequest, naming what is wrong

    here  the models that rows may amend
    """
    if len(data) > _MAX_BYTES:
        raise _bad("the file", f"at most {_MAX_BYTES} bytes", f"{len(data)} bytes", "Take it in as several files.")
    if _has_rows(data):
        return "entrepot", *_models(_lines(data), _ours(here), source, as_of)
    try:
        told = json.loads(data, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _bad("the file", "JSON", str(error), _FORMS) from None
    if isinstance(told, dict) and isinstance(told.get("data"), list):
        return "openrouter", *_models(told["data"], openrouter, source, as_of)
    if isinstance(told, list) or (isinstance(told, dict) and isinstance(told.get("id"), str)):
        return "entrepot", *_models(told if isinstance(told, list) else [told], _ours(here), source, as_of)
    if isinstance(told, dict) and told and all(isinstance(entry, dict) for entry in told.values()):
        entries = [entry | {"_name": name} for name, entry in told.items() if name != "sample_spec"]
        return "litellm", *_models(entries, litellm, source, as_of)
    raise _bad("the file", "an OpenRouter models body, a LiteLLM price map, or Entrepot rows", type(told).__name__, _FORMS)


def difference(current: dict[str, Model], incoming: list[Model], overridden: set[str]) -> list[Change]:
    """What would change, in the order of the file. Models that are here and not in the file stay as they are."""
    changes = []
    for model in incoming:
        have = current.get(model.id)
        if model.id in overridden and not isinstance(model, Amended):
            changes.append(Change(model.id, "kept"))
        elif have is None:
            changes.append(Change(model.id, "added"))
        else:
            fields = _changed_fields(have, model)
            if fields:
                changes.append(Change(model.id, "changed", fields))
    return changes


_FIELDS = Model.__struct_fields__
_DEFAULTS = {
    field.name: field.default if field.default is not msgspec.NODEFAULT else {}
    for field in msgspec.structs.fields(Model)
    if not field.required
}


def merged(have: Model | None, incoming: Model) -> Model:
    """The incoming facts, with those it does not carry kept from what is here.

    A price map carries prices and sizes only. Elsewhere a field at its default is not carried, nor is a description made from
    the facts; when a model takes sampling parameters is known to our own format alone.
    """
    if have is None or isinstance(incoming, Amended):
        return incoming
    if incoming.created == 0 and incoming.name == incoming.id:
        return _priced_anew(have, incoming)
    carried = {name: value for name, value in msgspec.structs.asdict(incoming).items() if value != _DEFAULTS.get(name, value)}
    if carried.get("description") == describe(to_row(incoming)):
        del carried["description"]
    if have.reasoning is not None and incoming.reasoning is not None:
        carried["reasoning"] = _reasoning_anew(have.reasoning, incoming.reasoning)
    if incoming.canonical_slug != incoming.id:
        carried["canonical_slug"] = incoming.canonical_slug
    return msgspec.structs.replace(
        have, name=incoming.name, created=incoming.created or have.created, price=incoming.price, **carried
    )


def _priced_anew(have: Model, incoming: Model) -> Model:
    new, old = incoming.price, have.price
    rates = {
        name: getattr(old.rates if getattr(new.rates, name) is None else new.rates, name) for name in Rates.__struct_fields__
    }
    return msgspec.structs.replace(
        have,
        price=Price(Rates(**rates), new.tiers or old.tiers, source=new.source, as_of=new.as_of),
        context_length=incoming.context_length or have.context_length,
        max_completion_tokens=incoming.max_completion_tokens or have.max_completion_tokens,
        source=incoming.source,
        as_of=incoming.as_of,
    )


def _reasoning_anew(have: Reasoning, incoming: Reasoning) -> Reasoning:
    return msgspec.structs.replace(
        incoming,
        sampling=have.sampling if incoming.sampling == "always" else incoming.sampling,
        efforts=incoming.efforts or have.efforts,
        # A list names the effort its own gateway assumes; what the maker assumes decides whether sampling is accepted.
        default_effort=have.default_effort or incoming.default_effort,
        mandatory=have.mandatory or incoming.mandatory,
    )


_COMPARED = tuple(name for name in Row.__struct_fields__ if name not in ("id", "pricing", "description", "source", "as_of"))


def _changed_fields(have: Model, incoming: Model) -> dict[str, tuple[str, str]]:
    old, new = to_row(have), to_row(merged(have, incoming))
    fields = {}
    for name in _COMPARED:
        before, after = getattr(old, name), getattr(new, name)
        if (
            (sorted(before, key=str) != sorted(after, key=str))
            if isinstance(before, tuple) and isinstance(after, tuple)
            else before != after
        ):
            fields[name] = (_shown(before), _shown(after))
    for name in dict.fromkeys([*old.pricing, *new.pricing]):
        if old.pricing.get(name) != new.pricing.get(name):
            fields[f"pricing.{name}"] = (_shown(old.pricing.get(name)), _shown(new.pricing.get(name)))
    return fields


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "none" if value is None else msgspec.json.encode(value).decode()


def _models(entries: list[Any], read: Any, source: str, as_of: str) -> tuple[list[Model], list[str]]:
    if len(entries) > _MAX_MODELS:
        raise _bad("the file", f"at most {_MAX_MODELS} models", str(len(entries)), "Take it in as several files.")
    models: dict[str, Model] = {}
    passed = []
    for number, entry in enumerate(entries):
        where = f"entry {number}"
        if not isinstance(entry, dict):
            raise _bad(where, "a JSON object", type(entry).__name__, _CORRECT)
        name = str(entry.get("id") or entry.get("_name") or where)[:120]
        try:
            model = _model(read(entry), source, as_of)
        except PassOver as reason:
            passed.append(f"{name}: {reason}")
            continue
        except (ValueError, KeyError, TypeError, ArithmeticError, msgspec.ValidationError) as error:
            raise _bad(name, "a model with id, name and prices", str(error) or type(error).__name__, _CORRECT) from None
        if model.id in models:
            passed.append(f"{name}: {model.id} is in the file already")
        models.setdefault(model.id, model)
    return list(models.values()), passed


def _model(row: Row, source: str, as_of: str) -> Model:
    """Also proves that it can be written and read back, so that no import can keep the server from starting."""
    row = msgspec.json.decode(msgspec.json.encode(row), type=type(row))
    if not SLUG.match(row.id) or len(row.id) > 200:
        raise ValueError(f"id {row.id[:80]!r} is not author/slug")
    if not row.name.isprintable() or len(row.name) > 200:
        raise ValueError(f"name {row.name[:80]!r} is not one printable line of at most 200 characters")
    row.source, row.as_of = row.source or source, row.as_of or as_of
    model = to_model(row)
    return Amended(**{name: getattr(model, name) for name in _FIELDS}) if isinstance(row, Amendment) else model


def _ours(here: Mapping[str, Model]) -> Callable[[dict[str, Any]], Row]:
    def read(entry: dict[str, Any]) -> Row:
        if "pricing" in entry:
            return msgspec.convert(entry, Row)
        have = here.get(str(entry.get("id")))
        if have is None:
            raise ValueError("it has no `pricing`, and no model of that id is here to be amended")
        unknown = entry.keys() - set(Row.__struct_fields__)
        if unknown:
            raise ValueError(f"a model has no member {min(unknown)[:40]!r}")
        return msgspec.convert(msgspec.to_builtins(to_row(have)) | entry, Amendment)

    return read


def _has_rows(data: bytes) -> bool:
    """Whether the first line is a row of our own format by itself."""
    try:
        first = json.loads(data.lstrip().partition(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and isinstance(first.get("id"), str)


def _lines(data: bytes) -> list[Any]:
    entries = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                entries.append(json.loads(line, parse_float=Decimal))
            except (ValueError, RecursionError) as error:
                raise _bad(f"line {number}", "a JSON object", str(error), _CORRECT) from None
    return entries


_CORRECT = "Correct the entry, or leave it out."
_FORMS = (
    "Give what `GET /api/v1/models` answers, a LiteLLM price map, or a JSON object for each line; /docs/do/catalogue shows them."
)


def _bad(where: str, expected: str, received: str, remedy: str) -> InvalidRequest:
    return InvalidRequest(
        f"{where} cannot be taken in: expected {expected}, got {received[:200]}. Nothing was changed.",
        field=where,
        expected=expected,
        received=received[:200],
        remedy=remedy,
    )
