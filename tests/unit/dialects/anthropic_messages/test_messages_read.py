"""Answers of Messages providers beyond the recordings: rare events, imitators, and text cut in two."""

import json
from typing import Any

import pytest

from entrepot.dialects.anthropic_messages.read import Reader, read
from entrepot.dialects.anthropic_messages.words import ANSWER_TOOL
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import gather
from entrepot.dialects.voice import Malformed
from entrepot.values.conversation import Foreign, Opaque, Reasoning, Text, ToolCall
from entrepot.values.event import Event, Failed, Finished, ForeignEvent, UsageSeen
from entrepot.values.usage import Usage

START = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "c", "content": [], "usage": {"input_tokens": 7, "output_tokens": 1}},
}


def begin(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **told: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": told}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def end(reason: str, **usage: Any) -> list[dict[str, Any]]:
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 5} | usage},
        {"type": "message_stop"},
    ]


def stream(*events: dict[str, Any]) -> bytes:
    return b"".join([f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events])


def heard(*events: dict[str, Any], hearing: Hearing = Hearing()) -> list[Event]:
    return Reader(hearing).feed(stream(*events))


def test_a_failure_in_mid_stream_comes_after_what_was_said():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    events = heard(START, begin(0, type="text", text=""), delta(0, type="text_delta", text="a"), error)
    assert isinstance(events[-1], Failed) and json.loads(events[-1].payload) == error


def test_new_events_and_deltas_are_counted_and_pings_are_not():
    events = heard(
        START, {"type": "ping"}, {"type": "news"}, begin(0, type="text"), delta(0, type="glow_delta"), stop(0), *end("end_turn")
    )  # fmt: skip
    assert [event.name for event in events if isinstance(event, ForeignEvent)] == ["news", "glow_delta"]


def test_a_call_without_arguments_has_an_empty_object_and_one_given_whole_is_kept():
    events = heard(
        START, begin(0, type="tool_use", id="a", name="f", input={}), stop(0),
        begin(1, type="tool_use", id="b", name="g", input={"x": 1}), stop(1), *end("tool_use"),
    )  # fmt: skip
    assert gather(events).choices[0].parts == (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x": 1}'))


def test_what_the_providers_own_tools_did_is_told_whole():
    events = heard(
        START, begin(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, type="input_json_delta", partial_json='{"query": '), delta(0, type="input_json_delta", partial_json='"x"}'), stop(0),
        begin(1, type="compaction", content=None), delta(1, type="compaction_delta", content="short", encrypted_content="x"), stop(1), *end("pause_turn"),
    )  # fmt: skip
    search, compaction = gather(events).choices[0].parts
    assert isinstance(search, Foreign) and json.loads(bytes(search.raw))["input"] == {"query": "x"}
    assert isinstance(compaction, Foreign) and json.loads(bytes(compaction.raw)) == {
        "type": "compaction",
        "content": "short",
        "encrypted_content": "x",
    }
    assert events[-1] == Finished("stop", "pause_turn")


def test_calls_decide_where_an_imitator_ends_its_turn_with_end_turn():
    events = heard(START, begin(0, type="tool_use", id="a", name="f", input={}), stop(0), *end("end_turn"))
    assert events[-1] == Finished("tool_calls", "end_turn")


def test_a_block_that_is_not_closed_ends_with_the_answer():
    events = heard(START, begin(0, type="text", text="a"), *end("max_tokens"))
    assert gather(events).choices[0].parts == (Text("a"),) and events[-1] == Finished("length", "max_tokens")


def test_later_counts_replace_earlier_ones_and_the_classes_of_writes_stay():
    first = {"input_tokens": 7, "output_tokens": 1, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 4}
    first |= {"cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}}
    events = heard(
        {"type": "message_start", "message": {"usage": first}}, *end("end_turn", cache_creation_input_tokens=30, input_tokens=9)
    )
    seen = [event.usage for event in events if isinstance(event, UsageSeen)]
    assert seen[-1] == Usage(43, 5, cached_tokens=4, cache_write_tokens=10, cache_write_1h_tokens=20)
    assert seen[0].prompt_tokens == 41


def test_thinking_is_part_of_what_came_out():
    events = heard(START, *end("end_turn", output_tokens_details={"thinking_tokens": 3}))
    assert [event.usage.reasoning_tokens for event in events if isinstance(event, UsageSeen)] == [0, 3]


def test_the_answer_tools_call_is_text_of_the_answer():
    events = heard(
        START, begin(0, type="tool_use", id="a", name=ANSWER_TOOL, input={}), delta(0, type="input_json_delta", partial_json='{"n":1}'),
        stop(0), *end("tool_use"),
    )  # fmt: skip
    assert gather(events).choices[0].parts == (Text('{"n":1}'),) and events[-1] == Finished("stop", "tool_use")


def test_state_bears_the_name_of_the_endpoints_family():
    body = json.dumps({"content": [{"type": "thinking", "thinking": "t", "signature": "x"}], "stop_reason": "end_turn"}).encode()
    [choice] = gather(read(body, Hearing(family="other-v1"))).choices
    assert choice.parts == (Reasoning("t", state=Opaque("other-v1", "x"), family="other-v1"),)


@pytest.mark.parametrize("kind", ["text", "thinking"])
def test_a_character_cut_in_two_comes_whole(kind):
    block = begin(0, type=kind, **{kind: ""})
    raw = stream(START, block) + b"".join(
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"%b_delta","%b":"%b"}}\n\n'
        % (kind.encode(), kind.encode(), half)
        for half in (b"a\\ud83d", b"\\ude00b", b"c\\ud83d")
    )
    events = Reader(Hearing()).feed(raw + stream(stop(0), *end("end_turn")))
    [part] = gather(events).choices[0].parts
    assert isinstance(part, Text | Reasoning) and part.text == "a\U0001f600bc\ufffd"


def test_an_end_sign_of_another_dialect_ends_the_stream():
    reader = Reader(Hearing())
    reader.feed(stream(START, begin(0, type="text", text="a"), stop(0), end("end_turn")[0]) + b"data: [DONE]\n\n")
    assert reader.done


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"content":"a"}', b'{"content":[{"text":"a"}]}', b"\xff", b"<html>"])
def test_what_is_no_message_is_malformed(body):
    with pytest.raises(Malformed):
        read(body, Hearing())


@pytest.mark.parametrize(
    "data", [b"data: nonsense\n\n", b"data: []\n\n", b"data: {}\n\n", stream(delta(3, type="text_delta", text="a"))]
)
def test_what_is_no_event_is_malformed(data):
    with pytest.raises(Malformed):
        Reader(Hearing()).feed(data)
