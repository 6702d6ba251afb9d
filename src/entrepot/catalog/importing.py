"""Catalogues of others into ours: an OpenRouter models body, a LiteLLM price map, or our own rows. Nothing is changed here."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from entrepot.catalog.rows import Row, to_model, to_row
from entrepot.errors import InvalidRequest
from entrepot.values.model import Model, Reasoning

_MAX_BYTES = 64 * 2**20
_MAX_MODELS = 20_000
_SLUG = re.compile(r"^~?[a-z0-9][\w.-]*/[\w.:+@-]+$", re.IGNORECASE)


class Change(msgspec.Struct, frozen=True):
    """What an import would do to one model: `added`, `changed` with the fields, or `kept` because the operator set it."""

    model: str
    what: str
    fields: dict[str, tuple[str, str]] = {}


def parse_file(data: bytes, *, source: str, as_of: str) -> tuple[str, list[Model], list[str]]:
    """The format's name, its models, and entries passed over with the reason. raises InvalidRequest, naming what is wrong"""
    if len(data) > _MAX_BYTES:
        raise _bad("the file", f"at most {_MAX_BYTES} bytes", f"{len(data)} bytes")
    if data.lstrip()[:1] == b"{" and b"\n{" in data.strip():
        return "entrepot", *_models(_lines(data), lambda entry: msgspec.convert(entry, Row), source, as_of)
    try:
        told = json.loads(data, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _bad("the file", "JSON", str(error)) from None
    if isinstance(told, dict) and isinstance(told.get("data"), list):
        return "openrouter", *_models(told["data"], _openrouter, source, as_of)
    if isinstance(told, list):
        return "entrepot", *_models(told, lambda entry: msgspec.convert(entry, Row), source, as_of)
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


def merged(have: Model | None, incoming: Model) -> Model:
    """The incoming facts, with those it does not carry kept from what is here."""
    if have is None:
        return incoming
    kept = {name: getattr(have, name) for name in ("aliases", "pinned", "successor", "description", "alias_target")}
    reasoning = have.reasoning if have.reasoning is not None else incoming.reasoning
    return msgspec.structs.replace(incoming, reasoning=reasoning, **{k: v for k, v in kept.items() if v})


def _changed_fields(have: Model, incoming: Model) -> dict[str, tuple[str, str]]:
    old, new = to_row(have), to_row(merged(have, incoming))
    fields = {}
    for name in (
        "name",
        "context_length",
        "max_completion_tokens",
        "expiration_date",
        "input_modalities",
        "supported_parameters",
    ):
        before, after = getattr(old, name), getattr(new, name)
        if sorted(before) != sorted(after) if isinstance(before, tuple) else before != after:
            fields[name] = (str(before), str(after))
    for name in dict.fromkeys([*old.pricing, *new.pricing]):
        if old.pricing.get(name) != new.pricing.get(name):
            fields[f"pricing.{name}"] = (str(old.pricing.get(name, "none")), str(new.pricing.get(name, "none")))
    return fields


def _models(entries: list[Any], read: Any, source: str, as_of: str) -> tuple[list[Model], list[str]]:
    if len(entries) > _MAX_MODELS:
        raise _bad("the file", f"at most {_MAX_MODELS} models", str(len(entries)))
    models, passed = [], []
    for number, entry in enumerate(entries):
        where = f"entry {number}"
        if not isinstance(entry, dict):
            raise _bad(where, "an object", type(entry).__name__)
        name = str(entry.get("id") or entry.get("_name") or where)[:120]
        try:
            row = read(entry)
            if row is None:
                passed.append(f"{name}: not priced by the token")
                continue
            if not _SLUG.match(row.id) or len(row.id) > 200:
                raise ValueError(f"id {row.id[:80]!r} is not author/slug")
            row.source, row.as_of = row.source or source, row.as_of or as_of
            models.append(to_model(row))
        except (ValueError, KeyError, TypeError, ArithmeticError, msgspec.ValidationError) as error:
            raise _bad(name, "a model with id, name and prices", str(error) or type(error).__name__) from None
    return models, passed


def _openrouter(entry: dict[str, Any]) -> Row | None:
    """A row of OpenRouter's catalogue. Its descriptions and benchmarks are not taken; routers, whose price varies, neither."""
    pricing = entry["pricing"]
    if str(pricing.get("prompt", "")).startswith("-"):
        return None
    shape, top = entry.get("architecture") or {}, entry.get("top_provider") or {}
    told = entry.get("reasoning")
    reasoning = None
    if told:
        reasoning = Reasoning(
            efforts=tuple(told.get("supported_efforts") or ()),
            default_effort=told.get("default_effort") or "",
            mandatory=bool(told.get("mandatory")),
            takes_max_tokens=bool(told.get("supports_max_tokens")),
            default_enabled=told.get("default_enabled"),
        )
    target = entry.get("alias_target") or {}
    return Row(
        id=entry["id"],
        name=entry["name"],
        canonical_slug=entry.get("canonical_slug") or entry["id"],
        created=int(entry.get("created") or 0),
        pricing={name: value for name, value in pricing.items() if name not in ("discount", "image_token")},
        context_length=entry.get("context_length"),
        max_completion_tokens=top.get("max_completion_tokens"),
        input_modalities=tuple(shape.get("input_modalities") or ("text",)),
        output_modalities=tuple(shape.get("output_modalities") or ("text",)),
        tokenizer=shape.get("tokenizer") or "Other",
        supported_parameters=tuple(entry.get("supported_parameters") or ()),
        default_parameters={k: float(v) for k, v in (entry.get("default_parameters") or {}).items() if v is not None},
        reasoning=reasoning,
        knowledge_cutoff=entry.get("knowledge_cutoff"),
        expiration_date=entry.get("expiration_date"),
        hugging_face_id=entry.get("hugging_face_id") or None,
        is_moderated=bool(top.get("is_moderated")),
        alias_target=target.get("slug"),
        supported_voices=tuple(entry["supported_voices"]) if entry.get("supported_voices") else None,
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
}


def _litellm(entry: dict[str, Any]) -> Row | None:
    """An entry of LiteLLM's price map: name and provider give the slug, floats are read as the decimals they are written as."""
    if entry.get("mode", "chat") not in ("chat", "completion", "responses") or "input_cost_per_token" not in entry:
        return None
    name, vendor = str(entry["_name"]), str(entry.get("litellm_provider") or "unknown").replace("_", "-")
    slug = name if "/" in name and name.partition("/")[0] == vendor else f"{vendor}/{name.rpartition('/')[2]}"
    pricing = {ours: f"{Decimal(str(entry[theirs])):f}" for theirs, ours in _LITELLM.items() if entry.get(theirs) is not None}
    pricing.setdefault("completion", "0")
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
        pricing=pricing,
        context_length=_int(entry.get("max_input_tokens") or entry.get("max_tokens")),
        max_completion_tokens=_int(entry.get("max_output_tokens") or entry.get("max_tokens")),
        input_modalities=("text", "image") if entry.get("supports_vision") else ("text",),
        supported_parameters=tuple(ours for ours, theirs in flags.items() if entry.get(theirs)),
    )


def _int(value: Any) -> int | None:
    return int(value) if value else None


def _lines(data: bytes) -> list[Any]:
    entries = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                entries.append(msgspec.json.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
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
