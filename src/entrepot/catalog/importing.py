"""Catalogues of others into ours: an OpenRouter models body, a LiteLLM price map, or our own rows. Nothing is changed here."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from entrepot.catalog.rows import Row, describe, to_model, to_row
from entrepot.errors import InvalidRequest
from entrepot.values.model import Model, Reasoning
from entrepot.values.price import Price, Rates

_MAX_BYTES = 64 * 2**20
_MAX_MODELS = 20_000
_SLUG = re.compile(r"^~?[a-z0-9][\w.-]*/[\w.:+@-]+$", re.IGNORECASE | re.ASCII)


class Change(msgspec.Struct, frozen=True):
    """What an import would do to one model: `added`, `changed` with the fields, or `kept` because the operator set it."""

    model: str
    what: str
    fields: dict[str, tuple[str, str]] = {}


def parse_file(data: bytes, *, source: str, as_of: str) -> tuple[str, list[Model], list[str]]:
    """The format's name, its models, and entries passed over with the reason. raises InvalidRequest, naming what is wrong"""
    if len(data) > _MAX_BYTES:
        raise _bad("the file", f"at most {_MAX_BYTES} bytes", f"{len(data)} bytes")
    if _has_rows(data):
        return "entrepot", *_models(_lines(data), _own, source, as_of)
    try:
        told = json.loads(data, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _bad("the file", "JSON", str(error)) from None
    if isinstance(told, dict) and isinstance(told.get("data"), list):
        return "openrouter", *_models(told["data"], _openrouter, source, as_of)
    if isinstance(told, list):
        return "entrepot", *_models(told, _own, source, as_of)
    if isinstance(told, dict) and told and all(isinstance(entry, dict) for entry in told.values()):
        entries = [entry | {"_name": name} for name, entry in told.items() if name != "sample_spec"]
        return "litellm", *_models(entries, _litellm, source, as_of)
    raise _bad("the file", "an OpenRouter models body, a LiteLLM price map, or Entrepot rows", type(told).__name__)


def difference(current: dict[str, Model], incoming: list[Model], overridden: set[str]) -> list[Change]:
    """What would change, in the order of the file. Models that are here and not in the file stay as they are."""
    changes = []
    for model in incoming:
        have = current.get(model.id)
        if model.id in overridden:
            changes.append(Change(model.id, "kept"))
        elif have is None:
            changes.append(Change(model.id, "added"))
        else:
            fields = _changed_fields(have, model)
            if fields:
                changes.append(Change(model.id, "changed", fields))
    return changes


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
    if have is None:
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
        raise _bad("the file", f"at most {_MAX_MODELS} models", str(len(entries)))
    models: dict[str, Model] = {}
    passed = []
    for number, entry in enumerate(entries):
        where = f"entry {number}"
        if not isinstance(entry, dict):
            raise _bad(where, "an object", type(entry).__name__)
        name = str(entry.get("id") or entry.get("_name") or where)[:120]
        try:
            model = _model(read(entry), source, as_of)
        except _PassOver as reason:
            passed.append(f"{name}: {reason}")
            continue
        except (ValueError, KeyError, TypeError, ArithmeticError, msgspec.ValidationError) as error:
            raise _bad(name, "a model with id, name and prices", str(error) or type(error).__name__) from None
        if model.id in models:
            passed.append(f"{name}: {model.id} is in the file already")
        models.setdefault(model.id, model)
    return list(models.values()), passed


class _PassOver(Exception):
    """An entry that is well formed and not for us, with the reason."""


def _model(row: Row, source: str, as_of: str) -> Model:
    """Also proves that it can be written and read back, so that no import can keep the server from starting."""
    row = msgspec.json.decode(msgspec.json.encode(row), type=Row)
    if not _SLUG.match(row.id) or len(row.id) > 200:
        raise ValueError(f"id {row.id[:80]!r} is not author/slug")
    if not row.name.isprintable() or len(row.name) > 200:
        raise ValueError(f"name {row.name[:80]!r} is not one printable line of at most 200 characters")
    row.source, row.as_of = row.source or source, row.as_of or as_of
    return to_model(row)


def _own(entry: dict[str, Any]) -> Row:
    return msgspec.convert(entry, Row)


class _Architecture(msgspec.Struct):
    input_modalities: tuple[str, ...] | None = None
    output_modalities: tuple[str, ...] | None = None
    tokenizer: str | None = None


class _TopProvider(msgspec.Struct):
    max_completion_tokens: int | None = None
    is_moderated: bool | None = None


class _Reasoning(msgspec.Struct):
    supported_efforts: tuple[str, ...] | None = None
    default_effort: str | None = None
    mandatory: bool | None = None
    supports_max_tokens: bool | None = None
    default_enabled: bool | None = None


class _Target(msgspec.Struct):
    slug: str


class _Listed(msgspec.Struct):
    """What we take of a row of OpenRouter's catalogue: no descriptions, no benchmarks."""

    id: str
    name: str
    pricing: dict[str, Any]
    canonical_slug: str | None = None
    created: int | None = None
    context_length: int | None = None
    architecture: _Architecture | None = None
    top_provider: _TopProvider | None = None
    supported_parameters: tuple[str, ...] | None = None
    default_parameters: dict[str, Decimal | None] | None = None
    reasoning: _Reasoning | None = None
    knowledge_cutoff: str | None = None
    expiration_date: str | None = None
    hugging_face_id: str | None = None
    alias_target: _Target | None = None
    supported_voices: tuple[str, ...] | None = None


def _openrouter(entry: dict[str, Any]) -> Row:
    told = msgspec.convert(entry, _Listed)
    if str(told.pricing.get("prompt", "")).startswith("-"):
        raise _PassOver("a router, whose price varies")
    shape, top = told.architecture or _Architecture(), told.top_provider or _TopProvider()
    return Row(
        id=told.id,
        name=told.name,
        canonical_slug=told.canonical_slug or told.id,
        created=told.created or 0,
        pricing={name: value for name, value in told.pricing.items() if name != "discount"},
        context_length=told.context_length,
        max_completion_tokens=top.max_completion_tokens,
        input_modalities=shape.input_modalities or ("text",),
        output_modalities=shape.output_modalities or ("text",),
        tokenizer=shape.tokenizer or "Other",
        supported_parameters=told.supported_parameters or (),
        default_parameters={k: float(v) for k, v in (told.default_parameters or {}).items() if v is not None},
        reasoning=_reasoning(told.reasoning) if told.reasoning else None,
        knowledge_cutoff=told.knowledge_cutoff,
        expiration_date=told.expiration_date,
        hugging_face_id=told.hugging_face_id or None,
        is_moderated=bool(top.is_moderated),
        alias_target=told.alias_target.slug if told.alias_target else None,
        supported_voices=told.supported_voices or None,
    )


def _reasoning(told: _Reasoning) -> Reasoning:
    return Reasoning(
        efforts=told.supported_efforts or (),
        default_effort=told.default_effort or "",
        mandatory=bool(told.mandatory),
        takes_max_tokens=bool(told.supports_max_tokens),
        default_enabled=told.default_enabled,
    )


_LITELLM = {
    "input_cost_per_token": "prompt",
    "output_cost_per_token": "completion",
    "cache_read_input_token_cost": "input_cache_read",
    "cache_creation_input_token_cost": "input_cache_write",
    "cache_creation_input_token_cost_above_1hr": "input_cache_write_1h",
    "output_cost_per_reasoning_token": "internal_reasoning",
    "input_cost_per_audio_token": "audio",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "image_token",
    "output_cost_per_image_token": "image_output",
}


_AUTHORS = {
    "deepseek": "deepseek",
    "gemini": "google",
    "meta_llama": "meta-llama",
    "mistral": "mistralai",
    "moonshot": "moonshotai",
    "xai": "x-ai",
    "zai": "z-ai",
}
"""LiteLLM's names of makers that are called otherwise here."""
_ABOVE = re.compile(r"^(\w+)_above_(\d{1,6})k_tokens$")


def _litellm(entry: dict[str, Any]) -> Row:
    """An entry of LiteLLM's price map: name and provider give the slug, floats are read as the decimals they are written as."""
    if entry.get("mode", "chat") not in ("chat", "completion", "responses"):
        raise _PassOver(f"mode {str(entry['mode'])[:40]} is not text by the token")
    if entry.get("input_cost_per_token") is None or entry.get("output_cost_per_token") is None:
        raise _PassOver("it has no price per token for both prompt and completion")
    vendor = str(entry.get("litellm_provider") or "unknown")
    slug = f"{_AUTHORS.get(vendor, vendor.replace('_', '-'))}/{str(entry['_name']).removeprefix(vendor + '/')}"
    if not _SLUG.match(slug):
        raise _PassOver("its name is not author/slug")
    flags = {
        "tools": "supports_function_calling",
        "response_format": "supports_response_schema",
        "reasoning": "supports_reasoning",
    }
    return Row(
        id=slug,
        name=slug,
        canonical_slug=slug,
        created=0,
        pricing=_litellm_prices(entry),
        context_length=_int(entry.get("max_input_tokens") or entry.get("max_tokens")),
        max_completion_tokens=_int(entry.get("max_output_tokens") or entry.get("max_tokens")),
        input_modalities=("text", "image") if entry.get("supports_vision") else ("text",),
        supported_parameters=tuple(ours for ours, theirs in flags.items() if entry.get(theirs)),
    )


def _litellm_prices(entry: dict[str, Any]) -> dict[str, Any]:
    """Prices under the contract's names; those `above` so many thousand tokens are overrides."""
    pricing: dict[str, Any] = {}
    tiers: dict[int, dict[str, Any]] = {}
    for name, value in entry.items():
        above = _ABOVE.match(name)
        ours = _LITELLM.get(above[1] if above else name)
        if ours is None or value is None:
            continue
        place = tiers.setdefault(int(above[2]) * 1000, {}) if above else pricing
        place[ours] = f"{Decimal(str(value)):f}"
    if tiers:
        pricing["overrides"] = [{"min_prompt_tokens": least} | tiers[least] for least in sorted(tiers)]
    return pricing


def _int(value: Any) -> int | None:
    return int(value) if value else None


def _has_rows(data: bytes) -> bool:
    """Whether the first line is a row of our own format by itself."""
    try:
        first = json.loads(data.lstrip().partition(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "pricing" in first


def _lines(data: bytes) -> list[Any]:
    entries = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                entries.append(json.loads(line, parse_float=Decimal))
            except (ValueError, RecursionError) as error:
                raise _bad(f"line {number}", "a JSON object", str(error)) from None
    return entries


def _bad(where: str, expected: str, received: str) -> InvalidRequest:
    return InvalidRequest(
        f"{where} cannot be taken in: expected {expected}, got {received[:200]}.",
        field=where,
        expected=expected,
        received=received[:200],
        remedy="Nothing was changed. Correct the entry, or leave it out.",
    )
