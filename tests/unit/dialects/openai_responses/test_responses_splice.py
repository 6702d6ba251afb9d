"""Responses on both sides: what changes on the way up and down, and what does not."""

import json
from typing import Any

import msgspec
import pytest
from responses_samples import USAGE, VOICE, asked, told

from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.openai_responses.respeak import respeak
from entrepot.dialects.openai_responses.splice import SplicedResponse, SplicedStream
from entrepot.dialects.voice import ErrorEvent, Malformed
from entrepot.errors import BrokenStream, InvalidRequest
from entrepot.providers import Quirk
from entrepot.values.request import Asked

THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
XAI = Hearing(family="xai-responses-v1")


def sent(request: Asked, wishes: Wishes | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
    plan = wishes or Wishes("up", effort=request.effort, max_tokens=request.max_tokens, user_salt=b"salt")
    found = respeak(request, plan)
    return json.loads(found.body), found.notes


def test_members_that_need_not_change_keep_their_bytes_and_order() -> None:
    request = asked(client_metadata={"b": 1, "a": [1.0]}, store=False, tools=[{"type": "namespace", "name": "n", "tools": []}])
    body = respeak(request, Wishes("up")).body
    assert body == msgspec.json.encode({**request.fields, "model": "up"})


def test_what_is_for_the_gateway_stays_here() -> None:
    request = asked(provider={"order": ["openai"]}, models=["a/b"], session_id="s", user="ada", safety_identifier="x")
    body, _ = sent(request)
    assert body.keys() == {"model", "input", "user", "safety_identifier"}
    assert body["user"] != "ada"
    kept, _ = sent(request, Wishes("up", quirks=frozenset({Quirk.KEEPS_OPENROUTER_FIELDS})))
    assert kept["session_id"] == "s" and "provider" not in kept


def test_what_the_endpoint_does_not_take_is_dropped_or_fitted() -> None:
    text = {"format": {"type": "json_object"}, "verbosity": "low"}
    request = asked(temperature=1, top_p=1, text=text, reasoning={"effort": "minimal", "summary": "auto"}, max_output_tokens=9000)
    dropped = ("temperature", "verbosity")
    body, _ = sent(request, Wishes("up", effort="low", max_tokens=4000, dropped=dropped))
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}
    assert (body["text"], body["max_output_tokens"]) == ({"format": {"type": "json_object"}}, 4000)
    assert "temperature" not in body and body["top_p"] == 1


def test_own_state_goes_up_as_it_came() -> None:
    request = asked(input=[THOUGHT, CALL, RESULT])
    assert sent(request) == ({"model": "up", "input": [THOUGHT, CALL, RESULT]}, ())


def test_state_of_another_maker_stays_behind_with_the_names_of_what_it_led_to() -> None:
    said = {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed"}
    said["content"] = [{"type": "output_text", "text": "Wait."}]  # type: ignore[assignment]
    request = asked(input=[THOUGHT, said, CALL, RESULT, {"role": "user", "content": "x", "id": "msg_2"}])
    body, notes = sent(request, Wishes("up", family="azure-openai-responses-v1"))
    assert body["input"] == [
        {"type": "message", "role": "assistant", "content": "Wait."},
        {name: value for name, value in CALL.items() if name != "id"},
        RESULT,
        {"role": "user", "content": "x", "id": "msg_2"},
    ]
    assert notes == ("reasoning: opaque state of openai-responses-v1 left out for azure-openai-responses-v1",)


def test_sealed_state_finds_its_way_back_to_its_maker_only() -> None:
    body = {"object": "response", "status": "completed", "output": [THOUGHT, CALL]}
    answer = SplicedResponse(json.dumps(body).encode(), VOICE, asked(), XAI)
    output = json.loads(answer.render_with(USAGE, 1, 2))["output"]
    assert output[0]["encrypted_content"] == "entrepot|xai-responses-v1|encrypted||gAAA"
    again = asked(input=[*output, RESULT])
    assert sent(again, Wishes("up", family="xai-responses-v1"))[0]["input"] == [THOUGHT, CALL, RESULT]
    assert [item["type"] for item in sent(again)[0]["input"]] == ["function_call", "function_call_output"]


def test_a_broken_seal_is_refused_by_its_path() -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent(asked(input=[THOUGHT | {"encrypted_content": "entrepot|x"}]))
    assert refused.value.field == "input[0].encrypted_content"


def test_roles_and_markers_that_a_provider_refuses_are_rewritten() -> None:
    marked = {"type": "input_text", "text": "x", "cache_control": {"type": "ephemeral"}}
    request = asked(
        input=[{"role": "developer", "content": [marked]}], tools=[{"type": "function", "name": "f", "cache_control": {}}]
    )
    body, _ = sent(request, Wishes("up", quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM})))
    assert body["input"] == [{"role": "system", "content": [{"type": "input_text", "text": "x"}]}]
    assert body["tools"] == [{"type": "function", "name": "f"}]


def test_a_response_that_is_not_kept_here_cannot_be_gone_on_from() -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent(asked(previous_response_id="resp_9"))
    assert refused.value.field == "previous_response_id"


def frames(*events: dict[str, Any]) -> bytes:
    return b"".join([b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events])


CREATED = {"type": "response.created", "response": {"id": "up_1", "model": "m", "status": "in_progress", "user": None}}
DELTA = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi", "obfuscation": "x"}
DONE = {"type": "response.completed", "response": {"id": "up_1", "model": "m", "status": "completed", "usage": None}}


def test_the_stream_opens_with_the_first_item_and_counts_where_the_provider_did_not() -> None:
    stream = SplicedStream(VOICE, asked(), Hearing())
    assert stream.feed(frames(CREATED)) == b""
    out = stream.feed(frames(DELTA)) + stream.feed(frames(DONE)) + stream.end_with(USAGE, 1, 2)
    created, delta, done = told(out)
    assert [event["sequence_number"] for event in (created, delta, done)] == [0, 1, 2]
    assert created["response"] == {"id": "resp_01J", "model": "openai/gpt-5.1", "status": "in_progress"}
    assert (delta["delta"], delta["obfuscation"]) == ("Hi", "x")
    assert done["response"]["usage"]["total_tokens"] == 150
    assert (stream.finish_reason, stream.upstream_id, stream.tool_calls) == ("stop", "up_1", 0)


def test_a_failure_after_the_first_item_says_what_came_before_it() -> None:
    stream = SplicedStream(VOICE, asked(), Hearing())
    with pytest.raises(ErrorEvent) as failed:
        stream.feed(frames(CREATED, DELTA, {"type": "error", "code": "server_error", "message": "no"}))
    error, end = told(stream.break_off(BrokenStream("It broke.")))
    assert [event["type"] for event in told(failed.value.before)] == ["response.created", "response.output_text.delta"]
    assert (error["type"], end["type"], end["response"]["status"]) == ("error", "response.failed", "failed")
    assert (error["sequence_number"], end["response"]["id"]) == (2, "resp_01J")


def test_a_whole_answer_where_a_stream_was_asked_for_is_told_as_one() -> None:
    body = {"object": "response", "status": "completed", "output": [CALL]}
    stream = SplicedStream(VOICE, asked(stream=True), Hearing())
    events = told(stream.feed_whole(json.dumps(body).encode()) + stream.end_with(USAGE, 1, 2))
    assert events[-1]["response"]["output"][0]["call_id"] == "call_1"
    assert stream.complete and stream.done and stream.tool_calls == 1


def test_an_answer_that_is_still_being_made_is_no_answer() -> None:
    with pytest.raises(Malformed):
        SplicedResponse(b'{"object":"response","status":"queued","output":[]}', VOICE, asked(), Hearing())


def test_the_client_sees_what_it_asked_where_the_provider_was_asked_something_else() -> None:
    body = {"object": "response", "status": "completed", "output": [], "user": "digest", "previous_response_id": None}
    request = asked(user="ada")
    request.said.create = msgspec.structs.replace(request.said.create, previous_response_id="resp_9")
    response = json.loads(SplicedResponse(json.dumps(body).encode(), VOICE, request, Hearing()).render_with(USAGE, 1, 2))
    assert (response["user"], response["previous_response_id"]) == ("ada", "resp_9")
