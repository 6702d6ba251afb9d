"""The providers' doubles: they take the gateway's requests in this process, in place of a network, and answer as providers do.

A double tells the time: what it waits for passes on the clock of the call (`demo.clock`), so that the first byte and the length
of a stream are measured as they would be, only sooner. What a call is about it learns from the call's moment; a stranger's call,
made with a live key while the demo is served, gets an answer that says what it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random

import msgspec

from entrepot.demo.clock import here
from entrepot.demo.people import App, Ask
from entrepot.demo.providers import CHARACTERS, Character
from entrepot.errors import BrokenStream, TimedOut
from entrepot.metering.tokens import count_text
from entrepot.upstream.client import Origin

_JSON = {"content-type": "application/json"}
_EVENTS = {"content-type": "text/event-stream"}
_encode = msgspec.json.encode
_TEXT = (
    "The tide turns at a quarter past four, so the pilot boards before dusk and the lighters wait at the outer buoys. "
    "Bring the manifest, the bill of lading and one clean copy of the tally; the quay keeps the other. "
)
_WORDS = tuple(_TEXT.split(" "))
_BREAKS = 0.0015
_NOBODY = App("", "", "", 0, {})
EXAMINER = App("Endpoint checks", "", "", 0, {})
"""Who asks what endpoint checks ask."""
_STRANGER = "This is the demo: a simulated provider, not a model. Its words stand for nothing but their number."


class Seen(msgspec.Struct):
    """What of a request matters to a double."""

    model: str = ""
    stream: bool = False
    embeds: bool = False


class Body:
    """An answer on its way: pieces, each with the seconds that pass before it. `breaks`: the connection ends half-way."""

    def __init__(self, status: int, headers: Mapping[str, str], pieces: list[tuple[float, bytes]], breaks: bool = False) -> None:
        self.status = status
        self.headers = headers
        self._pieces = pieces
        self._at = 0
        self._breaks_at = len(pieces) // 2 if breaks else -1

    async def chunk(self) -> bytes:
        if self._at == self._breaks_at:
            raise BrokenStream("The connection ended before the answer did.")
        if self._at >= len(self._pieces):
            return b""
        wait_s, data = self._pieces[self._at]
        self._at += 1
        await _pass_by(wait_s)
        return data

    async def read(self, limit: int) -> bytes:
        pieces = []
        while data := await self.chunk():
            pieces.append(data)
        return b"".join(pieces)

    def close(self) -> None:
        self._at = len(self._pieces)


async def _pass_by(seconds: float) -> None:
    moment = here()
    if moment is None:
        await asyncio.sleep(seconds)
        return
    if moment.left.is_set():
        # Its client hung up. The gateway notices in a moment of its own time and ends this call.
        await asyncio.Event().wait()
    if moment.ask.app is EXAMINER:
        # Who measures reads what came so far at the time at which it came.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await moment.pass_by(seconds)


class Doubles:
    """All providers of the demo, as the gateway's transport.

    since_s, until_s   the history, for outages that lie in it
    """

    def __init__(self, since_s: float, until_s: float, seed: int) -> None:
        self._since_s = since_s
        self._whole_s = until_s - since_s
        self._random = Random(f"{seed} {since_s} doubles")  # a play, not a secret
        self.examined: Callable[[Character, bytes], Saying] | None = None
        """What a provider says to who examines it, while somebody does."""

    async def send(self, origin: Origin, head: bytes, body: bytes) -> Body:
        """raises  TimedOut"""
        seen = msgspec.json.decode(body, type=Seen)
        seen.embeds = b"/embeddings" in head.partition(b"\r\n")[0]
        slug = origin.host.partition(".")[0]
        character, moment = CHARACTERS[slug], here()
        if moment is None:
            return _answer(seen, Ask(0, _NOBODY, seen.model, seen.stream, 40, 30), 0.3, 60, self._random, _STRANGER)
        trouble = self._trouble(character, moment.at_s)
        if trouble == "silence":
            await _pass_by(30)
            raise TimedOut(f"{slug} did not answer in time.")
        if trouble:
            await _pass_by(self._random.uniform(0.05, 0.4))
            return _refusal(trouble)
        first_s, pace = self._speed(character, seen.model, moment.at_s)
        if self.examined is not None and moment.ask.app is EXAMINER:
            saying = self.examined(character, body)
            return spoken(seen, saying, first_s, count_text(saying.text) / pace)
        return _answer(seen, moment.ask, first_s, pace, self._random)

    def _trouble(self, character: Character, at_s: float) -> str:
        """What goes wrong with a call, "" when nothing does."""
        chance = self._random.random()
        for outage in character.outages:
            began_s = self._since_s + outage.at * self._whole_s
            if began_s <= at_s < began_s + outage.hours * 3600:
                return ("unavailable", "silence")[chance < 0.02] if chance < outage.share else ""
        if chance < character.throttles * _rush(character, at_s):
            return "throttled"
        if chance < character.throttles + character.fails:
            return self._random.choice(("broken", "unavailable", "unavailable"))
        return ""

    def _speed(self, character: Character, model: str, at_s: float) -> tuple[float, float]:
        """Seconds to the first token, and tokens a second from there."""
        slower = 1 + character.slows * (_rush(character, at_s) - 0.5)
        weight = _WEIGHT.get(model, 1.0)
        first_s = character.first_s * weight**0.5 * slower * self._random.lognormvariate(0, 0.35)
        pace = character.pace / weight / slower * self._random.lognormvariate(0, 0.22)
        return first_s, max(pace, 2.0)


_WEIGHT = {
    "gpt-5.5": 1.5, "gpt-5.1": 1.1, "gpt-5.4-mini": 0.6, "gpt-5.4-nano": 0.45, "gpt-5.2": 1.2, "gpt-5.3-codex": 1.15,
    "claude-opus-5": 1.6, "claude-sonnet-5": 1.05, "claude-sonnet-4.6": 1.1, "claude-haiku-4.5": 0.55,
    "gemini-3.5-flash-lite": 0.5, "gemini-3.5-flash": 0.7, "gemini-3.1-pro-preview": 1.4,
    "kimi-k3": 1.2, "meta-llama/llama-3.1-8b-instruct": 0.35, "qwen/qwen3.7-flash": 0.5, "deepseek/deepseek-r1-0528": 1.3,
    "deepseek-r1-0528": 1.3, "meta-llama/llama-4-maverick": 0.8, "openai/gpt-oss-120b": 0.6, "qwen/qwen3.8-max": 1.5,
}  # fmt: skip
"""How slow a model is beside a middling one, by its name at the provider."""


def _rush(character: Character, at_s: float) -> float:
    """0 in the middle of its night, 1 at its busiest."""
    away = abs(at_s / 3600 % 24 - character.peak_hour)
    return 1 - min(away, 24 - away) / 12


def _refusal(trouble: str) -> Body:
    status, code, message = _REFUSALS[trouble]
    body = _encode({"error": {"message": message, "type": code, "code": code, "param": None}})
    return Body(status, _JSON, [(0.0, body)])


_REFUSALS = {
    "throttled": (429, "rate_limit_exceeded", "Too many requests for the capacity there is at the moment."),
    "unavailable": (503, "overloaded", "No capacity at the moment."),
    "broken": (500, "server_error", "Something went wrong while the answer was made."),
}


class Saying(msgspec.Struct, frozen=True):
    """What a double says. Two pieces of a stream are enough to tell its first token from its pace."""

    text: str
    finish: str
    usage: Mapping[str, object]
    calls: Sequence[Mapping[str, object]] = ()
    pieces: int = 2


def _answer(seen: Seen, ask: Ask, first_s: float, pace: float, random: Random, text: str = "") -> Body:
    if seen.embeds:
        return Body(200, _JSON, [(first_s, _vector(seen.model, ask))])
    took_s = max(ask.completion_tokens - 1, 0) / pace
    finish = "tool_calls" if ask.tools else "length" if ask.completion_tokens > 6000 else "stop"
    text = text or ("" if ask.tools else '{"port": "Entrepot", "berths": 4}' if ask.json else _text(ask.completion_tokens))
    saying = Saying(text, finish, _usage(ask), _CALLS if ask.tools else ())
    return spoken(seen, saying, first_s, took_s, breaks=random.random() < _BREAKS)


def spoken(seen: Seen, saying: Saying, first_s: float, took_s: float, *, breaks: bool = False) -> Body:
    """first_s  until it begins;  took_s  from there to its end"""
    if not seen.stream:
        return Body(200, _JSON, [(first_s + took_s, _whole(seen.model, saying))])
    pieces = _stream(seen.model, saying)
    between_s = took_s / max(len(pieces) - 1, 1)
    timed = [(first_s if place == 0 else between_s, piece) for place, piece in enumerate(pieces)]
    return Body(200, _EVENTS, timed, breaks)


def _text(tokens: int) -> str:
    """As much as is worth carrying: what is counted is what the double reports."""
    words = _WORDS * (min(tokens, 240) // len(_WORDS) + 1)
    return " ".join(words[: max(1, min(tokens, 240) * 3 // 4)])


def _whole(model: str, saying: Saying) -> bytes:
    message: dict[str, object] = {"role": "assistant", "content": saying.text or None, "refusal": None}
    if saying.calls:
        message["tool_calls"] = saying.calls
    choice = {"index": 0, "message": message, "finish_reason": saying.finish, "logprobs": None}
    return _encode(_head(model, "chat.completion") | {"choices": [choice], "usage": saying.usage})


def _stream(model: str, saying: Saying) -> list[bytes]:
    head, text = _head(model, "chat.completion.chunk"), saying.text
    size = max(1, -(-len(text) // saying.pieces))
    deltas: list[dict[str, object]] = [{"content": text[at : at + size]} for at in range(0, len(text), size)]
    if saying.calls:
        deltas = [{"tool_calls": [{"index": place, **call} for place, call in enumerate(saying.calls)]}]
    deltas[0] = {"role": "assistant"} | deltas[0] if deltas else {"role": "assistant", "content": ""}
    events = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": saying.finish}]})
    events.append(head | {"choices": [], "usage": saying.usage})
    lines = [b"data: " + _encode(event) + b"\n\n" for event in events]
    # The end comes in one piece, as it does from most.
    return [*lines[:-2], b"".join([*lines[-2:], b"data: [DONE]\n\n"])]


def _vector(model: str, ask: Ask) -> bytes:
    """One short vector: what is counted is what the double reports."""
    usage = {"prompt_tokens": ask.prompt_tokens, "total_tokens": ask.prompt_tokens}
    return _encode({"object": "list", "data": [_EMBEDDED], "model": model, "usage": usage})


_EMBEDDED = {"object": "embedding", "index": 0, "embedding": [0.6, 0.0, -0.8, 0.0]}


def _head(model: str, kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-demo", "object": kind, "created": 0, "model": model}


_CALLS = (
    {"id": "call_demo00001", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "manifest.txt"}'}},
)


def _usage(ask: Ask) -> dict[str, object]:
    return {
        "prompt_tokens": ask.prompt_tokens,
        "completion_tokens": ask.completion_tokens,
        "total_tokens": ask.prompt_tokens + ask.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": max(0, ask.cached_tokens), "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": ask.reasoning_tokens, "audio_tokens": 0},
    }
