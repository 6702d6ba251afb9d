"""What a Gemini client gets of another maker's answer, and its errors."""

import json
from typing import Any

import pytest
from msgspec import Raw

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Gathered, events_of, gather
from entrepot.dialects.gemini.converse import converse
from entrepot.dialects.gemini.parse import parse, with_model
from entrepot.dialects.gemini.read import FAMILY, Reader, read
from entrepot.dialects.gemini.splice import SplicedAnswer, SplicedStream
from entrepot.dialects.gemini.write import Writer, render_error, write
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import BrokenStream, InvalidRequest, RateLimited
from entrepot.values.conversation import (
    Audio,
    Citation,
    Foreign,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
)
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    Event,
    Finished,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    StateDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.request import Asked
from entrepot.values.usage import Usage

VOICE = Voice("gen-01ABC", "anthropic/claude-opus-5", "Anthropic", 1, lambda text: None)
USAGE = Usage(prompt_tokens=100, completion_tokens=60, cached_tokens=40, reasoning_tokens=20, completion_image_tokens=5)
CLAUDE = Opaque("anthropic-claude-v1", "c2ln/+==")
THOUGHT = Reasoning("Let me see.", state=CLAUDE, family="anthropic-claude-v1")
SUMMARY = Reasoning("", ("One.", "Two."), Opaque("openai-responses-v1", "gAAA", "encrypted"), "rs_1", "openai-responses-v1")
HIDDEN = Reasoning(state=Opaque("anthropic-claude-v1", "cmVk", "encrypted"), family="anthropic-claude-v1")
RICH: tuple[Part, ...] = (
    THOUGHT,
    Text("It is 21 °C, says A.", citations=(Citation("https://a.test", "A", "21 °C", 6, 11),)),
    SUMMARY,
    ToolCall("toolu_1", "weather", '{"city":  "Paris"}'),
    ToolCall("toolu_2", "weather", ""),
    HIDDEN,
    Text("ok", state=Opaque(FAMILY, "U2ln")),
    Image(Source(data="AA==", media_type="image/png")),
    Refusal("I will not."),
)


def asked(shows: bool = True, array: bool = False) -> Asked:
    thinking = {"thinkingConfig": {"includeThoughts": shows}}
    body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": thinking}).encode()
    return with_model(parse(body), "anthropic/claude-opus-5", stream=True, array=array)


def whole(parts: tuple[Part, ...] = RICH, finish: Any = "tool_calls") -> list[Event]:
    return [Began("msg_1", "claude"), *events_of(parts), Finished(finish, "end_turn"), UsageSeen(USAGE)]


def pieces(parts: tuple[Part, ...] = RICH, finish: Any = "tool_calls") -> list[Event]:
    """The same in deltas of three characters."""
    out: list[Event] = []
    for event in whole(parts, finish):
        text = getattr(event, "text", None)
        if isinstance(event, TextDelta | ReasoningDelta | ArgumentsDelta) and text:
            more = (event.section,) if isinstance(event, ReasoningDelta) else ()
            out += [type(event)(event.index, text[at : at + 3], *more) for at in range(0, len(text), 3)]
        else:
            out.append(event)
    return out


def said(parts: tuple[Part, ...] = RICH, shows: bool = True, finish: Any = "tool_calls") -> dict[str, Any]:
    return json.loads(write(whole(parts, finish), VOICE, asked(shows), USAGE, 1_000, 2_000_000_000))


def streamed(events: list[Event], request: Asked) -> bytes:
    writer = Writer(VOICE, request)
    return b"".join(writer.feed([event]) for event in events) + writer.end(USAGE, 1_000, 2_000_000_000)


def heard(stream: bytes) -> Gathered:
    reader = Reader(Hearing())
    events = reader.feed(stream) + reader.close()
    assert reader.done
    return gather(events)


def back(body: bytes) -> tuple[Part, ...]:
    """The answer as the next request of a client that gives the contents back, its SDK's way: parts of a stream one by one."""
    told = [json.loads(piece.removeprefix(b"data: ")) for piece in body.split(b"\n\n") if piece]
    told = told[0] if isinstance(told[0], list) else told
    parts = [part for piece in told for choice in piece.get("candidates", []) for part in choice["content"].get("parts", [])]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    results = [{"functionResponse": {"id": call["id"], "name": call["name"], "response": {}}} for call in calls]
    contents = [{"parts": [{"text": "hi"}]}, {"role": "model", "parts": parts}, {"parts": [*results, {"text": "?"}]}]
    message: Message = converse(parse(json.dumps({"contents": contents}).encode())).messages[1]
    return message.parts


def test_the_plain_answer_is_googles() -> None:
    body = said()
    assert (body["modelVersion"], body["responseId"]) == (VOICE.model, VOICE.id)
    [candidate] = body["candidates"]
    assert (candidate["finishReason"], candidate["index"], candidate["content"]["role"]) == ("STOP", 0, "model")
    assert body["usageMetadata"] == {
        "promptTokenCount": 100, "candidatesTokenCount": 40, "totalTokenCount": 160, "cachedContentTokenCount": 40,
        "thoughtsTokenCount": 20, "cost": 2.000001, "costDetails": {"promptCost": 0.000001, "completionCost": 2},
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 35}, {"modality": "IMAGE", "tokenCount": 5}],
    }  # fmt: skip
    kinds = [next(name for name in part if name not in ("thought", "thoughtSignature")) for part in candidate["content"]["parts"]]
    assert kinds == ["text", "text", "text", "functionCall", "functionCall", "text", "text", "inlineData", "text"]
    assert candidate["content"]["parts"][4]["functionCall"] == {"id": "toolu_2", "name": "weather", "args": {}}


def test_citations_are_grounding_with_places_in_bytes() -> None:
    grounding = said()["candidates"][0]["groundingMetadata"]
    assert grounding["groundingChunks"] == [{"web": {"uri": "https://a.test", "title": "A"}}]
    segment = {"startIndex": 6, "endIndex": 12, "text": "21 °C"}
    assert grounding["groundingSupports"] == [{"segment": segment, "groundingChunkIndices": [0]}]


@pytest.mark.parametrize("shows", [True, False])
@pytest.mark.parametrize("form", ["plain", "events", "array"])
def test_everything_comes_back_with_the_next_request_state_to_the_byte(form: str, shows: bool) -> None:
    request = asked(shows, array=form == "array")
    body = write(whole(), VOICE, request, USAGE, 0, 0) if form == "plain" else streamed(pieces(), request)
    parts = back(body)
    assert [part for part in parts if isinstance(part, Reasoning)] == [THOUGHT, SUMMARY, HIDDEN]
    assert [(call.id, call.name, json.loads(call.arguments)) for call in parts if isinstance(call, ToolCall)] == [
        ("toolu_1", "weather", {"city": "Paris"}), ("toolu_2", "weather", {})
    ]  # fmt: skip
    texts = [part for part in parts if isinstance(part, Text)]
    assert "".join(part.text for part in texts) == "It is 21 °C, says A.okI will not."
    assert [part.state for part in texts if part.state] == [Opaque(FAMILY, "U2ln")]


def test_thoughts_are_told_only_to_those_who_asked() -> None:
    assert b"Let me see" not in json.dumps(said(shows=False)).encode()
    assert b"see" not in streamed(pieces(), asked(shows=False))
    assert said((Reasoning("no state"), Text("x")), shows=False)["candidates"][0]["content"]["parts"] == [{"text": "x"}]


def test_stream_and_plain_say_the_same() -> None:
    plain = gather(read(json.dumps(said()).encode(), Hearing()))
    for array in (False, True):
        told = heard(streamed(pieces(), asked(array=array)))
        texts = [[part.text for part in answer.choices[0].parts if isinstance(part, Reasoning)] for answer in (plain, told)]
        assert texts[0] == texts[1] == ["Let me see.", "One.\n\nTwo.", ""]
        assert told.seen == plain.seen
        ends = [answer.choices[0].finish for answer in (plain, told)]
        assert [(end.reason, json.loads(bytes(end.raw))) for end in ends if end] == [
            (ends[0].reason, json.loads(bytes(ends[0].raw)))
        ] * 2


def test_each_kind_of_end_has_googles_word() -> None:
    for reason, native in (("stop", "STOP"), ("length", "MAX_TOKENS"), ("content_filter", "SAFETY"), ("error", "OTHER")):
        assert said((Text("x"),), finish=reason)["candidates"][0]["finishReason"] == native
    blocked = Finished("content_filter", "SAFETY", 0, None, Raw(b'{"promptFeedback":{"blockReason":"SAFETY"}}'), "gemini")
    body = json.loads(write([Began(), blocked], VOICE, asked(), USAGE, 0, 0))
    assert body["promptFeedback"] == {"blockReason": "SAFETY"}
    assert "candidates" not in body


def test_calls_that_grow_side_by_side_are_each_told_whole() -> None:
    first, second = PartBegan(0, "tool_call", id="a", name="f"), PartBegan(1, "tool_call", id="b", name="g")
    events: list[Event] = [Began(), first, second, ArgumentsDelta(1, '{"n"'), ArgumentsDelta(0, "{}"), ArgumentsDelta(1, ":2}"),
                           Finished("tool_calls")]  # fmt: skip
    calls = [part for part in heard(streamed(events, asked())).choices[0].parts if isinstance(part, ToolCall)]
    assert [(call.id, call.arguments) for call in calls] == [("a", "{}"), ("b", '{"n":2}')]


def test_probabilities_several_choices_sound_and_strangers_blocks() -> None:
    token = b'[{"token":"x","logprob":-1.0,"bytes":null,"top_logprobs":[]}]'
    events: list[Event] = [
        PartBegan(0, "text"), TextDelta(0, "x"), LogprobsDelta(0, Raw(token)), PartEnded(0), Finished("stop"),
        PartBegan(0, "media", 1, part=Audio(Source(data="AA=="), "wav")), PartEnded(0, 1),
        PartBegan(1, "foreign", 1, part=Foreign("openai_responses", "web_search_call", Raw(b"{}"))), PartEnded(1, 1),
        Finished("stop", choice=1),
    ]  # fmt: skip
    for body in (write(events, VOICE, asked(), USAGE, 0, 0), streamed(events, asked())):
        told = heard(body) if body.startswith(b"data") else gather(read(body, Hearing()))
        assert b'"chosenCandidates":[{"token":"x","logProbability":-1.0}]' in body
        assert told.choices[1].parts[0] == Audio(Source(data="AA==", media_type="audio/wav"), "wav")
        assert len(told.choices[1].parts) == 1


# Errors


def test_errors_are_googles_envelope() -> None:
    wrong = InvalidRequest("`contents` is required.", field="contents", expected="a list", received="nothing", remedy="Send it.")
    status, body = render_error(wrong, "gen-1")
    told = json.loads(body)["error"]
    assert (status, told["code"], told["status"], told["message"]) == (400, 400, "INVALID_ARGUMENT", "`contents` is required.")
    kinds = {detail["@type"].rpartition(".")[2]: detail for detail in told["details"]}
    assert kinds["ErrorInfo"]["metadata"]["generation_id"] == "gen-1"
    assert all(isinstance(value, str) for value in kinds["ErrorInfo"]["metadata"].values())
    assert kinds["BadRequest"]["fieldViolations"] == [{"field": "contents", "description": "expected a list, got nothing"}]
    status, body = render_error(RateLimited("slow", retry_after_s=34.4), "")
    assert (status, json.loads(body)["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert json.loads(body)["error"]["details"][-1]["retryDelay"] == "34.4s"


@pytest.mark.parametrize("array", [True, False])
def test_a_stream_that_breaks_ends_with_the_error(array: bool) -> None:
    writer = Writer(VOICE, asked(array=array))
    out = writer.feed([PartBegan(0, "text"), TextDelta(0, "x")]) + writer.error(BrokenStream("The provider left."))
    last = json.loads(out)[-1] if array else json.loads(out.split(b"\n\n")[-2].removeprefix(b"data: "))
    assert last["error"]["message"] == "The provider left."


# The same dialect on both sides

PLAIN = b"""{ "candidates": [{"content": {"parts": [{"text": "hi", "zzz": 1.50}]}, "finishReason": "STOP", "new": []}],
 "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7, "odd": true}, "modelVersion": "m",
 "more": {"a": 1}, "responseId": "r" }"""


def test_an_answer_of_google_is_changed_in_names_and_counts_alone() -> None:
    answer = SplicedAnswer(PLAIN, VOICE, asked(), Hearing())
    assert answer.usage is not None
    told = json.loads(answer.render_with(answer.usage, 1_000, 0))
    given = json.loads(PLAIN)
    assert list(told) == list(given)
    assert (told["candidates"], told["more"]) == (given["candidates"], {"a": 1})
    assert told["usageMetadata"] == {
        **given["usageMetadata"],
        "cost": 0.000001,
        "costDetails": {"promptCost": 0.000001, "completionCost": 0},
    }
    assert b"1.50" in answer.render_with(answer.usage, 1_000, 0)
    estimated = json.loads(answer.render_with(Usage(prompt_tokens=9), 0, 0))["usageMetadata"]
    assert (estimated["promptTokenCount"], "odd" in estimated) == (9, False)


def test_a_plain_answer_where_a_stream_was_asked_for_is_its_last_piece() -> None:
    stream = SplicedStream(VOICE, asked(), Hearing())
    assert stream.feed_whole(PLAIN) == b""
    assert stream.done
    assert heard(stream.end_with(Usage(prompt_tokens=3, completion_tokens=4), 0, 0)).choices[0].parts == (Text("hi"),)


def test_failures_inside_are_raised_with_what_came_before() -> None:
    stream = SplicedStream(VOICE, asked(), Hearing())
    begun = b'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\n\n'
    with pytest.raises(ErrorEvent) as told:
        stream.feed(begun + b'data: {"error":{"code":503}}\n\n')
    assert b'"text":"a"' in told.value.before
    assert json.loads(told.value.payload) == {"error": {"code": 503}}
    with pytest.raises(ErrorEvent):
        SplicedAnswer(b'{"error":{"code":503}}', VOICE, asked(), Hearing())
    with pytest.raises(Malformed):
        SplicedAnswer(b"{}", VOICE, asked(), Hearing())


def test_state_deltas_alone_are_a_part() -> None:
    events: list[Event] = [PartBegan(0, "reasoning"), StateDelta(0, CLAUDE), PartEnded(0), Finished("stop")]
    assert back(streamed(events, asked()))[0] == Reasoning(state=CLAUDE, family=CLAUDE.family)
