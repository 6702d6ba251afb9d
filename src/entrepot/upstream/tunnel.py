"""A way through a proxy to a provider: CONNECT, then TLS inside."""

from __future__ import annotations

import asyncio
import ssl

from entrepot.errors import Unreachable
from entrepot.upstream.connection import Connection
from entrepot.upstream.proxy import Proxy

_MAX_HEAD = 16 * 1024


class _Greeting(asyncio.Protocol):
    """Collects the proxy's answer to CONNECT. The provider speaks only after us, so nothing follows that answer."""

    def __init__(self, heard: asyncio.Future[bytes]) -> None:
        self._heard = heard
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._heard.done() and (b"\r\n\r\n" in self._received or len(self._received) > _MAX_HEAD):
            self._heard.set_result(self._received)

    def connection_lost(self, reason: Exception | None) -> None:
        if not self._heard.done():
            self._heard.set_result(b"")


async def open_tunnel(
    loop: asyncio.AbstractEventLoop, connection: Connection, proxy: Proxy, host: str, port: int, tls: ssl.SSLContext
) -> None:
    """`connection` speaks TLS to host and port afterwards. raises Unreachable, OSError"""
    heard: asyncio.Future[bytes] = loop.create_future()
    outside, _ = await loop.create_connection(lambda: _Greeting(heard), proxy.host, proxy.port)
    try:
        target = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}").encode()
        outside.write(b"CONNECT " + target + b" HTTP/1.1\r\nHost: " + target + b"\r\n" + proxy.authorization + b"\r\n")
        status = (await heard).split(b" ", 2)[1:2]
        if status != [b"200"]:
            told = f"status {status[0].decode('ascii', 'replace')[:3]}" if status else "nothing"
            raise Unreachable(
                f"The proxy {proxy.host} did not open a way to {host}: it answered {told}.",
                expected="status 200 to CONNECT",
                received=told,
            )
        inside = await loop.start_tls(outside, connection, tls, server_hostname=host)
    except BaseException:
        outside.abort()
        raise
    assert inside is not None
    connection.connection_made(inside)
