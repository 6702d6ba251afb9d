"""Gemini's answers beyond the recordings."""

import json
from typing import Any

import pytest

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Answered, gather
from entrepot.dialects.gemini.read import FAMILY, Reader, read
from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream
from entrepot.values.conversation import Audio, Foreign, Image, Opaque, Reasoning, Source, Text, ToolCall
from entrepot.values.event import Event, Failed, ForeignEvent, PartEnded, StateDelta, TextDelta, UsageSeen

SIGNED = Opaque(FAMILY, "U2ln")


def answer(*parts: Any, finish: Any = "STOP", **candidate: Any) -> dict[str, Any]:
    told = {"content": {"parts": list(parts), "role": "model"}, **candidate}
    return {"candidates": [told | ({"finishReason": finish} if finish else {})], "responseId": "r", "modelVersion": "m"}


def heard(*pieces: Any, hearing: Hearing = Hearing()) -> list[Event]:
    reader = Reader(hearing)
    stream = b"".join(b"data: %b\r\n\r\n" % json.dumps(piece).encode() for piece in pieces)
    return reader.feed(stream) + reader.close()


def choice(*pieces: Any) -> Answered:
    [told] = gather(heard(*pieces)).choices
    return told


def test_text_joins_until_its_signature_and_thoughts_stand_apart() -> None:
    told = choice(
        answer({"text": "th", "thought": True}, finish=None),
        answer({"text": "ink", "thought": True}, {"text": "He"}, finish=None),
        answer({"text": "llo"}, {"text": "", "thoughtSignature": "U2ln"}),
    )
    assert told.parts == (Reasoning("think", family=FAMILY), Text("Hello", state=SIGNED))


def test_a_signature_without_text_is_a_part_of_its_own_after_a_call() -> None:
    told = choice(answer({"functionCall": {"name": "f", "id": "1"}}, {"text": ""}, {"thoughtSignature": "U2ln"}))
    assert told.parts == (ToolCall("1", "f"), Text("", state=SIGNED))


def test_calls_without_ids_get_some_that_differ_between_calls_and_answers() -> None:
    parts = [{"functionCall": {"name": "f", "args": {}}}] * 2
    first, again = choice(answer(*parts)), choice(answer(*parts))
    other = choice({**answer(*parts), "responseId": "another"})
    names = [part.id for told in (first, other) for part in told.parts if isinstance(part, ToolCall)]
    assert len(set(names)) == 4
    assert first == again


def test_arguments_in_pieces_go_to_their_places() -> None:
    pieces = [
        {"jsonPath": "$.a", "stringValue": "x", "willContinue": True},
        {"jsonPath": "$.a", "stringValue": "y"},
        {"jsonPath": "$.b.c[1].d", "numberValue": 2},
        {"jsonPath": "$.b.c[0]", "boolValue": False},
        {"jsonPath": "$['odd key']", "nullValue": "NULL_VALUE"},
    ]
    told = [{"functionCall": {"partialArgs": [piece], "willContinue": True}} for piece in pieces]
    first = {"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "U2ln"}
    [call] = choice(answer(first, finish=None), *[answer(part, finish=None) for part in told], answer({"functionCall": {}})).parts
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"a": "xy", "b": {"c": [False, {"d": 2}]}, "odd key": None}
    assert call.state == SIGNED


@pytest.mark.parametrize("path", ["", "$", "$[0]", "$.a[99999]", "$" + ".a" * 99])
def test_places_that_cannot_be_are_no_answer(path: str) -> None:
    with pytest.raises(Malformed):
        heard(answer({"functionCall": {"name": "f", "partialArgs": [{"jsonPath": path, "numberValue": 1}]}}))


def test_media_and_code_are_parts() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "U2ln"}
    told = choice(answer(
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thoughtSignature": "U2ln"},
        {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AA=="}},
        {"inlineData": {"mimeType": "image/png", "data": "draft"}, "thought": True},
        code, {"codeExecutionResult": {"outcome": "OUTCOME_OK"}}, {"newThing": {"a": 1}},
    ))  # fmt: skip
    image, sound, draft, *others = told.parts
    assert image == Image(Source(data="AA==", media_type="image/png"), state=SIGNED)
    assert sound == Audio(Source(data="AA==", media_type="audio/l16;rate=24000"), "pcm16")
    assert isinstance(draft, Foreign) and draft.name == "thought"
    assert [part.name for part in others] == ["executableCode", "codeExecutionResult", "newThing"]
    assert json.loads(bytes(others[0].raw)) == code


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"), ("MODEL_ARMOR", "content_filter"), ("IMAGE_SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"), ("OTHER", "error"), ("NO_IMAGE", "error"), (2, "length"), ("SOMETHING_NEW", "stop"),
    ],
)  # fmt: skip
def test_finish_reasons(native: Any, reason: str) -> None:
    told = choice(answer({"text": "x"}, finish=native)).finish
    assert told is not None
    assert (told.reason, told.native) == (reason, "MAX_TOKENS" if native == 2 else native)


def test_a_blocked_prompt_is_a_filtered_answer_of_nothing() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []}
    [told] = gather(read(json.dumps({"promptFeedback": feedback}).encode(), Hearing())).choices
    assert told.finish is not None
    assert (told.finish.reason, told.finish.native, told.parts) == ("content_filter", "PROHIBITED_CONTENT", ())
    assert json.loads(bytes(told.finish.raw)) == {"promptFeedback": feedback}


def test_several_candidates_are_several_choices() -> None:
    body = {"candidates": [{"index": n, "content": {"parts": [{"text": str(n)}]}, "finishReason": "STOP"} for n in (1, 0)]}
    assert [told.parts for told in gather(read(json.dumps(body).encode(), Hearing())).choices] == [(Text("0"),), (Text("1"),)]


def test_counts_are_told_apart_and_contain_what_they_should() -> None:
    told = {
        "promptTokenCount": 100, "cachedContentTokenCount": 40, "toolUsePromptTokenCount": 20, "candidatesTokenCount": 30,
        "thoughtsTokenCount": 50, "totalTokenCount": 200, "serviceTier": "flex",
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 60}, {"modality": "AUDIO", "tokenCount": 40}],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": "IMAGE", "tokenCount": 20}],
    }  # fmt: skip
    seen = gather(heard({**answer({"text": "x"}), "usageMetadata": told})).seen
    assert seen is not None
    usage = seen.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.audio_tokens) == (120, 40, 30)
    assert (usage.completion_tokens, usage.reasoning_tokens, usage.completion_image_tokens) == (80, 50, 20)
    assert (usage.total_tokens, seen.service_tier) == (200, "flex")
    vertex = heard({**answer({"text": "x"}), "usageMetadata": {"trafficType": "ON_DEMAND"}})
    assert not [event for event in vertex if isinstance(event, UsageSeen)]


def test_probabilities_are_in_chats_form() -> None:
    result = {"chosenCandidates": [{"token": "é", "logProbability": -0.5}],
              "topCandidates": [{"candidates": [{"token": "é", "logProbability": -0.5}, {"token": "e", "logProbability": -2}]}]}  # fmt: skip
    [raw] = choice(answer({"text": "é"}, logprobsResult=result)).logprobs
    [token] = json.loads(bytes(raw))
    assert (token["token"], token["bytes"], len(token["top_logprobs"])) == ("é", [195, 169], 2)


def test_places_of_citations_are_counted_in_characters() -> None:
    support = {"segment": {"startIndex": 5, "endIndex": 7, "text": "ab"}, "groundingChunkIndices": [0, 9]}
    grounding = {"groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}], "groundingSupports": [support]}
    sources = {"citationSources": [{"startIndex": 0, "endIndex": 4, "uri": "https://b.test"}]}
    [text] = choice(answer({"text": "é° ab"}, groundingMetadata=grounding, citationMetadata=sources)).parts
    assert isinstance(text, Text)
    found = [(told.url, told.text, told.start, told.end) for told in text.citations]
    assert found == [("https://a.test", "ab", 3, 5), ("https://b.test", "é°", 0, 2)]


def test_an_array_and_bare_objects_are_streams_too() -> None:
    pieces = [answer({"text": 'a "quoted\\" }{'}, finish=None), answer({"text": "b"})]
    array = json.dumps(pieces, indent=1).encode()
    for stream in (array, b"\n".join(json.dumps(piece).encode() for piece in pieces)):
        reader = Reader(Hearing())
        events = [event for n in range(len(stream)) for event in reader.feed(stream[n : n + 1])] + reader.close()
        assert gather(events) == gather(heard(*pieces))
        assert reader.done
    assert gather(read(array, Hearing())) == gather(heard(*pieces))


def test_an_error_in_mid_stream_is_told_whether_it_is_an_event_or_bare() -> None:
    error = {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}
    before = b"data: " + json.dumps(answer({"text": "a"}, finish=None)).encode() + b"\r\n\r\n"
    for after in (
        b"data: " + json.dumps(error).encode() + b"\n\n",
        json.dumps(error, indent=2).encode(),
        json.dumps([error]).encode(),
    ):
        reader = Reader(Hearing())
        events = reader.feed(before) + reader.feed(after) + reader.close()
        assert isinstance(events[-1], Failed)
        assert json.loads(events[-1].payload) == error
        assert not reader.done


def test_a_stream_without_an_end_is_not_done_and_its_part_stays_open() -> None:
    reader = Reader(Hearing())
    events = reader.feed(b"data: " + json.dumps(answer({"text": "a"}, finish=None)).encode() + b"\n\n") + reader.close()
    assert not reader.done
    assert not [event for event in events if isinstance(event, PartEnded)]


def test_what_comes_after_the_end_and_what_says_nothing_is_counted() -> None:
    events = heard(answer({"text": "a"}), answer({"text": "b"}), {})
    assert [event.name for event in events if isinstance(event, ForeignEvent)] == ["candidate after its end", "empty"]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "a"


def test_half_of_a_surrogate_pair_does_not_end_an_answer() -> None:
    body = b'{"candidates":[{"content":{"parts":[{"text":"a\\ud83d"}]},"finishReason":"STOP"}]}'
    assert gather(read(body, Hearing())).choices[0].parts == (Text("a\ufffd"),)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'"x"', b"{", b'{"candidates":5}', b'{"candidates":[{"index":99999}]}']
)
def test_what_is_not_the_dialect_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, Hearing())


def test_a_piece_past_the_limit_breaks_the_stream() -> None:
    for start in (b"data: ", b"[{"):
        with pytest.raises(BrokenStream):
            Reader(Hearing(max_event_bytes=100)).feed(start + b"x" * 200)


def test_state_is_of_the_family_that_the_endpoint_tells() -> None:
    events = heard(answer({"text": "a", "thoughtSignature": "U2ln"}), hearing=Hearing(family="acme-v1"))
    assert [event.state for event in events if isinstance(event, StateDelta)] == [Opaque("acme-v1", "U2ln")]
