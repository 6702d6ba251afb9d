"""The files that pages need: styles, scripts, fonts and pictures. Built ones have a name of their own for each content."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

from entrepot.web.visit import SECURITY, PageResponse, Visit

PREFIX = "/static/"
_YEAR = b"public, max-age=31536000, immutable"


class BuiltNames(dict[str, str]):
    """The built file of an entry by its name; before anything is built, the name itself."""

    def __missing__(self, name: str) -> str:
        return name


class Asset(msgspec.Struct, frozen=True):
    """A file for browsers, read once."""

    tag: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Assets:
    """`built` is what templates call files by."""

    def __init__(self) -> None:
        static = files("entrepot.web") / "static"
        self.built = _manifest(static)
        self._files = _listed(static, b"no-cache") | _listed(static / "built", _YEAR)
        self._read: dict[str, Asset] = {}

    def respond(self, visit: Visit) -> PageResponse | None:
        """Only what was listed at start: a name from outside never reaches the file system."""
        name = visit.path.removeprefix(PREFIX)
        place = self._files.get(name)
        if place is None:
            return None
        found = self._read.get(name) or self._read.setdefault(name, _asset(name, *place))
        if visit.headers.get("if-none-match", "").removeprefix("W/") == found.tag:
            return PageResponse(304, found.headers, b"")
        return PageResponse(200, found.headers, found.body)


def _manifest(static: Traversable) -> Mapping[str, str]:
    place = static / "built" / "manifest.json"
    return BuiltNames(msgspec.json.decode(place.read_bytes(), type=dict[str, str]) if place.is_file() else {})


def _listed(folder: Traversable, caching: bytes) -> dict[str, tuple[Traversable, bytes]]:
    """The files of one folder by name, with how long a browser may keep them."""
    if not folder.is_dir():
        return {}
    return {entry.name: (entry, caching) for entry in folder.iterdir() if entry.is_file()}


def _asset(name: str, place: Traversable, caching: bytes) -> Asset:
    body = place.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    told = [(b"content-type", kind.encode()), (b"etag", tag.encode()), (b"cache-control", caching), *SECURITY]
    return Asset(tag, told, body)
