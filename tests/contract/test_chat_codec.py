"""Recorded chat traffic through the canonical form and back: whole, streamed and in any pieces it says the same."""

import json
import random
from typing import Any

import pytest
from recordings import ROOT, WHY_SKIPPED, Recording, chat_recordings

from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.gather import Gathered, gather
from entrepot.dialects.openai_chat.converse import converse
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.openai_chat.read import ChatStreamReader, read
from entrepot.dialects.openai_chat.render import render
from entrepot.dialects.openai_chat.write import ChatStreamWriter, write
from entrepot.dialects.voice import Voice
from entrepot.errors import InvalidRequest
from entrepot.providers import Quirk
from entrepot.values.conversation import ToolCall, plain_text
from entrepot.values.event import Event
from entrepot.values.usage import Usage

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
HEARING = Hearing()
ASKED = parse_request(b'{"model":"a/b","messages":[{"role":"user","content":"x"}]}')
SAID = Voice("gen-1", "a/b", "P", 1, lambda text: None)
GOOD = [recording for recording in chat_recordings() if recording.status == 200] if ROOT.exists() else []


def heard(body: bytes, pieces: int = 1, seed: int = 0) -> list[Event]:
    cuts = sorted(random.Random(seed).sample(range(1, len(body)), pieces - 1))
    reader = ChatStreamReader(HEARING)
    events = [event for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True) for event in reader.feed(body[start:end])]
    return events + reader.close()


def events_in(recording: Recording) -> list[Event]:
    return heard(recording.body) if recording.streamed else read(recording.body, HEARING)


def used(told: Gathered) -> Usage:
    return told.seen.usage if told.seen else Usage()


@pytest.mark.parametrize("recording", [r for r in GOOD if r.streamed], ids=lambda r: r.name)
def test_a_stream_says_the_same_however_it_is_cut(recording: Recording) -> None:
    whole = heard(recording.body)
    for seed in range(5):
        assert heard(recording.body, pieces=min(40, len(recording.body) // 2), seed=seed) == whole


@pytest.mark.parametrize("recording", GOOD, ids=lambda r: r.name)
def test_what_is_written_for_a_chat_client_reads_as_what_was_heard(recording: Recording) -> None:
    events = events_in(recording)
    told = gather(events)
    writer = ChatStreamWriter(SAID, ASKED)
    streamed = writer.feed(events) + writer.end(used(told), 0, 0)
    plain = write(events, SAID, ASKED, used(told), 0, 0)
    parts = [choice.parts for choice in told.choices]
    assert [choice.parts for choice in gather(heard(streamed)).choices] == parts
    spoken = [plain_text(choice) for choice in parts]
    assert [choice["message"]["content"] or "" for choice in json.loads(plain)["choices"]] == spoken
    calls = [part for choice in parts for part in choice if isinstance(part, ToolCall) and not part.custom]
    assert all(isinstance(json.loads(call.arguments or "{}"), dict) for call in calls)


@pytest.mark.parametrize("recording", [r for r in GOOD if not r.streamed], ids=lambda r: r.name)
def test_usage_is_what_the_provider_reported(recording: Recording) -> None:
    told, usage = json.loads(recording.body).get("usage"), used(gather(events_in(recording)))
    if told:
        assert (usage.prompt_tokens, usage.completion_tokens) == (told["prompt_tokens"], told["completion_tokens"])
        assert usage.cached_tokens + usage.cache_write_tokens <= usage.prompt_tokens


def usual(value: Any) -> Any:
    """Spellings that mean the same made one: text as a string or as a part, a member that is null or left out."""
    if isinstance(value, list):
        return [usual(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: usual(item) for name, item in value.items() if item not in (None, [], "") and name not in NOT_KEPT}
    content = kept.get("content")
    if isinstance(content, list):
        content = kept["content"] = [part for part in content if part.get("type") != "thinking"]
    if isinstance(content, list) and all(part.get("type") == "text" for part in content):
        kept["content"] = "".join(part["text"] for part in content)
    return {"type": "function", **kept} if "function" in kept else kept


NOT_KEPT = (
    "annotations",
    "prompt_cache_breakpoint",
    "prefix",
    "index",
    "description",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
)


@pytest.mark.parametrize("recording", [r for r in GOOD if r.request], ids=lambda r: r.name)
def test_a_request_goes_through_the_conversation_unharmed(recording: Recording) -> None:
    sent = recording.request
    assert sent is not None
    request = parse_request(json.dumps(sent).encode())
    wishes = Wishes(
        request.slugs[0],
        "max_tokens" if "max_tokens" in sent else "max_completion_tokens",
        quirks=frozenset({Quirk.KEEPS_OPENROUTER_FIELDS}) if recording.folder == "openrouter" else frozenset(),
    )
    rendered = json.loads(render(converse(request), wishes).body)
    for name in ("messages", "tools", "temperature", "max_tokens", "max_completion_tokens", "response_format", "stop", "seed"):
        if name != "tools" or "functions" not in sent:
            assert usual(rendered.get(name)) == usual(sent.get(name) or None), name


@pytest.mark.parametrize(
    ("messages", "path"),
    [
        ([{"role": "tool", "tool_call_id": "c1", "content": "x"}], r"messages\[0\].tool_call_id"),
        ([{"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "f"}}]}], r"messages\[0\].tool_calls\[0\]"),
    ],
)
def test_calls_and_results_that_do_not_fit_together_are_named(messages: list[Any], path: str) -> None:
    body = {"model": "a/b", "messages": [*messages, {"role": "user", "content": "go on"}]}
    with pytest.raises(InvalidRequest, match=path):
        converse(parse_request(json.dumps(body).encode()))
