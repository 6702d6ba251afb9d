"""A load generator in a process of its own: `python -m bench.load` reads one `Load` as JSON and prints what it saw as JSON.

With a rate it is open-loop: requests start when they are due, however many others are still under way. Latency counts from the
start, the wait for a connection included, and not from when its own timer should have fired, which has a grain of a millisecond.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from collections.abc import Iterator

import httptools
import msgspec
import uvloop

from bench.processes import raise_file_limit

_OPENING = 200
"""Streams under way at once to their first byte while many are being opened."""


class Load(msgspec.Struct):
    """What to ask for. It starts no more after `requests` or `seconds`, whichever is first.

    keys        each request shows the next of them; none: what `headers` say
    rate        requests/s, 0 for as fast as `connections` allow
    hold        streams to open and keep open, 0 for none
    patience_s  how long it waits then for what is under way; what has not ended by then has failed
    """

    port: int
    path: str
    body: str
    headers: dict[str, str] = {}
    keys: list[str] = []
    connections: int = 32
    rate: float = 0
    seconds: float = 600
    requests: int = 10**9
    hold: int = 0
    patience_s: float = 60


class Seen(msgspec.Struct):
    """ms_first  to the first byte of the body"""

    requests: int = 0
    failed: int = 0
    chunks: int = 0
    seconds: float = 0
    ms_p50: float = 0
    ms_p99: float = 0
    ms_first_p50: float = 0
    open: int = 0


def requests_of(load: Load) -> Iterator[bytes]:
    """One after another, for ever."""
    shown = [load.headers | {"Authorization": f"Bearer {key}"} for key in load.keys] or [load.headers]
    return itertools.cycle([request_bytes(msgspec.structs.replace(load, headers=headers)) for headers in shown])


def request_bytes(load: Load) -> bytes:
    lines = [f"POST {load.path} HTTP/1.1", f"Host: 127.0.0.1:{load.port}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in load.headers.items()]
    return ("\r\n".join([*lines, f"Content-Length: {len(load.body)}"]) + "\r\n\r\n" + load.body).encode()


class Connection(asyncio.Protocol):
    """One request after another. `began` is done at the first byte of a body, `ended` with the chunks seen, or -1."""

    def __init__(self) -> None:
        self.usable = True
        self._fresh()

    def _fresh(self) -> None:
        loop = asyncio.get_running_loop()
        self.chunks = 0
        self.first = 0.0
        self.parser = httptools.HttpResponseParser(self)
        self.began: asyncio.Future[bool] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()

    @property
    def streaming(self) -> bool:
        return self.first > 0 and not self.ended.done()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is one
        self.transport = transport

    def send(self, request: bytes) -> None:
        self._fresh()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        self.chunks += body.count(b"data: ")
        if not self.began.done():
            self.first = time.perf_counter()
            self.began.set_result(True)

    def on_message_complete(self) -> None:
        self.usable = self.usable and self.parser.should_keep_alive()
        self._end(self.chunks if self.parser.get_status_code() == 200 else -1)

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._end(-1)

    def _end(self, result: int) -> None:
        if not self.began.done():
            self.began.set_result(result >= 0)
        if not self.ended.done():
            self.ended.set_result(result)


class Run:
    def __init__(self, load: Load) -> None:
        self.load = load
        self.requests = requests_of(load)
        self.seen = Seen()
        self.started = 0
        self.latencies: list[float] = []
        self.firsts: list[float] = []
        self.began = time.perf_counter()

    async def go(self) -> Seen:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.load.seconds + self.load.patience_s):
                await (self._paced() if self.load.rate else self._as_fast_as_it_goes())
        seen = self.seen
        seen.seconds = time.perf_counter() - self.began
        seen.failed += self.started - seen.requests
        seen.ms_p50, seen.ms_p99 = _quantile_ms(self.latencies, 0.5), _quantile_ms(self.latencies, 0.99)
        seen.ms_first_p50 = _quantile_ms(self.firsts, 0.5)
        return seen

    def _more(self) -> bool:
        return self.started < self.load.requests and time.perf_counter() - self.began < self.load.seconds

    async def _as_fast_as_it_goes(self) -> None:
        async def repeat() -> None:
            connection = None
            while self._more():
                connection = await self._one(connection)

        await asyncio.gather(*(repeat() for _ in range(self.load.connections)))

    async def _paced(self) -> None:
        idle: list[Connection | None] = []
        tasks: set[asyncio.Task[None]] = set()

        async def one() -> None:
            idle.append(await self._one(idle.pop() if idle else None))

        while self._more():
            due = self.began + self.started / self.load.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.ensure_future(one())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(0)  # so that it starts, and is counted
        await asyncio.gather(*tasks)

    async def _one(self, connection: Connection | None) -> Connection | None:
        """One request on this connection, or on a new one; gives one that can be used again, if there is any."""
        self.started += 1
        began = time.perf_counter()
        try:
            if connection is None or not connection.usable:
                connection = await _connect(self.load)
        except OSError:
            self._count(-1)
            await asyncio.sleep(0.01)
            return None
        connection.send(next(self.requests))
        self._count(await connection.ended)
        self.latencies.append(time.perf_counter() - began)
        self.firsts.append((connection.first or time.perf_counter()) - began)
        if connection.usable:
            return connection
        connection.transport.abort()
        return None

    def _count(self, chunks: int) -> None:
        self.seen.requests += 1
        self.seen.failed += chunks < 0
        self.seen.chunks += max(chunks, 0)

    async def hold(self) -> Seen:
        """Opens `hold` streams, tells how many have begun, and keeps them until standard input ends."""
        gate = asyncio.Semaphore(_OPENING)
        kept: list[Connection] = []

        async def one() -> None:
            async with gate:
                with contextlib.suppress(OSError):
                    connection = await _connect(self.load)
                    connection.send(next(self.requests))
                    kept.append(connection)
                    began = await connection.began
                    self.seen.open += began

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.load.patience_s):
                await asyncio.gather(*(one() for _ in range(self.load.hold)))
        self.seen.seconds = time.perf_counter() - self.began
        self.seen.failed = self.load.hold - self.seen.open
        print(msgspec.json.encode(self.seen).decode(), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self.seen.open = sum(connection.streaming for connection in kept)
        for connection in kept:
            connection.transport.abort()
        return self.seen


async def _connect(load: Load) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", load.port)
    return connection


def _quantile_ms(seconds: list[float], part: float) -> float:
    return sorted(seconds)[int(len(seconds) * part)] * 1000 if seconds else 0.0


async def main() -> None:
    raise_file_limit()
    load = msgspec.json.decode(sys.stdin.readline(), type=Load)
    run = Run(load)
    seen = await (run.hold() if load.hold else run.go())
    print(msgspec.json.encode(seen).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
