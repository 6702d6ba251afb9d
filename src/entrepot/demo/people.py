"""Who asks in the demo: apps with their habits, and what one of their calls is like."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Literal

import msgspec

Surface = Literal["chat", "responses", "messages", "embeddings"]

RISING = "moonshotai/kimi-k3"
"""The model that takes off within the month."""
_ROSE_AT = 0.55
_MOST_RISEN = 0.6


class App(msgspec.Struct, frozen=True):
    """An app and the people who use it.

    daily        calls on the first day, before the rhythm of the week
    growth       by how many times it grows within a month
    weekend      part of a working day's calls on a Saturday or Sunday
    peak_hour    UTC, of its busiest time; `flat` 0 for people of one time zone, 1 for machines that never sleep
    models       weights; `rises` how far the new model displaces them
    prompt       median tokens in; `completion` median tokens out
    cached       part of the prompt that is usually read from the cache
    streams      part of the calls that stream; `tools` that call tools; `json` that ask for JSON; `leaves` that are hung up
    workspace    the slug of the firm that it belongs to
    until        how far through history it is given up, 0 to 1
    most         tokens that an answer may have, as it asks
    """

    title: str
    referer: str
    agent: str
    daily: float
    models: Mapping[str, float]
    growth: float = 1.8
    weekend: float = 0.6
    peak_hour: float = 14.0
    flat: float = 0.2
    rises: float = 0.3
    prompt: int = 1200
    completion: int = 350
    cached: float = 0.0
    streams: float = 0.8
    tools: float = 0.0
    json: float = 0.0
    leaves: float = 0.01
    categories: str = ""
    workspace: str = "default"
    surface: Surface = "chat"
    until: float = math.inf
    most: int = 16_000


class Ask(msgspec.Struct, frozen=True):
    """One call as somebody makes it, and how long its answer is going to be.

    leaves   the client hangs up half-way
    wrong    what is wrong with the request, "" when nothing is
    order    providers that the caller wants tried first
    """

    at_s: float
    app: App
    model: str
    stream: bool
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    tools: bool = False
    json: bool = False
    leaves: bool = False
    wrong: str = ""
    order: tuple[str, ...] = ()
    session: str = ""
    user: str = ""


_CODING = {
    "anthropic/claude-sonnet-5": 5.0,
    "anthropic/claude-opus-5": 2.2,
    "openai/gpt-5.5": 2.4,
    "openai/gpt-5.3-codex": 2.0,
    "z-ai/glm-5.2": 1.4,
    "qwen/qwen3-coder-plus": 1.0,
    "deepseek/deepseek-v4-pro": 1.3,
    "openai/gpt-5.1": 1.0,
}
_TALK = {
    "openai/gpt-5.1": 2.2,
    "openai/gpt-5.4-mini": 2.0,
    "anthropic/claude-haiku-4.5": 1.6,
    "google/gemini-3.5-flash": 1.8,
    "deepseek/deepseek-v4-flash": 1.7,
    "meta-llama/llama-4-maverick": 0.8,
    "x-ai/grok-4.3": 0.7,
}
_TALES = {
    "deepseek/deepseek-v3.2": 2.4,
    "mistralai/mistral-medium-3.1": 1.2,
    "meta-llama/llama-3.3-70b-instruct": 1.3,
    "anthropic/claude-sonnet-4.6": 1.0,
    "qwen/qwen3.6-plus": 1.0,
    "x-ai/grok-4.20": 0.6,
}
_TOIL = {
    "google/gemini-3.5-flash-lite": 2.6,
    "openai/gpt-5.4-nano": 2.0,
    "qwen/qwen3.7-flash": 1.5,
    "mistralai/ministral-8b-2512": 1.0,
    "openai/gpt-oss-120b": 1.6,
    "meta-llama/llama-3.1-8b-instruct": 0.7,
}
_THOUGHT = {
    "google/gemini-3.1-pro-preview": 2.0,
    "openai/gpt-5.2": 1.6,
    "openai/gpt-5.1": 1.2,
    "qwen/qwen3.8-max": 1.1,
    "deepseek/deepseek-r1-0528": 0.6,
    "anthropic/claude-opus-5": 1.0,
}
_MEANINGS = {"openai/text-embedding-3-small": 4.0, "qwen/qwen3-embedding-8b": 1.0}

APPS = (
    App("Bosun", "https://bosun.example", "bosun/2.4", 150, _CODING, 2.4, 0.45, 15, 0.25, 0.5, 9000, 420, 0.72, 0.97, 0.62,
        leaves=0.035, categories="cli-agent", workspace="bosun"),
    App("Splice", "https://splice.example/editor", "splice-vscode/1.18", 112, _CODING, 1.7, 0.4, 13, 0.15, 0.35, 5200, 300, 0.6,
        0.95, 0.4, leaves=0.05, categories="ide-extension", workspace="splice", surface="messages"),
    App("Hearthside", "https://hearthside.example", "Mozilla/5.0", 110, _TALK, 1.5, 1.25, 20, 0.2, 0.2, 1400, 380, 0.2, 1.0, 0.02,
        leaves=0.03, categories="general-chat", workspace="hearthside"),
    App("Lanternfish", "https://lanternfish.example", "lanternfish-ios/5.1", 94, _TALES, 1.3, 1.5, 2, 0.1, 0.25, 3800, 520, 0.45,
        1.0, leaves=0.02, categories="roleplay", workspace="hearthside"),
    App("Tallyman", "https://tallyman.example", "python-httpx/0.28", 135, _TOIL, 1.2, 0.9, 9, 0.95, 0.05, 1900, 110, 0.1, 0.0,
        json=0.9, workspace="tallyman"),
    App("Marginalia", "https://marginalia.example", "marginalia/0.9", 44, _THOUGHT, 3.2, 0.7, 16, 0.2, 0.45, 14000, 900, 0.35,
        0.8, 0.15, categories="writing-assistant", workspace="default"),
    App("Ferryman", "https://ferryman.example", "ferryman/1.0", 57, _TALK, 1.1, 1.0, 6, 0.8, 0.15, 700, 260, 0.0, 0.3,
        categories="personal-agent", workspace="default"),
    App("Cartographer", "https://cartographer.example", "openai-python/2.8", 33, _THOUGHT, 1.9, 0.3, 11, 0.1, 0.4, 6000, 1400,
        0.2, 0.6, 0.3, 0.2, workspace="bosun", surface="responses"),
    App("Inkwell", "https://inkwell.example", "inkwell-web/3", 40, _TALES, 1.4, 1.1, 18, 0.2, 0.2, 2600, 760, 0.3, 1.0,
        categories="creative-writing", workspace="splice"),
    App("Plumbline", "https://plumbline.example/ci", "plumbline-ci/4.2", 50, _CODING, 1.6, 0.35, 12, 0.6, 0.3, 11000, 260, 0.5,
        0.1, 0.1, 0.5, categories="cloud-agent", workspace="bosun"),
    App("Stowage", "https://stowage.example/search", "stowage-indexer/2", 45, _MEANINGS, 1.5, 0.8, 3, 0.7, 0.0, 900, 4, 0.0, 0.0,
        categories="legal", surface="embeddings"),
    App("Sextant", "https://sextant.example", "sextant/0.1", 12, _THOUGHT, 1.0, 0.2, 14, 0.1, 0.2, 2400, 300, 0.0, 0.5,
        workspace="splice", until=0.45),
    App("Coxswain", "https://coxswain.example", "coxswain/1.2", 16, _TALK, 2.0, 0.9, 21, 0.3, 0.1, 800, 240, 0.0, 0.9,
        categories="game", until=0.6),
    App("", "", "curl/8.9", 15, _TALK, 1.0, 0.5, 14, 0.3, 0.3, 60, 120, 0.0, 0.2, workspace="default", most=2_000),
)  # fmt: skip
"""The last one sends no referer: calls of people who try things out, which belong to no app."""

_TASTES = {"northquay": 3.0, "tidewater": 3.0, "basalt": 2.0, "saltmarsh": 1.0, "": 2.5}
"""Providers that callers like to be asked first, where they have the model; "" is the model's own maker."""
_MAKERS = {"moonshotai": "moonshotai", "z-ai": "z-ai", "deepseek": "deepseek", "mistralai": "mistral", "openai": "openai"}
_MISTAKES = ("temperature", "model")


def ask(app: App, at_s: float, progress: float, random: Random) -> Ask:
    """What one call of an app is like. `progress` is how far through the month it is, 0 to 1."""
    prompt = _about(app.prompt, 0.9, random)
    completion = _about(app.completion, 0.8, random)
    model = _model(app, progress, random)
    thinks = _thinks(model) and random.random() < 0.8
    reasoning = _about(completion, 0.7, random) if thinks else 0
    again = random.random() < 0.75
    return Ask(
        at_s,
        app,
        model,
        stream=random.random() < app.streams,
        prompt_tokens=prompt,
        completion_tokens=completion + reasoning,
        cached_tokens=int(prompt * min(0.97, random.gauss(app.cached, 0.12))) if app.cached and again else 0,
        reasoning_tokens=reasoning,
        tools=random.random() < app.tools,
        json=random.random() < app.json,
        leaves=random.random() < app.leaves,
        wrong=random.choice(_MISTAKES) if random.random() < 0.004 else "",
        order=_wished(model, random) if random.random() < 0.55 else (),
        session=f"{app.title.lower() or 'shell'}-{int(at_s // 1800)}-{random.randrange(12)}" if app.cached else "",
        user=f"user-{random.randrange(400)}" if random.random() < 0.5 else "",
    )


def _about(median: int, spread: float, random: Random) -> int:
    """Sizes are spread as they are in life: many small, few very large."""
    return max(4, min(180_000, round(random.lognormvariate(math.log(median), spread))))


def _model(app: App, progress: float, random: Random) -> str:
    risen = _MOST_RISEN * app.rises / (1 + math.exp(-(progress - _ROSE_AT) * 18)) if progress > 0.3 else 0.0
    if random.random() < risen:
        return RISING
    return random.choices(list(app.models), list(app.models.values()))[0]


def _wished(model: str, random: Random) -> tuple[str, ...]:
    slug = random.choices(list(_TASTES), list(_TASTES.values()))[0] or _MAKERS.get(model.partition("/")[0], "")
    return (slug,) if slug else ()


def _thinks(model: str) -> bool:
    return any(part in model for part in ("gpt-5.5", "gpt-5.2", "opus", "pro", "r1", "max", "kimi", "codex", "glm"))
