"""Endpoint checks in the demo: the suite asks through the gateway as it always does, and the doubles know what is asked.

Each double answers as an able model would, but for the slips of its character, so that the Benchmarks tab and `sort: exacto` have
something to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import msgspec

from entrepot.api.in_process import Exchange, InProcess
from entrepot.app import App
from entrepot.checks import store
from entrepot.checks.case import Case
from entrepot.checks.session import Session, check, session
from entrepot.checks.suite import usual
from entrepot.demo.clock import HistoryClock, Moment, enter
from entrepot.demo.doubles import EXAMINER, Doubles, Saying
from entrepot.demo.people import Ask
from entrepot.demo.providers import CHARACTERS, Character
from entrepot.identity.passing import passing_key
from entrepot.metering.tokens import count_prompt, count_text
from entrepot.storage.database import Database

EXAMINED = ("deepseek/deepseek-v3.2", "openai/gpt-oss-120b", "openai/gpt-5.1")
_NAMES = [name for name in usual() if name != "recall_32k"]
"""The longest one takes as long as all others together."""
_PIECES = 12
_BROKEN = {"schema": '{"ship": "Tide", "tons": "many", "flag": "norway", "cargo": []}'}
_LOST = "I am not sure."
_decode = msgspec.json.decode


class _Asked(msgspec.Struct):
    """What of a request tells which question it is."""

    messages: Any
    tools: Any = None
    tool_choice: Any = None
    max_tokens: int = 0


async def examine(app: App, doubles: Doubles, db: Database, secret: bytes, clock: HistoryClock, *, samples: int | None) -> None:
    """Every endpoint of a few models that has a double, now.

    samples  cases of each check, instead of what each has by itself
    """
    with passing_key(db, secret, "endpoint checks", "live", clock) as key:
        calls = InProcess(app, key)
        try:
            for wanted in _sessions(app, clock, samples):
                doubles.examined = _Memory(wanted.cases, wanted.seed).say
                begun = store.begin(db, wanted.endpoint.model, wanted.endpoint.id, clock.now_ms())
                report = await check(wanted, _Timed(calls, clock), clock)
                if begun is not None:
                    store.finish(db, begun, report)
        finally:
            doubles.examined = None
            await calls.close()


def _sessions(app: App, clock: HistoryClock, samples: int | None) -> Iterable[Session]:
    seed = clock.now_ms() // 86_400_000
    for slug in EXAMINED:
        found = app.catalog.resolve(slug)
        for endpoint in found.endpoints:
            if endpoint.on and endpoint.provider in CHARACTERS:
                yield session(found.model, endpoint, seed=seed, names=_NAMES, samples=samples)


class _Timed:
    """The gateway, each call at a time of its own, that goes on where the caller's last one ended."""

    def __init__(self, calls: InProcess, clock: HistoryClock) -> None:
        self._calls = calls
        self._clock = clock

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        at_s = self._clock.now_ms() / 1000
        enter(Moment(Ask(at_s, EXAMINER, "", False, 0, 0), at_s))
        return await self._calls.send(method, path, headers, body)


class _Memory:
    """The right answers to some cases."""

    def __init__(self, cases: Iterable[Case], seed: int) -> None:
        self._random = Random(f"{seed} exams")  # a play, not a secret
        self._known = {
            _question(_Asked(body["messages"], None, body.get("tool_choice"))): (case.check, reply)
            for case in cases
            for body, reply in zip(case.bodies, case.example, strict=True)
        }

    def say(self, character: Character, body: bytes) -> Saying:
        asked = _decode(body, type=_Asked)
        name, reply = self._known[_question(asked)]
        slips = self._random.random() < character.slips.get(name, 0.0)
        text, calls = (self._slip(name), ()) if slips else (reply.text, reply.tool_calls)
        prompt, written = count_prompt(asked.messages, asked.tools), count_text(text)
        usage = {"prompt_tokens": round(prompt * character.counts), "completion_tokens": round(written * character.counts)}
        return Saying(
            text,
            "stop" if slips else reply.finish_reason,
            usage | {"total_tokens": sum(usage.values())},
            [
                {"id": f"call_demo{place}", "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for place, call in enumerate(calls)
            ],
            _PIECES,
        )

    def _slip(self, name: str) -> str:
        return f"The Gull {self._random.randrange(100)}" if name == "seed" else _BROKEN.get(name, _LOST)


def _question(asked: _Asked) -> bytes:
    return msgspec.json.encode([asked.messages, asked.tool_choice])
