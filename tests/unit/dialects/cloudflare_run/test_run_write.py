"""Any answer is told in Cloudflare's words, plain and streamed, with nothing lost and nothing told twice."""

import json
from typing import Any

import pytest

from entrepot import errors
from entrepot.dialects.cloudflare_run.parse import parse
from entrepot.dialects.cloudflare_run.refuse import render_error
from entrepot.dialects.cloudflare_run.write import RunStreamWriter, write
from entrepot.dialects.gather import events_of
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Citation, Opaque, Reasoning, Refusal, Text, ToolCall
from entrepot.values.event import ArgumentsDelta, Began, Event, Finished, PartBegan
from entrepot.values.usage import Usage

VOICE = Voice("gen-1", "openai/gpt-5.1", "OpenAI", 1, lambda text: None)
USAGE = Usage(10, 5)
CALL = ToolCall("call_1", "get_weather", '{"city": "Oslo", "n": 1.50}')
THOUGHT = Reasoning("I think", state=Opaque("anthropic-claude-v1", "c2ln"), family="anthropic-claude-v1")
PARTS: tuple[Any, ...] = (THOUGHT, Text("Cold ", citations=(Citation("https://a.example", "A"),)), Text("today"), CALL)


def said(*parts: Any, finish: Any = "stop") -> list[Event]:
    return [Began("up-1"), *events_of(parts), Finished(finish)]


def request(**body: Any) -> Any:
    return parse(json.dumps({"prompt": "x"} | body).encode(), "openai/gpt-5.1")


def plain(events: list[Event], **body: Any) -> dict[str, Any]:
    told = json.loads(write(events, VOICE, request(**body), USAGE, 12_500, 50_000))
    assert (told["success"], told["errors"], told["messages"]) == (True, [], [])
    result: dict[str, Any] = told["result"]
    return result


def streamed(events: list[Event]) -> list[dict[str, Any]]:
    writer = RunStreamWriter(VOICE, request(stream=True))
    body = b"".join([writer.feed([event]) for event in events]) + writer.end(USAGE, 12_500, 50_000)
    *lines, last = body.decode().strip().split("\n\n")
    assert last == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_a_plain_answer_has_cloudflares_members_and_those_of_a_chat_completion() -> None:
    result = plain(said(*PARTS, finish="tool_calls"))
    assert result["response"] == "Cold today" == result["choices"][0]["message"]["content"]
    assert result["tool_calls"] == [{"index": 0, "id": "call_1", "name": "get_weather", "arguments": {"city": "Oslo", "n": 1.5}}]
    assert (result["usage"]["total_tokens"], result["usage"]["cost"]) == (15, 0.0000625)
    assert (result["id"], result["model"], result["provider"]) == ("gen-1", "openai/gpt-5.1", "OpenAI")
    assert result["choices"][0]["message"]["reasoning_details"][0]["signature"] == "c2ln"


def test_a_stream_tells_the_same_once() -> None:
    chunks = streamed(said(*PARTS, finish="tool_calls"))
    assert all(isinstance(chunk["response"], str) for chunk in chunks)
    assert "".join(chunk["response"] for chunk in chunks) == "Cold today"
    assert "".join(chunk.get("reasoning", "") for chunk in chunks) == "I think"
    calls = [call for chunk in chunks for call in chunk.get("tool_calls", ())]
    assert calls == plain(said(*PARTS))["tool_calls"]
    last = chunks[-1]
    assert (last["finish_reason"], last["usage"], last["id"]) == ("tool_calls", plain(said(*PARTS))["usage"], "gen-1")
    message = plain(said(*PARTS))["choices"][0]["message"]
    assert (last["reasoning_details"], last["annotations"]) == (message["reasoning_details"], message["annotations"])
    assert sum("usage" in chunk for chunk in chunks) == 1


def test_arguments_keep_their_bytes_and_text_that_is_no_object_stays_text() -> None:
    assert b'"arguments":{"city": "Oslo", "n": 1.50}' in write(said(CALL), VOICE, request(), USAGE, 0, 0)
    torn = plain(said(ToolCall("c", "f", '{"city": "Os')))
    assert torn["tool_calls"][0]["arguments"] == '{"city": "Os'
    assert plain(said(ToolCall("c", "f")))["tool_calls"][0]["arguments"] == {}


def test_a_call_that_was_never_ended_is_told_at_the_finish() -> None:
    events = [PartBegan(0, "tool_call", id="c", name="f"), ArgumentsDelta(0, '{"a": 1}'), Finished("tool_calls")]
    assert [chunk["tool_calls"][0]["arguments"] for chunk in streamed(events) if "tool_calls" in chunk] == [{"a": 1}]


def test_calls_alone_have_no_response() -> None:
    assert plain(said(CALL))["response"] is None
    assert plain(said())["response"] == ""


@pytest.mark.parametrize(("text", "response"), [('{"a": 1}', {"a": 1}), ('{"a": ', '{"a": '), ("sorry", "sorry"), ("[1]", "[1]")])
def test_in_json_mode_the_response_is_the_object_where_there_is_one(text: str, response: Any) -> None:
    assert plain(said(Text(text)), response_format={"type": "json_object"})["response"] == response
    assert plain(said(Text(text)))["response"] == text


def test_a_refusal_stands_beside_the_response() -> None:
    assert plain(said(Refusal("No.")))["choices"][0]["message"]["refusal"] == "No."
    chunks = streamed(said(Refusal("No.")))
    assert next(chunk["refusal"] for chunk in chunks if "refusal" in chunk) == "No."
    assert "".join(chunk["response"] for chunk in chunks) == ""


def test_a_broken_stream_ends_with_the_envelope_and_without_an_end_sign() -> None:
    last = RunStreamWriter(VOICE, request(stream=True)).error(errors.BrokenStream("It broke."))
    told = json.loads(last.decode().removeprefix("data: "))
    assert (told["response"], told["finish_reason"], told["success"]) == ("", "error", False)
    assert told["errors"][0]["message"] == "It broke." and told["id"] == "gen-1"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Unauthenticated("x"), 401, 10000),
        (errors.OutOfCredits("x"), 402, 3036),
        (errors.Forbidden("x"), 403, 3041),
        (errors.InvalidRequest("x", field="model"), 400, 5007),
        (errors.InvalidRequest("x", field="top_k"), 400, 5006),
        (errors.InvalidRequest("x", field="lora"), 400, 5005),
        (errors.InvalidRequest("x"), 400, 3003),
        (errors.NotFound("x"), 404, 3042),
        (errors.TooSlow("x"), 408, 3007),
        (errors.TooLarge("x"), 413, 3006),
        (errors.RateLimited("x"), 429, 3040),
        (errors.Unavailable("x"), 502, 3000),
        (errors.ProviderBusy("x"), 503, 3040),
        (errors.TimedOut("x"), 504, 3007),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_refusal_has_cloudflares_number_and_its_own_status(error: errors.GatewayError, status: int, code: int) -> None:
    said_status, body = render_error(error, "")
    told = json.loads(body)
    assert (said_status, told["errors"][0]["code"]) == (status, code)
    assert (told["result"], told["success"], told["messages"]) == (None, False, [])


def test_a_field_is_pointed_at_as_json_pointers_do() -> None:
    told = json.loads(render_error(errors.InvalidRequest("x", field="messages[0].content[1].text"), "gen-2")[1])
    assert told["errors"][0]["source"] == {"pointer": "/messages/0/content/1/text"} and told["id"] == "gen-2"
