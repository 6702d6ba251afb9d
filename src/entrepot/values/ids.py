"""Ids: `gen-` and a ULID, which sorts by time and needs no coordination."""

from __future__ import annotations

import os
from collections.abc import Callable

_ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = bytes(_ALPHABET[byte & 31] for byte in range(256))
"""A letter for each byte. Of 256 bytes each letter stands for eight, so that random bytes give random letters."""
_LETTERS_OF_CHANCE = 16
_POOL = 256 * _LETTERS_OF_CHANCE


def ulid(now_ms: int, randomness: bytes | None = None) -> str:
    """26 characters of Crockford's base 32: 48 bits of time, then 80 of randomness, five from each of 16 bytes."""
    return _time(now_ms) + (randomness or os.urandom(_LETTERS_OF_CHANCE)).translate(_LETTERS).decode()


def ulid_from(now_ms: int) -> str:
    """The beginning of every ULID of that millisecond: no earlier one is greater, no later one is less. None is before 1970."""
    return _time(max(now_ms, 0))


def _time(now_ms: int) -> str:
    return "".join([chr(_ALPHABET[now_ms >> shift & 31]) for shift in range(45, -1, -5)])


class GenerationIds:
    """Makes ids of generations. Randomness is drawn for many at once, and the time is spelled once a millisecond.

    random   gives so many random bytes
    """

    __slots__ = ("_at", "_now_ms", "_pool", "_random", "_time")

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._random = random
        self._pool = ""
        self._at = 0
        self._now_ms = -1
        self._time = ""

    def make(self, now_ms: int) -> str:
        if now_ms != self._now_ms:
            self._now_ms, self._time = now_ms, "gen-" + _time(now_ms)
        if self._at >= len(self._pool):
            self._pool, self._at = self._random(_POOL).translate(_LETTERS).decode(), 0
        at = self._at
        self._at = at + _LETTERS_OF_CHANCE
        return self._time + self._pool[at : at + _LETTERS_OF_CHANCE]


def generation_id(now_ms: int, randomness: bytes | None = None) -> str:
    return "gen-" + ulid(now_ms, randomness)
