"""The binding for programs that await."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar, overload
from urllib.parse import quote

import msgspec

from entrepot.binding.answers import AIError, Answer, Chunk, answer_of, chunk_of, error_of, is_end, is_last
from entrepot.binding.transport import Reply, Transport
from entrepot.dialects.sse import EventReader
from entrepot.errors import BrokenStream
from entrepot.settings import environment_credential

Inputs = Mapping[str, Any]
T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
TIMEOUT_S = 600.0
RETRIES = 2
HOME = "http://127.0.0.1:8080"
_PATH = "/client/v4/accounts/entrepot/ai/run/"
_RECORD = "/api/v1/generation?id="
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 60.0
_LONGEST_EVENT = 64 * 2**20


class AsyncAI:
    """url        a gateway; the path of one of its APIs may stand behind
    key        one of its keys; None takes that of the environment, ENTREPOT_API_KEY
    timeout_s  longest wait for an answer to begin, and then for each piece of it
    retries    how often a call is sent again that was refused for a while, or that nothing answered: after as long as the
               refusal says (`Retry-After`), else after half a second, one, two … A call that timed out, or whose answer had
               begun, is not sent again. A wait of more than a minute is left to the caller
    """

    def __init__(
        self,
        url: str = HOME,
        key: str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        sleep: Sleep = asyncio.sleep,
        transport: Transport | None = None,
    ) -> None:
        """raises  ValueError, for an address that is none"""
        self._transport = transport or _remote(url, key)
        self._timeout_s = timeout_s
        self._retries = retries
        self._sleep = sleep
        self._opening = asyncio.Lock()
        self._open = False
        self._streams: weakref.WeakSet[AsyncStream] = weakref.WeakSet()

    @classmethod
    def local(
        cls,
        *,
        config: str | Path | Mapping[str, Any] | None = None,
        data_dir: str | Path | None = None,
        key: str | None = None,
        live: bool = False,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
    ) -> AsyncAI:
        """The gateway itself in this process. It starts with the first call, and must be closed.

        config    a configuration file, or a mapping of the same shape; None takes entrepot.toml here and the environment
        data_dir  where its database is; a server may use the same
        key       whose calls these are; None makes a key for as long as this lasts
        live      whether that key reaches providers; otherwise the sandbox answers
        raises    AIError, for a configuration that is not one
        """
        from entrepot.binding.local import Local, settings_of

        return cls(timeout_s=timeout_s, retries=retries, transport=Local(settings_of(config, data_dir), key, live=live))

    @overload
    async def run(
        self,
        model: str,
        inputs: Inputs,
        *,
        stream: Literal[True],
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> AsyncStream: ...

    @overload
    async def run(
        self,
        model: str,
        inputs: Inputs,
        *,
        stream: Literal[False] = False,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer: ...

    async def run(
        self,
        model: str,
        inputs: Inputs,
        *,
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer | AsyncStream:
        """Asks a model.

        inputs   `messages` or `prompt`, and whatever else a chat request may have; `stream` may stand there too
        headers  more request headers, as `X-Title`
        raises   AIError
        """
        streams = stream or bool(inputs.get("stream"))
        body = msgspec.json.encode({**inputs, "stream": streams})
        told = {"content-type": "application/json", "user-agent": "entrepot-python", **(headers or {})}
        patience = self._timeout_s if timeout_s is None else timeout_s
        path = _PATH + quote(model, safe="/:@.-_~")
        reply = await self._answered("POST", path, told, body, patience)
        if streams:
            made = AsyncStream(reply, patience, self._streams.discard)
            self._streams.add(made)
            return made
        return answer_of(reply.status, reply.headers, await _whole(reply, patience))

    async def record(self, generation_id: str) -> dict[str, Any]:
        """What the gateway keeps of a call: cost, tokens, timings, attempts. raises AIError"""
        path = _RECORD + quote(generation_id, safe="")
        body = await _whole(await self._answered("GET", path, {}, b"", self._timeout_s), self._timeout_s)
        told: dict[str, Any] = msgspec.json.decode(body)["data"]
        return told

    async def aclose(self) -> None:
        """Ends what is under way and gives back what is held. A closed one opens again with the next call."""
        for stream in list(self._streams):
            await stream.aclose()
        async with self._opening:
            if self._open:
                self._open = False
                await self._transport.close()

    async def __aenter__(self) -> AsyncAI:
        await self._ensure_open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def _ensure_open(self) -> None:
        async with self._opening:
            if not self._open:
                await self._transport.open()
                self._open = True

    async def _answered(self, method: str, path: str, headers: Mapping[str, str], body: bytes, patience: float) -> Reply:
        """The answer that begins well, after as many tries as are allowed. raises AIError"""
        await self._ensure_open()
        tried = 0
        while True:
            try:
                return await self._once(method, path, headers, body, patience)
            except AIError as error:
                wait = _wait(error, tried) if tried < self._retries else None
                if wait is None:
                    raise
            tried += 1
            await self._sleep(wait)

    async def _once(self, method: str, path: str, headers: Mapping[str, str], body: bytes, patience: float) -> Reply:
        reply = await _within(patience, self._transport.send(method, path, headers, body))
        if reply.status < 400:
            return reply
        raise error_of(reply.status, reply.headers, await _whole(reply, patience))


class AsyncStream:
    """Pieces of an answer as they come: iterate over it. Leaving early is fine when it is closed, which its context does."""

    def __init__(self, reply: Reply, patience: float, ended: Callable[[AsyncStream], None]) -> None:
        self._reply = reply
        self._patience = patience
        self._ended = ended
        self._events = EventReader(_LONGEST_EVENT)
        self._chunks = self._read()

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self

    async def __anext__(self) -> Chunk:
        """raises  AIError, when the answer breaks off"""
        return await anext(self._chunks)

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """The gateway learns that nobody listens any more, and what came until then is what it costs."""
        await self._chunks.aclose()
        self._close()

    def _close(self) -> None:
        self._reply.close()
        self._ended(self)

    async def _read(self) -> AsyncGenerator[Chunk, None]:
        try:
            while data := await _within(self._patience, self._reply.chunk()):
                for event in self._split(data):
                    if is_end(event):
                        return
                    chunk = chunk_of(event)
                    yield chunk
                    if is_last(chunk):
                        return
            raise AIError("The answer ended before its end.", code="broken_answer", retryable=True)
        finally:
            self._close()

    def _split(self, data: bytes) -> list[bytes]:
        try:
            return self._events.feed(data)
        except BrokenStream as error:
            raise AIError(error.message, code="broken_answer") from None


def _remote(url: str, key: str | None) -> Transport:
    from entrepot.binding.remote import Remote

    return Remote(url, environment_credential("ENTREPOT_API_KEY") if key is None else key)


def _wait(error: AIError, tried: int) -> float | None:
    """Seconds until the call may be sent again; None when it is not to be."""
    if not error.retryable or (not error.status and error.code != "unreachable"):
        return None
    told = error.retry_after_s
    if told is None:
        return min(_FIRST_WAIT_S * 2.0**tried, _LONGEST_WAIT_S)
    return told if told <= _LONGEST_WAIT_S else None


async def _within(patience: float, awaited: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(patience):
            return await awaited
    except TimeoutError:
        raise AIError(
            f"Nothing came for {patience:g} s.", code="timeout", retryable=True, remedy="Give it a longer `timeout_s`."
        ) from None


async def _whole(reply: Reply, patience: float) -> bytes:
    try:
        pieces = []
        while data := await _within(patience, reply.chunk()):
            pieces.append(data)
        return b"".join(pieces)
    finally:
        reply.close()
