"""What the chat page works with: the models that write text, and the parameters that a reader can turn, both as JSON.

Parameters are those of the API's own description of a chat request, so that what the page offers is what the API takes.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from entrepot.values.model import Model
from entrepot.web import figures
from entrepot.web.reference import Reference, Schema
from entrepot.web.shelf import Row, Shelf

_OWN_PLACE = {
    *("messages", "model", "models", "stream", "stream_options", "usage", "n", "provider", "max_tokens"),
    *("tools", "functions", "function_call", "response_format", "structured_outputs", "reasoning", "include_reasoning"),
}
"""What the page says in its own way, or for itself."""
_LONG = 2**31
Kind = Literal["number", "integer", "choice", "switch", "text", "json"]


class Control(msgspec.Struct, frozen=True, omit_defaults=True):
    """One parameter as it is set: `least` and `most` where it has bounds, `choices` where it is one of a few."""

    name: str
    kind: Kind
    meaning: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


class Offered(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model to chat with. `price` is by the million tokens, in and out; `efforts` those it can reason with."""

    id: str
    name: str
    ready: bool
    takes: tuple[str, ...]
    reads: tuple[str, ...]
    defaults: dict[str, float | None] = {}
    most_tokens: int | None = None
    context: int | None = None
    efforts: tuple[str, ...] = ()
    usual_effort: str = ""
    reasons: bool = False
    budget: bool = False
    price: tuple[str, str] | None = None


class Choice(msgspec.Struct, frozen=True):
    models: list[Offered]
    controls: list[Control]


def choice(shelf: Shelf, reference: Reference) -> bytes:
    """Models that are ready come first, then by age."""
    rows = [row for row in shelf.rows.values() if "text" in row.model.output_modalities and "text" in row.model.input_modalities]
    rows.sort(key=lambda row: (not row.ready, -row.model.created, row.model.id))
    return msgspec.json.encode(Choice([_offered(row) for row in rows], controls(reference)))


def controls(reference: Reference) -> list[Control]:
    said = {parameter.name: parameter.meaning for parameter in reference.parameters("Chat")}
    made = (_control(name, reference.kinds("Chat", name), meaning) for name, meaning in said.items() if name not in _OWN_PLACE)
    return list(made)


def _control(name: str, kinds: list[Schema], meaning: str) -> Control:
    shapes = [kind for kind in kinds if kind.get("type") != "null"]
    first = shapes[0] if shapes else {}
    if len(shapes) == 1 and first.get("type") in ("number", "integer"):
        kind: Kind = "integer" if first["type"] == "integer" else "number"
        return Control(name, kind, meaning, least=_bound(first.get("minimum")), most=_bound(first.get("maximum")))
    if "enum" in first:
        return Control(name, "choice", meaning, choices=tuple(first["enum"]))
    if first.get("type") == "boolean":
        return Control(name, "switch", meaning)
    return Control(name, "text" if first.get("type") == "string" else "json", meaning)


def _bound(value: Any) -> float | None:
    return None if value is None or abs(value) >= _LONG - 1 else value


def _offered(row: Row) -> Offered:
    model: Model = row.model
    reasoning, rates = model.reasoning, row.price.rates
    return Offered(
        id=model.id,
        name=model.name,
        ready=row.ready,
        takes=model.supported_parameters,
        reads=model.input_modalities,
        defaults={name: value for name, value in model.default_parameters.items() if value is not None},
        most_tokens=model.max_completion_tokens,
        context=model.context_length,
        efforts=reasoning.efforts if reasoning else (),
        usual_effort=reasoning.default_effort if reasoning else "",
        reasons=reasoning is not None or "reasoning" in model.supported_parameters,
        budget=reasoning is not None and reasoning.takes_max_tokens,
        price=(figures.per_million(rates.prompt), figures.per_million(rates.completion)) if row.priced else None,
    )
