"""Values with every field set to something plausible; name only what a test is about."""

from __future__ import annotations

from typing import Any

from entrepot.values.caller import Caller, KeyKind
from entrepot.values.generation import Attempt, Generation
from entrepot.values.model import Endpoint, Model
from entrepot.values.money import YOCTO, parse_usd
from entrepot.values.price import Price, Rates
from entrepot.values.usage import Usage

NOW_MS = 1_795_219_200_000
KEY_HASH = "a" * 64


def price(prompt: str = "1.25", completion: str = "10", **more: str) -> Price:
    """From US dollars per million tokens, under the names of `Rates`."""
    per_million = {"prompt": prompt, "completion": completion} | more
    rates = {name: parse_usd(text, scale=YOCTO // 10**6) for name, text in per_million.items()}
    return Price(Rates(**rates), source="test", as_of="2026-11-21")


def model(slug: str = "openai/gpt-5.1", **more: Any) -> Model:
    fields: dict[str, Any] = {
        "name": slug,
        "canonical_slug": slug,
        "created": 1_762_992_000,
        "price": price(cached="0.125"),
        "context_length": 400_000,
        "max_completion_tokens": 128_000,
        "description": "A model for tests.",
        "tokenizer": "GPT",
        "supported_parameters": ("max_tokens", "seed", "tools", "tool_choice", "response_format"),
    }
    return Model(slug, **(fields | more))


def endpoint(slug: str = "openai/gpt-5.1", provider: str = "openai", **more: Any) -> Endpoint:
    of = model(slug)
    fields: dict[str, Any] = {
        "upstream_model": slug.partition("/")[2],
        "price": of.price,
        "context_length": of.context_length,
        "max_completion_tokens": of.max_completion_tokens,
        "supported_parameters": of.supported_parameters,
    }
    return Endpoint(f"{slug}@{provider}", slug, provider, **(fields | more))


def usage(prompt: int = 100, completion: int = 50, **more: Any) -> Usage:
    return Usage(prompt, completion, **more)


def caller(kind: KeyKind = "live", **more: Any) -> Caller:
    fields: dict[str, Any] = {"name": "test", "label": "sk-ep-abc...xyz", "workspace": "default", "created_ms": NOW_MS}
    return Caller(**({"key_hash": KEY_HASH, "kind": kind} | fields | more))


def attempt(**more: Any) -> Attempt:
    fields: dict[str, Any] = {
        "endpoint": "openai/gpt-5.1@openai",
        "provider": "openai",
        "upstream_model": "gpt-5.1",
        "status": 200,
        "latency_ms": 12.5,
        "upstream_id": "chatcmpl-fake",
    }
    return Attempt(**(fields | more))


def generation(id_: str = "gen-01KAJ0000000000000000000000", **more: Any) -> Generation:
    fields: dict[str, Any] = {
        "created_ms": NOW_MS,
        "key_hash": KEY_HASH,
        "workspace": "default",
        "requested": "openai/gpt-5.1",
        "model": "openai/gpt-5.1",
        "provider": "openai",
        "endpoint": "openai/gpt-5.1@openai",
        "usage": usage(),
        "cost_nano": 625_000,
        "evidence": "reported",
        "finish_reason": "stop",
        "attempts": (attempt(),),
    }
    return Generation(id_, **(fields | more))
