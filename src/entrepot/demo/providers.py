"""The demo's providers: what each serves at which price, how fast, and when it fails.

Four are invented, so that what goes wrong here is said of nobody. Those that make their own models keep their names and prices;
what they are measured at is invented too, and the pages of a demo say so. All of them live under `.demo.invalid`, which no name
server knows: a call that went past the doubles would reach nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from entrepot.catalog.shipped import shipped_models
from entrepot.values.model import Model
from entrepot.values.money import YOCTO

DOMAIN = "demo.invalid"
_PER_MILLION = YOCTO // 10**6


class Outage(msgspec.Struct, frozen=True):
    """`at` is how far through history it begins, 0 to 1; `share` of the calls fail."""

    at: float
    hours: float
    share: float


class Character(msgspec.Struct, frozen=True):
    """first_s    median seconds to the first token; `pace` median tokens a second; both for a middling model
    fails      part of the calls that end in an error of its own; `throttles` that it is too busy for
    slows      by how much it is slower at its busiest hour
    slips      part of the cases of an endpoint check that it gets wrong, by the check's name
    counts     tokens that it reports for each that there is, when it is checked
    """

    first_s: float
    pace: float
    fails: float = 0.002
    throttles: float = 0.003
    slows: float = 0.25
    peak_hour: float = 16.0
    outages: tuple[Outage, ...] = ()
    slips: Mapping[str, float] = {}
    counts: float = 1.0


class Berth(msgspec.Struct, frozen=True):
    """An invented provider. `parts` is its price as a part of the list price: at first, and from how far through history on."""

    name: str
    models: tuple[str, ...]
    parts: tuple[tuple[float, str], ...]
    quantization: str
    data_policy: str


CHARACTERS: Mapping[str, Character] = {
    "openai": Character(0.62, 88, 0.0015, 0.004),
    "anthropic": Character(0.95, 72, 0.002, 0.006, 0.3),
    "google-ai-studio": Character(0.48, 140, 0.0025, 0.005),
    "deepseek": Character(1.3, 46, 0.003, 0.004, 0.5, 7),
    "mistral": Character(0.4, 96, 0.0015, 0.002, 0.2, 11),
    "moonshotai": Character(0.9, 60, 0.003, 0.009, 0.45, 8),
    "xai": Character(0.55, 92, 0.002, 0.004),
    "z-ai": Character(0.85, 64, 0.002, 0.004, 0.35, 8),
    "northquay": Character(0.34, 118, 0.001, 0.001, 0.12, 12),
    "tidewater": Character(0.55, 82, 0.006, 0.008, 0.35, 17, (Outage(0.62, 6.5, 0.93), Outage(0.862, 1.2, 0.5)),
        slips={"instructions": 0.1, "schema": 0.06, "tools": 0.12, "recall_8k": 0.15}),
    "saltmarsh": Character(1.15, 38, 0.009, 0.02, 0.6, 15, (Outage(0.27, 2.5, 0.6),),
        slips={"instructions": 0.2, "json": 0.15, "schema": 0.2, "tools": 0.3, "stop": 0.3, "seed": 0.6,
            "recall_8k": 0.6}, counts=1.06),
    "basalt": Character(0.16, 640, 0.002, 0.012, 0.1, 15, slips={"seed": 1.0, "tools": 0.08}),
}  # fmt: skip
_OPEN = (
    "deepseek/deepseek-v3.2",
    "deepseek/deepseek-v4-flash",
    "deepseek/deepseek-r1-0528",
    "meta-llama/llama-3.3-70b-instruct",
    "meta-llama/llama-4-maverick",
    "qwen/qwen3-coder-plus",
    "qwen/qwen3.6-plus",
    "openai/gpt-oss-120b",
    "z-ai/glm-5.2",
    "moonshotai/kimi-k3",
)
_SMALL = ("meta-llama/llama-3.1-8b-instruct", "qwen/qwen3.7-flash", "mistralai/ministral-8b-2512")
_QUICK = ("openai/gpt-oss-120b", "meta-llama/llama-3.3-70b-instruct", "z-ai/glm-5.2")
BERTHS: Mapping[str, Berth] = {
    "northquay": Berth(
        "Northquay",
        (*_OPEN, *_SMALL, "deepseek/deepseek-v4-pro", "qwen/qwen3.8-max", "openai/gpt-5.1", "qwen/qwen3-embedding-8b"),
        ((0.0, "1.12"), (0.4, "0.98")),
        "bf16",
        "zdr",
    ),
    "tidewater": Berth("Tidewater", (*_OPEN, *_SMALL), ((0.0, "0.94"),), "fp8", "retains"),
    "saltmarsh": Berth("Saltmarsh", (*_OPEN[:6], *_SMALL, _OPEN[7]), ((0.0, "0.70"), (0.7, "0.82")), "fp4", "trains"),
    "basalt": Berth("Basalt", _QUICK, ((0.0, "1.6"),), "fp8", "zdr"),
}  # fmt: skip


def price_changes() -> list[float]:
    """How far through history the prices of somebody change."""
    return sorted({at for berth in BERTHS.values() for at, _ in berth.parts if at})


def settings(progress: float) -> dict[str, Any]:
    """The sections `providers` and `endpoints` as the operator of the demo has them so far through history."""
    names = {slug: BERTHS[slug].name if slug in BERTHS else "" for slug in CHARACTERS}
    providers = {
        slug: {"name": name, "base_url": f"http://{slug}.{DOMAIN}/v1", "api_key": "", "dialect": "openai_chat"}
        for slug, name in names.items()
    }
    models = {model.id: model for model in shipped_models()}
    endpoints = [
        entry
        for slug, berth in BERTHS.items()
        for entry in _entries(slug, berth, progress, (models[name] for name in berth.models))
    ]
    return {"providers": providers, "endpoints": endpoints}


def _entries(slug: str, berth: Berth, progress: float, models: Iterable[Model]) -> Iterable[dict[str, Any]]:
    part = next(part for at, part in reversed(berth.parts) if at <= progress)
    for model in models:
        rates = model.price.rates
        known = {"prompt": rates.prompt, "completion": rates.completion, "cached": rates.cached}
        yield {
            "model": model.id,
            "provider": slug,
            "upstream_model": model.id,
            "price": {name: _scaled(rate, part) for name, rate in known.items() if rate is not None},
            "quantization": berth.quantization,
            "data_policy": berth.data_policy,
        }


def _scaled(rate: int, part: str) -> str:
    """A part of a rate as dollars for a million tokens."""
    return f"{Decimal(rate) * Decimal(part) / _PER_MILLION:.4f}"
