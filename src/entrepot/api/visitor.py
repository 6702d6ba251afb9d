"""Where a request comes from, as far as a browser and its connection tell: from a page of ours, and from this machine.

A reverse proxy on this machine makes everybody look near, so that what was passed on counts as far; and a name that somebody else
points at this machine (DNS rebinding) is not one of this machine's own.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

_OWN_NAMES = re.compile(r"(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_PASSED_ON = frozenset((b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via"))


class Visitor(msgspec.Struct, frozen=True):
    """
    own_page  a script of a page of this site asks
    near      the asker is on this machine
    """

    own_page: bool = False
    near: bool = False


def visitor_of(scope: Any) -> Visitor:
    told = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = told.get(b"host", "")
    own = urlsplit(told.get(b"origin", "")).netloc == host and told.get(b"sec-fetch-site", "same-origin") == "same-origin"
    near = _is_near(scope.get("client")) and bool(_OWN_NAMES.fullmatch(host)) and _PASSED_ON.isdisjoint(told)
    return Visitor(own and bool(host), near)


def _is_near(client: Any) -> bool:
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except (TypeError, ValueError):
        return False
