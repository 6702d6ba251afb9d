"""Every recorded Chat Completions answer, replayed as the provider: plain and streamed, in the splits of the network, byte by byte and
at random, and read by the openai SDK through the gateway."""

import collections
import itertools
import random
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from recordings import ROOT, WHY_SKIPPED, Recording, chat_recordings

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
RECORDINGS = list(chat_recordings()) if ROOT.is_dir() else []
HI: Any = [{"role": "user", "content": "hi"}]


def replies(recording: Recording) -> Iterator[Reply]:
    """Whole, byte by byte (the first part of long ones), and at three random splits."""
    body, dice = recording.body, random.Random(recording.name)
    cuts = [[], list(range(1, min(len(body), 600)))]
    cuts += [sorted(dice.randrange(1, max(len(body), 2)) for _ in range(40)) for _ in range(3)] if recording.streamed else []
    for places in cuts:
        edges = [0, *sorted(set(places)), len(body)]
        pieces = tuple(body[a:b] for a, b in itertools.pairwise(edges) if a < b)
        yield Reply(recording.status, {"content-type": recording.content_type}, pieces, chunked=recording.streamed)


async def test_every_recording_is_read_by_the_openai_sdk() -> None:
    passed: collections.Counter[str] = collections.Counter()
    failed: dict[str, str] = {}
    now: list[Reply] = []
    async with FakeUpstream(lambda seen: now[-1]) as upstream, gateway_to(upstream.url) as gateway:
        client = openai.AsyncOpenAI(base_url=gateway.url + "/api/v1", api_key=gateway.live_key, max_retries=0)
        async with client:
            for recording in RECORDINGS:
                try:
                    texts = []
                    for reply in replies(recording):
                        now[:] = [reply]
                        texts.append(await read(client, recording))
                    assert all(text == texts[0] for text in texts), "splits differ"
                    passed[recording.folder] += 1
                except (AssertionError, openai.OpenAIError, ValueError) as error:
                    failed[recording.name] = f"{type(error).__name__}: {error}"[:300]
    total = collections.Counter(recording.folder for recording in RECORDINGS)
    print(
        "\n".join(f"{folder:14} {passed[folder]:3} of {count}" for folder, count in total.items()),
        f"\nall {sum(passed.values())}",
    )
    assert not failed


def gateway_to(url: str) -> Gateway:
    endpoint = {"model": "openai/gpt-5.1", "provider": "recorded"}
    return Gateway(providers={"recorded": {"base_url": url, "api_key": ""}}, endpoints=[endpoint])


async def read(client: openai.AsyncOpenAI, recording: Recording) -> str:
    """What the SDK makes of it: text, calls and finish. A refusal comes as a status before the first byte and in the stream
    after it, so that its form depends on the split."""
    fails = recording.status >= 400 or is_error(recording)
    try:
        told = await (read_stream if recording.streamed else read_plain)(client)
    except openai.APIError:
        if not fails:
            raise
        return "refused"
    assert not fails, "the provider failed and the SDK was not told"
    return told


def is_error(recording: Recording) -> bool:
    return b'"choices"' not in recording.body or (b"tool_use_failed" in recording.body and recording.streamed)


async def read_plain(client: openai.AsyncOpenAI) -> str:
    answer = await client.chat.completions.create(model="openai/gpt-5.1", messages=HI)
    assert answer.id.startswith("gen-")
    assert answer.usage is not None
    assert answer.usage.model_extra is not None
    assert answer.usage.model_extra["cost"] >= 0
    assert answer.choices[0].finish_reason in ("stop", "length", "tool_calls", "content_filter", "function_call")
    return repr([(choice.finish_reason, choice.message.content, choice.message.tool_calls) for choice in answer.choices])


async def read_stream(client: openai.AsyncOpenAI) -> str:
    text, calls, finish, usage = "", "", [], None
    async for chunk in await client.chat.completions.create(model="openai/gpt-5.1", messages=HI, stream=True):
        assert chunk.id.startswith("gen-")
        for choice in chunk.choices:
            text += choice.delta.content or ""
            calls += "".join(f"{call.index}{call.id or ''}{call.function}" for call in choice.delta.tool_calls or [])
            finish += [choice.finish_reason] if choice.finish_reason else []
        if not chunk.choices and chunk.usage:
            usage = chunk.usage
    assert usage is not None
    assert finish
    return repr((text, calls, finish, usage.total_tokens))
