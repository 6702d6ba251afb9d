"""What a provider calls the model that answered is heard from every dialect, for clients of every dialect."""

import json
from typing import Any

import pytest

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.translated import dialect, plain_answer, streamed_answer
from entrepot.dialects.voice import Voice
from entrepot.values.request import Request

HI = [{"role": "user", "content": "hi"}]
ASKED: dict[str, Any] = {
    "openai_chat": {"messages": HI},
    "openai_responses": {"input": "hi"},
    "anthropic_messages": {"messages": HI, "max_tokens": 9},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
CHAT = {"id": "i", "object": "chat.completion", "created": 1, "model": "theirs", "choices": [CHOICE]}
CHUNK = {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
ITEM = {
    "type": "message",
    "id": "m",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "a", "annotations": []}],
}
RESPONSE = {"id": "r", "object": "response", "created_at": 1, "status": "completed", "model": "theirs", "output": [ITEM]}
MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "theirs",
    "content": [{"type": "text", "text": "a"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
CANDIDATES = [{"content": {"role": "model", "parts": [{"text": "a"}]}, "finishReason": "STOP"}]
GENERATED = {"candidates": CANDIDATES, "modelVersion": "theirs", "responseId": "g"}
PLAIN: list[tuple[str, Any]] = [
    ("openai_chat", CHAT | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}),
    ("openai_chat", CHAT | {"extra": 1}),
    ("openai_chat", CHAT | {"choices": [CHOICE | {"message": {"content": [{"type": "text", "text": "a"}]}}]}),
    ("openai_responses", RESPONSE),
    ("anthropic_messages", MESSAGE),
    ("gemini", GENERATED),
    ("ollama", {"model": "theirs", "message": {"role": "assistant", "content": "a"}, "done": True, "done_reason": "stop"}),
]
STREAMED: list[tuple[str, list[Any]]] = [
    ("openai_chat", [CHAT | {"choices": [CHUNK]}]),
    ("openai_chat", [CHAT | {"choices": [], "id": "", "model": ""}, CHAT | {"choices": [CHUNK]}]),
    ("openai_chat", [CHAT | {"choices": [CHUNK | {"delta": {"content": "a", "reasoning": "b"}}]}]),
    ("openai_responses", [{"type": "response.created", "sequence_number": 0, "response": RESPONSE | {"output": []}}]),
    ("anthropic_messages", [{"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}}]),
    ("gemini", [GENERATED]),
]


def asked(client: str, *, stream: bool) -> Request:
    parse = dialect(client).parse
    assert parse is not None
    return parse(json.dumps(ASKED[client] | ({"stream": True} if stream and client != "gemini" else {})).encode())


def voice() -> Voice:
    return Voice("gen-1", "acme/ours", "Acme", 1, lambda text: None)


@pytest.mark.parametrize("client", ASKED)
@pytest.mark.parametrize(("speaks", "body"), PLAIN)
def test_of_a_whole_answer(client: str, speaks: str, body: Any) -> None:
    answer = plain_answer(json.dumps(body).encode(), voice(), asked(client, stream=False), speaks, Hearing())
    assert answer.reported_model == "theirs"


@pytest.mark.parametrize("client", ASKED)
@pytest.mark.parametrize(("speaks", "events"), STREAMED)
def test_of_a_stream(client: str, speaks: str, events: list[Any]) -> None:
    stream = streamed_answer(voice(), asked(client, stream=True), speaks, Hearing())
    for event in events:
        name = f"event: {event['type']}\n".encode() if "type" in event else b""
        stream.feed(name + b"data: " + json.dumps(event).encode() + b"\n\n")
    assert stream.reported_model == "theirs"


def test_of_a_whole_answer_that_came_where_a_stream_was_asked_for() -> None:
    stream = streamed_answer(voice(), asked("openai_chat", stream=True), "openai_chat", Hearing())
    stream.feed_whole(json.dumps(CHAT).encode())
    assert stream.reported_model == "theirs"
