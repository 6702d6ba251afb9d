"""Converse's answers that the recordings do not have."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native import frame, heard, strays_in

from entrepot.dialects.bedrock_converse.read import Reader, read
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import gather
from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream
from entrepot.values.conversation import Foreign, Image, Reasoning, Text, ToolCall
from entrepot.values.event import Event, Failed, Finished, ForeignEvent
from entrepot.values.usage import Usage

CLAUDE = Hearing(family="anthropic-claude-v1")
END = frame("messageStop", {"stopReason": "end_turn"}) + frame("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2}})


def answer(content: list[Any], **more: Any) -> list[Event]:
    body = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "tool_use"} | more
    return read(json.dumps(body).encode(), CLAUDE)


def delta(block: int, told: dict[str, Any]) -> bytes:
    return frame("contentBlockDelta", {"contentBlockIndex": block, "delta": told, "p": "abc"})


def test_reasoning_text_calls_and_media_come_in_their_order() -> None:
    events = answer(
        [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
            {"text": "Hi"},
            {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a":  1}}},
            {"image": {"format": "png", "source": {"bytes": "AA=="}}},
            {"guardContent": {"text": {"text": "x"}}},
        ]
    )  # fmt: skip
    thought, text, call, image, foreign = gather(events).choices[0].parts
    assert isinstance(thought, Reasoning) and thought.state and (thought.text, thought.state.data) == ("hm", "sig")
    assert isinstance(text, Text) and isinstance(call, ToolCall) and json.loads(call.arguments) == {"a": 1}
    assert isinstance(image, Image) and image.source.media_type == "image/png"
    assert isinstance(foreign, Foreign) and foreign.name == "guardContent" and b'"text": "x"' in bytes(foreign.raw)


def test_citations_are_told_with_the_text_they_support() -> None:
    said = {"title": "Doc", "sourceContent": [{"text": "so"}], "location": {"web": {"url": "https://a.test"}}}
    [text] = (
        gather(answer([{"citationsContent": {"content": [{"text": "It is "}, {"text": "so."}], "citations": [said]}}]))
        .choices[0]
        .parts
    )
    assert isinstance(text, Text) and text.text == "It is so."
    [citation] = text.citations
    assert (citation.url, citation.title, citation.text, citation.dialect) == ("https://a.test", "Doc", "so", "bedrock_converse")


def test_writes_to_the_cache_are_told_apart_by_how_long_they_last() -> None:
    told = {"inputTokens": 5, "outputTokens": 3, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 30}
    told["cacheDetails"] = [{"ttl": "1h", "inputTokens": 20}, {"ttl": "5m", "inputTokens": 10}]  # type: ignore[assignment]
    seen = gather(answer([], usage=told, serviceTier={"type": "flex"})).seen
    assert seen and seen.service_tier == "flex"
    assert seen.usage == Usage(135, 3, cached_tokens=100, cache_write_tokens=10, cache_write_1h_tokens=20)


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("guardrail_intervened", "content_filter"),
        ("model_context_window_exceeded", "length"),
        ("malformed_tool_use", "error"),
        ("new", "stop"),
    ],
)
def test_why_it_ended_is_told_in_our_words_and_its_own(native: str, reason: str) -> None:
    [finished] = [event for event in answer([], stopReason=native) if isinstance(event, Finished)]
    assert (finished.reason, finished.native) == (reason, native)


def test_the_stop_sequence_that_matched_is_told() -> None:
    [finished] = [
        event for event in answer([], additionalModelResponseFields={"stop_sequence": "END"}) if isinstance(event, Finished)
    ]
    assert finished.stop == "END"


def test_a_call_without_arguments_has_an_empty_object_plain_and_streamed() -> None:
    [plain] = gather(answer([{"toolUse": {"toolUseId": "t", "name": "f"}}])).choices[0].parts
    start = frame("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}})
    for told in (b"", delta(0, {"toolUse": {"input": ""}})):
        events = heard("bedrock_converse", [start + told + frame("contentBlockStop", {"contentBlockIndex": 0}) + END])
        assert gather(events).choices[0].parts == (plain,) == (ToolCall("t", "f", "{}"),)


def test_a_call_of_the_answer_tool_is_the_answer_plain_and_streamed() -> None:
    call = {"toolUseId": "t", "name": "entrepot_answer"}
    plain = answer([{"toolUse": call | {"input": {"a": 1}}}])
    start = frame("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": call}})
    body = start + delta(0, {"toolUse": {"input": '{"a":'}}) + delta(0, {"toolUse": {"input": " 1}"}})
    streamed = heard("bedrock_converse", [body + frame("messageStop", {"stopReason": "tool_use"}) + frame("metadata", {})])
    for events in (plain, streamed):
        [choice] = gather(events).choices
        assert choice.parts == (Text('{"a": 1}'),) and choice.finish and choice.finish.reason == "stop"


def test_interleaved_blocks_of_a_stream_keep_their_state_and_citations() -> None:
    hidden = base64.b64encode(b"EtkE\xff").decode()
    body = (
        delta(0, {"reasoningContent": {"text": "a"}})
        + delta(1, {"text": "x"})
        + delta(0, {"reasoningContent": {"signature": "s"}})
    )
    body += delta(2, {"reasoningContent": {"redactedContent": hidden}}) + delta(1, {"citation": {"title": "T"}})
    thought, text, secret = gather(heard("bedrock_converse", [body + END], CLAUDE)).choices[0].parts
    assert isinstance(thought, Reasoning) and thought.state and (thought.text, thought.state.data) == ("a", "s")
    assert isinstance(text, Text) and text.citations[0].title == "T"
    assert isinstance(secret, Reasoning) and secret.state and secret.state.data.encode("latin-1") == b"EtkE\xff"


def test_an_exception_in_mid_stream_is_a_failure_with_its_status() -> None:
    body = delta(0, {"text": "x"}) + frame("throttlingException", {"message": "slow down"}, message="exception")
    *_, failed = heard("bedrock_converse", [body])
    assert isinstance(failed, Failed)
    assert json.loads(failed.payload)["error"] == {"code": 429, "type": "throttlingException", "message": "slow down"}


def test_events_that_nobody_knows_are_passed_over() -> None:
    body = frame("somethingNew", {"a": 1}) + delta(0, {"newDelta": {}}) + delta(0, {"text": "x"}) + END
    events = heard("bedrock_converse", [body])
    assert [event.name for event in events if isinstance(event, ForeignEvent)] == ["somethingNew", "contentBlockDelta"]
    assert gather(events).choices[0].parts == (Text("x"),)


def test_an_error_with_a_good_status_is_a_failure() -> None:
    assert isinstance(read(b'{"message": "no"}', CLAUDE)[-1], Failed)


def test_botocore_reads_the_same_frames() -> None:
    eventstream = pytest.importorskip("botocore.eventstream", reason="botocore is an optional extra")
    body = delta(0, {"text": "x"}) + END
    buffer = eventstream.EventStreamBuffer()
    buffer.add_data(body)
    assert [json.loads(event.payload).get("stopReason", "") for event in buffer] == ["", "end_turn", ""]


BYTES = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda kind, told: frame(kind, told),
        st.sampled_from(["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "x"]),
        st.dictionaries(
            st.sampled_from(["contentBlockIndex", "delta", "start", "stopReason", "usage"]),
            st.recursive(st.none() | st.integers(-3, 9) | st.text(max_size=5), lambda inner: st.dictionaries(st.sampled_from(["text", "toolUse", "input", "reasoningContent", "redactedContent", "citation"]), inner, max_size=2), max_leaves=4),
            max_size=3,
        ),
    ),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(BYTES, max_size=5))
def test_any_bytes_of_a_stream_are_events_or_malformed(pieces: list[bytes]) -> None:
    reader = Reader(Hearing(4096))
    with contextlib.suppress(Malformed, BrokenStream):
        assert strays_in([event for piece in pieces for event in reader.feed(piece)] + reader.close()) == []


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=80)
    | st.text(max_size=20).map(lambda text: json.dumps({"output": {"message": {"content": [text, {"text": text}]}}}).encode())
)
def test_any_body_is_events_or_malformed(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert strays_in(read(body, CLAUDE)) == []
