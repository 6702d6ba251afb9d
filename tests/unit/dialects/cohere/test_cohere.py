"""Cohere's v2/chat beyond the recordings."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from native import heard, strays_in
from said import LOOP, PDF, PLAIN, PNG, TOOL

from entrepot.dialects.cohere.read import Reader, read
from entrepot.dialects.cohere.render import render
from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.gather import gather
from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream, InvalidRequest
from entrepot.values.conversation import (
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    ReasoningWish,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
)
from entrepot.values.event import CitationAdded, Failed, ForeignEvent, PartEnded
from entrepot.values.model import Reasoning as Thinks

HEARING = Hearing()
COMMAND = Wishes("command-a-03-2025", family="unknown")
THINKER = Wishes("command-a-reasoning", family="unknown", reasoning=Thinks())
CITED = {"start": 0, "end": 2, "text": "Hi", "type": "TEXT_CONTENT"}
CITED["sources"] = [{"type": "document", "id": "d1", "document": {"title": "Doc", "url": "https://a.test"}}]  # type: ignore[assignment]

DONE = b"data: [DONE]\n\n"


def sse(*events: dict[str, Any]) -> bytes:
    """The events of a stream, and its end sign."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode()) for event in events) + DONE


def piece(kind: str, index: int = 0, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


def end(reason: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, **more}}


def body_of(conversation: Conversation, wishes: Wishes = COMMAND) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(render(conversation, wishes).body)
    return told


def test_thinking_text_plan_calls_and_citations_stream_into_what_the_whole_answer_has() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    content = [{"type": "thinking", "thinking": "hmm"}, {"type": "text", "text": "Hi you"}]
    said = {"role": "assistant", "content": content, "tool_calls": [call], "citations": [CITED | {"content_index": 1}]}
    whole = read(json.dumps({"id": "a", "message": said, "finish_reason": "TOOL_CALL", "usage": {}}).encode(), HEARING)
    stream = sse(
        {"type": "message-start", "id": "a"},
        piece("content-start", 0, content={"type": "thinking", "thinking": ""}),
        piece("content-delta", 0, content={"thinking": "hmm"}),
        {"type": "content-end", "index": 0},
        piece("content-start", 1, content={"type": "text", "text": ""}),
        piece("content-delta", 1, content={"text": "Hi you"}),
        {"type": "content-end", "index": 1},
        piece("citation-start", 0, citations=CITED | {"content_index": 1}),
        {"type": "citation-end", "index": 0},
        piece("tool-call-start", 0, tool_calls=call | {"function": {"name": "f", "arguments": ""}}),
        piece("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"a":1}'}}),
        {"type": "tool-call-end", "index": 0},
        end("TOOL_CALL", usage={}),
    )
    events = heard("cohere", [stream])
    assert gather(events) == gather(whole)
    [text] = [part for part in gather(events).choices[0].parts if isinstance(part, Text)]
    assert (text.citations[0].url, text.citations[0].title, text.citations[0].end) == ("https://a.test", "Doc", 2)
    cited = next(place for place, event in enumerate(events) if isinstance(event, CitationAdded))
    assert cited < next(place for place, event in enumerate(events) if event == PartEnded(1))


@pytest.mark.parametrize("said", ["null", "", None])
def test_no_arguments_are_an_empty_object_plain_and_streamed(said: str | None) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": said}}
    plain = read(json.dumps({"message": {"tool_calls": [call]}, "finish_reason": "TOOL_CALL"}).encode(), HEARING)
    stream = heard("cohere", [sse(piece("tool-call-start", tool_calls=call), {"type": "tool-call-end"}, end("TOOL_CALL"))])
    assert gather(plain).choices[0].parts == gather(stream).choices[0].parts == (ToolCall("c", "f", "{}"),)


@pytest.mark.parametrize(("reason", "status"), [("ERROR", 500), ("TIMEOUT", 504)])
def test_an_answer_that_ends_in_an_error_is_a_failure_and_its_tokens_are_told(reason: str, status: int) -> None:
    usage = {"billed_units": {"input_tokens": 3, "output_tokens": 4}}
    events = heard("cohere", [sse(piece("content-delta", content={"text": "x"}), end(reason, usage=usage, error="why"))])
    seen, failed = gather(events).seen, events[-1]
    assert seen and seen.usage.total_tokens == 7
    assert isinstance(failed, Failed)
    assert json.loads(failed.payload)["error"] == {"code": status, "type": reason, "message": "why"}


def test_an_error_with_a_good_status_is_a_failure_plain_and_streamed() -> None:
    told = b'{"id": "x", "message": "trial key limit"}'
    assert isinstance(read(told, HEARING)[-1], Failed)
    assert isinstance(heard("cohere", [b"data: " + told + b"\n\n"])[-1], Failed)


def test_as_many_tokens_count_as_cached_as_cannot_be_those_that_nobody_is_billed_for() -> None:
    usage = {"billed_units": {"input_tokens": 2406, "output_tokens": 2}, "tokens": {"input_tokens": 2935}, "cached_tokens": 2928}
    seen = gather(read(json.dumps({"message": {"content": []}, "usage": usage}).encode(), HEARING)).seen
    assert seen and (seen.usage.prompt_tokens, seen.usage.cached_tokens) == (2406, 2399)


def test_logprobs_are_told_in_chats_form() -> None:
    logprobs = [{"text": "Hi", "token_ids": [1], "logprobs": [-0.5]}, {"text": " you", "logprobs": [-0.5, -0.25]}]
    said = {"message": {"content": [{"type": "text", "text": "Hi you"}]}, "logprobs": logprobs}
    [told] = [bytes(raw) for raw in gather(read(json.dumps(said).encode(), HEARING)).choices[0].logprobs]
    assert [(entry["token"], entry["logprob"]) for entry in json.loads(told)] == [("Hi", -0.5), (" you", -0.75)]


def test_events_and_blocks_that_nobody_knows_are_passed_over_or_kept() -> None:
    events = heard("cohere", [sse({"type": "brand-new"}, piece("citation-start", citations=CITED | {"type": "PLAN"}), end())])
    assert [event.name for event in events if isinstance(event, ForeignEvent)] == ["brand-new", "citation of PLAN"]
    whole = read(b'{"message": {"content": [{"type": "image_v9", "x": 1}]}, "finish_reason": "COMPLETE"}', HEARING)
    assert gather(whole).choices[0].parts == (Foreign("cohere", "image_v9", Raw(b'{"type": "image_v9", "x": 1}')),)


def test_settings_have_cohere_s_names_and_bounds() -> None:
    sampling = Sampling(0.3, 1.0, 5, frequency_penalty=-1, presence_penalty=0.5, seed=1, stop=("a",), min_p=0.1)
    rendered = render(Conversation(messages=PLAIN, sampling=sampling, max_tokens=9), COMMAND)
    told = json.loads(rendered.body)
    assert (told["p"], told["k"], told["frequency_penalty"], told["stop_sequences"]) == (0.99, 5, 0.0, ["a"])
    assert [note.partition(":")[0] for note in rendered.notes] == ["min_p", "top_p", "frequency_penalty"]


@pytest.mark.parametrize(
    ("choice", "spelled", "sent"),
    [(ToolChoice("auto"), None, 2), (ToolChoice("none"), "NONE", 2), (ToolChoice("required", ("now",)), "REQUIRED", 1)],
)
def test_a_choice_of_tools_is_spelled_and_a_named_one_sent_alone(choice: ToolChoice, spelled: str | None, sent: int) -> None:
    told = body_of(Conversation(messages=PLAIN, tools=(TOOL, Tool("now", None)), tool_choice=choice))
    assert (told.get("tool_choice"), len(told["tools"])) == (spelled, sent)


def test_tools_are_strict_all_or_none() -> None:
    strict, loose = Tool("a", None, strict=True), Tool("b", None)
    assert body_of(Conversation(messages=PLAIN, tools=(strict,)))["strict_tools"] is True
    rendered = render(Conversation(messages=PLAIN, tools=(strict, loose)), COMMAND)
    assert b"strict" not in rendered.body and any("`strict` left out" in note for note in rendered.notes)


def test_a_schema_goes_without_its_name_and_thinking_as_a_share_of_the_answer() -> None:
    output = OutputFormat("json_schema", "pet", Raw(b'{"type":"object"}'))
    told = body_of(Conversation(messages=PLAIN, output=output, reasoning=ReasoningWish("low"), max_tokens=10000), THINKER)
    assert told["response_format"] == {"type": "json_object", "json_schema": {"type": "object"}}
    assert told["thinking"] == {"type": "enabled", "token_budget": 2000}
    off = body_of(Conversation(messages=PLAIN, reasoning=ReasoningWish("none")), THINKER)
    assert off["thinking"] == {"type": "disabled"}


def test_pictures_in_results_follow_in_a_user_message_and_opaque_state_stays_behind() -> None:
    rendered = render(Conversation(messages=LOOP, tools=(TOOL,)), COMMAND)
    roles = [message["role"] for message in json.loads(rendered.body)["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user", "user"]
    assert "reasoning: opaque state of anthropic-claude-v1 left out for unknown" in rendered.notes
    assert any(note.startswith("tool results: ") for note in rendered.notes)


def test_its_own_thoughts_go_back_to_where_they_came_from() -> None:
    said = Message("assistant", (Reasoning("plan", id="tool_plan"), ToolCall("c", "f", "{}")))
    thought = Message("assistant", (Reasoning("hmm"), Text("Hi")))
    told = body_of(Conversation(messages=(*PLAIN, said, thought)), THINKER)["messages"]
    assert told[1]["tool_plan"] == "plan" and "content" not in told[1]
    assert told[2]["content"] == [{"type": "thinking", "thinking": "hmm"}, {"type": "text", "text": "Hi"}]
    dropped = render(Conversation(messages=(*PLAIN, thought)), COMMAND)
    assert b"hmm" not in dropped.body and "reasoning: left out, the model does not reason" in dropped.notes
    foreign = Message("assistant", (Reasoning("hmm", state=Opaque("google-gemini-v1", "x")),))
    assert b"hmm" not in render(Conversation(messages=(*PLAIN, foreign)), THINKER).body


@pytest.mark.parametrize("part", [File(PDF, "a.pdf"), Image(Source(file_id="f"))])
def test_what_cannot_be_sent_is_refused_with_its_path(part: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        render(Conversation(messages=(Message("user", (Text("Look"), Image(PNG), part)),)), COMMAND)
    assert refused.value.field == "messages[0].content[2]" and refused.value.remedy


def test_a_tool_that_takes_free_text_is_refused() -> None:
    tool = Tool("grep", kind="custom")
    with pytest.raises(InvalidRequest, match=r"tools\[0\]"):
        render(Conversation(messages=PLAIN, tools=(tool,)), COMMAND)


WORDS = st.sampled_from(
    ["content-delta", "content-start", "tool-call-start", "tool-call-delta", "citation-start", "message-end", "x"]
)
VALUES = st.recursive(
    st.none() | st.integers(-2, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["message", "content", "text", "type", "tool_calls", "function", "citations", "usage"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.binary(max_size=30) | st.builds(lambda kind, delta: sse({"type": kind, "index": 0, "delta": delta}), WORDS, VALUES),
        max_size=5,
    )
)
def test_any_bytes_of_a_stream_are_events_or_malformed(pieces: list[bytes]) -> None:
    reader = Reader(Hearing(4096))
    with contextlib.suppress(Malformed, BrokenStream):
        assert strays_in([event for given in pieces for event in reader.feed(given)] + reader.close()) == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps({"message": value, "usage": value}).encode()))
def test_any_body_is_events_or_malformed(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert strays_in(read(body, HEARING)) == []
