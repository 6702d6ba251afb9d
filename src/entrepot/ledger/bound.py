"""What a call can cost at most: a pure function of the request and the plan's prices.

A prompt of text has no more tokens than bytes, and no more than the longest context that could read it. With pictures or sound in
it, or where money is short, its tokens are counted instead and doubled. What a call costs beyond its bound is charged only where
every purse has it; so no limit can be passed, whatever a provider reports.
"""

from __future__ import annotations

import msgspec

from entrepot.dialects.translated import dialect
from entrepot.metering.cost import dearest
from entrepot.metering.tokens import count_prompt, prompt_bound
from entrepot.routing.plan import Plan
from entrepot.values.money import YOCTO_PER_NANO
from entrepot.values.request import Request

_LONGEST = 131_072
"""Of an answer, where nobody says what the most is."""
_TOOLS = 1_024
"""Tokens that a provider adds to a prompt with tools in it."""
_MOST_PLANS = 1_000


class Worst(msgspec.Struct, frozen=True):
    """The dearest rate of each kind among the endpoints of a plan, in yocto-dollars.

    context  tokens of the longest context, and `answer` of the longest answer, among them
    writes   they make text, and no embeddings
    """

    prompt: int
    completion: int
    request: int
    image: int
    context: int | None
    answer: int
    writes: bool

    def cost(self, prompt_tokens: int, completion_tokens: int, images: int) -> int:
        """Nano-dollars, rounded up."""
        yocto = prompt_tokens * self.prompt + completion_tokens * self.completion + self.request + images * self.image
        return -(-yocto // YOCTO_PER_NANO)

    def covered(self, nano: int) -> int:
        """Completion tokens that an amount pays for."""
        return nano * YOCTO_PER_NANO // self.completion if self.completion else self.answer


class Worsts:
    """Of plans, remembered: most calls share theirs."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Plan, Worst]] = {}

    def of(self, plan: Plan) -> Worst:
        known = self._known.get(id(plan))
        if known is not None and known[0] is plan:
            return known[1]
        if len(self._known) >= _MOST_PLANS:
            self._known.clear()
        worst = worst_of(plan)
        self._known[id(plan)] = (plan, worst)
        return worst


def worst_of(plan: Plan) -> Worst:
    endpoints = [candidate.endpoint for candidate in plan.candidates]
    rates = [dearest(candidate.paid) for candidate in plan.candidates]
    contexts = [endpoint.context_length for endpoint in endpoints]
    return Worst(
        prompt=max(each.prompt for each in rates),
        completion=max(each.completion for each in rates),
        request=max(each.request for each in rates),
        image=max(each.image for each in rates),
        context=None if None in contexts else max(context for context in contexts if context is not None),
        answer=max(endpoint.max_completion_tokens or endpoint.context_length or _LONGEST for endpoint in endpoints),
        writes=any(dialect(endpoint.dialect).makes != "embeddings" for endpoint in endpoints),
    )


def prompt_most(request: Request, worst: Worst) -> int:
    """More tokens than its prompt has."""
    if request.media.kinds:
        return prompt_counted(request, worst)
    return _within(prompt_bound(request.size), request, worst)


def prompt_counted(request: Request, worst: Worst) -> int:
    """More than it is likely to have, by a count of its tokens: nearer, and slower."""
    return _within(2 * count_prompt(*request.countable()), request, worst)


def _within(tokens: int, request: Request, worst: Worst) -> int:
    if "tools" in request.parameters:
        tokens += _TOOLS
    return tokens if worst.context is None else min(tokens, worst.context)


def answers_wished(request: Request) -> int:
    """How many answers are to be written to one prompt."""
    if "n" not in request.fields and "best_of" not in request.fields:
        return 1
    return max(_number(request, "n"), _number(request, "best_of"), 1)


def _number(request: Request, name: str) -> int:
    raw = request.fields.get(name)
    try:
        return msgspec.json.decode(raw, type=int) if raw is not None else 1
    except msgspec.DecodeError:
        return 1
