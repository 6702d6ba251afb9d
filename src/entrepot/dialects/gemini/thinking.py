"""What a Gemini model takes, by its name: thinking as a budget (2.5) or a level (3 and later), ids, signatures, JSON Schema.

Facts from Google's documentation, read 2026-11: 2.5 Pro thinks with 128 to 32768 tokens and cannot be switched off; 2.5 Flash
with 0 to 24576; 2.5 Flash-Lite with 0 or 512 to 24576, and by default not at all. 3 Pro knows the levels LOW and HIGH, 3.1 Pro
MEDIUM too, Flash MINIMAL as well. From 3 on, ids of calls are taken and a call without a signature is refused. Names that tell no
generation are taken as new ones.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import msgspec

from entrepot.dialects.unsaid import budget_of
from entrepot.values.conversation import ReasoningWish

_GENERATION = re.compile(r"gemini-(\d{1,2})(?:[.-](\d))?(?!\d)")
_LEVELS = ("minimal", "low", "medium", "high")
PLACEHOLDER = "skip_thought_signature_validator"
"""What Google documents in place of the signature of a call that another model made."""


class Kind(msgspec.Struct, frozen=True):
    """generation  as 2.5; 99 for a Gemini that does not say, 0 for another model"""

    generation: float
    pro: bool = False
    lite: bool = False

    @property
    def ids(self) -> bool:
        return self.generation >= 3

    @property
    def signed_calls(self) -> bool:
        return self.generation >= 3

    @property
    def json_schema(self) -> bool:
        return self.generation >= 2.5 or self.generation == 0

    @property
    def levels(self) -> tuple[str, ...]:
        if self.generation < 3:
            return ()
        if not self.pro:
            return _LEVELS
        return _LEVELS[1:] if self.generation > 3 else ("low", "high")

    @property
    def budgets(self) -> tuple[int, int]:
        """The least and the most tokens to think with; (0, 0) for models that take no budget."""
        if self.generation != 2.5:
            return 0, 0
        return (128, 32768) if self.pro else (512, 24576) if self.lite else (1, 24576)


@functools.lru_cache(1024)
def kind_of(model: str) -> Kind:
    name = model.lower()
    match = _GENERATION.search(name)
    if match is None:
        return Kind(99.0 if "gemini" in name else 0.0, "pro" in name, "lite" in name)
    return Kind(float(f"{match[1]}.{match[2] or 0}"), "-pro" in name, "-lite" in name)


def thinking_config(wish: ReasoningWish, kind: Kind, max_tokens: int | None, shows: bool, notes: list[str]) -> dict[str, Any]:
    """`thinkingConfig` for a wish; empty when there is none to send.

    max_tokens  the length of the answer, which contains what is thought
    shows       thoughts are to be shown, where the model has any
    """
    wished = wish.effort is not None or wish.max_tokens is not None or wish.adaptive
    if not kind.levels and kind.budgets == (0, 0):
        if wished and wish.effort != "none":
            notes.append("reasoning: left out, the model takes no word on it")
        return {}
    told: dict[str, Any] = {}
    if wished:
        told |= _level(wish, kind, notes) if kind.levels else _budget(wish, kind, max_tokens, notes)
    off = wish.effort == "none" or told.get("thinkingBudget") == 0
    if shows and wish.exclude is not True and not off:
        told["includeThoughts"] = True
    return told


def _level(wish: ReasoningWish, kind: Kind, notes: list[str]) -> dict[str, Any]:
    word = wish.effort or "medium"
    if wish.max_tokens is not None and wish.max_tokens > 0:
        word = effort_of(wish.max_tokens)
    place = 0 if word == "none" else _LEVELS.index(word) if word in _LEVELS else len(_LEVELS) - 1
    level = next((known for known in kind.levels if _LEVELS.index(known) >= place), kind.levels[-1])
    if level != word:
        notes.append(f"reasoning_effort: {level} instead of {word}, which the model does not know")
    return {"thinkingLevel": level.upper()}


def _budget(wish: ReasoningWish, kind: Kind, max_tokens: int | None, notes: list[str]) -> dict[str, Any]:
    least, most = kind.budgets
    if wish.adaptive and wish.max_tokens is None:
        return {"thinkingBudget": -1}
    if wish.effort == "none" or wish.max_tokens == 0:
        if not kind.pro:
            return {"thinkingBudget": 0}
        notes.append(f"reasoning: {least} tokens, the least with which this model thinks")
        return {"thinkingBudget": least}
    wished = wish.max_tokens or budget_of(wish.effort or "medium", min(most, max_tokens or most))
    budget = min(max(wished, least), most)
    if wish.max_tokens is not None and budget != wish.max_tokens:
        notes.append(f"reasoning.max_tokens: {budget} instead of {wish.max_tokens}, the model takes {least} to {most}")
    return {"thinkingBudget": budget}


def effort_of(budget: int) -> str:
    """The effort that a budget amounts to, as Google's own compatible API counts it."""
    if budget <= 0:
        return "none" if budget == 0 else "medium"
    return "minimal" if budget < 512 else "low" if budget <= 2048 else "medium" if budget <= 12288 else "high"
