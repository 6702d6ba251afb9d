"""The client's side of a generation, whichever surface it came to: errors become answers, in the client's own dialect."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from entrepot.api.exchange import credential_in, read_body
from entrepot.dialects.surface import Surface, refusal
from entrepot.errors import GatewayError, Internal
from entrepot.pipeline import Pipeline
from entrepot.values.cors import CORS_LINES
from entrepot.values.http import Http

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


Pattern = tuple[re.Pattern[str], Callable[[re.Match[str], Mapping[str, str]], Surface]]
"""Paths with something of the request in them, and what makes a surface of a match and the query."""


class ClientHttp(Http, Protocol):
    """`began`: the head of the answer has left."""

    @property
    def began(self) -> bool: ...


class AsgiHttp:
    """One request of an ASGI server, as `values.http.Http`, for those that are not answered by an `Exchange`."""

    __slots__ = ("_body_limit", "_headers", "_raw", "_receive", "_send", "authorization", "began", "task")

    def __init__(self, scope: Message, receive: Receive, send: Send, body_limit: int) -> None:
        self._raw: list[tuple[bytes, bytes]] = scope["headers"]
        self._headers: dict[str, str] | None = None
        self._receive = receive
        self._send = send
        self._body_limit = body_limit
        self.began = False
        self.task = asyncio.current_task()
        self.authorization = credential_in(scope)

    @property
    def headers(self) -> dict[str, str]:
        if self._headers is None:
            self._headers = {name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in self._raw}
        return self._headers

    def header(self, name: bytes) -> str:
        return self.headers.get(name.decode("latin-1"), "")

    async def body(self) -> bytes:
        return await read_body(self._receive, self._body_limit)

    async def whole(self, status: int, headers: bytes, body: bytes) -> None:
        self.began = True
        told = [*_pairs(headers), (b"content-length", b"%d" % len(body))]
        await self._send({"type": "http.response.start", "status": status, "headers": told})
        await self._send({"type": "http.response.body", "body": body})

    async def begin(self, headers: bytes, first: bytes) -> None:
        self.began = True
        await self._send({"type": "http.response.start", "status": 200, "headers": _pairs(headers)})
        if first:
            await self.piece(first)

    async def piece(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data})

    async def gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def answering(
    pipeline: Pipeline, surface: Surface, log_failure: Callable[[BaseException], None]
) -> Callable[[ClientHttp], Awaitable[None]]:
    """The handler of one surface: answers one request, whatever happens."""

    async def handle(http: ClientHttp) -> None:
        try:
            await pipeline.generate(http, surface)
        except GatewayError as error:
            await _answer(http, surface, error)
        except Exception as bug:
            log_failure(bug)
            await _answer(http, surface, Internal("Something broke inside the gateway; the operator's log says what."))

    return handle


def patterned(patterns: Iterable[Pattern], path: str, query: bytes) -> Surface | None:
    """The surface of the first pattern that fits the path."""
    for pattern, make in patterns:
        match = pattern.fullmatch(path)
        if match is not None:
            return make(match, dict(parse_qsl(query.decode("latin-1"))))
    return None


async def _answer(http: ClientHttp, surface: Surface, error: GatewayError) -> None:
    if http.began:
        await http.end(b"")
        return
    await http.whole(*refusal(error, b"content-type: application/json\r\n" + CORS_LINES, surface.dialect))


def _pairs(lines: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines.split(b"\r\n")[:-1])]
