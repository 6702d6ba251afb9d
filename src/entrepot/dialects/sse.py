"""Server-sent events from bytes that arrive in any pieces.

Line ends may be LF, CRLF or CR, also cut in two; a byte order mark, comments, `id:` and `retry:` lines are passed over; several
`data:` lines of one event are joined with LF; what is left without its closing blank line is given by `close`.
The usual case, whole events of one `data:` line that end in LF LF, is split without a loop over lines.
"""

from __future__ import annotations

from entrepot.errors import BrokenStream


class EventReader:
    """`feed` gives the data of each whole event, `close` what an unfinished last one held."""

    __slots__ = ("_buffer", "_cr", "_limit", "_scan", "_started")

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._scan = 0
        self._cr = False
        self._started = False
        self._limit = limit

    def feed(self, data: bytes) -> list[bytes]:
        """raises  BrokenStream, when one event is longer than the limit"""
        if not self._started:
            data = self._open(data)
        if b"\r" in data or self._cr:
            data = self._plain_line_ends(data)
        if not self._buffer:
            if data.endswith(b"\n\n"):
                return _split(data)
            self._scan = 0
        self._buffer += data
        end = self._buffer.rfind(b"\n\n", max(self._scan - 1, 0))
        if end < 0:
            self._scan = len(self._buffer)
            if self._scan > self._limit:
                raise BrokenStream(f"The provider sent an event of more than {self._limit} bytes.")
            return []
        whole = bytes(self._buffer[: end + 2])
        del self._buffer[: end + 2]
        self._scan = len(self._buffer)
        return _split(whole)

    @property
    def rest(self) -> bytes:
        """What came of an event that is not whole yet."""
        return bytes(self._buffer)

    def close(self) -> list[bytes]:
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._cr = False
        return _split(rest + b"\n\n") if rest.strip() else []

    def _open(self, data: bytes) -> bytes:
        """Drops a byte order mark, which may come cut in pieces."""
        self._buffer += data
        held = bytes(self._buffer)
        if len(held) < 3 and b"\xef\xbb\xbf".startswith(held):
            return b""
        self._buffer.clear()
        self._started = True
        return held.removeprefix(b"\xef\xbb\xbf")

    def _plain_line_ends(self, data: bytes) -> bytes:
        if self._cr:
            data = b"\r" + data
        self._cr = data.endswith(b"\r")
        if self._cr:
            data = data[:-1]
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _split(data: bytes) -> list[bytes]:
    found = []
    for event in data.split(b"\n\n"):
        if event.startswith(b"data: ") and b"\n" not in event:
            found.append(event[6:])
        elif event:
            payload = _data_of(event)
            if payload is not None:
                found.append(payload)
    return found


def _data_of(event: bytes) -> bytes | None:
    """The joined `data:` lines of one event; None when it has none."""
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines) if lines else None
