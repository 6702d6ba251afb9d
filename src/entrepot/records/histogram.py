"""Histograms that can be added up: how often a figure fell into each of a row of ever wider buckets.

Bucket n holds what lies above 0.1 x G^(n-1) and not above 0.1 x G^n, with G = 1.02/0.98: the mapping of DDSketch (VLDB 2019).
The middle that a quantile is told by is off by at most 2 %, between 0.1 and 4 million of whatever is measured.

In memory a histogram is one whole number with 32 bits for each bucket, so that two are added by `+`. Stored, it is the row of
buckets from the first to the last that is not empty, in the least bytes that hold the largest.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
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
    first, counts = _counts(total)
    largest = max(counts)
    width = next(code for most, code in _TYPES if largest <= most)
    packed = counts if width == "I" else array(width, counts)
    return bytes((packed.itemsize, first & 0xFF, first >> 8)) + packed.tobytes()


def unpack(stored: bytes) -> int:
    return merged((stored,))


def merged(stored: Iterable[bytes]) -> int:
    """The sum of several as they are stored. Numbers stay short until it is made: a page adds up thousands of histograms."""
    held = [(one[1] | one[2] << 8, one) for one in stored if one]
    least = min((first for first, _ in held), default=0)
    total = 0
    for first, one in held:
        width = one[0]
        wide = bytearray((len(one) - 3) // width * 4)
        if width == 1:
            wide[::4] = one[3:]
        else:
            for place in range(width):
                wide[place::4] = one[3 + place :: width]
        total += int.from_bytes(wide, "little") << (first - least) * _BITS
    return total << least * _BITS


def count(total: int) -> int:
    """How many figures it holds."""
    return sum(_counts(total)[1])


def quantiles(total: int, shares: tuple[float, ...]) -> tuple[float, ...]:
    """For each share, in rising order, the figure that so many do not exceed; none of an empty histogram."""
    return counted_quantiles(total, shares)[1]


def counted_quantiles(total: int, shares: tuple[float, ...]) -> tuple[int, tuple[float, ...]]:
    """With how many figures there are."""
    if not total:
        return 0, ()
    first, counts = _counts(total)
    seen = list(accumulate(counts))
    return seen[-1], tuple(_MIDDLES[first + bisect_left(seen, max(1, ceil(share * seen[-1])))] for share in shares)


def _counts(total: int) -> tuple[int, array[int]]:
    """The first bucket that is not empty, and how many each holds from there to the last that is not."""
    if not total:
        return 0, array("I")
    first = ((total & -total).bit_length() - 1) // _BITS
    total >>= first * _BITS
    return first, array("I", total.to_bytes((total.bit_length() + _BITS - 1) // _BITS * 4, "little"))
