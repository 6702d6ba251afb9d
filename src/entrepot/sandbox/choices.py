"""One choice of the sandbox's answer: what it thinks, calls or says, and how it ends."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec

from entrepot.metering.tokens import count_text, cut_tokens
from entrepot.sandbox import writing
from entrepot.sandbox.scenario import Scenario
from entrepot.sandbox.schema import instance
from entrepot.sandbox.seals import seal
from entrepot.sandbox.tools import calls_for
from entrepot.sandbox.wire import Choice
from entrepot.values.model import Model

_WITHOUT_CALLS = ("refusal", "content-filter", "length", "empty", "long", "unicode")
_SHORT_TOKENS = 12
_PER_CALL_TOKENS = 8


class Asked(msgspec.Struct, frozen=True):
    """told    the request's body
    effort  "" for a model that does not reason
    limit   tokens of an answer at most
    """

    told: dict[str, Any]
    messages: list[Any]
    model: Model
    scenario: Scenario
    effort: str
    limit: int


def write_choice(number: int, asked: Asked, randomness: random.Random) -> Choice:
    """raises  Unsatisfiable, for a schema without an instance"""
    thought, spent, thought_cut = cut_tokens(_thought(asked, randomness), asked.limit)
    calls = [] if thought_cut else _calls(asked, randomness)
    text = "" if calls or thought_cut else _until_stop(_text(asked, randomness), asked.told.get("stop"))
    text, used, text_cut = cut_tokens(text, max(_limit(asked, spent) - spent, 0))
    refusal = writing.refusal_text() if asked.scenario.name == "refusal" else ""
    arguments = sum(count_text(call["function"]["name"] + call["function"]["arguments"]) + _PER_CALL_TOKENS for call in calls)
    return Choice(
        index=number,
        text=text,
        reasoning=thought,
        sealed=seal(thought) if thought else "",
        calls=tuple(calls),
        refusal=refusal,
        finish=_finish(asked.scenario, calls, cut=thought_cut or text_cut),
        reasoning_tokens=spent,
        completion_tokens=spent + used + arguments + (count_text(refusal) if refusal else 0),
    )


def _thought(asked: Asked, randomness: random.Random) -> str:
    return "" if asked.effort in ("", "none") else writing.reasoning_text(asked.messages, asked.effort, randomness)


def _calls(asked: Asked, randomness: random.Random) -> list[dict[str, Any]]:
    malformed = asked.scenario.name == "malformed-arguments"
    calls = calls_for(asked.told, asked.messages, randomness, malformed=malformed)
    return [] if asked.scenario.name in _WITHOUT_CALLS else calls


def _limit(asked: Asked, spent: int) -> int:
    return min(asked.limit, spent + _SHORT_TOKENS) if asked.scenario.name == "length" else asked.limit


def _finish(scenario: Scenario, calls: list[dict[str, Any]], *, cut: bool) -> str:
    if scenario.name == "content-filter":
        return "content_filter"
    if cut:
        return "length"
    return "tool_calls" if calls else "stop"


def _text(asked: Asked, randomness: random.Random) -> str:
    told, scenario = asked.told, asked.scenario
    special = {"empty": "", "refusal": "", "unicode": writing.unicode_text()}
    if scenario.name in special:
        return special[scenario.name]
    if scenario.name == "long":
        return writing.long_text(int(scenario.number("tokens", 2000, 200_000)), randomness)
    form = told.get("response_format") or {}
    if form.get("type") == "json_schema":
        schema = (form.get("json_schema") or {}).get("schema")
        return _json(schema if schema is not None else {"type": "object"}, randomness)
    if form.get("type") == "json_object":
        return _json(form["schema"], randomness) if form.get("schema") else writing.json_object(asked.messages, asked.model.id)
    return writing.answer_text(asked.messages, asked.model.id, told.get("verbosity"), randomness)


def _json(schema: Any, randomness: random.Random) -> str:
    return json.dumps(instance(schema, randomness), ensure_ascii=False)


def _until_stop(text: str, stop: Any) -> str:
    """Cut before the first stop text."""
    stops = [stop] if isinstance(stop, str) else stop or []
    places = [text.find(sign) for sign in stops if sign]
    return text[: min((place for place in places if place >= 0), default=len(text))]
