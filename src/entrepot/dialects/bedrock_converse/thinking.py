"""What single model families want beside Converse's own members, in `additionalModelRequestFields`, and how they think.

Facts: Claude up to 4.5 thinks with a budget, later ones adaptively with an effort, and none of them while a call is forced and a
budget given; Nova 2 and gpt-oss take an effort. Read 2026-11.
"""

from __future__ import annotations

import re
from typing import Any

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.turns import loops_unthinking
from entrepot.dialects.unsaid import budget_of
from entrepot.values.conversation import Conversation, ReasoningWish

Object = dict[str, Any]
_ADAPTIVE = re.compile(r"claude-(?:\w+-)?(?:4-(?:[6-9]|\d\d)(?!\d)|[5-9](?!\d))")
_NOVA_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_USUAL_LENGTH = 8192
_LEAST_BUDGET = 1024
_LEAST_P = 0.95


def is_claude(model: str) -> bool:
    return "anthropic." in model


def model_fields(conversation: Conversation, wishes: Wishes, notes: list[str]) -> Object:
    """The members for this model; empty where it wants none."""
    model = wishes.upstream_model
    fields: Object = {}
    top_k = conversation.sampling.top_k
    if is_claude(model):
        if top_k is not None:
            fields["top_k"] = top_k
        return fields | _claude(conversation, wishes, notes)
    if "amazon.nova" in model:
        if top_k is not None:
            fields["inferenceConfig"] = {"topK": top_k}
        return fields | _nova(conversation, notes)
    if top_k is not None:
        notes.append("top_k: left out, Bedrock has no word for it with this model")
    return _other(conversation, wishes, notes)


def _claude(conversation: Conversation, wishes: Wishes, notes: list[str]) -> Object:
    wish = conversation.reasoning
    if wish.effort is None and wish.max_tokens is None and not wish.adaptive:
        return {}
    if wish.effort == "none":
        by_itself = wishes.reasoning is not None and bool(wishes.reasoning.default_enabled)
        return {"thinking": {"type": "disabled"}} if by_itself else {}
    # What `max_tokens` is a share of, where the caller does not say how long the answer may be.
    length = conversation.max_tokens or wishes.longest_answer or _USUAL_LENGTH
    if _thinks_adaptively(wishes):
        return _adaptive(wish, length, wishes.shows, notes)
    hindrance = _why_unthinking(conversation, wishes)
    if hindrance:
        notes.append(f"reasoning: left out{hindrance}")
        return {}
    return _budgeted(wish, length, notes)


def _adaptive(wish: ReasoningWish, length: int, shows: bool, notes: list[str]) -> Object:
    effort = wish.effort
    if effort is None and wish.max_tokens is not None:
        effort = effort_of(wish.max_tokens, length)
        notes.append(f"reasoning.max_tokens: {wish.max_tokens} sent as effort {effort}")
    display = {"display": "summarized"} if shows else {}
    told: Object = {"thinking": {"type": "adaptive", **display}}
    return told | ({"output_config": {"effort": "low" if effort == "minimal" else effort}} if effort else {})


def _budgeted(wish: ReasoningWish, length: int, notes: list[str]) -> Object:
    budget = max(wish.max_tokens or budget_of(wish.effort or "medium", length), _LEAST_BUDGET)
    if budget != wish.max_tokens:
        notes.append(f"reasoning: {wish.effort or wish.max_tokens} sent as a budget of {budget} tokens")
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _why_unthinking(conversation: Conversation, wishes: Wishes) -> str:
    """Why Claude cannot think with a budget now, "" where it can."""
    if conversation.tool_choice is not None and conversation.tool_choice.mode == "required":
        return ", Claude does not think when it is made to call a tool"
    if loops_unthinking(conversation.messages, wishes.family):
        return " until the calls under way are over, which began without it"
    return ""


def _thinks_adaptively(wishes: Wishes) -> bool:
    """The catalogue knows efforts for those that do; the name tells where it does not know the model."""
    facts = wishes.reasoning
    return bool(facts.efforts) if facts is not None else bool(_ADAPTIVE.search(wishes.upstream_model))


def effort_of(budget: int, whole: int) -> str:
    """The effort whose share of the whole answer is nearest to a budget."""
    return min(("low", "medium", "high"), key=lambda effort: abs(budget_of(effort, whole) - budget))


def sampled(conversation: Conversation, fields: Object, claude: bool, notes: list[str]) -> Object:
    """Temperature and top_p. Claude takes one of them, and hardly any while it thinks; `fields` lose a top_k it refuses then."""
    temperature, top_p = conversation.sampling.temperature, conversation.sampling.top_p
    if temperature is not None and temperature > 1:
        notes.append(f"temperature: 1 instead of {temperature:g}, the most that Bedrock takes")
        temperature = 1.0
    if temperature is not None and top_p is not None and claude:
        notes.append("top_p: left out, Claude takes it or a temperature")
        top_p = None
    if fields.get("thinking", {}).get("type", "disabled") == "disabled":
        return {"temperature": temperature, "topP": top_p}
    if temperature not in (None, 1.0):
        notes.append("temperature: left out, Claude does not take it while it thinks")
        temperature = None
    if top_p is not None and top_p < _LEAST_P:
        notes.append("top_p: left out, Claude does not take it while it thinks")
        top_p = None
    if fields.pop("top_k", None) is not None:
        notes.append("top_k: left out, Claude does not take it while it thinks")
    return {"temperature": temperature, "topP": top_p}


def longest_answer(conversation: Conversation, fields: Object, notes: list[str]) -> int | None:
    """The length to send: a budget to think with must leave something for the answer."""
    wished, budget = conversation.max_tokens, fields.get("thinking", {}).get("budget_tokens")
    if wished is None or budget is None or wished > budget:
        return wished
    notes.append(f"max_tokens: raised from {wished} to {budget + wished}, to have {wished} beside the thinking")
    return int(budget + wished)


def _nova(conversation: Conversation, notes: list[str]) -> Object:
    wish = conversation.reasoning
    if wish.effort is None and wish.max_tokens is None:
        return {}
    if wish.effort == "none":
        return {"reasoningConfig": {"type": "disabled"}}
    effort = _NOVA_EFFORTS.get(wish.effort or "medium", "medium")
    if effort != wish.effort:
        notes.append(f"reasoning: {wish.effort or wish.max_tokens} sent as effort {effort}")
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}


def _other(conversation: Conversation, wishes: Wishes, notes: list[str]) -> Object:
    effort = conversation.reasoning.effort
    if effort is None:
        return {}
    if "openai." in wishes.upstream_model:
        return {"reasoning_effort": effort}
    notes.append("reasoning: left out, Bedrock has no word for it with this model")
    return {}
