"""What Gemini clients get: recorded answers spliced and translated, plain, as events and as an array. Google's own SDK and the
published schema accept it, and it says the same."""

import itertools
import json
import random
from typing import Any

import msgspec
import pytest
from gemini_recordings import Exchange, answers, pieces_of
from gemini_schema import PUBLISHED, faults
from recordings import ROOT, WHY_SKIPPED

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Gathered, gather
from entrepot.dialects.gemini.parse import parse, with_model
from entrepot.dialects.gemini.read import Reader, read
from entrepot.dialects.gemini.splice import SplicedAnswer, SplicedStream
from entrepot.dialects.gemini.write import Writer, write
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Foreign, Part
from entrepot.values.usage import Usage

types = pytest.importorskip("google.genai.types", reason="google-genai, Google's own SDK, is not installed")
pytestmark = pytest.mark.skipif(not ROOT.is_dir() or not PUBLISHED.is_file(), reason=WHY_SKIPPED)
ANSWERS = answers() if ROOT.is_dir() else []
WORDS: list[str] = []
VOICE = Voice("gen-01ABC", "google/gemini-3.5-flash", "Google", 1, WORDS.append)
SHOWS = b'{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}'
REQUEST = with_model(parse(SHOWS), "google/gemini-3.5-flash", stream=True)
ARRAY = with_model(REQUEST, "google/gemini-3.5-flash", stream=True, array=True)


def events_of(exchange: Exchange) -> list[Any]:
    if not exchange.streamed:
        return read(exchange.body, Hearing())
    reader = Reader(Hearing())
    return reader.feed(exchange.body) + reader.close()


def usage_of(exchange: Exchange) -> Usage:
    seen = gather(events_of(exchange)).seen
    assert seen is not None
    return seen.usage


def accepted(body: bytes) -> Any:
    """By the SDK, which first drops what it does not know, and by the published schema."""
    told = json.loads(body)
    assert told["modelVersion"] == VOICE.model
    assert told["responseId"] == VOICE.id
    usage = told.get("usageMetadata", {})
    usage.pop("cost", None), usage.pop("costDetails", None)
    assert [fault for fault in faults("GenerateContentResponse", told) if not tolerated(fault)] == []
    return types.GenerateContentResponse._from_response(response=told, kwargs={})


def tolerated(fault: str) -> bool:
    """What Vertex AI and newer models say beyond the published copy for the Gemini API."""
    newer = (
        "createTime",
        "trafficType",
        "willContinue",
        "partialArgs",
        "MODEL_ARMOR",
        "finishMessage",
        "'name' is a required",
        "1 is not",
    )
    return any(word in fault for word in newer)


def pieces_in(stream: bytes) -> list[bytes]:
    return [event.removeprefix(b"data: ") for event in stream.split(b"\n\n") if event]


def same(told: Gathered, expected: Gathered) -> None:
    for choice, given in zip(told.choices, expected.choices, strict=True):
        assert [bare(part) for part in choice.parts] == [bare(part) for part in given.parts]
        assert choice.finish is not None and given.finish is not None
        assert (choice.finish.reason, choice.finish.native) == (given.finish.reason, given.finish.native or "STOP")


def bare(part: Part) -> object:
    """A part with its JSON as values: the space between its signs is nobody's."""
    if isinstance(part, Foreign):
        return (part.name, json.loads(bytes(part.raw)))
    arguments = getattr(part, "arguments", None)
    return (json.loads(arguments or "{}"), msgspec.structs.replace(part, arguments="")) if arguments is not None else part


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_events_written_for_a_client_say_the_same(exchange: Exchange) -> None:
    events, usage = events_of(exchange), usage_of(exchange)
    body = write(events, VOICE, REQUEST, usage, 1000, 2500)
    answer = accepted(body)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.total_token_count == usage.total_tokens
    assert json.loads(body)["usageMetadata"]["cost"] == 0.0000035
    same(gather(read(body, Hearing())), gather(events))


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
@pytest.mark.parametrize("request_of", [REQUEST, ARRAY], ids=["events", "array"])
def test_a_stream_written_for_a_client_says_the_same(exchange: Exchange, request_of: Any) -> None:
    events, usage, dice = events_of(exchange), usage_of(exchange), random.Random(exchange.name)
    writer, cuts = Writer(VOICE, request_of), sorted(dice.sample(range(len(events)), min(4, len(events))))
    stream = b"".join(writer.feed(events[a:b]) for a, b in itertools.pairwise([0, *cuts, len(events)]))
    stream += writer.end(usage, 1000, 2500)
    pieces = [json.dumps(piece).encode() for piece in json.loads(stream)] if request_of is ARRAY else pieces_in(stream)
    told = [accepted(piece) for piece in pieces]
    assert told[-1].usage_metadata is not None
    assert told[-1].usage_metadata.total_token_count == usage.total_tokens
    reader = Reader(Hearing())
    same(gather(reader.feed(stream) + reader.close()), gather(events))
    assert reader.done


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_an_answer_of_google_keeps_its_bytes(exchange: Exchange) -> None:
    if exchange.streamed:
        stream = SplicedStream(VOICE, REQUEST, Hearing())
        dice, size = random.Random(exchange.name), len(exchange.body)
        edges = [0, *sorted(dice.sample(range(1, size), 20)), size]
        out = b"".join(stream.feed(exchange.body[a:b]) for a, b in itertools.pairwise(edges)) + stream.close()
        assert stream.done and stream.complete
        answer: Any = stream
        told = pieces_in(out + stream.end_with(usage_of(exchange), 1000, 2500))
    else:
        answer = SplicedAnswer(exchange.body, VOICE, REQUEST, Hearing())
        told = [answer.render_with(usage_of(exchange), 1000, 2500)]
    for piece in told if b'"finishReason": 1' not in exchange.body else []:
        accepted(piece)
    given = pieces_of(exchange)
    assert [json.loads(piece).get("candidates") for piece in told] == [piece.get("candidates") for piece in given]
    last, was = json.loads(told[-1])["usageMetadata"], given[-1]["usageMetadata"]
    assert {name: last[name] for name in was} == was
    assert last["cost"] == 0.0000035
    assert answer.usage == usage_of(exchange)
    assert answer.finish_reason in ("stop", "tool_calls", "length", "content_filter")
    assert answer.upstream_id == given[0]["responseId"]


def test_the_sdk_reads_signatures_to_the_byte() -> None:
    checked = 0
    for exchange in ANSWERS:
        body = write(events_of(exchange), VOICE, REQUEST, usage_of(exchange), 0, 0)
        told = accepted(body)
        for choice, candidate in zip(json.loads(body).get("candidates", []), told.candidates or [], strict=True):
            parts = candidate.content.parts if candidate.content and candidate.content.parts else []
            for part, raw in zip(parts, choice["content"].get("parts", []), strict=True):
                again = json.loads(part.model_dump_json(by_alias=True, exclude_none=True)).get("thoughtSignature", "")
                assert again.translate(str.maketrans("-_", "+/")) == raw.get("thoughtSignature", "")
                checked += bool(again)
    assert checked >= 15
