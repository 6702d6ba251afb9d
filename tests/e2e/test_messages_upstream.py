"""A Messages client before a Messages provider: what it asks by header goes on, and a stream that breaks is paid as far as it came."""

import json
from typing import Any

import httpx

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply

ASK: dict[str, Any] = {"model": "acme/claude", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
ANSWER = {
    "id": "msg_up", "type": "message", "role": "assistant", "model": "claude", "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 2},
}  # fmt: skip
EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "message_start", "message": ANSWER | {"content": [], "usage": {"input_tokens": 5000, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "one two three four " * 20}},
)


def gateway_to(upstream: FakeUpstream) -> Gateway:
    return Gateway(
        providers={"p": {"base_url": upstream.url, "api_key": "", "dialect": "anthropic_messages"}},
        endpoints=[{"model": "acme/claude", "provider": "p", "price": {"prompt": "1", "completion": "1"}}],
    )


async def test_what_the_client_asks_for_by_header_reaches_the_provider() -> None:
    reply = Reply(pieces=(json.dumps(ANSWER).encode(),))
    async with FakeUpstream([reply]) as upstream, gateway_to(upstream) as gateway:
        headers = {"x-api-key": gateway.live_key, "anthropic-beta": "effort-2025-11-24,context-1m-2025-08-07"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as http:
            told = await http.post("/v1/messages", json=ASK | {"speed": "fast"})
    [seen] = upstream.seen
    assert told.status_code == 200 and told.json()["content"][0]["text"] == "Hello."
    assert seen.path.endswith("/messages") and seen.json()["messages"] == ASK["messages"]
    assert seen.headers["anthropic-beta"] == "effort-2025-11-24,context-1m-2025-08-07,fast-mode-2026-02-01"


async def test_a_stream_that_breaks_is_paid_as_far_as_it_came() -> None:
    pieces = tuple([f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in EVENTS])
    reply = Reply(headers={"content-type": "text/event-stream"}, pieces=pieces, end="cut", chunked=True)
    async with FakeUpstream([reply]) as upstream, gateway_to(upstream) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url, headers={"x-api-key": gateway.live_key}) as http:
            told = await http.post("/v1/messages", json=ASK | {"stream": True})
            record = (await http.get("/api/v1/generation", params={"id": told.headers["x-generation-id"]})).json()["data"]
    assert "event: error" in told.text and "one two three" in told.text
    assert record["native_tokens_prompt"] == 5000 and record["native_tokens_completion"] > 60
