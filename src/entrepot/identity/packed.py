"""A great many rows in little memory: under 130 bytes for each key, found by bisection."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, islice

_DIGEST = 32
_FIRST = struct.Struct(f">Q{_DIGEST - 8}x")


class PackedRows:
    """Rows, one after another, in the order of their digests. Grows at its end only, while others look.

    _firsts   the first eight bytes of each digest as a number: what bisection looks at
    _digests  all digests; a row is found only if the whole digest is its own
    _ends     where each row ends
    """

    def __init__(self) -> None:
        self._firsts = array("Q")
        self._digests = bytearray()
        self._rows = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._firsts)

    def extend(self, digests: bytes, rows: Sequence[bytes]) -> None:
        """digests  32 bytes for each row, in order, and none before what is there already"""
        self._digests += digests
        self._ends.extend(islice(accumulate(map(len, rows), initial=len(self._rows)), 1, None))
        self._rows += b"".join(rows)
        # Last, because it is looked at first.
        self._firsts.extend(_numbers(digests))

    def find(self, digest: bytes) -> bytes | None:
        (first,) = _FIRST.unpack(digest)
        place = bisect_left(self._firsts, first)
        while place < len(self._firsts) and self._firsts[place] == first:
            if self._digests[place * _DIGEST : (place + 1) * _DIGEST] == digest:
                return bytes(self._rows[self._ends[place] : self._ends[place + 1]])
            place += 1
        return None


def _numbers(digests: bytes) -> Iterable[int]:
    return chain.from_iterable(_FIRST.iter_unpack(digests))
