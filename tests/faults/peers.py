"""Providers that do exactly as told, on a real socket, and a client to meet them."""

import asyncio
import contextlib

from entrepot.settings import Upstream
from entrepot.upstream.client import Client, Origin, render_head

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Peer:
    """`script(peer, reader, writer)` is run for each connection, and its socket closed after it."""

    def __init__(self, script, tls=None):
        self.script, self.tls = script, tls
        self.connections = 0
        self.heads = []
        self.seen_end = asyncio.Event()
        self._writers = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    def origin(self, scheme="http", host="127.0.0.1"):
        return Origin(scheme, host, self.port)

    async def request(self, reader):
        """Reads one request whole and gives its body."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        lower = head.lower()
        length = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        return await reader.readexactly(length)

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.script(self, reader, writer)
        self.seen_end.set()
        writer.close()


async def answers_always(peer, reader, writer):
    while True:
        await peer.request(reader)
        writer.write(HELLO)


def client(environment=None, tls=None, **knobs):
    return Client(Upstream(**knobs), environment, tls)


def post(origin, **headers):
    return render_head("POST", origin, "/chat/completions", headers)


async def ask(asking, origin):
    """One request, its answer read whole and its connection given back."""
    answer = await asking.send(origin, post(origin), b"{}")
    try:
        return await answer.read(1_000_000)
    finally:
        answer.close()
