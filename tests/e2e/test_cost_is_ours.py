"""What a provider says that a call costs the operator is not told to the customer: its answers have the customer's own cost alone."""

import json
from typing import Any

import httpx
import pytest

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, Seen, chat_body, sse, sse_reply

SECRET = "777310777"
COSTS = {
    "cost": 0.777310777,
    "cost_details": {"upstream_inference_cost": 0.777310777, "upstream_inference_prompt_cost": 0.777310777},
    "is_byok": True,
    "cost_in_usd_ticks": 7_773_107_770,
}
"""As OpenRouter and xAI tell them."""
META = {"usage": {"credits_used": 777310777, "usd_spent": 0.777310777}}
"""As AI/ML API tells them, in the last chunk."""
CHAT_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12} | COSTS
RESPONSE = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m", "error": None,
    "output": [
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "Hi", "annotations": []}]},
    ],
    "usage": {
        "input_tokens": 9, "output_tokens": 3, "total_tokens": 12, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    } | COSTS,
}  # fmt: skip
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 3} | COSTS,
}  # fmt: skip
ASKED: dict[str, Any] = {
    "chat/completions": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 16},
    "responses": {"input": "Hi", "max_output_tokens": 16},
    "messages": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 16},
    "completions": {"prompt": "Hi", "max_tokens": 16},
}


def reply(seen: Seen) -> Reply:
    streamed = seen.json().get("stream", False)
    if seen.path.endswith("/responses"):
        body: dict[str, Any] = RESPONSE
        events = [{"type": "response.created", "response": RESPONSE | {"usage": None, "output": []}, "sequence_number": 0}]
        events += [{"type": "response.completed", "response": RESPONSE, "sequence_number": 1}]
    elif seen.path.endswith("/messages"):
        body = MESSAGE
        usage = {"output_tokens": 3} | COSTS
        events = [{"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}}]
        events += [{"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}]
        events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}]
        events += [{"type": "content_block_stop", "index": 0}]
        events += [{"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage}]
        events += [{"type": "message_stop"}]
    else:
        body = chat_body("Hi") | {"usage": CHAT_USAGE, "meta": META}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        events = [chunk | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}]}]
        events += [chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        events += [chunk | {"choices": [], "usage": CHAT_USAGE, "meta": META}]
    if not streamed:
        return Reply(
            headers={"content-type": "application/json", "x-aimlapi-usd-spent": "0.777310777"},
            pieces=(json.dumps(body).encode(),),
        )
    return sse_reply([*(b"event: " + e.get("type", "chunk").encode() + b"\n" + sse(e) for e in events), b"data: [DONE]\n\n"])


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "anthropic_messages"])
async def test_no_answer_tells_what_the_provider_charges(dialect: str, streamed: bool) -> None:
    async with FakeUpstream(reply) as upstream:
        providers = {"acme": {"base_url": upstream.url, "api_key": "", "dialect": dialect}}
        endpoints = [{"model": "acme/one", "provider": "acme", "price": {"prompt": "1", "completion": "2"}}]
        async with Gateway(providers=providers, endpoints=endpoints) as gateway:
            async with httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": f"Bearer {gateway.live_key}"}) as user:
                for path, body in ASKED.items():
                    asked = body | {"model": "acme/one", "stream": streamed}
                    got = await user.post(f"/api/v1/{path}", json=asked)
                    assert got.status_code == 200, got.text
                    assert SECRET not in got.text, (path, got.text)
                    assert SECRET not in str(got.headers)
                    assert '"cost":0.000015' in got.text.replace(" ", ""), (path, got.text)
