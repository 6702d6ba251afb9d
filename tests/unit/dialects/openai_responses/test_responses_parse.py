"""Responses requests: what is understood, and what a wrong one is told."""

import json
from typing import Any

import pytest
from responses_samples import asked

from entrepot.dialects.openai_responses.parse import parse
from entrepot.errors import InvalidRequest
from entrepot.values.media import Media


def refused(**body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as refusal:
        parse(json.dumps({"model": "m", "input": "hi", **body}).encode())
    assert refusal.value.expected and refusal.value.received and refusal.value.remedy
    return refusal.value


@pytest.mark.parametrize(("body", "field"), [
    ({"model": 3}, "model"),
    ({"input": 3}, "input"),
    ({"input": None}, "input"),
    ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "user", "content": 3}]}, "input[0].content"),
    ({"input": [{"role": "user", "content": [{"text": "x"}]}]}, "input[0].content[0].type"),
    ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": {"url": "x"}}]}]}, "input[0].content[0].image_url"),
    ({"input": [{"type": "reasoning", "summary": [], "encrypted_content": 3}]}, "input[0].encrypted_content"),
    ({"background": True}, "background"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"previous_response_id": ""}, "previous_response_id"),
    ({"temperature": 3}, "temperature"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"reasoning": {"effort": "most"}}, "reasoning.effort"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    ({"text": {"format": {"type": "json_schema", "json_schema": {}}}}, "text.format.name"),
    ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].name"),
    ({"tools": [{"type": "openrouter:web_search"}]}, "tools[0].type"),
    ({"plugins": [{"id": "web"}]}, "plugins[0].id"),
    ({"preset": "mine"}, "preset"),
    ({"metadata": {"a": 1}}, "metadata[...]"),
])  # fmt: skip
def test_a_wrong_member_is_named(body: dict[str, Any], field: str) -> None:
    assert refused(**body).field == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"input":"\xff"}', b'{"input":' + b"[" * 2000 + b"]" * 2000 + b"}"])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse(body)


def test_a_member_given_twice_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="twice"):
        parse(b'{"input":"a","input":"b"}')


def test_parameters_have_the_names_that_routing_knows() -> None:
    request = asked(
        max_output_tokens=50,
        text={"format": {"type": "json_object"}, "verbosity": "low"},
        include=["message.output_text.logprobs"],
        top_logprobs=2,
        reasoning={"effort": "xhigh"},
        tools=[{"type": "function", "name": "f"}],
        temperature=None,
    )
    wanted = {"max_tokens", "response_format", "verbosity", "logprobs", "top_logprobs", "reasoning", "tools"}
    assert request.parameters == wanted
    assert (request.effort, request.max_tokens, request.stream) == ("xhigh", 50, False)
    assert request.gives("tools") and not request.gives("temperature")


def test_what_the_input_carries_is_seen_also_in_outputs_of_tools() -> None:
    picture = {"type": "input_image", "image_url": "http://a.test/a.png"}
    sound = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
    request = asked(
        input=[
            {"role": "user", "content": [picture, sound]},
            {"type": "function_call_output", "call_id": "c", "output": [picture]},
            {"type": "computer_call_output", "call_id": "d", "output": {"type": "computer_screenshot"}},
        ]
    )
    assert request.media == Media(images=2, audio=1, kinds=frozenset({"image", "audio"}))


def test_unknown_members_are_listed_and_items_of_unknown_kinds_pass() -> None:
    request = asked(input=[{"type": "thought_of_tomorrow", "content": None}], flavour="sweet")
    assert request.unknown == ("flavour",)
    assert request.slugs == ("openai/gpt-5.1",)


@pytest.mark.parametrize(("control", "effort"), [
    ({"effort": "none"}, "none"), ({"enabled": False}, "none"), ({"max_tokens": 0}, "none"), ({"enabled": True}, "medium"),
    ({"max_tokens": 500}, "medium"), ({"summary": "auto"}, None), (None, None),
])  # fmt: skip
def test_the_effort_is_read_from_whichever_member_says_it(control: Any, effort: str | None) -> None:
    assert asked(reasoning=control).effort == effort


def test_tokens_of_a_prompt_can_be_counted() -> None:
    request = asked(instructions="Be kind.", tools=[{"type": "function", "name": "f"}])
    messages, tools = request.countable()
    assert "Be kind." in str(messages) and "hi" in str(messages)
    assert tools == [{"type": "function", "name": "f"}]
