"""Answers of Responses providers that depart from the usual way."""

import json
from typing import Any

import pytest

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Answered, gather
from entrepot.dialects.openai_responses.read import ResponsesReader, read
from entrepot.dialects.voice import Malformed
from entrepot.values.conversation import Image, Reasoning, Source, Text, ToolCall
from entrepot.values.event import Began, Event, Failed, Finished, ForeignEvent, TextDelta, UsageSeen

MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'}


def heard(*events: dict[str, Any] | str) -> list[Event]:
    data = "".join(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n" for event in events)
    return ResponsesReader(Hearing()).feed(data.encode())


def plain(**members: Any) -> list[Event]:
    return read(json.dumps({"id": "resp_1", "object": "response", "status": "completed", **members}).encode(), Hearing())


def answered(events: list[Event]) -> Answered:
    [choice] = gather(events).choices
    return choice


def done(status: str = "completed", **members: Any) -> dict[str, Any]:
    return {"type": f"response.{status}", "response": {"id": "resp_1", "status": status, **members}}


def item(kind: str, told: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return {"type": f"response.output_item.{kind}", "output_index": place, "item": told}


def test_a_server_that_sends_only_whole_items_is_read() -> None:
    choice = answered(heard(item("done", MESSAGE), item("done", CALL, 1), done()))
    assert choice.parts == (Text("Hi"), ToolCall("call_1", "f", '{"a":1}', item="fc_1"))
    assert choice.finish == Finished("tool_calls", "completed")


def test_a_server_that_sends_only_the_end_is_read() -> None:
    assert (
        answered(heard(done(output=[MESSAGE, CALL]))).parts
        == answered(heard(item("done", MESSAGE), item("done", CALL, 1), done())).parts
    )


def test_what_deltas_left_out_is_taken_from_the_end_of_the_item() -> None:
    delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "H"}
    events = heard(item("added", MESSAGE | {"content": []}), delta, item("done", MESSAGE), done())
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["H", "i"]


def test_parts_that_overlap_are_told_apart() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    events = heard(
        item("added", thought),
        item("added", MESSAGE | {"content": []}, 1),
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "h"},
        {"type": "response.output_text.delta", "output_index": 1, "delta": "Hi"},
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "m"},
        item("done", MESSAGE, 1),
        item("done", thought | {"content": [{"type": "reasoning_text", "text": "hm"}]}),
        done(),
    )
    assert answered(events).parts == (Reasoning("hm", id="rs_1", family="openai-responses-v1"), Text("Hi"))


@pytest.mark.parametrize("event", [
    {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down.", "param": None},
    {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Slow down."}},
    {"error": {"code": "rate_limit_exceeded", "message": "Slow down."}},
    done("failed", error={"code": "rate_limit_exceeded", "message": "Slow down."}),
])  # fmt: skip
def test_a_failure_is_told_in_every_form_and_nothing_follows_it(event: dict[str, Any]) -> None:
    events = heard({"type": "response.created", "response": {"id": "resp_1"}}, event, done())
    assert isinstance(events[-1], Failed)
    error = json.loads(events[-1].payload)["error"]
    assert (error["code"], error["message"]) == ("rate_limit_exceeded", "Slow down.")
    assert sum(isinstance(event, Failed) for event in events) == 1


def test_a_failed_response_that_came_whole_is_a_failure() -> None:
    for body in ({"status": "failed", "error": {"message": "no"}, "output": []}, {"error": {"message": "no"}}):
        assert isinstance(read(json.dumps(body).encode(), Hearing())[-1], Failed)


@pytest.mark.parametrize(("status", "reason", "finish"), [
    ("incomplete", "max_output_tokens", "length"), ("incomplete", "content_filter", "content_filter"), ("completed", None, "stop"),
])  # fmt: skip
def test_the_status_is_a_finish(status: str, reason: str | None, finish: str) -> None:
    [found] = [
        event
        for event in plain(status=status, output=[MESSAGE], incomplete_details={"reason": reason})
        if isinstance(event, Finished)
    ]
    assert found.reason == finish
    assert found.native == (reason or "completed")


def test_unknown_events_are_counted_and_unknown_members_do_not_matter() -> None:
    events = heard({"type": "response.of_tomorrow", "delta": {"deep": 1}, "item": 3}, "[DONE]", done(output=[MESSAGE], more=[1]))
    assert [event.name for event in events if isinstance(event, ForeignEvent)] == ["response.of_tomorrow"]
    assert answered(events).parts == (Text("Hi"),)


def test_an_emoji_in_two_halves_is_one() -> None:
    halves = [f'{{"type":"response.output_text.delta","delta":"{half}"}}' for half in ("A\\ud83d", "\\ude00B")]
    assert answered(heard(*halves, done())).parts == (Text("A😀B"),)


def test_a_picture_that_was_made_is_a_picture() -> None:
    drawn = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aGk=", "output_format": "webp"}
    assert answered(plain(output=[drawn])).parts == (Image(Source(data="aGk=", media_type="image/webp")),)


def test_a_tool_that_the_client_must_run_ends_the_turn_with_a_call() -> None:
    shell = {"type": "local_shell_call", "id": "lsh_1", "call_id": "c", "action": {"type": "exec", "command": ["ls"]}}
    finish = answered(plain(output=[shell])).finish
    assert finish is not None and finish.reason == "tool_calls"


def test_costs_and_searches_that_the_provider_told_are_counted() -> None:
    usage = {"input_tokens": 10, "output_tokens": 5.0, "input_tokens_details": None, "cost": 0.25}
    events = plain(output=[{"type": "web_search_call", "id": "ws_1"}, MESSAGE], usage=usage)
    [seen] = [event for event in events if isinstance(event, UsageSeen)]
    assert (seen.usage.completion_tokens, seen.usage.web_searches) == (5, 1)
    assert seen.usage.upstream_cost_yocto == 250_000_000_000_000_000_000_000


def test_the_family_of_a_hearing_names_the_maker_of_its_state() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x|y"}
    body = json.dumps({"object": "response", "status": "completed", "output": [thought]}).encode()
    [part] = answered(read(body, Hearing(family="xai-responses-v1"))).parts
    assert isinstance(part, Reasoning) and part.state is not None
    assert (part.state.family, part.state.data, part.state.kind) == ("xai-responses-v1", "x|y", "encrypted")


def test_a_stream_that_stops_short_has_no_end() -> None:
    reader = ResponsesReader(Hearing())
    events = reader.feed(b'data: {"type":"response.created","response":{"id":"resp_1"}}\n\n') + reader.close()
    assert (events, reader.done) == ([Began("resp_1")], False)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"object":"list","output":[]}', b"<html>", b'{"output":[{"type":"message","content":3}]}']
)
def test_what_is_no_response_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, Hearing())
