"""How the pieces of a stream stand in its bytes: server-sent events, or the objects of one JSON array."""

from __future__ import annotations

import re

from entrepot.dialects.sse import EventReader
from entrepot.errors import BrokenStream

_OUTSIDE = re.compile(rb'["{}]')
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_INSIDE = re.compile(rb'\\[\s\S]|"')


class Framing:
    """A provider's bytes to whole pieces, in whichever form they come. An error in mid-stream may be bare JSON after events."""

    __slots__ = ("_bare", "_events", "_objects", "_opened")

    def __init__(self, limit: int) -> None:
        self._events = EventReader(limit)
        self._objects = Objects(limit)
        self._opened = False
        self._bare = False

    def feed(self, data: bytes) -> list[bytes]:
        """raises  BrokenStream, for a piece past the limit"""
        if not self._opened:
            data = data.lstrip(b"\xef\xbb\xbf\r\n\t ")
            self._opened = bool(data)
        if data[:1] in (b"{", b"[") and not self._events.rest:
            self._bare = True
        return self._objects.feed(data) if self._bare else self._events.feed(data)

    def close(self) -> list[bytes]:
        """What an unfinished last event holds."""
        rest = self._events.rest.lstrip()
        return self._objects.feed(rest) if rest[:1] in (b"{", b"[") else self._events.close()


class Objects:
    """The objects of a JSON array that comes in pieces, or objects one after another."""

    __slots__ = ("_depth", "_held", "_in_text", "_limit", "_scanned")

    def __init__(self, limit: int) -> None:
        self._held = bytearray()
        self._limit = limit
        self._scanned = 0
        self._depth = 0
        self._in_text = False

    def feed(self, data: bytes) -> list[bytes]:
        """raises  BrokenStream, when one object is longer than the limit"""
        self._held += data
        held, found, at, start = self._held, [], self._scanned, 0
        while match := (_INSIDE if self._in_text else _OUTSIDE).search(held, at):
            sign, at = match.group(), match.end()
            if sign == b'"':
                self._in_text = not self._in_text
            elif sign == b"{":
                start = match.start() if self._depth == 0 else start
                self._depth += 1
            elif sign == b"}" and self._depth:
                self._depth -= 1
                if self._depth == 0:
                    found.append(bytes(held[start:at]))
                    start = at
        unsure = self._in_text and at < len(held) and held.endswith(b"\\")
        del held[:start]
        self._scanned = len(held) - 1 if unsure else len(held)
        if len(held) > self._limit:
            raise BrokenStream(f"The provider sent a piece of more than {self._limit} bytes.")
        return found


class Sheet:
    """Our own pieces as bytes for the client: events, or the array of a client that did not ask for events."""

    __slots__ = ("_array", "_begun")

    def __init__(self, array: bool) -> None:
        self._array = array
        self._begun = False

    def piece(self, payload: bytes) -> bytes:
        if not self._array:
            # A line end in JSON can only be space between its signs; in an event it would end the line.
            return b"data: %b\n\n" % (payload.translate(_ONE_LINE) if b"\n" in payload or b"\r" in payload else payload)
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + payload

    def end(self) -> bytes:
        if not self._array:
            return b""
        return b"]\n" if self._begun else b"[]\n"
