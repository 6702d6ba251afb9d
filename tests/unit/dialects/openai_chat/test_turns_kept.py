"""Thinking, text and calls come back from a chat client in the order, and with the state, in which they were given to it."""

import json
from typing import Any

import pytest

from entrepot.dialects.gather import events_of, gather
from entrepot.dialects.openai_chat.converse import converse
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.openai_chat.write import ChatStreamWriter, write
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Opaque, Part, Reasoning, Text, ToolCall
from entrepot.values.event import Event, Finished
from entrepot.values.usage import Usage

ASKED = parse_request(b'{"model":"a/b","messages":[{"role":"user","content":"x"}]}')
SAID = Voice("gen-1", "a/b", "P", 1, lambda text: None)
CLAUDE, OPENAI, GEMINI = "anthropic-claude-v1", "openai-responses-v1", "google-gemini-v1"


def thought(text: str, proof: str) -> Reasoning:
    return Reasoning(text, state=Opaque(CLAUDE, proof), family=CLAUDE)


ANSWERS: dict[str, tuple[Part, ...]] = {
    "signed thoughts between text and calls": (
        thought("one", "sig1"),
        Text("hello"),
        thought("two", "sig2"),
        ToolCall("c1", "f", '{"a":1}'),
        ToolCall("c2", "g", "{}"),
    ),
    "hidden thoughts": (Reasoning(state=Opaque(CLAUDE, "xyz", "encrypted"), family=CLAUDE), thought("b", "sig"), Text("c")),
    "an item with a summary": (
        Reasoning("", ("s1", "s2"), Opaque(OPENAI, "gAAA", "encrypted"), "rs_1", OPENAI),
        ToolCall("c1", "f", "{}"),
        Reasoning("", (), Opaque(OPENAI, "gBBB", "encrypted"), "rs_2", OPENAI),
        ToolCall("c2", "f", "{}"),
    ),
    "state on text and calls": (
        Text("hi", state=Opaque(GEMINI, "ts0")),
        ToolCall("c1", "f", "{}", state=Opaque(GEMINI, "ts1")),
        ToolCall("c2", "f", "{}"),
    ),
    "a call between two thoughts": (ToolCall("c1", "f", "{}"), thought("t", "s"), ToolCall("c2", "f", "{}")),
}


def events(parts: tuple[Part, ...]) -> list[Event]:
    return [*events_of(parts), Finished("tool_calls")]


def said_again(message: dict[str, Any]) -> tuple[Part, ...]:
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in message.get("tool_calls", [])]
    body = {"model": "a/b", "messages": [{"role": "user", "content": "x"}, message, *results]}
    return converse(parse_request(json.dumps(body).encode())).messages[1].parts


def accumulated(stream: bytes) -> dict[str, Any]:
    """The message that a client puts together: strings joined, entries of one number joined."""
    message: dict[str, Any] = {"role": "assistant", "content": "", "reasoning_details": [], "tool_calls": {}}
    for line in stream.split(b"\n\n"):
        if line.startswith(b"data: {"):
            for choice in json.loads(line[6:])["choices"]:
                delta = choice["delta"]
                message["content"] += delta.get("content") or ""
                message["reasoning_details"] += delta.get("reasoning_details", [])
                for call in delta.get("tool_calls", []):
                    kept = message["tool_calls"].setdefault(call["index"], {"function": {"name": "", "arguments": ""}})
                    kept["id"] = call.get("id") or kept["id"]
                    for name, text in call["function"].items():
                        kept["function"][name] += text
    return message | {"tool_calls": list(message["tool_calls"].values()), "content": message["content"] or None}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_plain_answer_comes_back_as_it_was(name: str) -> None:
    body = write(events(ANSWERS[name]), SAID, ASKED, Usage(), 0, 0)
    assert said_again(json.loads(body)["choices"][0]["message"]) == ANSWERS[name]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_streamed_answer_comes_back_as_it_was(name: str) -> None:
    writer = ChatStreamWriter(SAID, ASKED)
    stream = b"".join([writer.feed([event]) for event in events(ANSWERS[name])]) + writer.end(Usage(), 0, 0)
    assert said_again(accumulated(stream)) == ANSWERS[name]


def test_the_events_of_parts_gather_to_the_same_parts() -> None:
    for parts in ANSWERS.values():
        assert gather(events(parts)).choices[0].parts == parts
