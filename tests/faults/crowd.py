"""Many clients at once who spend what they may: any length of answer or none named, streamed and plain, some leaving half-way."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from entrepot.values.money import parse_usd

LONGEST = 60
_IN_FLIGHT = "openrouter_in_flight_budget"
_PATIENCE_S = 120.0


class Seen(NamedTuple):
    """What came back. `cost_nano` of an answer that was seen whole, else 0; `limit` is the one that refused."""

    status: int
    cost_nano: int = 0
    limit: str = ""

    @property
    def for_good(self) -> bool:
        """Nobody else holds what is missing. A budget does not say whether somebody does."""
        return self.status in (402, 403) and self.limit != _IN_FLIGHT


class Client:
    """One connection after another to one server."""

    def __init__(self, url: str, key: str, dice: random.Random) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 0
        self._key = key
        self._dice = dice
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, max_tokens: int | None, *, stream: bool, leaves_after_s: float | None = None) -> Seen:
        """A client that leaves is gone after so long, whatever came until then."""
        try:
            async with asyncio.timeout(_PATIENCE_S if leaves_after_s is None else leaves_after_s):
                return await self._ask(max_tokens, stream)
        except TimeoutError:
            assert leaves_after_s is not None, "no answer came"
            self.leave()
            return Seen(0)

    def leave(self) -> None:
        if self._open is not None:
            self._open[1].transport.abort()
            self._open = None

    async def _ask(self, max_tokens: int | None, stream: bool) -> Seen:
        if self._open is None:
            self._open = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._open
        writer.write(self._request(max_tokens, stream))
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        body = await _body(reader, head)
        if status in (402, 403):
            return Seen(status, limit=json.loads(body)["error"]["metadata"]["limit_source"])
        return Seen(status, _cost(body, stream) if status == 200 else 0)

    def _request(self, max_tokens: int | None, stream: bool) -> bytes:
        asked = {"model": "openai/gpt-5.1", "stream": stream, "messages": [{"role": "user", "content": "go on"}]}
        body = json.dumps(asked | ({} if max_tokens is None else {"max_tokens": max_tokens})).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._key}\r\n"
        return head.encode() + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    lower = head.lower()
    if b"transfer-encoding: chunked" not in lower:
        return await reader.readexactly(int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


def _cost(body: bytes, stream: bool) -> int:
    """In nano-dollars, of an answer that came to its good end."""
    if stream and not body.endswith(b"data: [DONE]\n\n"):
        return 0
    told = body.rpartition(b'"cost":')[2].partition(b",")[0]
    return parse_usd(told.decode())


async def spend(urls: Sequence[str], keys: Sequence[str], dice: random.Random, clients: int) -> int:
    """All at once until one of them is refused the shortest answer for good, then one alone, who takes the rest. What was shown."""
    over = asyncio.Event()
    crowd = [
        _spend(Client(urls[number % len(urls)], keys[number % len(keys)], one), one, over)
        for number, one in enumerate([random.Random(dice.random()) for _ in range(clients)])
    ]
    shown = sum(await asyncio.gather(*crowd))
    for key in keys:
        shown += await _take_the_rest(Client(dice.choice(urls), key, dice))
    return shown


async def _spend(client: Client, dice: random.Random, over: asyncio.Event) -> int:
    shown, longest = 0, LONGEST
    while not over.is_set():
        wished = None if dice.random() < 0.05 else dice.randint(1, longest)
        leaves = dice.random() < 0.15
        seen = await client.ask(wished, stream=dice.random() < 0.5, leaves_after_s=dice.uniform(0, 0.2) if leaves else None)
        shown += seen.cost_nano
        if seen.for_good and longest == 1:
            over.set()
        elif seen.for_good:
            longest = max(1, longest // 8)
        elif seen.status != 200:
            await asyncio.sleep(dice.uniform(0.1, 0.5))
    client.leave()
    return shown


async def _take_the_rest(client: Client) -> int:
    shown, refused = 0, 0
    while refused < 2:
        seen = await client.ask(1, stream=False)
        shown += seen.cost_nano
        refused = refused + 1 if seen.for_good else 0
    client.leave()
    return shown
