"""CPU time of the upstream client alone, against `bench.double` in another process.

python -m bench.client [REQUESTS] [STREAMS]
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import uvloop

from entrepot.settings import Upstream
from entrepot.upstream.client import Client, Origin, render_head

CALLERS = 32
CHUNKS = 100


async def plain(client: Client, origin: Origin, head: bytes, rounds: int) -> None:
    body = b'{"model":"gpt-5.1","messages":[{"role":"user","content":"%s"}]}' % (b"x" * 1000)
    for _ in range(rounds):
        answer = await client.send(origin, head, body)
        await answer.read(10_000_000)
        answer.close()


async def streamed(client: Client, origin: Origin, head: bytes, rounds: int) -> int:
    seen = 0
    for _ in range(rounds):
        answer = await client.send(origin, head, b'{"stream":true}')
        while await answer.chunk():
            seen += 1
        answer.close()
    return seen


class Meter:
    """CPU time of this process since it was made."""

    def __init__(self) -> None:
        self._start = os.times()

    def per(self, count: int) -> str:
        now = os.times()
        user, system = (now.user - self._start.user) / count * 1e6, (now.system - self._start.system) / count * 1e6
        return f"{user + system:.1f} us CPU ({user:.1f} ours, {system:.1f} the kernel's)"


async def measure(port: int, requests: int, streams: int) -> None:
    origin = Origin("http", "127.0.0.1", port, "/v1")
    head = render_head("POST", origin, "/chat/completions", {"Content-Type": "application/json"})
    async with Client(Upstream()) as client:
        await asyncio.gather(*(plain(client, origin, head, 100) for _ in range(CALLERS)))
        meter = Meter()
        await asyncio.gather(*(plain(client, origin, head, requests // CALLERS) for _ in range(CALLERS)))
        print(f"plain: {meter.per(requests)} per request")
        meter = Meter()
        seen = sum(await asyncio.gather(*(streamed(client, origin, head, streams // CALLERS) for _ in range(CALLERS))))
        print(f"streamed: {meter.per(streams * CHUNKS)} per chunk sent; {streams * CHUNKS / seen:.1f} of them in one read")


def main() -> None:
    requests, streams = (int(given) for given in (*sys.argv[1:], "32000", "640")[:2])
    double = subprocess.Popen([sys.executable, "-m", "bench.double", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert double.stdout is not None
        uvloop.run(measure(int(double.stdout.readline()), requests, streams))
    finally:
        double.terminate()
        double.wait()


if __name__ == "__main__":
    main()
