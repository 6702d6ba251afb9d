"""Answers that only a change of the catalogue can change: made once, and named by an ETag that spares who has it the next one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from entrepot.api.http import Response

_MOST_BYTES = 8 * 2**20


class Kept:
    """The answers of one catalogue by their target, up to some megabytes; then it starts anew."""

    def __init__(self) -> None:
        self._catalog: object = None
        self._made: dict[str, Response] = {}
        self._bytes = 0

    def response(self, catalog: object, target: str, make: Callable[[], Response]) -> Response:
        """Made when it is asked for the first time since the catalogue is what it is."""
        if self._catalog is not catalog:
            self._forget()
            self._catalog = catalog
        found = self._made.get(target)
        if found is None:
            found = _tagged(make())
            self._bytes += len(found.body) + len(target)
            if self._bytes > _MOST_BYTES:
                self._forget()
            self._made[target] = found
        return found

    def _forget(self) -> None:
        self._made.clear()
        self._bytes = 0


def unless_had(response: Response, had: str | None) -> Response:
    """304 for a client whose If-None-Match names this answer."""
    tag = next((value.decode() for name, value in response.headers if name == b"etag"), None)
    return msgspec.structs.replace(response, status=304, body=b"") if tag and had_already(tag, had) else response


def had_already(tag: str, had: str | None) -> bool:
    """Whether If-None-Match names the tag, weakly or not."""
    tags = {word.strip().removeprefix("W/") for word in had.split(",")} if had else set()
    return not tags.isdisjoint((tag.removeprefix("W/"), "*"))


def tag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def _tagged(response: Response) -> Response:
    told = ((b"etag", tag_of(response.body).encode()), (b"cache-control", b"no-cache"))
    return msgspec.structs.replace(response, headers=(*response.headers, *told))
