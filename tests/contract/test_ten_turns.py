"""Ten turns of interleaved thinking, text and tools for each client dialect against each provider dialect.

The double is a provider that gives out new opaque state at every turn and demands all of it back, to the byte and in its place.
What it was sent is read by the dialect's own parser.
"""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from traffic import asking, said_again, user

from entrepot.dialects.gather import events_of
from entrepot.dialects.translated import conversation_of, dialect
from entrepot.dialects.voice import Voice
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, Seen
from entrepot.values.conversation import Opaque, Part, Reasoning, Text, ToolCall
from entrepot.values.event import Began, Event, Finished, UsageSeen
from entrepot.values.usage import Usage

CLIENTS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
FAMILIES = {
    "openai_chat": "anthropic-claude-v1",
    "openai_responses": "openai-responses-v1",
    "anthropic_messages": "anthropic-claude-v1",
    "gemini": "google-gemini-v1",
}
"""The chat provider is one that carries other makers' state in `reasoning_details`, as OpenRouter does."""
TURNS = 10
PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini": "/v1beta/models/acme/thinker:generateContent",
}
ASKED = {
    "openai_chat": b'{"model":"a/b","messages":[{"role":"user","content":"x"}]}',
    "openai_responses": b'{"model":"a/b","input":"x"}',
    "anthropic_messages": b'{"model":"a/b","messages":[{"role":"user","content":"x"}],"max_tokens":9}',
    "gemini": b'{"contents":[{"parts":[{"text":"x"}]}]}',
}
USED = Usage(prompt_tokens=10, completion_tokens=5, reasoning_tokens=2)


def state_for(provider: str, name: str) -> Opaque:
    kind = "encrypted" if provider == "openai_responses" else "signature"
    return Opaque(FAMILIES[provider], "c3RhdGU" + name.encode().hex(), kind)


def answer_of(provider: str, turn: int) -> tuple[Part, ...]:
    """What the provider says at a turn: a thought with its state, text, another thought, and one or two calls."""
    family = FAMILIES[provider]

    def thought(name: str) -> Reasoning:
        item = f"rs_{turn}{name}" if provider == "openai_responses" else ""
        words: dict[str, Any] = {"summary": (f"thought {turn}{name}",)} if item else {"text": f"thought {turn}{name}"}
        return Reasoning(**words, state=state_for(provider, f"{turn}{name}"), id=item, family=family)

    signed = state_for(provider, f"{turn}c") if provider == "gemini" else None
    if provider == "gemini":
        return (
            Text(f"text {turn}"),
            ToolCall(f"call_{turn}", "look", '{"at":1}', state=signed),
            ToolCall(f"more_{turn}", "look", "{}"),
        )
    calls = [ToolCall(f"call_{turn}_{number}", "look", '{"at":%d}' % number) for number in range(1 + turn % 2)]
    return (thought("a"), Text(f"text {turn}"), thought("b"), *calls)


def body_of(provider: str, parts: Sequence[Part], stream: bool) -> bytes:
    events: list[Event] = [Began("up-1", "thinker"), *events_of(parts), UsageSeen(USED), Finished("tool_calls", "tool_use")]
    speaks = dialect(provider)
    assert speaks.write is not None and speaks.writer is not None and speaks.parse is not None
    request = speaks.parse(ASKED[provider])
    voice = Voice("gen-01AAAAAAAAAAAAAAAAAAAAAAAA", "thinker", "P", 1, lambda text: None)
    if not stream:
        return speaks.write(events, voice, request, USED, 0, 0)
    writer = speaks.writer(voice, request)
    return writer.feed(events) + writer.end(USED, 0, 0)


def parts_sent(provider: str, body: bytes) -> list[Part]:
    """All that the assistant said before, as the provider reads it."""
    parse = dialect(provider).parse
    assert parse is not None
    turns = conversation_of(parse(body)).messages
    return [part for message in turns if message.role == "assistant" for part in message.parts]


def stated(parts: Sequence[Part]) -> list[tuple[str, str, str]]:
    """The order of everything, with its state and what tells it apart."""
    found = []
    for part in parts:
        if isinstance(part, Text | ToolCall | Reasoning) and part != Text(""):
            name = part.text if isinstance(part, Text) else part.name + part.arguments if isinstance(part, ToolCall) else ""
            found.append((type(part).__name__, name, part.state.data if part.state else ""))
    return found


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("provider", CLIENTS)
@pytest.mark.parametrize("client", CLIENTS)
async def test_all_state_comes_back_to_the_byte_at_every_turn(client: str, provider: str, stream: bool) -> None:
    expected: list[Part] = []
    kind = "text/event-stream" if stream else "application/json"

    problems: list[Any] = []

    def answer(seen: Seen) -> Reply:
        got, wanted = stated(parts_sent(provider, seen.body)), stated(expected)
        if client == "openai_chat" or provider == "openai_chat":
            # Chat has no member for the order of text; the order of state is what must hold.
            got, wanted = [entry for entry in got if entry[2]], [entry for entry in wanted if entry[2]]
        if got != wanted:
            problems.append((len(upstream.seen), got, wanted))
        said = answer_of(provider, len(upstream.seen))
        expected.extend(said)
        return Reply(headers={"content-type": kind}, pieces=(body_of(provider, said, stream),))

    quirks = ["keeps_openrouter_fields"] if provider == "openai_chat" else []
    async with FakeUpstream(answer) as upstream:
        async with Gateway(
            providers={"p": {"base_url": upstream.url, "api_key": "", "dialect": provider, "quirks": quirks}},
            endpoints=[{"model": "acme/thinker", "provider": "p", "price": {"prompt": "1", "completion": "1"}}],
        ) as gateway:
            headers = {"Authorization": f"Bearer {gateway.live_key}"}
            async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30) as http:
                turns = [user(client, "Look around.")]
                for _ in range(TURNS):
                    told = await http.post(path_of(client, stream), json=request_of(client, turns, stream))
                    assert told.status_code == 200, told.text
                    turns += said_again(client, told.content, stream)
        assert len(upstream.seen) == TURNS and problems == []


def path_of(client: str, stream: bool) -> str:
    path = PATHS[client]
    return path.replace(":generateContent", ":streamGenerateContent?alt=sse") if stream else path


def request_of(client: str, turns: list[dict[str, Any]], stream: bool) -> dict[str, Any]:
    members: dict[str, Any] = {} if client == "gemini" else {"model": "acme/thinker", "stream": stream}
    return asking(client, turns, tools=TOOLS[client], **members) | members


SCHEMA = {"type": "object", "properties": {"at": {"type": "integer"}}}
TOOLS: dict[str, list[dict[str, Any]]] = {
    "openai_chat": [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}],
    "openai_responses": [{"type": "function", "name": "look", "parameters": SCHEMA}],
    "anthropic_messages": [{"name": "look", "input_schema": SCHEMA}],
    "gemini": [{"functionDeclarations": [{"name": "look", "parameters": SCHEMA}]}],
}
