"""Which proxy, if any, a connection goes through: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import msgspec


class Proxy(msgspec.Struct, frozen=True):
    """`authorization` is a whole Proxy-Authorization header line, or empty. It stays out of every message."""

    host: str
    port: int
    authorization: bytes = b""


def proxy_for(scheme: str, host: str, environment: Mapping[str, str]) -> Proxy | None:
    """None: connect directly. raises ValueError, when the variable is not an http:// address"""
    names = {name.lower(): value for name, value in environment.items() if value}
    if _is_exempt(host, names.get("no_proxy", "")):
        return None
    address = names.get(f"{scheme}_proxy") or names.get("all_proxy")
    return parse_proxy(address) if address else None


def parse_proxy(address: str) -> Proxy:
    parts = urlsplit(address if "//" in address else "http://" + address)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError("a proxy is given as http://host:port")
    line = b""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        line = b"Proxy-Authorization: Basic " + base64.b64encode(pair.encode()) + b"\r\n"
    return Proxy(parts.hostname, parts.port or 80, line)


def _is_exempt(host: str, no_proxy: str) -> bool:
    """`example.com` and `.example.com` exempt the name and all below it, `*` everything, an address itself."""
    for entry in no_proxy.replace(" ", "").lower().split(","):
        name = entry.rpartition(":")[0] if entry.count(":") == 1 else entry
        name = name.lstrip(".")
        if name and (name == "*" or host.lower() == name or host.lower().endswith("." + name)):
            return True
    return False
