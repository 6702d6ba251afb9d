"""What is kept of responses, and how later requests go on from it."""

import json

import pytest
from responses_samples import USAGE, VOICE, asked, rich, streamed, written

from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.openai_responses.converse import converse
from entrepot.dialects.openai_responses.echo import response_id
from entrepot.dialects.openai_responses.respeak import respeak
from entrepot.dialects.openai_responses.splice import SplicedResponse
from entrepot.dialects.openai_responses.stored import (
    deleted,
    input_items,
    input_tokens,
    listed,
    output_items,
    response_in,
    stateless,
    wants_keeping,
    with_history,
)
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import Message, Text
from entrepot.values.media import media_of

BEFORE = [b'{"role":"user","content":"one"}', b'{"type":"message","id":"msg_1","role":"assistant","content":"two"}']


def test_items_before_stand_in_front_for_every_provider() -> None:
    request = with_history(asked(previous_response_id="resp_1", instructions="Be kind.", input="three"), BEFORE)
    body = json.loads(respeak(request, Wishes("up")).body)
    assert [item["content"] for item in body["input"]] == ["one", "two", "three"]
    assert "previous_response_id" not in body
    said = [part.text for message in converse(request).messages for part in message.parts if isinstance(part, Text)]
    assert said == ["Be kind.", "one", "two", "three"]


def test_the_answer_names_the_response_before_it() -> None:
    request = with_history(asked(previous_response_id="resp_1"), BEFORE)
    assert written(rich(), request)["previous_response_id"] == "resp_1"


def test_a_history_makes_the_request_larger_and_brings_its_pictures() -> None:
    picture = b'{"role":"user","content":[{"type":"input_image","image_url":"http://a.test/a.png"}]}'
    request = asked(previous_response_id="resp_1")
    joined = with_history(request, [picture])
    assert joined.media == media_of(["image"])
    assert joined.size >= request.size + len(picture)


def test_references_are_replaced_by_what_they_name() -> None:
    request = asked(input=[{"type": "item_reference", "id": "msg_1"}, {"id": "msg_0"}, {"role": "user", "content": "go on"}])
    joined = with_history(request, [], {"msg_1": BEFORE[1], "msg_0": BEFORE[0]})
    assert [message.role for message in converse(joined).messages] == ["assistant", "user", "user"]
    with pytest.raises(InvalidRequest) as refused:
        with_history(request, [], {"msg_1": BEFORE[1]})
    assert refused.value.field == "input[1].id"


def test_a_provider_that_keeps_nothing_is_asked_for_encrypted_thoughts() -> None:
    request = stateless(asked(reasoning={"effort": "low"}, include=["message.output_text.logprobs"]))
    body = json.loads(respeak(request, Wishes("up", effort="low")).body)
    assert (body["store"], body["include"]) == (False, ["message.output_text.logprobs", "reasoning.encrypted_content"])
    plain = json.loads(respeak(stateless(asked()), Wishes("up")).body)
    assert plain["store"] is False and "include" not in plain


def test_the_client_still_reads_that_its_response_is_kept() -> None:
    body = b'{"object":"response","status":"completed","output":[],"store":false}'
    answer = SplicedResponse(body, VOICE, stateless(asked()), Hearing())
    assert json.loads(answer.render_with(USAGE, 1, 2))["store"] is True
    assert (wants_keeping(asked()), wants_keeping(asked(store=False))) == (True, False)


def test_a_turn_that_is_kept_can_be_gone_on_from() -> None:
    response = response_in(streamed(rich("stop")))
    assert response is not None
    kept = [*input_items(asked(), "resp_01J"), *output_items(response)]
    with pytest.raises(InvalidRequest, match="no result"):
        converse(with_history(asked(previous_response_id="resp_01J"), kept))
    results = [{"type": "function_call_output", "call_id": f"call_{number}", "output": "ok"} for number in (1, 2, 3)]
    said = converse(with_history(asked(previous_response_id="resp_01J", input=results), kept)).messages
    assert said[0] == Message("user", (Text("hi"),), id="msg_01Ji0")
    assert sum(message.role == "tool" for message in said) == 3


def test_items_are_listed_with_their_ids() -> None:
    items = input_items(
        asked(input=[{"role": "user", "content": "a"}, {"type": "reasoning", "id": "rs_1", "summary": []}]), "resp_1"
    )
    page = json.loads(listed(items))
    assert [item["id"] for item in page["data"]] == ["msg_1i0", "rs_1"]
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("msg_1i0", "rs_1", False)
    assert json.loads(listed([]))["first_id"] is None


def test_small_answers_have_their_form() -> None:
    assert json.loads(deleted("resp_1")) == {"id": "resp_1", "object": "response", "deleted": True}
    assert json.loads(input_tokens(7)) == {"object": "response.input_tokens", "input_tokens": 7}
    assert response_in(b"event: x\n\n") is None
    assert response_id("gen-01J") == "resp_01J"
