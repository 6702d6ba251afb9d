"""Events to a Responses client: every kind of part, in legal order, plain and streamed, as OpenAI's SDK takes them."""

import json
from typing import Any

import openai.types.responses as sdk
import pydantic
import pytest
from responses_samples import RICH, USAGE, VOICE, asked, parallel, rich, streamed, told, written

from entrepot.dialects.gather import events_of
from entrepot.dialects.openai_responses.converse import converse
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.stored import stateless
from entrepot.dialects.openai_responses.write import ResponsesWriter
from entrepot.errors import BrokenStream
from entrepot.values.conversation import Image, Message, Opaque, Part, Reasoning, Source, Text, ToolCall
from entrepot.values.event import ArgumentsDelta, Began, Event, Finished, PartBegan, PartEnded, TextDelta

one_event = pydantic.TypeAdapter[Any](sdk.ResponseStreamEvent)


def test_the_sdk_takes_a_rich_answer_whole_and_event_by_event() -> None:
    for events in (rich(), rich("length"), rich("content_filter"), parallel()):
        whole = written(events)
        sdk.Response.model_validate(whole)
        seen = told(streamed(events))
        for event in seen:
            one_event.validate_python(event)
        assert [event["sequence_number"] for event in seen] == list(range(len(seen)))
        assert seen[-1]["response"] == whole


def test_what_was_said_comes_back_as_it_was_when_the_client_sends_the_items_again() -> None:
    output = written(rich())["output"]
    results = [
        {"type": f"{kind}_output", "call_id": call, "output": "ok"}
        for kind, call in (("function_call", "call_1"), ("custom_tool_call", "call_2"), ("function_call", "call_3"))
    ]
    said = converse(parse(json.dumps({"input": [{"role": "user", "content": "hi"}, *output, *results]}).encode()))
    parts = [part for message in said.messages if message.role == "assistant" for part in message.parts]
    assert [words(part) for part in parts] == [words(part) for part in RICH]


def words(part: Part) -> tuple[Any, ...]:
    """What a part says, without the names of items that had none."""
    state = getattr(part, "state", None)
    if isinstance(part, Reasoning):
        return part.text, part.summary, state
    if isinstance(part, ToolCall):
        return part.id, part.name, part.arguments, part.custom, state
    return (type(part).__name__, getattr(part, "text", ""))


def test_each_item_ends_before_the_next_begins_and_its_deltas_make_the_whole() -> None:
    seen = told(streamed(rich()))
    open_items: list[int] = []
    pieces: dict[int, str] = {}
    for event in seen:
        if event["type"] == "response.output_item.added":
            assert not open_items
            open_items.append(event["output_index"])
        elif event["type"] == "response.output_item.done":
            open_items.remove(event["output_index"])
        elif event["type"].endswith(".delta"):
            assert open_items == [event["output_index"]]
            pieces[event["output_index"]] = pieces.get(event["output_index"], "") + event["delta"]
    for place, item in enumerate(seen[-1]["response"]["output"]):
        inner = [part.get("text") or part.get("refusal") for part in [*item.get("summary", ()), *item.get("content", ())]]
        assert pieces.get(place, "") == "".join(inner) + item.get("arguments", "") + item.get("input", "")


def test_calls_whose_arguments_come_in_turns_are_told_one_after_the_other() -> None:
    output = written(parallel())["output"]
    assert [(item["call_id"], item["arguments"]) for item in output[1:]] == [("call_1", '{"a":1}'), ("call_2", "{}")]
    assert output[0]["content"][0]["logprobs"][0]["token"] == "Hi"


@pytest.mark.parametrize(("finish", "status", "reason"), [
    ("stop", "completed", None), ("tool_calls", "completed", None), ("length", "incomplete", "max_output_tokens"),
    ("content_filter", "incomplete", "content_filter"), ("error", "failed", None),
])  # fmt: skip
def test_the_finish_is_a_status(finish: Any, status: str, reason: str | None) -> None:
    events: list[Event] = [PartBegan(0, "text"), TextDelta(0, "Hi"), PartEnded(0), Finished(finish)]
    response = written(events)
    assert response["status"] == status
    assert (response["incomplete_details"] or {}).get("reason") == reason
    assert (response["error"] is not None) == (status == "failed")
    assert response["output"][0]["status"] == ("incomplete" if status == "incomplete" else "completed")
    assert told(streamed(events))[-1]["type"] == f"response.{status}"


def test_usage_tells_the_classes_of_tokens_and_the_cost() -> None:
    usage = written(rich())["usage"]
    assert usage["input_tokens_details"] == {"cached_tokens": 40, "cache_write_tokens": 10}
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (100, 50, 150)
    assert usage["output_tokens_details"] == {"reasoning_tokens": 20}
    assert usage["cost"] == pytest.approx(0.000003)


def test_the_response_says_again_what_was_asked() -> None:
    tools = [{"type": "function", "name": "f"}, {"type": "web_search"}]
    request = asked(
        instructions="Be kind.", tools=tools, reasoning={"effort": "low"}, store=False, metadata={"a": "b"}, top_p=0.5
    )
    response = written(rich(), request)
    assert response["instructions"] == "Be kind."
    assert response["tools"] == [{"type": "function", "name": "f", "parameters": None, "strict": None}, {"type": "web_search"}]
    assert response["reasoning"] == {"effort": "low", "summary": None}
    assert (response["store"], response["metadata"], response["top_p"]) == (False, {"a": "b"}, 0.5)
    assert (response["temperature"], response["tool_choice"], response["truncation"]) == (1.0, "auto", "disabled")


@pytest.mark.parametrize(("asks", "told"), [({}, True), ({"store": True}, True), ({"store": False}, False)])
def test_the_response_says_whether_it_is_kept_here_whatever_its_provider_was_asked(asks: dict[str, bool], told: bool) -> None:
    assert written(rich(), stateless(asked(**asks)))["store"] is told


def test_nothing_is_told_before_the_first_part() -> None:
    writer = ResponsesWriter(VOICE, asked())
    assert writer.feed([Began("up_1", "m")]) == b""
    opening = told(writer.feed([PartBegan(0, "text")]))
    assert [event["type"] for event in opening][:3] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
    ]


def test_a_failure_in_mid_stream_is_told_both_ways_and_ends_the_response() -> None:
    writer = ResponsesWriter(VOICE, asked())
    writer.feed([PartBegan(0, "text"), TextDelta(0, "Hi")])
    error, failed = told(writer.error(BrokenStream("It broke.")))
    one_event.validate_python(error)
    one_event.validate_python(failed)
    assert (error["type"], error["message"], error["error"]["message"]) == ("error", "It broke.", "It broke.")
    assert (failed["response"]["status"], failed["response"]["error"]["code"]) == ("failed", "server_error")
    assert failed["sequence_number"] == error["sequence_number"] + 1


def test_a_call_of_a_namespaces_tool_goes_by_its_own_name() -> None:
    space = {"type": "namespace", "name": "mcp", "description": "", "tools": [{"type": "function", "name": "read"}]}
    request = asked(tools=[space])
    assert [tool.name for tool in converse(request).tools] == ["mcp__read"]
    [item] = written([*events_of([ToolCall("call_1", "mcp__read", "{}")]), Finished("tool_calls")], request)["output"]
    assert (item["namespace"], item["name"]) == ("mcp", "read")


def test_a_custom_tool_that_was_called_as_a_function_is_given_its_text() -> None:
    request = asked(tools=[{"type": "custom", "name": "apply_patch"}])
    events: list[Event] = [PartBegan(0, "tool_call", id="call_1", name="apply_patch")]
    events += [ArgumentsDelta(0, '{"input": "*** Be'), ArgumentsDelta(0, 'gin"}'), PartEnded(0), Finished("tool_calls")]
    [item] = written(events, request)["output"]
    assert (item["type"], item["input"]) == ("custom_tool_call", "*** Begin")
    deltas = [event["delta"] for event in told(streamed(events, request)) if event["type"].endswith("input.delta")]
    assert deltas == ["*** Begin"]


def test_texts_of_one_maker_are_one_message_unless_it_tells_them_apart() -> None:
    events: list[Event] = []
    for index, (name, phase) in enumerate([("", ""), ("", ""), ("msg_a", "commentary"), ("msg_b", "final_answer")]):
        events += [PartBegan(index, "text", id=name, phase=phase), TextDelta(index, str(index)), PartEnded(index)]
    output = written([*events, Finished("stop")])["output"]
    assert [[part["text"] for part in item["content"]] for item in output] == [["0", "1"], ["2"], ["3"]]
    assert [(item["id"], item.get("phase")) for item in output[1:]] == [("msg_a", "commentary"), ("msg_b", "final_answer")]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    [item] = written([*events_of([ToolCall("call_1", "f")]), Finished("tool_calls")])["output"]
    assert item["arguments"] == "{}"


def test_pictures_are_items_and_what_has_no_item_is_said_in_words() -> None:
    drawn = (Image(Source(data="aGk=", media_type="image/png")), Image(Source(url="http://a.test/b.png")))
    first, second = written([*events_of(drawn), Finished("stop")])["output"]
    assert (first["type"], first["result"]) == ("image_generation_call", "aGk=")
    assert second["content"][0]["text"] == "![](http://a.test/b.png)"


def test_half_a_surrogate_pair_does_not_stop_the_stream() -> None:
    events: list[Event] = [PartBegan(0, "text"), TextDelta(0, "\ud83d"), TextDelta(0, "\ude00"), PartEnded(0), Finished("stop")]
    assert b"\\ud83d" in streamed(events)


def test_state_of_a_text_stands_behind_its_message() -> None:
    signed = Opaque("google-gemini-v1", "sig")
    message, thought = written([*events_of([Text("Hi", state=signed)]), Finished("stop")])["output"]
    assert (message["type"], thought["type"], thought["summary"]) == ("message", "reasoning", [])
    said = converse(parse(json.dumps({"input": [message, thought]}).encode()))
    assert said.messages == (Message("assistant", (Text("Hi", state=signed),), id=message["id"]),)


def test_usage_is_what_was_measured_not_what_the_request_wished() -> None:
    assert written(parallel())["usage"]["output_tokens"] == USAGE.completion_tokens
