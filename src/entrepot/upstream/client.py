"""The HTTP client for providers: a pool of kept-alive connections for each origin, and one janitor for all deadlines.

It does one thing: send a request whose head was rendered beforehand, and give an `Answer` as soon as its head is here. It
follows no redirect, keeps no cookie, asks for no compression and never sends a request twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

import msgspec

from entrepot.errors import ProviderBusy, TimedOut, Unreachable, UpstreamError
from entrepot.settings import Upstream
from entrepot.upstream.connection import Connection, HttpAnswer
from entrepot.upstream.proxy import Proxy, parse_proxy, proxy_for
from entrepot.upstream.tunnel import open_tunnel

_TICK_S = 0.1


class Origin(msgspec.Struct, frozen=True):
    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def parse_origin(base_url: str) -> Origin:
    """raises  ValueError"""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{base_url!r} is not an http(s) address")
    return Origin(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/"))


def render_head(method: str, origin: Origin, path: str, headers: Mapping[str, str]) -> bytes:
    """The head of a request without its length and closing line. raises ValueError, for a header that is more than one line"""
    target = origin.path + path
    if not target.isascii() or not target.isprintable() or " " in target:
        raise ValueError(f"the path {target!r} must be printable ASCII without spaces")
    opening = f"{method} {target} HTTP/1.1\r\nHost: {origin.authority}\r\nAccept-Encoding: identity\r\n"
    return opening.encode("latin-1") + more_headers(headers)


def more_headers(headers: Mapping[str, str]) -> bytes:
    """Header lines to add to a head. raises ValueError, for a header that is more than one line"""
    lines = []
    for name, value in headers.items():
        if any(sign in name + value for sign in "\r\n\0"):
            raise ValueError(f"the header {name!r} must be one line")
        if max(name + value, default="") > "\xff":
            raise ValueError(f"the header {name!r} has a character outside Latin-1")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode("latin-1")


class _Pool:
    """Connections to one origin. `opened` counts those in use, idle and being made."""

    __slots__ = ("idle", "opened", "release", "waiting")

    def __init__(self, release: Callable[[_Pool, Connection], None]) -> None:
        self.release = partial(release, self)
        self.idle: list[Connection] = []
        self.opened = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class Client:
    """Use as an async context, from one event loop."""

    def __init__(
        self, settings: Upstream, environment: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._environment = dict(environment or {})
        self._pools: dict[Origin, _Pool] = {}
        self._busy: set[Connection] = set()
        self._tls = tls
        self._janitor: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Client:
        self._janitor = asyncio.create_task(self._keep_house())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._janitor is not None:
            self._janitor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._janitor
        for pool in self._pools.values():
            for connection in pool.idle:
                connection.abort()
        for connection in list(self._busy):
            connection.abort()

    async def send(self, origin: Origin, head: bytes, body: bytes) -> HttpAnswer:
        """raises  Unreachable, TimedOut, ProviderBusy, ProviderBroke"""
        pool = self._pools.get(origin) or self._pools.setdefault(origin, _Pool(self._release))
        connection = self._idle(pool) or await self._open(origin, pool)
        proxy = self._proxy(origin) if origin.scheme == "http" and (self._environment or self._settings.proxy) else None
        if proxy is not None:
            head = _absolute(head, origin, proxy)
        data = head + b"Content-Length: %d\r\n\r\n" % len(body) + body if body else head + b"\r\n"
        self._busy.add(connection)
        try:
            await connection.exchange(data, self._settings.first_byte_s, self._settings.total_s)
            return HttpAnswer(connection, pool.release, self._settings.between_bytes_s)
        except BaseException:
            connection.keep_alive = False
            self._release(pool, connection)
            raise

    def _idle(self, pool: _Pool) -> Connection | None:
        """The connection used last, passing over those the provider closed meanwhile."""
        while pool.idle:
            connection = pool.idle.pop()
            if connection.usable:
                return connection
        return None

    def _release(self, pool: _Pool, connection: Connection) -> None:
        self._busy.discard(connection)
        if connection.complete and connection.keep_alive and connection.usable and len(pool.idle) < self._settings.max_idle:
            connection.in_use = False
            connection.idle_since = asyncio.get_running_loop().time()
            pool.idle.append(connection)
            _wake_one(pool)
        else:
            connection.abort()

    async def _open(self, origin: Origin, pool: _Pool) -> Connection:
        deadline = asyncio.get_running_loop().time() + self._settings.connect_s
        while pool.opened >= self._settings.max_connections:
            waiter = asyncio.get_running_loop().create_future()
            pool.waiting.append(waiter)
            try:
                async with asyncio.timeout_at(deadline):
                    await waiter
            except TimeoutError:
                raise ProviderBusy(f"All {self._settings.max_connections} connections to {origin.host} are in use.") from None
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    _wake_one(pool)
                raise
            finally:
                if waiter in pool.waiting:
                    pool.waiting.remove(waiter)
            idle = self._idle(pool)
            if idle is not None:
                return idle
        pool.opened += 1
        connection = Connection(origin.host, asyncio.get_running_loop(), partial(self._forget, pool))
        try:
            async with asyncio.timeout_at(deadline):
                await self._connect(origin, connection)
        except BaseException as error:
            connection.abort()
            self._forget(pool, connection)
            raise _as_ours(error, origin) from None
        return connection

    async def _connect(self, origin: Origin, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        proxy = self._proxy(origin)
        tls = self._context() if origin.scheme == "https" else None
        if proxy is None:
            await loop.create_connection(lambda: connection, origin.host, origin.port, ssl=tls)
        elif tls is None:
            await loop.create_connection(lambda: connection, proxy.host, proxy.port)
        else:
            await open_tunnel(loop, connection, proxy, origin.host, origin.port, tls)

    def _forget(self, pool: _Pool, lost: Connection) -> None:
        """Its place is free. A connection that fails while it is made can be lost twice, and is counted once."""
        if not lost.counted:
            return
        lost.counted = False
        pool.opened -= 1
        if lost in pool.idle:
            pool.idle.remove(lost)
        _wake_one(pool)

    def _proxy(self, origin: Origin) -> Proxy | None:
        try:
            if self._settings.proxy:
                return parse_proxy(self._settings.proxy)
            return proxy_for(origin.scheme, origin.host, self._environment) if self._environment else None
        except ValueError as error:
            raise _no_way(
                f"The proxy for {origin.host} is not usable: {error}.", "a proxy as http://host:port", str(error)
            ) from None

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    async def _keep_house(self) -> None:
        """Ends what is overdue and closes what has idled too long."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TICK_S)
            now = loop.time()
            for connection in list(self._busy):
                connection.check_time(now)
            for pool in self._pools.values():
                while pool.idle and now - pool.idle[0].idle_since > self._settings.idle_s:
                    pool.idle.pop(0).abort()


def _wake_one(pool: _Pool) -> None:
    while pool.waiting:
        waiter = pool.waiting.popleft()
        if not waiter.done():
            waiter.set_result(None)
            return


def _absolute(head: bytes, origin: Origin, proxy: Proxy) -> bytes:
    """A request to a proxy names the whole address."""
    method, _, rest = head.partition(b" ")
    return method + b" http://" + origin.authority.encode() + rest.replace(b"\r\n", b"\r\n" + proxy.authorization, 1)


def _as_ours(error: BaseException, origin: Origin) -> BaseException:
    if isinstance(error, UpstreamError):
        return error
    if isinstance(error, TimeoutError):
        what = f"a connection to {origin.authority} in time"
        return TimedOut(f"{origin.host} did not accept a connection in time.", expected=what, received="nothing")
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "verify_message", "") or error.reason or error
        return _no_way(
            f"{origin.host} and we could not agree on TLS: {why}.", f"TLS with a good certificate of {origin.host}", why
        )
    if isinstance(error, UnicodeError):
        return _no_way(f"{origin.host} is not a name that can be looked up.", "the name of a host", origin.host)
    if isinstance(error, OSError):
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror or error
        return _no_way(f"{origin.host} did not accept a connection: {why}.", f"a connection to {origin.authority}", why)
    return error


def _no_way(message: str, expected: str, received: object) -> Unreachable:
    return Unreachable(message, expected=expected, received=str(received)[:200])
