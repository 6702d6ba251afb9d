"""Every recorded Responses answer read as events: plain and streamed, whole, byte by byte and in random splits."""

import itertools
import json
import random
from typing import Any

import msgspec
import pytest
from recordings import ROOT, WHY_SKIPPED, Recording
from responses_recordings import comparable, responses_recordings

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Answered, gather
from entrepot.dialects.openai_responses.read import ResponsesReader, read
from entrepot.values.conversation import Foreign, Reasoning, Refusal, Text, ToolCall
from entrepot.values.event import Event, Failed, ForeignEvent, UsageSeen

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
ALL = list(responses_recordings()) if ROOT.is_dir() else []
STREAMS = [recording for recording in ALL if recording.streamed]
NO_ANSWER = [recording for recording in ALL if any(word in recording.name for word in ("error", "vcr.yaml#0", "vcr.yaml#1"))]
ANSWERS = [recording for recording in ALL if recording not in NO_ANSWER]


def name(recording: Recording) -> str:
    return recording.name


def heard(recording: Recording, places: list[int] | None = None) -> list[Event]:
    """Its events, in the splits of the network when it is a stream."""
    if not recording.streamed:
        return read(recording.body, Hearing())
    edges = [0, *(places or []), len(recording.body)]
    reader = ResponsesReader(Hearing())
    events = [event for a, b in itertools.pairwise(edges) for event in reader.feed(recording.body[a:b])]
    return events + reader.close()


def final(recording: Recording) -> dict[str, Any]:
    """The response object, which is the last thing of a stream."""
    if not recording.streamed:
        return json.loads(recording.body)
    ends = [told for told in told_by(recording) if told["type"] in ("response.completed", "response.incomplete")]
    return ends[0]["response"]


def told_by(recording: Recording) -> list[dict[str, Any]]:
    lines = recording.body.decode().split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def choice(events: list[Event]) -> Answered:
    [found] = gather(events).choices
    return found


def said(value: Any) -> Any:
    """Without states and names of reasoning: both differ from one event to the next."""
    if isinstance(value, tuple):
        return [said(item) for item in value]
    return comparable(msgspec.structs.replace(value, state=None, id="") if isinstance(value, Reasoning) else value)


@pytest.mark.parametrize("recording", ANSWERS, ids=name)
def test_every_item_of_an_answer_is_told(recording: Recording) -> None:
    told, found = final(recording), choice(heard(recording))
    kinds = {"message": (Text, Refusal), "reasoning": Reasoning, "function_call": ToolCall, "custom_tool_call": ToolCall}
    assert len(found.parts) == len(told["output"])
    for item, part in zip(told["output"], found.parts, strict=True):
        assert isinstance(part, kinds.get(item["type"], Foreign))
        if isinstance(part, Text):
            [content] = item["content"]
            assert part.text == content["text"]
            assert [json.loads(bytes(citation.raw)) for citation in part.citations] == content.get("annotations", [])
        elif isinstance(part, ToolCall):
            assert (part.id, part.name, part.item) == (item["call_id"], item["name"], item["id"])
            assert part.arguments == (item["input"] if part.custom else item["arguments"])
            assert part.custom or isinstance(json.loads(part.arguments), dict)
        elif isinstance(part, Reasoning):
            assert list(part.summary) == [section["text"] for section in item["summary"]]
            assert part.text == "".join(content["text"] for content in item.get("content") or [])
        elif isinstance(part, Foreign):
            assert json.loads(bytes(part.raw)) == item


@pytest.mark.parametrize("recording", ANSWERS, ids=name)
def test_encrypted_reasoning_is_what_the_finished_item_says(recording: Recording) -> None:
    items = [told["item"] for told in told_by(recording) if told["type"] == "response.output_item.done"]
    items = items if recording.streamed else final(recording)["output"]
    given = [item["encrypted_content"] for item in items if item.get("encrypted_content")]
    states = [part.state for part in choice(heard(recording)).parts if isinstance(part, Reasoning) and part.state]
    assert [state.data for state in states] == given
    assert {(state.family, state.kind) for state in states} <= {("openai-responses-v1", "encrypted")}


@pytest.mark.parametrize("recording", [each for each in STREAMS if each not in NO_ANSWER], ids=name)
def test_a_stream_says_what_its_whole_says(recording: Recording) -> None:
    whole = choice(read(json.dumps(final(recording)).encode(), Hearing()))
    streamed = choice(heard(recording))
    for piece in ("parts", "finish", "logprobs"):
        assert said(getattr(streamed, piece)) == said(getattr(whole, piece))


@pytest.mark.parametrize("recording", STREAMS, ids=name)
def test_a_stream_says_the_same_in_any_splits(recording: Recording) -> None:
    dice, size = random.Random(recording.name), len(recording.body)
    expected = comparable(heard(recording))
    for count in (3, 40, 200):
        assert comparable(heard(recording, sorted(dice.randrange(1, size) for _ in range(count)))) == expected
    if size < 10_000:
        assert comparable(heard(recording, list(range(1, size)))) == expected


@pytest.mark.parametrize("recording", ANSWERS, ids=name)
def test_usage_is_what_the_provider_reported(recording: Recording) -> None:
    told = final(recording)["usage"]
    [seen] = [event for event in heard(recording) if isinstance(event, UsageSeen)]
    usage = seen.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (told["input_tokens"], told["output_tokens"])
    assert usage.total_tokens == told["total_tokens"]
    assert usage.cached_tokens == (told.get("input_tokens_details") or {}).get("cached_tokens", 0)
    assert usage.cache_write_tokens == (told.get("input_tokens_details") or {}).get("cache_write_tokens", 0)
    assert usage.reasoning_tokens == (told.get("output_tokens_details") or {}).get("reasoning_tokens", 0)


@pytest.mark.parametrize("recording", ALL, ids=name)
def test_no_event_is_strange(recording: Recording) -> None:
    assert not [event for event in heard(recording) if isinstance(event, ForeignEvent)]


@pytest.mark.parametrize("recording", NO_ANSWER, ids=name)
def test_a_failure_is_told_once_and_last_and_what_is_not_done_has_no_end(recording: Recording) -> None:
    events = heard(recording)
    if "error" in recording.name:
        [failed] = [event for event in events if isinstance(event, Failed)]
        assert failed is events[-1]
        assert json.loads(failed.payload)["error"]["message"]
    else:
        assert not gather(events).choices
