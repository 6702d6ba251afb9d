"""What the sandbox says: text that answers the form of the question and never pretends to be a model."""

from __future__ import annotations

import json
import random
from typing import Any

from entrepot.sandbox.scenario import text_of

_LINES = (
    "The words here are made up by this gateway, so that an application can be tried without an account anywhere.",
    "Streaming, tools, schemas, usage and cost behave as they would with the model itself.",
    "Ask for an outcome, such as a rate limit or a broken stream, to see how your application takes it.",
    "With a live key and a provider switched on, the same request reaches the real model.",
)
_UNICODE = (
    "Emoji 👩🏽‍💻🏴‍☠️, joined नमस्ते, right to left שלום مرحبا, combining e\u0301, wide 漢字, "
    "line separators \u2028 and \u2029, and a tab\t."
)
_REFUSAL = "The sandbox was asked to refuse, so it does: no model was called."


def answer_text(messages: list[Any], model: str, verbosity: str | None, randomness: random.Random) -> str:
    """Some sentences about the conversation, longer for a higher verbosity."""
    results = _results(messages)
    if results:
        return f"Sandbox answer for {model}, from the tool's result: {'; '.join(results)[:600]}. No model was called."
    asked = _last_question(messages)
    said = f'"{_shorten(asked)}"' if asked else "nothing in words"
    seen = _seen(messages)
    lines = [f"Sandbox answer for {model}: no model was called. You said {said}{seen}."]
    count = {"low": 0, "high": 4, "xhigh": 4, "max": 4}.get(verbosity or "", 2)
    lines += randomness.sample(_LINES, count)
    return " ".join(lines)


def long_text(tokens: int, randomness: random.Random) -> str:
    return " ".join(randomness.choice(_LINES) for _ in range(tokens // 12 + 1))


def unicode_text() -> str:
    return _UNICODE


def refusal_text() -> str:
    return _REFUSAL


def reasoning_text(messages: list[Any], effort: str, randomness: random.Random) -> str:
    """Longer for a higher effort and for a harder prompt: its length, its figures, its questions, its code."""
    asked = _last_question(messages)
    hardness = len(asked) // 60 + sum(sign.isdigit() for sign in asked) // 2 + asked.count("?") * 2 + asked.count("```") * 3
    steps = {"minimal": 1, "low": 2, "medium": 5, "high": 10, "xhigh": 16, "max": 24}.get(effort, 5) + min(hardness, 40)
    thoughts = (
        "Consider what is asked.",
        "Note each condition and whether it holds.",
        "Try the simplest reading first.",
        "Check the figures once more.",
        "Weigh another way and compare.",
        "Decide how to put the answer.",
    )
    return "Sandbox reasoning, not a model's. " + " ".join(f"{n}. {randomness.choice(thoughts)}" for n in range(1, steps + 1))


def json_object(messages: list[Any], model: str) -> str:
    return json.dumps(
        {"sandbox": True, "model": model, "question": _shorten(_last_question(messages)), "note": "No model was called."},
        ensure_ascii=False,
    )


def _results(messages: list[Any]) -> list[str]:
    """What tools returned since the last word of the user."""
    found: list[str] = []
    for message in reversed(messages):
        if message.get("role") not in ("tool", "function"):
            break
        found.insert(0, text_of(message.get("content")))
    return found


def _last_question(messages: list[Any]) -> str:
    return next((text_of(m.get("content")) for m in reversed(messages) if m.get("role") == "user"), "")


def _seen(messages: list[Any]) -> str:
    kinds = {"image_url": "picture", "input_audio": "recording", "file": "file", "video_url": "film"}
    found: list[str] = []
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            found += [kinds[part["type"]] for part in content if isinstance(part, dict) and part.get("type") in kinds]
    return f", with {', '.join(f'a {kind}' for kind in found[:6])}" if found else ""


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."
