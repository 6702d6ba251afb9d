"""What is asked of a page, and what it answers with: the same headers for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
SECURITY = [
    (b"content-security-policy", (_POLICY + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'").encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_HOST = re.compile(r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?$")


Pairs = list[tuple[str, str]]
_MOST_FIELDS = 100


class Visit(msgspec.Struct, frozen=True):
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def pairs(self) -> Pairs:
        """All that the query says, in order; nothing of one that cannot be read."""
        try:
            return parse_qsl(self.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return []

    @property
    def asked(self) -> dict[str, str]:
        """The first value of each name."""
        return dict(reversed(self.pairs))

    @property
    def base_url(self) -> str:
        return base_url(self.headers)


class PageResponse(msgspec.Struct, frozen=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def base_url(headers: Mapping[str, str]) -> str:
    """The address the reader came by."""
    host = headers.get("host", "")
    scheme = "https" if headers.get("x-forwarded-proto") == "https" else "http"
    return f"{scheme}://{host}" if _HOST.match(host) else "http://127.0.0.1:8080"


def html(body: str, status: int = 200) -> PageResponse:
    return _fresh(body.encode(), b"text/html; charset=utf-8", status)


def text(body: str, kind: bytes) -> PageResponse:
    return _fresh(body.encode(), kind + b"; charset=utf-8")


def json(body: bytes) -> PageResponse:
    return _fresh(body, b"application/json")


def moved(where: str) -> PageResponse:
    return PageResponse(303, [(b"location", where.encode()), (b"cache-control", b"no-cache"), *SECURITY], b"")


def _fresh(body: bytes, kind: bytes, status: int = 200) -> PageResponse:
    """Asked for anew each time: what a page shows changes."""
    return PageResponse(status, [(b"content-type", kind), (b"cache-control", b"no-cache"), *SECURITY], body)
