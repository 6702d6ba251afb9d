"""A rich answer made up, and short ways to what the tests of this dialect need."""

import json
from typing import Any

from msgspec import Raw

from entrepot.dialects.gather import events_of
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.write import ResponsesWriter, write
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Citation, Foreign, Opaque, Part, Reasoning, Refusal, Text, ToolCall
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    Event,
    Finish,
    Finished,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    TextDelta,
    UsageSeen,
)
from entrepot.values.request import Asked
from entrepot.values.usage import Usage

VOICE = Voice("gen-01J", "openai/gpt-5.1", "OpenAI", 1_763_000_000, lambda _text: None)
USAGE = Usage(100, 50, cached_tokens=40, cache_write_tokens=10, reasoning_tokens=20)
ENCRYPTED = Opaque("openai-responses-v1", "gAAAAB|x=", "encrypted")
SIGNED = Opaque("anthropic-claude-v1", "EqQBCkYIBxgC==")
SEARCH = Raw(b'{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}}')
TOKENS = Raw(b'[{"token":"Hi","logprob":-0.1,"bytes":[72,105],"top_logprobs":[]}]')

RICH: tuple[Part, ...] = (
    Reasoning("", ("First I look.", "Then I act."), ENCRYPTED, "rs_1", "openai-responses-v1"),
    Foreign("openai_responses", "web_search_call", SEARCH),
    Text("It is 4 °C in Oslo 🙂", (Citation("http://a.test", "A", start=0, end=9), Citation(title="B.pdf"))),
    Text("And dry."),
    Reasoning("raw thought", (), None, "rs_2", "unknown"),
    ToolCall("call_1", "weather", '{"city": "Oslo"}'),
    ToolCall("call_2", "apply_patch", "*** Begin Patch", custom=True),
    Reasoning("signed thought", (), SIGNED, "", "anthropic-claude-v1"),
    ToolCall("call_3", "weather", '{"city":"Rome"}', state=Opaque("google-gemini-v1", "CtkB|%/+")),
    Refusal("I cannot say more."),
)


def rich(finish: Finish = "tool_calls") -> list[Event]:
    return [Began("up_1", "m", "default"), *events_of(RICH), UsageSeen(USAGE, "default"), Finished(finish, finish)]


def parallel() -> list[Event]:
    """Two calls whose arguments come in turns, and a text with token probabilities before them."""
    return [
        Began("up_1"),
        PartBegan(0, "text"),
        TextDelta(0, "Hi"),
        LogprobsDelta(0, TOKENS),
        PartEnded(0),
        PartBegan(1, "tool_call", id="call_1", name="f"),
        PartBegan(2, "tool_call", id="call_2", name="g"),
        ArgumentsDelta(1, '{"a"'),
        ArgumentsDelta(2, "{}"),
        ArgumentsDelta(1, ":1}"),
        PartEnded(2),
        PartEnded(1),
        Finished("tool_calls"),
    ]


def asked(**members: Any) -> Asked:
    return parse(json.dumps({"model": "openai/gpt-5.1", "input": "hi", **members}).encode())


def written(events: list[Event], request: Asked | None = None) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(write(events, VOICE, request or asked(), USAGE, 1_000, 2_000))
    return told


def streamed(events: list[Event], request: Asked | None = None) -> bytes:
    writer = ResponsesWriter(VOICE, request or asked())
    return b"".join([writer.feed([event]) for event in events]) + writer.end(USAGE, 1_000, 2_000)


def told(stream: bytes) -> list[dict[str, Any]]:
    return [json.loads(frame.split(b"\ndata: ")[1]) for frame in stream.removesuffix(b"\n\n").split(b"\n\n")]
