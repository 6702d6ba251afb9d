"""A request that is wrong is refused with the field, its bounds, what came and what would mend it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.errors import InvalidRequest
from entrepot.values.media import NO_MEDIA, Media

HI = [{"role": "user", "content": "hi"}]


def refused(body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parse_request(body if isinstance(body, bytes) else json.dumps({"messages": HI} | body).encode())
    return caught.value


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"temperature": 2.01}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"frequency_penalty": 3}, "frequency_penalty"),
        ({"presence_penalty": -2.5}, "presence_penalty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"n": 129}, "n"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"logit_bias": {"5": 101}}, "logit_bias[...]"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": ""}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "user", "content": [{"type": "hologram"}]}]}, "messages[0].content[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "openrouter:web_search"}]}, "tools[0].type"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice.function.name"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "two words"}}}, "response_format.json_schema.name"),
        ({"reasoning": {"effort": "low", "max_tokens": 5}}, "reasoning"),
        ({"reasoning": {"effort": "low"}, "reasoning_effort": "high"}, "reasoning_effort"),
        ({"reasoning_effort": "enormous"}, "reasoning_effort"),
        ({"provider": {"odrer": ["openai"]}}, "provider"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
        ({"plugins": [{"id": "web"}]}, "plugins[0].id"),
        ({"seed": 2**63}, "seed"),
    ],
)
def test_the_error_names_the_field(wrong: dict[str, Any], field: str) -> None:
    error = refused(wrong)
    assert error.status == 400
    assert error.field == field
    assert error.expected
    assert error.received
    assert error.remedy


def test_an_image_url_that_is_not_one_is_refused() -> None:
    error = refused({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "cat.png"}}]}]})
    assert error.field == "messages[0].content[0].image_url.url"
    assert error.received == '"cat.png"'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nope",
        b"[]",
        b"null",
        b'{"messages":',
        b'{"messages":[{"role":"user","content":"\xff"}]}',
        b"[" * 90_000,
        b'{"a":' * 9000,
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(body: bytes) -> None:
    assert refused(body).status == 400


@pytest.mark.parametrize("space", ["", " "])
def test_a_field_given_twice_is_refused(space: str) -> None:
    body = '{"messages":[{"role":"user","content":"a"}],%s"model":"a","model":"b"}' % space
    assert refused(body.encode()).field == "model"


def test_unknown_fields_pass_and_are_named() -> None:
    request = parse_request(json.dumps({"messages": HI, "safe_prompt": True}).encode())
    assert request.unknown == ("safe_prompt",)
    assert bytes(request.fields["safe_prompt"]) == b"true"


@pytest.mark.parametrize(
    ("said", "effort"),
    [
        ({}, None),
        ({"reasoning_effort": "low"}, "low"),
        ({"reasoning": {"effort": "high"}}, "high"),
        ({"reasoning": {"enabled": False}}, "none"),
        ({"reasoning": {"enabled": True}}, "medium"),
        ({"reasoning": {"max_tokens": 2000}}, "medium"),
        ({"reasoning": {}}, None),
    ],
)
def test_the_effort_is_read_from_whichever_field_says_it(said: dict[str, Any], effort: str | None) -> None:
    assert parse_request(json.dumps({"messages": HI} | said).encode()).effort == effort


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["messages", "model", "tools", "reasoning", "provider", "stop", "response_format", "logit_bias", "x"])


@given(st.dictionaries(names, json_values))
def test_no_json_makes_the_parser_break(body: dict[str, Any]) -> None:
    try:
        parse_request(json.dumps(body).encode())
    except InvalidRequest as error:
        assert error.message


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_break(body: bytes) -> None:
    try:
        parse_request(body)
    except InvalidRequest as error:
        assert error.message


def test_what_is_expected_is_said_in_words() -> None:
    assert refused({"temperature": 5}).expected == "a number <= 2.0"
    assert refused({"max_tokens": "many"}).expected == "a whole number or null"
    assert refused({"messages": []}).expected == "a list of length >= 1"


def test_what_the_messages_carry_beside_text_is_counted_wherever_it_stands() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://a.test/a.png"}}
    sound = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
    told = [
        *HI,
        {"role": "user", "content": [{"type": "text", "text": "these"}, picture, picture, sound]},
        {
            "role": "tool",
            "tool_call_id": "c",
            "content": [picture, {"type": "video_url", "video_url": {"url": "https://a.test/v"}}],
        },
    ]
    request = parse_request(json.dumps({"messages": told}).encode())
    assert request.media == Media(images=3, audio=1, video=1, kinds=frozenset({"image", "audio", "video"}))
    assert parse_request(json.dumps({"messages": HI}).encode()).media is NO_MEDIA
