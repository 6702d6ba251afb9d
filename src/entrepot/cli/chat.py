"""`entrepot chat`: talk to a model from the terminal, streaming, with its cost."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.markup import escape

from entrepot.app import App
from entrepot.cli.common import Failure, Json, Place, err, out, print_json, store
from entrepot.cli.here import running_here
from entrepot.cli.keys import here_and_now, make_key
from entrepot.cli.reading import is_new, must_be_there, passing
from entrepot.errors import UpstreamError
from entrepot.identity.secrets import kind_of
from entrepot.ledger.keys import Order, delete
from entrepot.server import bind, running, url_of
from entrepot.settings import Settings
from entrepot.upstream.client import Client, parse_origin, render_head
from entrepot.values.clock import Clock

_KEY_LASTS_MS = 24 * 3600 * 1000
_SEEN_AFTER_S = 2.0
"""A running server sees a new key within this."""
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_LIMIT = 16 * 2**20


def chat(
    model: Annotated[str, Parameter(help="Slug or alias.")] = "openai/gpt-5.1",
    *,
    message: Annotated[
        str | None, Parameter(name=["--message", "-m"], help="Ask this and end; without it, lines are read.")
    ] = None,
    system: Annotated[str | None, Parameter(help="Instructions for the model.")] = None,
    url: Annotated[str | None, Parameter(help="A gateway [the one on this machine, or one in this process].")] = None,
    key: Annotated[str | None, Parameter(help="Your key [one is made for the length of the chat].")] = None,
    live: Annotated[bool, Parameter(negative="", help="Make it a live key: real models, real cost [a test key].")] = False,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Talk to a model. Text that is piped in is the message, or what a -m message is about."""
    settings = place.settings()
    if key is None and (url or live):
        must_be_there(place, settings, " A key can be given with --key.")
    piped = "" if sys.stdin.isatty() else sys.stdin.read().strip()
    text = "\n\n".join(part for part in (message, piped) if part)
    if not text and not sys.stdin.isatty():
        raise Failure("There is no message. Give one with -m TEXT, or on standard input.")
    talk = Talk(model, [{"role": "system", "content": system}] if system else [])
    with contextlib.nullcontext(settings) if key is not None else passing(place, settings) as where:
        way = Way(url, key, live=live, alone=where is not settings)
        asyncio.run(_chat(talk, text, where, way, as_json=json))


@dataclass
class Talk:
    model: str
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """How a gateway is reached. `alone`: one of this process only, for no other knows the key that is made."""

    url: str | None
    key: str | None
    live: bool
    alone: bool


class Gateway:
    """Where a chat goes, and the key that is shown there. `fresh`: the key was just made, the server may not know it yet.
    `test`: it is a test key, for which nothing is charged."""

    def __init__(self, client: Client, url: str, key: str, *, fresh: bool) -> None:
        self._client = client
        self._origin = parse_origin(url)
        self._key = key
        self._fresh = fresh
        self.url = url
        self.test = kind_of(key) == "test"

    @contextlib.asynccontextmanager
    async def ask(self, body: dict[str, Any]) -> AsyncIterator[Any]:
        """The answer that begins. raises Failure, in the gateway's words"""
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", "X-Title": "entrepot chat"}
        head = render_head("POST", self._origin, "/api/v1/chat/completions", headers)
        waited = 0.0
        while True:
            try:
                answer = await self._client.send(self._origin, head, msgspec.json.encode(body))
            except UpstreamError as error:
                raise Failure(f"{self.url} does not answer: {error.message}") from None
            try:
                if answer.status == 401 and self._fresh and waited < _SEEN_AFTER_S:
                    waited += 0.25
                    await asyncio.sleep(0.25)
                    continue
                if answer.status != 200:
                    raise Failure(_refusal(answer.status, await answer.read(_LIMIT)))
                yield answer
                return
            finally:
                answer.close()


async def _chat(talk: Talk, text: str, settings: Settings, way: Way, *, as_json: bool) -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(settings.upstream))
        shown = way.key or stack.enter_context(_passing_key(settings, live=way.live))
        where = way.url or (None if way.alone else await running_here(client, settings))
        if where is None:
            where = await _start_here(stack, settings)
        gateway = Gateway(client, where.rstrip("/").removesuffix("/api/v1").removesuffix("/v1"), shown, fresh=way.key is None)
        if text:
            await _turn(gateway, talk, text, as_json=as_json)
            return
        err.print(f"[dim]{escape(talk.model)} at {where}. Ctrl-D ends.[/]")
        while (line := await _line()) is not None:
            if line.strip():
                await _turn(gateway, talk, line, as_json=as_json)


async def _turn(gateway: Gateway, talk: Talk, text: str, *, as_json: bool) -> None:
    """One message and its answer, which the next turn remembers."""
    talk.messages.append({"role": "user", "content": text})
    body = {"model": talk.model, "messages": talk.messages, "stream": not as_json}
    async with gateway.ask(body) as answer:
        if as_json:
            print_json(msgspec.json.decode(await answer.read(_LIMIT)))
            return
        said, usage = await _show(answer)
    talk.messages.append({"role": "assistant", "content": said})
    cost = f"${usage.get('cost', 0):f}" + (" at list price; nothing charged" if gateway.test else "")
    err.print(f"[dim]{usage.get('prompt_tokens', 0)} tokens in, {usage.get('completion_tokens', 0)} out, {cost}[/]")


async def _show(answer: Any) -> tuple[str, dict[str, Any]]:
    """Prints the stream as it comes; gives its text and usage. raises Failure, when it breaks"""
    said: list[str] = []
    usage: dict[str, Any] = {}
    thinking = False
    async for chunk in _events(answer):
        if "error" in chunk:
            out.print()
            raise Failure(f"The answer broke off: {chunk['error'].get('message', '')}")
        usage = chunk.get("usage") or usage
        for choice in chunk.get("choices", []):
            delta = choice.get("delta", {})
            if delta.get("reasoning"):
                err.print(f"[dim italic]{escape(delta['reasoning'])}[/]", end="")
                thinking = True
            if delta.get("content"):
                if thinking:
                    err.print("\n")
                    thinking = False
                said.append(delta["content"])
                out.print(delta["content"], end="", markup=False)
                out.file.flush()
    out.print()
    return "".join(said), usage


async def _events(answer: Any) -> AsyncIterator[dict[str, Any]]:
    held = b""
    while data := await answer.chunk():
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: {"):
                yield _decode(line[6:])


@contextlib.contextmanager
def _passing_key(settings: Settings, *, live: bool) -> Any:
    """A key of this installation for as long as the chat lasts."""
    now_ms = Clock().now_ms()
    with store(settings) as db:
        order = Order(name="entrepot chat", kind="live" if live else "test", expires_ms=now_ms + _KEY_LASTS_MS)
        key, kept = make_key(db, settings, order, now_ms)
        try:
            yield key
        finally:
            delete(db, kept, here_and_now())


async def _start_here(stack: contextlib.AsyncExitStack, settings: Settings) -> str:
    """A gateway in this process, for as long as the chat lasts. raises Failure, when it could not know the key"""
    if is_new(settings):
        told = f"No gateway runs on this machine, and there is no database {settings.database_path} that could know the key."
        raise Failure(f"{told} --url names a gateway elsewhere, --data-dir another place.")
    app = await stack.enter_async_context(App(settings))
    listening = bind("127.0.0.1", 0)
    await stack.enter_async_context(running(app, settings.server, listening))
    return url_of(listening)


async def _line() -> str | None:
    """What is typed next; None at the end."""
    try:
        return await asyncio.to_thread(out.input, "[bold]>[/] ")
    except EOFError:
        return None


def _refusal(status: int, body: bytes) -> str:
    try:
        error = msgspec.json.decode(body)["error"]
        remedy = error.get("metadata", {}).get("remedy_hint", "")
        return f"{error['message']} {remedy}".rstrip()
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return f"The gateway answered {status}."
