"""Fetches what a request points at, for endpoints that cannot. The address is hostile until shown otherwise.

Only http and https, only public addresses (unless `files.fetch` says otherwise), checked on the address that is connected to, so
that a name which changes its mind between check and connection gains nothing; redirects are checked anew; size, time and type
have bounds. Requests carry no credentials and no cookies.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin, urlsplit

import msgspec

from entrepot.errors import InvalidRequest, UpstreamError
from entrepot.settings import Files
from entrepot.upstream.client import Origin, parse_origin, render_head
from entrepot.upstream.connection import Connection, HttpAnswer

_REDIRECTS = (301, 302, 303, 307, 308)
_HOPS = 5
_AT_ONCE = 32
_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
KINDS = {
    "image": ("image/",),
    "audio": ("audio/",),
    "video": ("video/",),
    "file": ("application/pdf", "text/", "application/json", "application/xml"),
}
Resolve = Callable[[str, int], Awaitable[list[str]]]


class Fetched(msgspec.Struct, frozen=True):
    media_type: str
    data: bytes


class Fetcher:
    """resolve  gives the addresses of a host
    permits  whether an address may be connected to, where `files.fetch` is "public"
    """

    def __init__(
        self,
        settings: Files,
        resolve: Resolve | None = None,
        permits: Callable[[str], bool] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._resolve = resolve or _addresses
        self._permits = permits or is_public
        self._tls = tls
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, url: str, kind: str, field: str) -> Fetched:
        """What is at a URL. `kind` is one of `KINDS`; `field` the JSON path that names it. raises InvalidRequest"""
        if self._settings.fetch == "off":
            raise _refused(field, url, "this gateway fetches nothing", "Send the bytes as a data URL.")
        try:
            async with asyncio.timeout(self._settings.fetch_s), self._turns:
                return await self._follow(url, kind, field)
        except TimeoutError:
            raise _refused(field, url, f"it did not come whole within {self._settings.fetch_s:g} s") from None
        except UpstreamError as error:
            raise _refused(field, url, error.message.rstrip(".")) from None
        except OSError as error:
            raise _refused(field, url, error.strerror or "it cannot be reached") from None

    async def _follow(self, url: str, kind: str, field: str) -> Fetched:
        for _ in range(_HOPS + 1):
            origin, path = _split(url, field)
            answer = await self._get(origin, path, field)
            try:
                if answer.status in _REDIRECTS:
                    url = urljoin(url, answer.headers.get("location", ""))
                    continue
                if answer.status != 200:
                    raise _refused(field, url, f"its server answered {answer.status}")
                data = await answer.read(self._settings.max_file_bytes)
                return Fetched(_media_type(answer.headers.get("content-type", ""), data, kind, field, url), data)
            finally:
                answer.close()
        raise _refused(field, url, f"it was redirected more than {_HOPS} times")

    async def _get(self, origin: Origin, path: str, field: str) -> HttpAnswer:
        address = await self._permitted(origin, field)
        loop = asyncio.get_running_loop()
        connection = Connection(origin.host, loop, lambda _: None)
        tls = self._context() if origin.scheme == "https" else None
        try:
            name = origin.host if tls else None
            await loop.create_connection(lambda: connection, address, origin.port, ssl=tls, server_hostname=name)
            head = render_head("GET", origin, path, {"Accept": "*/*", "User-Agent": "entrepot", "Connection": "close"})
            await connection.exchange(head + b"\r\n", self._settings.fetch_s, self._settings.fetch_s)
        except BaseException:
            connection.abort()
            raise
        return HttpAnswer(connection, lambda used: used.abort(), self._settings.fetch_s)

    async def _permitted(self, origin: Origin, field: str) -> str:
        """The address to connect to. raises InvalidRequest, when there is none that may be"""
        try:
            found = await self._resolve(origin.host, origin.port)
        except (OSError, UnicodeError):
            raise _refused(field, origin.authority, "its name has no address") from None
        allowed = found if self._settings.fetch == "any" else [address for address in found if self._permits(address)]
        if not allowed or len(allowed) < len(found):
            raise _refused(field, origin.authority, "it is not on the public internet", "Give a public URL or a data URL.")
        return allowed[0]

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def is_public(address: str) -> bool:
    """Whether an address is on the public internet, also when it is an IPv4 address inside an IPv6 one."""
    try:
        ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def _addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys([str(entry[4][0]) for entry in found]))


def _split(url: str, field: str) -> tuple[Origin, str]:
    try:
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username is not None
            or parts.password is not None
        ):
            raise ValueError
        origin = parse_origin(f"{parts.scheme}://{parts.netloc}")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        render_head("GET", origin, path, {})
    except ValueError:
        raise _refused(field, url, "it is not an http(s) URL without user name and password") from None
    return origin, path


def _media_type(told: str, data: bytes, kind: str, field: str, url: str) -> str:
    """What it is: by its first bytes where they tell, else by what its server said."""
    said = told.partition(";")[0].strip().lower()
    found = next((name for sign, name in _SIGNS if data.startswith(sign)), said)
    if data[:4] == b"RIFF":
        found = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12], found)
    if not found.startswith(KINDS[kind]):
        wanted = " or ".join(name + "*" if name.endswith("/") else name for name in KINDS[kind])
        raise _refused(field, url, f"it is {found or 'of no known type'}, not {wanted}")
    return found


def _refused(field: str, url: str, why: str, remedy: str = "") -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` cannot be fetched: {why}.",
        field=field,
        expected="a public http(s) URL that answers with the file itself",
        received=url[:200],
        remedy=remedy or "Check the URL, or send the bytes as a data URL.",
    )
