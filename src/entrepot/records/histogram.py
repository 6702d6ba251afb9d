"""Histograms that can be added up: how often a figure fell into each of a row of ever wider buckets.

Bucket n holds what lies above 0.1 x G^(n-1) and not above 0.1 x G^n, with G = 1.02/0.98: the mapping of DDSketch (VLDB 2019).
The middle that a quantile is told by is off by at most 2 %, between 0.1 and 4 million of whatever is measured.

In memory a histogram is one whole number with 32 bits for each bucket, so that two are added by `+`. Stored, it is the row of
buckets from the first to the last that is not empty, in the least bytes that hold the largest.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from math import ceil, log

ERROR = 0.02
"""Of a quantile, at most, as a share of it."""
_LEAST = 0.1
_MOST = 4e6
_LN_G = math.log((1 + ERROR) / (1 - ERROR))
_BUCKETS = math.ceil(math.log(_MOST / _LEAST) / _LN_G)
_BITS = 32
_FULL = (1 << _BITS) - 1
_TYPES = ((0xFF, "B"), (0xFFFF, "H"), (_FULL, "I"))
_MIDDLES = tuple(2 * _LEAST * math.exp(n * _LN_G) / (1 + math.exp(_LN_G)) for n in range(_BUCKETS + 1))
"""Of each bucket: the figure from which neither of its borders is further off than `ERROR`."""
ONES = tuple(1 << (_BITS * n) for n in range(_BUCKETS + 1))
"""A histogram of one figure, by its bucket."""


def bucket_of(figure: float) -> int:
    """Where a figure falls. What is too small or too large falls into the first or the last bucket."""
    if figure <= _LEAST:
        return 0
    bucket = ceil(log(figure / _LEAST) / _LN_G)
    return bucket if bucket < _BUCKETS else _BUCKETS


def histogram(figures: Iterable[float]) -> int:
    return sum(ONES[bucket_of(figure)] for figure in figures)


def pack(total: int) -> bytes:
    """As stored: the width of a count, the number of the first bucket, the counts. Empty when it holds nothing."""
    if not total:
        return b""
    first = ((total & -total).bit_length() - 1) // _BITS
    total >>= first * _BITS
    counts = array("I", total.to_bytes((total.bit_length() + _BITS - 1) // _BITS * 4, "little"))
    largest = max(counts)
    width = next(code for most, code in _TYPES if largest <= most)
    packed = counts if width == "I" else array(width, counts)
    return bytes((packed.itemsize, first & 0xFF, first >> 8)) + packed.tobytes()


def unpack(stored: bytes) -> int:
    if not stored:
        return 0
    first = stored[1] | stored[2] << 8
    counts = array({1: "B", 2: "H", 4: "I"}[stored[0]], stored[3:])
    wide = counts if counts.itemsize == 4 else array("I", counts)
    return int.from_bytes(wide.tobytes(), "little") << (first * _BITS)


def count(total: int) -> int:
    """How many figures it holds."""
    return sum(held for _, held in _held(total))


def quantiles(total: int, shares: tuple[float, ...]) -> tuple[float, ...]:
    """For each share, in rising order, the figure that so many do not exceed; none of an empty histogram."""
    wanted = [max(1, math.ceil(share * count(total))) for share in shares]
    found: list[float] = []
    seen = 0
    for number, held in _held(total):
        seen += held
        while len(found) < len(wanted) and seen >= wanted[len(found)]:
            found.append(_MIDDLES[number])
    return tuple(found)


def _held(total: int) -> Iterator[tuple[int, int]]:
    """The buckets that are not empty, and their counts."""
    counts = array("I", total.to_bytes((total.bit_length() + _BITS - 1) // _BITS * 4, "little"))
    return ((number, held) for number, held in enumerate(counts) if held)
