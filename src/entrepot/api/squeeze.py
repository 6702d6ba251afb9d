"""Pages, lists and static files made smaller for who accepts gzip. Generations do not come by here; event streams are left alone.

What has a tag is squeezed once and remembered by it. Nothing here depends on cookies, so nobody can make a reader's browser mix a
secret with text of their own and learn from the length.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]
LEAST_BYTES = 1024
_ON_A_THREAD = 8 * 1024
_MOST_BYTES = 16 * 2**20
_LEVEL = 6
_MEDIA = (b"text/", b"application/json", b"application/rss+xml", b"application/javascript", b"image/svg+xml")
_STREAM = b"text/event-stream"


class Squeezer:
    """Remembers what it made by its tag, some megabytes of it; what was not asked for longest goes first."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._made: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0
        self._most_bytes = most_bytes

    async def squeeze(self, asked: Iterable[tuple[bytes, bytes]], headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        """Headers and body as they are sent. A squeezed body has another strong tag than the plain one, so its tag is weak."""
        if len(body) < LEAST_BYTES or not _worth(headers):
            return headers, body
        headers = [*headers, (b"vary", b"accept-encoding")]
        if not accepts_gzip(asked):
            return headers, body
        tag = dict(headers).get(b"etag", b"")
        small = self._found(tag) or await self._make(tag, body)
        weak = [(name, _weak(value) if name == b"etag" else value) for name, value in headers]
        return [*weak, (b"content-encoding", b"gzip")], small

    def _found(self, tag: bytes) -> bytes | None:
        if tag in self._made:
            self._made.move_to_end(tag)
        return self._made.get(tag)

    async def _make(self, tag: bytes, body: bytes) -> bytes:
        # The clock is left out so that the same text gives the same bytes; a long one would hold up the loop.
        small = await asyncio.to_thread(_gzip, body) if len(body) >= _ON_A_THREAD else _gzip(body)
        if tag and tag not in self._made:
            self._made[tag] = small
            self._bytes += len(small)
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._made.popitem(last=False)[1])
        return small


def accepts_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """What Accept-Encoding says of gzip, or else of everything; a weight of nought is a no."""
    told = b",".join(value for name, value in headers if name == b"accept-encoding").decode("latin-1").lower()
    weights = {}
    for choice in told.split(","):
        name, _, weight = choice.partition(";")
        weights[name.strip()] = weight.replace(" ", "")
    said = weights.get("gzip", weights.get("*", "q=0"))
    return not said.startswith("q=0") or any(digit in "123456789" for digit in said)


def _worth(headers: Headers) -> bool:
    told = dict(headers)
    media = told.get(b"content-type", b"")
    return media.startswith(_MEDIA) and not media.startswith(_STREAM) and b"content-encoding" not in told


def _weak(tag: bytes) -> bytes:
    return tag if tag.startswith(b"W/") else b"W/" + tag


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)
