"""Every recorded answer in a dialect that only providers speak: whole and in any pieces it says the same, and loses nothing."""

import json
import random
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from native import PLACES, ROOT, WHY_SKIPPED, dialect, heard, native_recordings, pieces_of

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Gathered, gather
from entrepot.errors import CredentialRejected
from entrepot.upstream.failures import UnknownThere, classify
from entrepot.values.conversation import Reasoning, Text, ToolCall
from entrepot.values.event import Failed, ForeignEvent, PartBegan, PartEnded

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
CLAUDE = Hearing(family="anthropic-claude-v1")
ALL = [(name, recording) for name in PLACES if ROOT.exists() for recording in native_recordings(name)]
GOOD = [(name, recording) for name, recording in ALL if recording.status == 200]
STREAMS = [(name, recording) for name, recording in GOOD if recording.streamed]


def ids(cases):
    return [recording.name for _, recording in cases]


def told_in(name: str, body: bytes, streamed: bool) -> list[dict[str, Any]]:
    """The JSON objects of an answer, found without the code under test."""
    if name == "bedrock_converse" and streamed:
        decode, text = json.JSONDecoder().raw_decode, body.decode("utf8", "replace")
        return [decode(text, match.end())[0] for match in re.finditer(r":message-type\x07\x00\x05event(?={)", text)]
    if name == "cohere" and streamed:
        return [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in (body.decode().splitlines() if streamed else [body.decode()]) if line.strip()]


def strings(value: Any, *names: str) -> Iterator[str]:
    """The texts under these names anywhere in a JSON value, in order."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key in names and isinstance(inner, str):
            yield inner
        else:
            yield from strings(inner, *names)


def gathered(name, recording) -> Gathered:
    read = dialect(name).read
    return gather(heard(name, [recording.body], CLAUDE) if recording.streamed else read(recording.body, CLAUDE))


def test_every_recording_of_these_dialects_is_read() -> None:
    assert {name: sum(name == of for of, _ in ALL) for name in PLACES} == {"cohere": 9, "ollama": 4, "bedrock_converse": 13}


@pytest.mark.parametrize(("name", "recording"), STREAMS, ids=ids(STREAMS))
def test_a_stream_says_the_same_in_any_pieces(name, recording) -> None:
    seed = random.randrange(1 << 30)
    print(f"{seed=}")
    body = recording.body
    whole = heard(name, [body], CLAUDE)
    assert heard(name, pieces_of(body, seed), CLAUDE) == whole
    if len(body) < 20000:
        assert heard(name, [body[at : at + 1] for at in range(len(body))], CLAUDE) == whole
    assert not [event for event in whole if isinstance(event, ForeignEvent | Failed)]


@pytest.mark.parametrize(("name", "recording"), GOOD, ids=ids(GOOD))
def test_all_text_is_kept_in_its_order(name, recording) -> None:
    told = told_in(name, recording.body, recording.streamed)
    [choice] = gathered(name, recording).choices
    thought = [part.text for part in choice.parts if isinstance(part, Reasoning)]
    text = [part.text for part in choice.parts if isinstance(part, Text)]
    if name == "bedrock_converse":
        blocks = [event.get("delta", event.get("output", {})) for event in told]
        assert "".join(strings(blocks, "text")) == "".join(thought + text)
    else:
        for event in told:
            event.get("message", {}).pop("citations", None)
        assert "".join(strings(told, "tool_plan", "thinking")) == "".join(thought)
        assert "".join(strings(told, "text", "content")) == "".join(text)


@pytest.mark.parametrize(("name", "recording"), GOOD, ids=ids(GOOD))
def test_arguments_are_json_and_every_part_begins_and_ends_once(name, recording) -> None:
    read = dialect(name).read
    events = heard(name, [recording.body], CLAUDE) if recording.streamed else read(recording.body, CLAUDE)
    began = [event.index for event in events if isinstance(event, PartBegan)]
    assert began == sorted(set(began)) == sorted(event.index for event in events if isinstance(event, PartEnded))
    [choice] = gather(events).choices
    calls = [part for part in choice.parts if isinstance(part, ToolCall)]
    assert choice.finish is not None and (choice.finish.reason == "tool_calls") == bool(calls)
    assert all(call.id and call.name and isinstance(json.loads(call.arguments), dict) for call in calls)


@pytest.mark.parametrize(("name", "recording"), GOOD, ids=ids(GOOD))
def test_usage_is_what_the_provider_reported(name, recording) -> None:
    last = told_in(name, recording.body, recording.streamed)[-1]
    seen = gathered(name, recording).seen
    assert seen is not None
    usage = seen.usage
    if name == "ollama":
        assert (usage.prompt_tokens, usage.completion_tokens) == (last["prompt_eval_count"], last["eval_count"])
        return
    told = last.get("usage") or last["delta"]["usage"]
    if name == "cohere":
        assert {"input_tokens": usage.prompt_tokens, "output_tokens": usage.completion_tokens} == told["billed_units"]
        assert usage.cached_tokens <= min(told.get("cached_tokens", 0), usage.prompt_tokens)
        return
    assert usage.total_tokens == told["totalTokens"]
    assert usage.cached_tokens == told.get("cacheReadInputTokens", 0)
    assert usage.cache_write_tokens == told.get("cacheWriteInputTokens", 0)


BEDROCK = [(name, recording) for name, recording in GOOD if name == "bedrock_converse"]


@pytest.mark.parametrize(("name", "recording"), BEDROCK, ids=ids(BEDROCK))
def test_opaque_state_is_kept_to_the_byte(name, recording) -> None:
    told = told_in(name, recording.body, recording.streamed)
    states = [part.state for part in gathered(name, recording).choices[0].parts if isinstance(part, Reasoning)]
    assert [state.family for state in states if state] == ["anthropic-claude-v1"] * len(states)
    assert [state.data for state in states if state and state.kind == "signature"] == list(strings(told, "signature"))
    hidden = [b64encode(state.data.encode()).decode() for state in states if state and state.kind == "encrypted"]
    assert hidden == list(strings(told, "redactedContent"))


REFUSED = [(name, recording) for name, recording in ALL if recording.status != 200]


@pytest.mark.parametrize(("name", "recording"), REFUSED, ids=ids(REFUSED))
def test_a_recorded_refusal_is_ours_to_move_on_from(name, recording) -> None:
    error = classify(recording.status, {}, recording.body, "Amazon Bedrock")
    assert isinstance(error, CredentialRejected if recording.status == 403 else UnknownThere) and error.try_next
