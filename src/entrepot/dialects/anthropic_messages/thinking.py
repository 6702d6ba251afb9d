"""How much a model is to think, in the words its generation knows.

Facts from the API reference, read 2026-11. Models without effort words take a budget; those with them think adaptively, and from
the generation that knows `xhigh` on they refuse a budget. A budget is at least 1024 tokens and part of `max_tokens`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.unsaid import budget_of
from entrepot.values.conversation import ReasoningWish
from entrepot.values.model import Reasoning

_LEAST = 1024
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}


class Thinking(msgspec.Struct, frozen=True):
    """`control` is `thinking`, `effort` goes into `output_config`; None is not said."""

    control: dict[str, Any] | None = None
    effort: str | None = None

    @property
    def on(self) -> bool:
        return self.control is not None and self.control["type"] in ("enabled", "adaptive")


def takes_budget(facts: Reasoning | None) -> bool:
    return facts is None or facts.takes_max_tokens or "xhigh" not in facts.efforts


def thinking_for(wish: ReasoningWish, wishes: Wishes, max_tokens: int, notes: list[str]) -> Thinking:
    facts = wishes.reasoning
    effort = _EFFORTS.get(wish.effort or "")
    if wish.effort == "none":
        return Thinking({"type": "disabled"})
    if wish.max_tokens is not None and takes_budget(facts):
        return _budget(wish.max_tokens, max_tokens, notes)
    if wish.adaptive or wish.max_tokens is not None or (facts is not None and facts.efforts and effort is not None):
        shown = "summarized" if wishes.shows and not wish.exclude else "omitted"
        return Thinking({"type": "adaptive", "display": shown}, effort)
    if effort is not None:
        return _budget(budget_of(wish.effort or effort, max_tokens), max_tokens, notes)
    return Thinking()


def _budget(tokens: int, max_tokens: int, notes: list[str]) -> Thinking:
    if max_tokens <= _LEAST:
        notes.append(f"reasoning: left out, thinking takes {_LEAST} tokens and the answer may have {max_tokens}")
        return Thinking()
    return Thinking({"type": "enabled", "budget_tokens": max(_LEAST, min(tokens, max_tokens - 1))})
