"""Chat clients reach providers who speak only their own dialect: Cohere, Bedrock (signed or with a key) and Ollama."""

import json
from typing import Any

import openai
import pytest
from native import ROOT, WHY_SKIPPED, dialect, frame, heard, native_recordings
from recordings import Recording

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import gather
from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply
from entrepot.values.conversation import Part, Text, ToolCall

TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
ASKED: Any = {"messages": [{"role": "user", "content": "Weather?"}], "tools": [TOOL], "max_tokens": 200}
KINDS = {
    ("cohere", False): "application/json",
    ("cohere", True): "text/event-stream",
    ("ollama", False): "application/json; charset=utf-8",
    ("ollama", True): "application/x-ndjson",
    ("bedrock_converse", False): "application/json",
    ("bedrock_converse", True): "application/vnd.amazon.eventstream",
}
PROVIDERS = {
    "cohere": ("cohere", "cohere/command-a"),
    "ollama": ("box", "acme/qwen3"),
    "bedrock_converse": ("amazon-bedrock", "anthropic/claude-sonnet-4.5"),
}
BOX: Any = {"model": "acme/qwen3", "provider": "box", "price": {"prompt": "0", "completion": "0"}}


def client_of(gateway: Gateway) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=gateway.url + "/v1", api_key=gateway.live_key, max_retries=0)


async def asked(client: openai.AsyncOpenAI, model: str, stream: bool) -> tuple[str, list[tuple[str, str, str]], str]:
    """Text, calls and finish of an answer, joined from its pieces when streamed."""
    if not stream:
        [choice] = (await client.chat.completions.create(model=model, **ASKED)).choices
        calls: Any = choice.message.tool_calls or []
        told = [(call.id, call.function.name, call.function.arguments) for call in calls]
        return choice.message.content or "", told, choice.finish_reason
    text, finish, found = "", "", dict[int, tuple[str, str, str]]()
    async for chunk in await client.chat.completions.create(model=model, stream=True, **ASKED):
        for piece in chunk.choices:
            text += piece.delta.content or ""
            finish = piece.finish_reason or finish
            for call in piece.delta.tool_calls or []:
                name, function, arguments = found.get(call.index, ("", "", ""))
                assert call.function
                found[call.index] = (call.id or name, call.function.name or function, arguments + (call.function.arguments or ""))
    return text, list(found.values()), finish


def said_by(name: str, body: bytes, streamed: bool) -> tuple[Part, ...]:
    read = dialect(name).read
    assert read
    return gather(heard(name, [body]) if streamed else read(body, Hearing())).choices[0].parts


@pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
@pytest.mark.parametrize("name", PROVIDERS)
async def test_recorded_answers_reach_the_openai_sdk_with_all_their_text_and_calls(name: str) -> None:
    slug, model = PROVIDERS[name]
    recordings = [recording for recording in native_recordings(name) if recording.status == 200]
    async with (
        FakeUpstream([reply_of(name, recording) for recording in recordings]) as upstream,
        Gateway(**settings_to(slug, name, upstream)) as gateway,
        client_of(gateway) as client,
    ):
        for recording in recordings:
            parts = said_by(name, recording.body, recording.streamed)
            text, calls, finish = await asked(client, model, recording.streamed)
            assert text == "".join(part.text for part in parts if isinstance(part, Text)), recording.name
            assert calls == [(part.id, part.name, part.arguments) for part in parts if isinstance(part, ToolCall)]
            assert (finish == "tool_calls") == bool(calls)


def settings_to(slug: str, name: str, upstream: FakeUpstream) -> dict[str, Any]:
    """A shipped provider at another address, or Ollama as an operator adds it."""
    settings: dict[str, Any] = {"providers": {slug: {"base_url": upstream.url, "api_key": "", "dialect": name}}}
    return settings | ({"endpoints": [BOX]} if slug == "box" else {})


def reply_of(name: str, recording: Recording) -> Reply:
    pieces = tuple(recording.body[at : at + 700] for at in range(0, len(recording.body), 700))
    return Reply(headers={"content-type": KINDS[name, recording.streamed]}, pieces=pieces, chunked=True)


async def test_claude_on_bedrock_is_signed_and_gets_its_thinking_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore", reason="botocore is an optional extra")
    for name, value in {"ACCESS_KEY_ID": "AKIDEXAMPLE", "SECRET_ACCESS_KEY": "canary", "REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    thought = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}}
    call = {"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {}}}
    first = {"output": {"message": {"role": "assistant", "content": [thought, call]}}, "stopReason": "tool_use", "usage": {}}
    async with (
        FakeUpstream([Reply(pieces=(json.dumps(first).encode(),))]) as upstream,
        Gateway(providers={"amazon-bedrock": {"base_url": upstream.url}}) as gateway,
        client_of(gateway) as client,
    ):
        asking: Any = {"model": "anthropic/claude-sonnet-4.5", "tools": [TOOL], "extra_body": {"reasoning": {"max_tokens": 1024}}}
        question: Any = {"role": "user", "content": "Weather?"}
        told = (await client.chat.completions.create(messages=[question], **asking)).choices[0].message
        result: Any = {"role": "tool", "tool_call_id": told.tool_calls[0].id, "content": "Rain"}  # type: ignore[index]
        await client.chat.completions.create(messages=[question, told.model_dump(exclude_none=True), result], **asking)  # type: ignore[list-item]
    seen = upstream.seen[1]
    assert seen.path == "/v1/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
    assert seen.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert seen.json()["messages"][1]["content"] == [thought, call]
    assert seen.json()["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 1024


async def test_a_throttled_stream_of_bedrock_is_told_as_its_own_error() -> None:
    body = frame("messageStart", {"role": "assistant"}) + frame("throttlingException", {"message": "slow"}, message="exception")
    reply = Reply(headers={"content-type": "application/vnd.amazon.eventstream"}, pieces=(body,))
    async with (
        FakeUpstream([reply]) as upstream,
        Gateway(providers={"amazon-bedrock": {"base_url": upstream.url, "api_key": ""}}) as gateway,
        client_of(gateway) as client,
    ):
        with pytest.raises(openai.RateLimitError, match="Amazon Bedrock failed: slow"):
            await asked(client, "anthropic/claude-sonnet-4.5", True)
