"""A load generator in a process of its own: `python -m bench.load` reads one `Load` as JSON and prints what it saw as JSON.

With a rate it is open-loop: requests start when they are due, however late the last ones are, and latency counts from then.
"""

from __future__ import annotations

import asyncio
import sys
import time

import httptools
import msgspec
import uvloop

from bench.processes import raise_file_limit

_OPENING = 200
"""Connections under way at once while many streams are being opened."""


class Load(msgspec.Struct):
    """What to ask for. It ends after `requests` or `seconds`, whichever is first.

    rate   requests/s, 0 for as fast as `connections` allow
    hold   streams to open and keep open, 0 for none
    """

    port: int
    path: str
    body: str
    key: str = ""
    headers: dict[str, str] = {}
    connections: int = 32
    rate: float = 0
    seconds: float = 3600
    requests: int = 10**9
    hold: int = 0


class Seen(msgspec.Struct):
    requests: int = 0
    failed: int = 0
    chunks: int = 0
    seconds: float = 0
    ms_p50: float = 0
    ms_p99: float = 0
    open: int = 0


def request_bytes(load: Load) -> bytes:
    lines = [f"POST {load.path} HTTP/1.1", f"Host: 127.0.0.1:{load.port}", "Content-Type: application/json"]
    lines += [f"Authorization: Bearer {load.key}"] if load.key else []
    lines += [f"{name}: {value}" for name, value in load.headers.items()]
    return ("\r\n".join([*lines, f"Content-Length: {len(load.body)}"]) + "\r\n\r\n" + load.body).encode()


class Connection(asyncio.Protocol):
    """One request after another. `began` is done at the first byte of a body, `ended` with the chunks seen, or -1."""

    def __init__(self) -> None:
        self._lost = False
        self._fresh()

    def _fresh(self) -> None:
        loop = asyncio.get_running_loop()
        self.chunks = 0
        self.parser = httptools.HttpResponseParser(self)
        self.began: asyncio.Future[bool] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is one
        self.transport = transport

    def send(self, request: bytes) -> None:
        self._fresh()
        if self._lost:
            self._end(-1)
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.chunks += body.count(b"data: ")
        if not self.began.done():
            self.began.set_result(True)

    def on_message_complete(self) -> None:
        self._end(self.chunks if self.parser.get_status_code() == 200 else -1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._end(-1)

    def _end(self, result: int) -> None:
        if not self.began.done():
            self.began.set_result(result >= 0)
        if not self.ended.done():
            self.ended.set_result(result)


async def _connect(load: Load) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", load.port)
    return connection


class Run:
    def __init__(self, load: Load) -> None:
        self.load = load
        self.request = request_bytes(load)
        self.seen = Seen()
        self.started = 0
        self.latencies: list[float] = []

    async def go(self) -> Seen:
        began = time.perf_counter()
        await (self._paced() if self.load.rate else self._as_fast_as_it_goes(began))
        self.seen.seconds = time.perf_counter() - began
        if self.latencies:
            self.latencies.sort()
            self.seen.ms_p50 = self.latencies[len(self.latencies) // 2] * 1000
            self.seen.ms_p99 = self.latencies[int(len(self.latencies) * 0.99)] * 1000
        return self.seen

    async def _one(self, connection: Connection, due: float) -> None:
        connection.send(self.request)
        chunks = await connection.ended
        self.latencies.append(time.perf_counter() - due)
        self.seen.requests += 1
        self.seen.failed += chunks < 0
        self.seen.chunks += max(chunks, 0)

    async def _as_fast_as_it_goes(self, began: float) -> None:
        async def repeat() -> None:
            connection = await _connect(self.load)
            while self.started < self.load.requests and time.perf_counter() - began < self.load.seconds:
                self.started += 1
                await self._one(connection, time.perf_counter())
                if connection.transport.is_closing():
                    connection = await _connect(self.load)
            connection.transport.abort()

        await asyncio.gather(*(repeat() for _ in range(self.load.connections)))

    async def _paced(self) -> None:
        idle = [await _connect(self.load) for _ in range(self.load.connections)]
        tasks: set[asyncio.Task[None]] = set()

        async def one(due: float) -> None:
            connection = idle.pop() if idle else await _connect(self.load)
            if connection.transport.is_closing():
                connection = await _connect(self.load)
            await self._one(connection, due)
            idle.append(connection)

        began = time.perf_counter()
        for number in range(min(self.load.requests, int(self.load.rate * self.load.seconds))):
            due = began + number / self.load.rate
            while (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.ensure_future(one(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def hold(self) -> Seen:
        """Opens `hold` streams and keeps them until standard input ends."""
        gate, kept = asyncio.Semaphore(_OPENING), []

        async def one() -> None:
            async with gate:
                connection = await _connect(self.load)
                connection.send(self.request)
                began = await connection.began
                self.seen.open += began
                kept.append(connection)

        await asyncio.gather(*(one() for _ in range(self.load.hold)))
        self.seen.failed = self.load.hold - self.seen.open
        print(msgspec.json.encode(self.seen).decode(), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for connection in kept:
            connection.transport.abort()
        return self.seen


async def main() -> None:
    raise_file_limit()
    load = msgspec.json.decode(sys.stdin.readline(), type=Load)
    run = Run(load)
    seen = await (run.hold() if load.hold else run.go())
    print(msgspec.json.encode(seen).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
