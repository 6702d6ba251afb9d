"""Every recorded Responses answer given to a Responses client: written anew from its events, and spliced. OpenAI's SDK and its published
document accept what comes out."""

import json
from typing import Any

import pydantic
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from published import NO_SPEC, SPEC, faults
from recordings import ROOT, WHY_SKIPPED, Recording
from responses_recordings import comparable, responses_recordings

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import gather
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.read import ResponsesReader, read
from entrepot.dialects.openai_responses.splice import SplicedResponse, SplicedStream
from entrepot.dialects.openai_responses.write import ResponsesWriter, write
from entrepot.dialects.voice import ErrorEvent, Voice
from entrepot.values.event import Event, UsageSeen
from entrepot.values.usage import Usage

pytestmark = [
    pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED),
    pytest.mark.skipif(not SPEC.is_file(), reason=NO_SPEC),
]
ALL = list(responses_recordings()) if ROOT.is_dir() else []
ANSWERS = [each for each in ALL if not any(word in each.name for word in ("error", "vcr.yaml#0", "vcr.yaml#1"))]
STREAMS = [recording for recording in ANSWERS if recording.streamed]
WHOLE = [recording for recording in ANSWERS if not recording.streamed]
ASKED = parse(b'{"model":"openai/gpt-5.1","input":"hi"}')
VOICE = Voice("gen-01J", "openai/gpt-5.1", "OpenAI", 1_763_000_000, lambda _text: None)
one_event = pydantic.TypeAdapter[Any](ResponseStreamEvent)
NOT_AS_PUBLISHED = ("native_output",)
"""OpenAI says `description: null` of a schema there, which its own document does not allow."""


def name(recording: Recording) -> str:
    return recording.name


def heard(recording: Recording) -> list[Event]:
    reader = ResponsesReader(Hearing())
    return reader.feed(recording.body) if recording.streamed else read(recording.body, Hearing())


def usage_in(events: list[Event]) -> Usage:
    [seen] = [event for event in events if isinstance(event, UsageSeen)]
    return seen.usage


def told(stream: bytes) -> list[dict[str, Any]]:
    """The events, each under the name its frame says."""
    events = []
    for frame in stream.removesuffix(b"\n\n").split(b"\n\n"):
        head, data = frame.split(b"\n")
        events.append(json.loads(data.removeprefix(b"data: ")))
        assert head == b"event: " + events[-1]["type"].encode()
    return events


@pytest.mark.parametrize("recording", ANSWERS, ids=name)
def test_a_whole_answer_is_accepted_by_the_sdk_and_the_document(recording: Recording) -> None:
    events = heard(recording)
    body = write(events, VOICE, ASKED, usage_in(events), 1_000, 2_000)
    assert not faults("Response", json.loads(body))
    assert Response.model_validate_json(body).id == "resp_01J"
    [again], [before] = gather(read(body, Hearing())).choices, gather(events).choices
    for told_before, told_again in zip(before.parts, again.parts, strict=True):
        assert said(told_again) == said(told_before)
    assert again.finish is not None and before.finish is not None
    assert again.finish.reason == before.finish.reason


def said(part: Any) -> Any:
    """Without what imitators leave out and is completed."""
    told = comparable(part)
    if told["is"] == "Text":
        return told["text"], [(cited["url"], cited["title"]) for cited in told["citations"]]
    return told["name"] if told["is"] == "Foreign" else told


@pytest.mark.parametrize("recording", ANSWERS, ids=name)
def test_a_streamed_answer_is_accepted_event_by_event_and_ends_with_the_whole(recording: Recording) -> None:
    events = heard(recording)
    writer = ResponsesWriter(VOICE, ASKED)
    stream = b"".join([writer.feed([event]) for event in events]) + writer.end(usage_in(events), 1_000, 2_000)
    seen = told(stream)
    assert [event["sequence_number"] for event in seen] == list(range(len(seen)))
    assert not [(event["type"], fault) for event in seen for fault in faults("ResponseStreamEvent", event)]
    for event in seen:
        one_event.validate_python(event)
    assert seen[-1]["response"] == json.loads(write(events, VOICE, ASKED, usage_in(events), 1_000, 2_000))


@pytest.mark.parametrize("recording", WHOLE, ids=name)
def test_a_spliced_answer_is_the_providers_but_for_its_names_and_cost(recording: Recording) -> None:
    answer = SplicedResponse(recording.body, VOICE, ASKED, Hearing())
    assert answer.usage is not None
    ours = json.loads(answer.render_with(answer.usage, 1_000, 2_000))
    theirs = json.loads(recording.body)
    assert (ours.pop("id"), ours.pop("model")) == ("resp_01J", "openai/gpt-5.1")
    assert ours["usage"].pop("cost") == pytest.approx(0.000003)
    assert ours["usage"].items() >= {name: count for name, count in theirs["usage"].items() if isinstance(count, int)}.items()
    if recording.folder == "openai-responses" and "lmstudio" not in recording.name:
        assert [item["id"] for item in ours["output"]] == [item["id"] for item in theirs["output"]]
        assert not [fault for fault in faults("Response", ours | {"id": "", "model": ""}) if not known(recording)]
    changed = {name for name in theirs if name in ours and ours[name] != theirs[name]}
    assert changed <= {"usage", "output"}
    assert [name for name in theirs if name in ours] == [name for name in ours if name in theirs]


def known(recording: Recording) -> bool:
    return any(word in recording.name for word in NOT_AS_PUBLISHED)


@pytest.mark.parametrize("recording", STREAMS, ids=name)
def test_a_spliced_stream_is_the_providers_but_for_names_numbers_and_cost(recording: Recording) -> None:
    stream = SplicedStream(VOICE, ASKED, Hearing())
    out = b"".join([stream.feed(recording.body[at : at + 700]) for at in range(0, len(recording.body), 700)]) + stream.close()
    assert stream.done and stream.complete and stream.usage is not None
    ours = told(out + stream.end_with(stream.usage, 1_000, 2_000))
    theirs = [json.loads(line[6:]) for line in recording.body.decode().split("\n") if line.startswith("data: {")]
    assert [event["type"] for event in ours] == [event["type"] for event in theirs]
    assert [event["sequence_number"] for event in ours] == list(range(len(ours)))
    for mine, their in zip(ours, theirs, strict=True):
        if "response" in mine:
            assert (mine["response"]["id"], mine["response"]["model"]) == ("resp_01J", "openai/gpt-5.1")
        elif "item" not in mine:
            assert mine.items() >= {"sequence_number": mine["sequence_number"], **their}.items()


@pytest.mark.parametrize("recording", [each for each in ALL if "openai-error" in each.name], ids=name)
def test_a_failure_comes_before_anything_was_given_to_the_client(recording: Recording) -> None:
    with pytest.raises(ErrorEvent) as failed:
        if recording.streamed:
            stream = SplicedStream(VOICE, ASKED, Hearing())
            assert not stream.feed(recording.body[:2500])
            stream.feed(recording.body[2500:])
        else:
            SplicedResponse(recording.body, VOICE, ASKED, Hearing())
    assert json.loads(failed.value.payload)["error"]["code"] == "insufficient_quota"
    assert failed.value.before == b""
