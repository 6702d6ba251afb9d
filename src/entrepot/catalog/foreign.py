"""Entries of other people's catalogues as rows of ours: OpenRouter's list of models and LiteLLM's price map."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec

from entrepot.catalog.rows import Row
from entrepot.values.model import Benchmark, Reasoning

SLUG = re.compile(r"^~?[a-z0-9][\w.-]*/[\w.:+@-]+$", re.IGNORECASE | re.ASCII)


class PassOver(Exception):
    """An entry that is well formed and not for us, with the reason."""


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


class _Benchmarks(msgspec.Struct):
    """What another Entrepot has; the results of OpenRouter's own members come without source and date."""

    published: tuple[Benchmark, ...] = ()


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
    distillable: bool | None = None
    is_trainable_text: bool | None = None
    benchmarks: _Benchmarks | None = None


def openrouter(entry: dict[str, Any]) -> Row:
    """A row of OpenRouter's catalogue. raises PassOver"""
    told = msgspec.convert(entry, _Listed)
    if str(told.pricing.get("prompt", "")).startswith("-"):
        raise PassOver("a router, whose price varies")
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
        benchmarks=told.benchmarks.published if told.benchmarks else (),
        distillable=told.is_trainable_text if told.distillable is None else told.distillable,
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


def litellm(entry: dict[str, Any]) -> Row:
    """An entry of LiteLLM's price map: name and provider give the slug, floats are read as the decimals they are written as."""
    if entry.get("mode", "chat") not in ("chat", "completion", "responses"):
        raise PassOver(f"mode {str(entry['mode'])[:40]} is not text by the token")
    if entry.get("input_cost_per_token") is None or entry.get("output_cost_per_token") is None:
        raise PassOver("it has no price per token for both prompt and completion")
    vendor = str(entry.get("litellm_provider") or "unknown")
    slug = f"{_AUTHORS.get(vendor, vendor.replace('_', '-'))}/{str(entry['_name']).removeprefix(vendor + '/')}"
    if not SLUG.match(slug):
        raise PassOver("its name is not author/slug")
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
