"""The sandbox as a provider: a Chat Completions body in, an answer on the wire out, without a network."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.errors import BrokenStream, InvalidRequest, ProviderBroke
from entrepot.metering.tokens import count_prompt
from entrepot.sandbox.choices import Asked, write_choice
from entrepot.sandbox.embedding import embeddings
from entrepot.sandbox.scenario import Scenario, scenario_of
from entrepot.sandbox.schema import Unsatisfiable
from entrepot.sandbox.seals import check_seals
from entrepot.sandbox.wire import Written, plain_body, stream_chunks
from entrepot.settings import Sandbox as Pace
from entrepot.values.model import Model

_CACHE_ENTRIES = 1000
_NEVER_S = 86_400.0


class Sandbox:
    """`open` gives what a provider would. It remembers prefixes it has seen, to report cached tokens, and nothing else."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._prefixes: dict[bytes, None] = {}

    async def open(self, body: bytes, model: Model, headers: Mapping[str, str], requested: str) -> SandboxAnswer:
        """raises  GatewayError, for a failure that was asked for and comes before the first byte, or what nothing can answer"""
        told = msgspec.json.decode(body)
        messages = [message for message in told.get("messages") or () if isinstance(message, dict)]
        scenario = scenario_of(requested, headers, messages)
        scenario.fail_before()
        check_seals(messages)
        written = self._write(told, messages, model, scenario)
        await asyncio.sleep(self._wait(scenario))
        if not told.get("stream"):
            return _plain(plain_body(written), scenario)
        return SandboxAnswer(_with_faults(stream_chunks(written), scenario), self._step(scenario))

    async def embed(self, body: bytes, model: Model, headers: Mapping[str, str], requested: str) -> SandboxAnswer:
        """The same for embeddings. raises as `open`"""
        told = msgspec.json.decode(body)
        scenario = scenario_of(requested, headers, _as_messages(told["input"]))
        scenario.fail_before()
        vectors = await embeddings(told, model, scenario)
        await asyncio.sleep(self._wait(scenario))
        return _plain(vectors, scenario)

    def _wait(self, scenario: Scenario) -> float:
        if scenario.name == "no-first-byte":
            return _NEVER_S
        if scenario.name == "slow-first-byte":
            return scenario.number("seconds", 5, 3600)
        return 0.0 if scenario.name == "fast" else self._pace.first_token_s

    def _step(self, scenario: Scenario) -> float:
        rate = scenario.number("tokens_per_s", 0.0 if scenario.name == "fast" else self._pace.tokens_per_s, 100_000)
        return 1 / rate if rate else 0.0

    def _write(self, told: dict[str, Any], messages: list[Any], model: Model, scenario: Scenario) -> Written:
        randomness = random.Random(_seed(told))
        prompt = count_prompt(messages, told.get("tools"))
        limit = told.get("max_completion_tokens") or told.get("max_tokens") or model.max_completion_tokens or 128_000
        asked = Asked(told, messages, model, scenario, _effort(told, model), limit)
        try:
            choices = [write_choice(number, asked, randomness) for number in range(told.get("n") or 1)]
        except Unsatisfiable as why:
            raise InvalidRequest(
                f"The sandbox found no instance of the schema: {why}.",
                field="response_format" if told.get("response_format") else "tools",
                expected="a schema that something satisfies",
                received=str(why)[:200],
                remedy="Loosen the schema there, or simplify it.",
            ) from None
        return Written(
            model=model.id,
            choices=tuple(choices),
            prompt_tokens=prompt,
            cached_tokens=self._cached(messages, prompt),
            usage="none" if scenario.name == "no-usage" else "wrong" if scenario.name == "wrong-usage" else "",
            top_logprobs=(told.get("top_logprobs") or 0) if told.get("logprobs") else None,
        )

    def _cached(self, messages: list[Any], prompt: int) -> int:
        """Tokens of the longest beginning seen before, when the prompt has 1,024 or more, in steps of 128 as OpenAI counts."""
        if prompt < 1024:
            return 0
        seen, running = 0, hashlib.blake2b(digest_size=16)
        held = 0
        for message in messages:
            running.update(json.dumps(message, sort_keys=True).encode())
            held += count_prompt([message])
            digest = running.digest()
            if digest in self._prefixes:
                seen = held
            self._prefixes[digest] = None
        while len(self._prefixes) > _CACHE_ENTRIES:
            del self._prefixes[next(iter(self._prefixes))]
        return min(seen, prompt) // 128 * 128 if seen >= 1024 else 0


class SandboxAnswer:
    """`upstream.answer.Answer` from pieces that are ready, given at a pace."""

    def __init__(self, pieces: list[bytes | str], step_s: float, content_type: str = "text/event-stream") -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {"content-type": content_type}
        self._pieces = pieces
        self._step_s = step_s
        self._at = 0

    async def chunk(self) -> bytes:
        if self._at >= len(self._pieces):
            return b""
        if self._at and self._step_s:
            await asyncio.sleep(self._step_s)
        piece = self._pieces[self._at]
        self._at += 1
        if piece == "stall":
            await asyncio.sleep(_NEVER_S)
        if isinstance(piece, str):
            raise BrokenStream("Simulated by the sandbox: the connection broke in the middle of the answer.")
        if not self._step_s:
            rest = self._pieces[self._at :]
            whole = next((n for n, other in enumerate(rest) if isinstance(other, str)), len(rest))
            self._at += whole
            piece += b"".join(other for other in rest[:whole] if isinstance(other, bytes))
            await asyncio.sleep(0)
        return piece

    async def read(self, limit: int) -> bytes:
        pieces = []
        while data := await self.chunk():
            pieces.append(data)
        if sum(map(len, pieces)) > limit:
            raise ProviderBroke("The sandbox's answer is longer than this gateway takes.")
        return b"".join(pieces)

    def close(self) -> None:
        self._at = len(self._pieces)


def _as_messages(given: Any) -> list[Any]:
    """The last text to embed as what a user said, for words in it that ask for an outcome."""
    last = given if isinstance(given, str) else given[-1]
    return [{"role": "user", "content": last["content"] if isinstance(last, dict) else last}]


def _plain(body: bytes, scenario: Scenario) -> SandboxAnswer:
    pieces: list[bytes | str] = [body]
    if scenario.name == "malformed-json":
        pieces = [body[: len(body) // 2]]
    elif scenario.name in ("break", "stall"):
        pieces = [body[: len(body) // 2], scenario.name]
    elif scenario.name == "error-chunk":
        pieces = [_ERROR]
    return SandboxAnswer(pieces, 0.0, "application/json")


_ERROR = b'{"error":{"code":502,"message":"Simulated by the sandbox: the provider failed while answering."}}'


def _with_faults(chunks: list[bytes], scenario: Scenario) -> list[bytes | str]:
    half = len(chunks) // 2
    fault: dict[str, bytes | str] = {
        "stall": "stall",
        "break": "break",
        "error-chunk": b"data: " + _ERROR + b"\n\n",
        "malformed-json": b'data: {"choices":[{"delta":{"content":"cut of\n\n',
    }
    if scenario.name not in fault:
        return list(chunks)
    return [*chunks[:half], fault[scenario.name]]


def _effort(told: dict[str, Any], model: Model) -> str:
    """The effort in force: "" for a model that does not reason."""
    if model.reasoning is None:
        return ""
    control = told.get("reasoning") or {}
    asked = told.get("reasoning_effort") or control.get("effort")
    if asked is None and control.get("enabled") is False:
        return "none"
    if asked is None and (control.get("enabled") or control.get("max_tokens")):
        return "medium"
    return asked or model.reasoning.default_effort or "medium"


def _seed(told: dict[str, Any]) -> bytes:
    """The same request gives the same answer; `stream` and names of the caller make no difference."""
    kept = {k: v for k, v in told.items() if k not in ("stream", "stream_options", "user", "metadata", "model")}
    return hashlib.blake2b(json.dumps(kept, sort_keys=True).encode()).digest()
