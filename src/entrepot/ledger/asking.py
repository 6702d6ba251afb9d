"""How much one call asks for: a pure function of the request, the plan's prices, and what there is.

A call that says how long its answer may be asks for that. One that does not asks for the longest that the model writes, as long
as that is no more than a share of what is available; otherwise for that share, and the answer is made no longer than it covers.
An answer is not made shorter than `least_tokens`: then there is too little money.
"""

from __future__ import annotations

import msgspec

from entrepot.ledger.bound import Worst, answers_wished, prompt_counted, prompt_most
from entrepot.values.request import Request


class Policy(msgspec.Struct, frozen=True):
    """For calls that do not say how long an answer may be.

    share_percent  of what is available, that one of them may hold at most
    least_tokens   an answer is not made shorter than this
    """

    share_percent: int = 50
    least_tokens: int = 256


class Ask:
    """least  without which the call cannot be made; most  that it can cost; both in nano-dollars"""

    __slots__ = ("_answers", "_images", "_policy", "_prompt", "_request", "_worst", "least", "most", "open_ended", "tokens")

    def __init__(self, request: Request, worst: Worst, policy: Policy) -> None:
        self._request = request
        self._worst = worst
        self._policy = policy
        self._answers = answers_wished(request)
        self._images = request.media.images if worst.image else 0
        self._prompt = prompt_most(request, worst)
        wished = request.max_tokens if worst.writes else 0
        self.open_ended = wished is None
        self.tokens = worst.answer if wished is None else wished
        self._sum_up()

    def _sum_up(self) -> None:
        self.most = self._cost(self.tokens)
        self.least = self._cost(min(self._policy.least_tokens, self.tokens)) if self.open_ended else self.most

    def _cost(self, tokens: int) -> int:
        return self._worst.cost(self._prompt, tokens * self._answers, self._images)

    def amount(self, available: int) -> int:
        """To be held, where so much is available."""
        if not self.open_ended:
            return self.most
        return min(self.most, max(self.least, available * self._policy.share_percent // 100))

    def cap(self, amount: int) -> int | None:
        """The longest answer that an amount covers, where it does not cover what the call can cost."""
        if amount >= self.most:
            return None
        return max(self._affordable(amount), 1)

    def _affordable(self, amount: int) -> int:
        """Tokens of each answer, beside the prompt."""
        return min(self._worst.covered(amount - self._cost(0)) // self._answers, self.tokens)

    def affordable(self, amount: int) -> int:
        """The same for who is to be told: 0 when not even the prompt is covered."""
        return max(self._affordable(amount), 0)

    def sharpen(self) -> bool:
        """Counts the prompt's tokens, which costs time, where its length alone asks for more. False when nothing came of it."""
        counted = prompt_counted(self._request, self._worst)
        if counted >= self._prompt:
            return False
        self._prompt = counted
        self._sum_up()
        return True
