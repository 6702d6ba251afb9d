"""A provider that plays a model at work: at every turn a new thought with opaque state, and a call; at the end, words.

It demands what a provider that seals its reasoning demands: every state it gave, to the byte and in the order in which it gave them,
and the result of every call. It speaks any dialect; a request without the tools of the task, such as one for a title, is answered apart.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from entrepot.dialects.gather import events_of
from entrepot.dialects.translated import dialect
from entrepot.dialects.voice import Voice
from entrepot.testing.upstream import Reply, Seen
from entrepot.values.conversation import Opaque, Part, Reasoning, Text, ToolCall
from entrepot.values.event import Began, Event, Finished, UsageSeen
from entrepot.values.usage import Usage

FAMILIES = {
    "openai_chat": "anthropic-claude-v1",
    "openai_responses": "openai-responses-v1",
    "anthropic_messages": "anthropic-claude-v1",
    "gemini": "google-gemini-v1",
}
"""The chat provider carries another maker's state in `reasoning_details`, as OpenRouter does."""
_ASKED = {
    "openai_chat": {"model": "a/b", "messages": [{"role": "user", "content": "x"}], "stream": True},
    "openai_responses": {"model": "a/b", "input": "x", "stream": True},
    "anthropic_messages": {"model": "a/b", "messages": [{"role": "user", "content": "x"}], "max_tokens": 9, "stream": True},
    "gemini": {"contents": [{"parts": [{"text": "x"}]}]},
}
_USED = Usage(prompt_tokens=10, completion_tokens=5, reasoning_tokens=2)


@dataclass(frozen=True)
class Act:
    """A call at a turn, and what its result has to hold."""

    tool: str
    arguments: dict[str, Any]
    brings: str = ""


@dataclass
class Worker:
    """The double. `turn` counts the turns of the task, `streams` says whether the last was to be streamed, and `problems` what it
    was not given as it demands.

    sealed  it demands its states; False for a client that sends no reasoning back, whatever it is given
    """

    dialect: str
    acts: tuple[Act, ...]
    words: str
    sealed: bool = True
    turn: int = 0
    streams: bool = False
    problems: list[str] = field(default_factory=list)
    asides: int = 0

    def __call__(self, seen: Seen) -> Reply:
        body = seen.body.decode()
        if f'"{self.acts[0].tool}"' not in body:
            self.asides += 1
            return reply(self.dialect, seen, (Text("A task"),))
        self._check(body)
        done = self.turn >= len(self.acts)
        parts = (self._thought(), Text(self.words)) if done else self._act(self.acts[self.turn])
        self.turn += 1
        answer = reply(self.dialect, seen, parts, "stop" if done else "tool_calls")
        self.streams = answer.chunked
        return answer

    def _check(self, body: str) -> None:
        marks = [state(turn) if self.sealed else _step(turn) for turn in range(min(self.turn, len(self.acts)))]
        counts, places = [body.count(mark) for mark in marks], [body.find(mark) for mark in marks]
        if self.sealed and counts != [1] * len(marks):
            self.problems.append(f"turn {self.turn}: states came {counts} times")
        if -1 in places or places != sorted(places):
            self.problems.append(f"turn {self.turn}: what was said came back at {places}")
        for act, place in zip(self.acts, places, strict=False):
            if act.brings not in body[max(place, 0) :]:
                self.problems.append(f"turn {self.turn}: no result of {act} after its call")

    def _act(self, act: Act) -> tuple[Part, ...]:
        arguments = json.dumps(act.arguments)
        name, step = f"call_{self.turn}", Text(_step(self.turn))
        if self.dialect == "gemini":
            return step, ToolCall(name, act.tool, arguments, state=self._opaque())
        return self._thought(), step, ToolCall(name, act.tool, arguments)

    def _thought(self) -> Reasoning:
        words: dict[str, Any] = {"text": f"Thought {self.turn}."}
        if self.dialect == "openai_responses":
            words = {"summary": (f"Thought {self.turn}.",), "id": f"rs_{self.turn}"}
        return Reasoning(**words, state=self._opaque(), family=FAMILIES[self.dialect])

    def _opaque(self) -> Opaque:
        kind = "encrypted" if self.dialect == "openai_responses" else "signature"
        return Opaque(FAMILIES[self.dialect], state(self.turn), kind)


def reply(dialect_name: str, seen: Seen, parts: tuple[Part, ...], finish: str = "stop") -> Reply:
    """An answer in a dialect, streamed where that was asked for."""
    events: list[Event] = [Began("up-1", "thinker"), *events_of(parts), UsageSeen(_USED), Finished(finish, finish)]
    speaks = dialect(dialect_name)
    assert speaks.write is not None and speaks.writer is not None and speaks.parse is not None
    request = speaks.parse(json.dumps(_ASKED[dialect_name]).encode())
    voice = Voice("gen-01AAAAAAAAAAAAAAAAAAAAAAAA", "thinker", "P", 1, lambda text: None)
    if "streamGenerateContent" not in seen.path and not seen.json().get("stream"):
        return Reply(pieces=(speaks.write(events, voice, request, _USED, 0, 0),))
    writer = speaks.writer(voice, request)
    pieces = (*(writer.feed([event]) for event in events), writer.end(_USED, 0, 0))
    return Reply(headers={"content-type": "text/event-stream"}, pieces=tuple(filter(None, pieces)), chunked=True)


def _step(turn: int) -> str:
    return f"Step {turn} of the task."


def state(turn: int) -> str:
    """Base64, as all makers' is."""
    return "c3RhdGUgb2YgdHVybi" + f"{turn:04d}".encode().hex() + "AA=="


def config(folder: Path, dialect_name: str, url: str) -> Path:
    """An `entrepot.toml` in which `acme/thinker` is at a double."""
    quirks = '["keeps_openrouter_fields"]' if dialect_name == "openai_chat" else "[]"
    path = folder / "entrepot.toml"
    path.write_text(
        f'[providers.double]\ndialect = "{dialect_name}"\nbase_url = "{url}"\napi_key = ""\nquirks = {quirks}\n'
        '[[endpoints]]\nmodel = "acme/thinker"\nprovider = "double"\nprice = { prompt = "1", completion = "1" }\n'
    )
    return path
