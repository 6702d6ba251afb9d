"""A provider on loopback that answers from a script and remembers what it was asked.

    async with FakeUpstream([plain("hello"), Reply(status=429, headers={"retry-after": "2"})]) as upstream:
        ...                                  # point a provider's base_url at `upstream.url`
        upstream.seen[0].json()["model"]     # what it was sent
        await upstream.disconnected()        # returns when a caller hung up before its answer was whole

The first request gets the first reply and so on; the last one is repeated. A function in place of the list decides per request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal

import httptools
import msgspec

End = Literal["end", "cut", "stall"]


class Reply(msgspec.Struct, frozen=True):
    """One scripted answer.

    pieces      the body in the splits it is written in; each is one write
    delay_s     silence before the head; `between_s` before every piece but the first
    end         "end": whole; "cut": the connection is closed after the last piece, before the body's end;
                "stall": nothing more comes until the caller leaves
    silent      no head is ever sent; the caller waits
    refused     the connection is closed without an answer
    chunked     False: the body has a content-length, and a cut or stalled one promises one byte more than it gives
    """

    status: int = 200
    headers: dict[str, str] = msgspec.field(default_factory=lambda: {"content-type": "application/json"})
    pieces: tuple[bytes, ...] = ()
    delay_s: float = 0.0
    between_s: float = 0.0
    end: End = "end"
    silent: bool = False
    refused: bool = False
    chunked: bool = False

    def head(self) -> bytes:
        reason = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Unknown"
        length = sum(map(len, self.pieces)) + (self.end != "end")
        framing = {"transfer-encoding": "chunked"} if self.chunked else {"content-length": str(length)}
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{name}: {value}" for name, value in (self.headers | framing).items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Seen(msgspec.Struct):
    """One request as it came. `left` is true when the caller hung up before the answer was whole."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    left: bool = False

    def json(self) -> Any:
        return json.loads(self.body)


Script = Sequence[Reply] | Callable[[Seen], Reply]


def plain(content: str = "Hello!", *, model: str = "fake-model", finish: str = "stop", **more: Any) -> Reply:
    """A whole chat answer. `more` is merged into the body; `usage=None` leaves usage out."""
    return Reply(pieces=(json.dumps(chat_body(content, model=model, finish=finish) | more).encode(),))


def streamed(*texts: str, usage: bool = True, finish: str = "stop", between_s: float = 0.0, end: End = "end") -> Reply:
    """A chat stream: one event for each text, then finish, usage and `[DONE]`, unless it does not come to its end."""
    events = [_event(delta={"role": "assistant", "content": ""}), *(_event(delta={"content": text}) for text in texts)]
    if end == "end":
        events.append(_event(delta={}, finish_reason=finish))
        if usage:
            events.append(sse(_chunk([]) | {"usage": usage_of(9, len(texts))}))
        events.append(b"data: [DONE]\n\n")
    return sse_reply(events, between_s=between_s, end=end)


def sse_reply(pieces: Iterable[bytes], *, between_s: float = 0.0, end: End = "end") -> Reply:
    """A stream of given bytes in given splits."""
    return Reply(headers={"content-type": "text/event-stream"}, pieces=tuple(pieces), between_s=between_s, end=end, chunked=True)


def refusal(status: int, message: str = "no", *, error_type: str = "error", **headers: str) -> Reply:
    """An error in OpenAI's shape; `retry_after="2"` becomes a header."""
    body = {"error": {"message": message, "type": error_type, "param": None, "code": None}}
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": "application/json"} | told, (json.dumps(body).encode(),))


def sse(payload: Any) -> bytes:
    return b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"


def usage_of(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def chat_body(content: str, *, model: str = "fake-model", finish: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_795_219_200,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": usage_of(9, 3),
    }


def _chunk(choices: list[Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_795_219_200,
        "model": "fake-model",
        "choices": choices,
    }


def _event(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    return sse(_chunk([{"index": 0, "delta": delta, "finish_reason": finish_reason}]))


class FakeUpstream:
    """See the module. `url` is a base URL up to and with `/v1`."""

    def __init__(self, script: Script = (), *, port: int = 0) -> None:
        self._script = script or [plain()]
        self._port = port
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self.seen: list[Seen] = []
        self.connections = 0
        """How many were ever opened."""
        self.url = ""

    async def __aenter__(self) -> FakeUpstream:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            await connection.close()
        await self._server.wait_closed()

    async def asked(self, count: int = 1, timeout_s: float = 5.0) -> list[Seen]:
        """Returns when at least `count` requests have come. raises TimeoutError"""
        await self._until(lambda: len(self.seen) >= count, timeout_s)
        return self.seen

    async def disconnected(self, timeout_s: float = 5.0) -> Seen:
        """The first request whose caller hung up before its answer was whole. raises TimeoutError"""
        await self._until(lambda: any(request.left for request in self.seen), timeout_s)
        return next(request for request in self.seen if request.left)

    async def _until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            while not holds():
                await self._changed.wait()

    def _tell(self) -> None:
        """Wakes all who wait; who comes later waits for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def take(self, request: Seen) -> Reply:
        """Remembers a request and picks its reply."""
        self.seen.append(request)
        self._tell()
        if callable(self._script):
            return self._script(request)
        return self._script[min(len(self.seen), len(self._script)) - 1]

    def left(self, request: Seen) -> None:
        request.left = True
        self._tell()

    def opened(self, connection: _Connection) -> None:
        self.connections += 1
        self._connections.add(connection)

    def closed(self, connection: _Connection) -> None:
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One caller. Requests on it are answered one after the other, by one task each."""

    transport: asyncio.Transport

    def __init__(self, upstream: FakeUpstream) -> None:
        self._upstream = upstream
        self._parser = httptools.HttpRequestParser(self)
        self._request = Seen("", "", {})
        self._answering: tuple[Seen, asyncio.Task[None]] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._upstream.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._upstream.closed(self)
        self._writable.set()
        if self._answering is not None and not self._answering[1].done():
            request, task = self._answering
            task.cancel()
            self._upstream.left(request)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def on_message_begin(self) -> None:
        self._request = Seen("", "", {})

    def on_url(self, url: bytes) -> None:
        self._request.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._request.body += body

    def on_message_complete(self) -> None:
        self._request.method = self._parser.get_method().decode()
        reply = self._upstream.take(self._request)
        task = asyncio.get_running_loop().create_task(self._answer(reply))
        self._answering = self._request, task

    async def close(self) -> None:
        """Ends what is under way; used when the upstream as a whole goes away."""
        self.transport.abort()
        if self._answering is not None:
            self._answering[1].cancel()
            await asyncio.wait([self._answering[1]])

    async def _answer(self, reply: Reply) -> None:
        await asyncio.sleep(reply.delay_s)
        if reply.refused:
            self.transport.abort()
            return
        if reply.silent:
            await asyncio.Event().wait()
        self.transport.write(reply.head())
        for number, piece in enumerate(reply.pieces):
            if number:
                await asyncio.sleep(reply.between_s)
            await self._writable.wait()
            self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.chunked else piece)
        if reply.end == "stall":
            await asyncio.Event().wait()
        if reply.end == "cut":
            self.transport.close()
        elif reply.chunked:
            self.transport.write(b"0\r\n\r\n")
