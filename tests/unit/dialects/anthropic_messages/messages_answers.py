"""A rich made-up answer, and what a client of the vendor's own SDK makes of ours."""

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.anthropic_messages.parse import parse
from entrepot.dialects.gather import events_of
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Citation, Foreign, Opaque, Part, Reasoning, Text, ToolCall
from entrepot.values.event import Began, Event, Finished, UsageSeen
from entrepot.values.request import Asked
from entrepot.values.usage import Usage

VOICE = Voice("gen-01KAJ0000000000000000000000", "anthropic/claude-opus-5", "Anthropic", 1_795_219_200, lambda text: None)
USAGE = Usage(
    100, 50, cached_tokens=20, cache_write_tokens=10, cache_write_1h_tokens=5, reasoning_tokens=30, web_searches=1
)  # fmt: skip
CLAUDE = "anthropic-claude-v1"
CITED = Citation(
    url="https://example.test/a",
    title="A",
    text="as told",
    raw=Raw(
        b'{"type":"web_search_result_location","cited_text":"as told","encrypted_index":"RXh0","title":"A",'
        b'"url":"https://example.test/a"}'
    ),
    dialect="anthropic_messages",
)
SEARCH = Foreign(
    "anthropic_messages", "server_tool_use",
    Raw(b'{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"a"},"caller":{"type":"direct"}}'),
)  # fmt: skip
CALLS = Finished("tool_calls", "tool_use")
NATIVE: tuple[Part, ...] = (
    Reasoning("Let me see.", state=Opaque(CLAUDE, "c2lnbmF0dXJlMQ=="), family=CLAUDE),
    SEARCH,
    Reasoning(state=Opaque(CLAUDE, "aGlkZGVu", "encrypted"), family=CLAUDE),
    Text("Found: \u20ac \U0001f600\n", citations=(CITED,)),
    Reasoning(state=Opaque(CLAUDE, "bm8gdGV4dA=="), family=CLAUDE),
    ToolCall("toolu_01", "lookup", '{"city": "Tokyo", "n": 1.0}'),
    ToolCall("toolu_02", "now", "{}"),
)
"""What Claude itself says: interleaved thinking, a search of its own, a citation, two calls at once."""
FOREIGN: tuple[Part, ...] = (
    Reasoning("", ("First.", "Then."), Opaque("openai-responses-v1", "gAAAA/+=", "encrypted"), "rs_1", "openai-responses-v1"),
    Reasoning(state=Opaque("openai-responses-v1", "gBBBB", "encrypted"), id="rs_2", family="openai-responses-v1"),
    Text("Well.", state=Opaque("google-gemini-v1", "c2lnOg==")),
    Reasoning("thought", state=Opaque("google-gemini-v1", "sig.nature|x"), family="google-gemini-v1"),
    ToolCall("call_1", "f", '{"a": 1}', state=Opaque("google-gemini-v1", "b24gY2FsbA==")),
    Reasoning("plain", family="deepseek-v1"),
    Text("Done."),
)
"""What others say, with state that must come back to them."""


def answer(parts: Sequence[Part], finish: Finished) -> list[Event]:
    return [Began("msg_up", "claude", "default"), *events_of(parts), UsageSeen(USAGE, "default"), finish]


def asked(**more: Any) -> Asked:
    return parse(json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]} | more).encode())


def plain(events: Sequence[Event], request: Asked | None = None) -> bytes:
    assert dialect.write is not None
    return dialect.write(events, VOICE, request or asked(), USAGE, 1_500, 2_500)


def streamed(events: Sequence[Event], request: Asked | None = None, *, step: int = 1) -> bytes:
    assert dialect.writer is not None
    writer = dialect.writer(VOICE, request or asked(stream=True))
    pieces = [writer.feed(events[at : at + step]) for at in range(0, len(events), step)]
    return b"".join([*pieces, writer.end(USAGE, 1_500, 2_500)])


def client_of(body: bytes, status: int = 200) -> Any:
    """Anthropic's own client, whose every call is answered by this."""
    import anthropic
    import httpx2

    kind = "text/event-stream" if body.startswith(b"event:") else "application/json"
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, content=body, headers={"content-type": kind}))
    return anthropic.Anthropic(
        api_key="k", base_url="http://x.test", max_retries=0, http_client=httpx2.Client(transport=transport)
    )  # fmt: skip


ASK: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def by_sdk(body: bytes) -> dict[str, Any]:
    """The message the SDK holds at the end."""
    with client_of(body) as client:
        if not body.startswith(b"event:"):
            told: dict[str, Any] = client.messages.create(**ASK).to_dict()
            return told
        with client.messages.stream(**ASK) as stream:
            final: dict[str, Any] = stream.get_final_message().to_dict()
            return final


def sent_back(message: dict[str, Any], results: Sequence[str] = ()) -> Asked:
    """The next turn of a client that returns the content as it got it."""
    turns: list[dict[str, Any]] = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": message["content"]}]
    given = [{"type": "tool_result", "tool_use_id": name, "content": "1"} for name in results]
    turns.append({"role": "user", "content": [*given, {"type": "text", "text": "on"}]})
    return parse(json.dumps({"model": "m", "max_tokens": 9, "messages": turns}).encode())
