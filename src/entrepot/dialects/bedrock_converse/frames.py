"""Amazon's event stream (`application/vnd.amazon.eventstream`) from bytes that arrive in any pieces.

A frame is: its length and the length of its headers (4 bytes each), the CRC of these 8 bytes, headers, payload, the CRC of all
before it. A header is: the length of its name (1 byte), name, type (1 byte), value.
"""

from __future__ import annotations

import struct
import zlib

import msgspec

from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_SMALLEST = _PRELUDE.size + _CRC.size
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_BYTES, _TEXT = 6, 7
_MOST_KNOWN = 64


class Frame(msgspec.Struct, frozen=True, gc=False):
    """`headers` are those whose value is text; the others have no meaning here."""

    headers: dict[str, str]
    payload: bytes


class FrameReader:
    """`feed` gives each whole frame. Frames of one kind have equal headers, so those are read once."""

    __slots__ = ("_buffer", "_known", "_limit", "_wanted")

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._wanted = 0
        self._known: dict[bytes, dict[str, str]] = {}
        self._limit = limit

    def feed(self, data: bytes) -> list[Frame]:
        """raises  Malformed; BrokenStream, when a frame is longer than the limit"""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._wanted:
                return []
            data = bytes(self._buffer)
        self._wanted = _PRELUDE.size
        frames: list[Frame] = []
        start, have = 0, len(data)
        while have - start >= _PRELUDE.size:
            total, head, check = _PRELUDE.unpack_from(data, start)
            if zlib.crc32(data[start : start + 8]) != check:
                raise Malformed("the checksum of a frame's beginning is wrong")
            if total > self._limit:
                raise BrokenStream(f"The provider sent an event of more than {self._limit} bytes.")
            if total < _SMALLEST + head:
                raise Malformed("a frame is shorter than its headers")
            if have - start < total:
                self._wanted = total
                break
            frames.append(self._frame(data[start : start + total], head))
            start += total
        self._buffer = bytearray(data[start:])
        return frames

    def _frame(self, frame: bytes, head: int) -> Frame:
        if zlib.crc32(frame[:-4]) != _CRC.unpack_from(frame, len(frame) - 4)[0]:
            raise Malformed("the checksum of a frame is wrong")
        block = frame[_PRELUDE.size : _PRELUDE.size + head]
        headers = self._known.get(block)
        if headers is None:
            headers = read_headers(block)
            if len(self._known) < _MOST_KNOWN:
                self._known[block] = headers
        return Frame(headers, frame[_PRELUDE.size + head : -4])


def read_headers(block: bytes) -> dict[str, str]:
    """raises  Malformed"""
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(block):
            name = block[at + 1 : at + 1 + block[at]]
            at += 1 + len(name)
            kind = block[at]
            at += 1
            if kind in (_BYTES, _TEXT):
                size = block[at] << 8 | block[at + 1]
                at += 2
                if kind == _TEXT:
                    headers[name.decode()] = block[at : at + size].decode()
            else:
                size = _FIXED[kind]
            at += size
    except (IndexError, KeyError, UnicodeDecodeError):
        at = -1
    if at != len(block):
        raise Malformed("the headers of a frame cannot be read")
    return headers
