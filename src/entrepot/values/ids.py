"""Ids: `gen-` and a ULID, which sorts by time and needs no coordination."""

from __future__ import annotations

import os

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def ulid(now_ms: int, randomness: bytes | None = None) -> str:
    """26 characters of Crockford's base 32: 48 bits of time, 80 of randomness."""
    value = (now_ms & (2**48 - 1)) << 80 | int.from_bytes(randomness or os.urandom(10), "big")
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


def generation_id(now_ms: int, randomness: bytes | None = None) -> str:
    return "gen-" + ulid(now_ms, randomness)
