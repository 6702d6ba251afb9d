"""A provider in any mood: quick, slow, silent, refusing, breaking off, and not always honest about what it used."""

from __future__ import annotations

import random

import msgspec

from entrepot.testing.upstream import Reply, Seen, plain, refusal, streamed, usage_of

MOST = 12
"""Tokens of an answer, where the request does not say less."""
SILENT = Reply(silent=True)


class Moody:
    """A script for `FakeUpstream`. `bad` is how many of a hundred requests go wrong before an answer begins."""

    def __init__(self, dice: random.Random, bad: int) -> None:
        self._dice = dice
        self._bad = bad

    def __call__(self, request: Seen) -> Reply:
        asked, dice = request.json(), self._dice
        if dice.randrange(100) < self._bad:
            return dice.choice((SILENT, refusal(500), refusal(429), Reply(refused=True)))
        tokens = dice.randint(1, min(asked.get("max_completion_tokens") or asked.get("max_tokens") or MOST, MOST))
        mood = dice.random()
        told = 50 * tokens if mood < 0.03 else tokens
        if not asked.get("stream"):
            answer = plain("word " * tokens, usage=None if mood > 0.95 else usage_of(9, told))
            return msgspec.structs.replace(answer, delay_s=dice.choice((0.0, 0.01, 0.1)))
        broken = mood > 0.95
        return streamed(*["word "] * tokens, usage=mood < 0.9, between_s=dice.choice((0.0, 0.01)), end="cut" if broken else "end")
