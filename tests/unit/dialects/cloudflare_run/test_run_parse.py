"""A body of `ai/run` is read with Cloudflare's bounds, and means what the same chat request means."""

import json
from typing import Any

import pytest

from entrepot.dialects.cloudflare_run.names import slug_of, with_slug
from entrepot.dialects.cloudflare_run.parse import parse, parse_universal
from entrepot.dialects.translated import conversation_of
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import Conversation, Text, ToolCall, ToolResult

SCHEMA = {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}}, "required": ["city"]}
FLAT = {"name": "get_weather", "description": "Weather", "parameters": SCHEMA}
ASK: Any = {"role": "user", "content": "Weather in Oslo?"}


def read(body: dict[str, Any], model: str = "openai/gpt-5.1") -> Any:
    return parse(json.dumps(body).encode(), model)


def meant(**body: Any) -> Conversation:
    return conversation_of(read(body))


def refused(body: dict[str, Any]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        conversation_of(read(body))
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("@cf/openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        ("@cf/meta/llama-3.3-70b-instruct-fp8-fast", "meta-llama/llama-3.3-70b-instruct"),
        ("@cf/meta/llama-4-scout-17b-16e-instruct", "meta-llama/llama-4-scout"),
        ("@cf/zai-org/glm-4.7-flash", "z-ai/glm-4.7-flash"),
        ("@cf/openai/gpt-oss-20b:sandbox-break", "openai/gpt-oss-20b:sandbox-break"),
        ("openai/gpt-5.1-chat", "openai/gpt-5.1-chat"),
    ],
)
def test_cloudflares_names_are_slugs_of_the_catalogue(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize("body", [b'{"model": "openai/x", "user": "@cf/"}', b'{"model": 5, "a": "@cf/b"}', b'["@cf/x"]', b'{"@'])
def test_a_body_without_such_a_name_stays_to_the_byte(body: bytes) -> None:
    assert with_slug(body) is body
    assert with_slug(b'{"model": "@cf/openai/gpt-oss-20b", "n": 1.0}') == b'{"model":"openai/gpt-oss-20b","n":1.0}'


def test_a_prompt_is_what_the_user_says() -> None:
    request = read({"prompt": "Hello", "max_tokens": 7, "stream": True}, "@cf/openai/gpt-oss-120b")
    assert (request.slugs, request.max_tokens, request.stream) == (("openai/gpt-oss-120b",), 7, True)
    assert [(message.role, message.parts) for message in conversation_of(request).messages] == [("user", (Text("Hello"),))]
    assert request.countable()[0] == [{"role": "user", "content": "Hello"}]


def test_the_path_names_the_model_and_the_body_those_to_fall_back_on() -> None:
    assert read({"prompt": "x", "model": "other", "models": ["z-ai/glm-5"]}).slugs == ("openai/gpt-5.1", "z-ai/glm-5")
    universal = parse_universal(json.dumps({"model": "@cf/openai/gpt-oss-20b", "input": {"prompt": "x"}}).encode())
    assert universal.slugs == ("openai/gpt-oss-20b",)


@pytest.mark.parametrize("tool", [FLAT, {"type": "function", "function": FLAT}], ids=["flat", "nested"])
def test_tools_are_taken_flat_and_nested_with_their_schema_to_the_byte(tool: dict[str, Any]) -> None:
    (made,) = meant(messages=[ASK], tools=[tool]).tools
    assert (made.name, made.description, bytes(memoryview(made.parameters))) == (
        "get_weather",
        "Weather",
        json.dumps(SCHEMA).encode(),
    )


def test_calls_and_results_without_ids_are_joined_in_their_order() -> None:
    call = {"name": "get_weather", "arguments": {"city": "Oslo"}}
    result = {"role": "tool", "name": "get_weather", "content": "11 degrees"}
    messages = meant(messages=[ASK, {"role": "assistant", "content": "", "tool_calls": [call, call]}, result, result]).messages
    calls = [part for part in messages[1].parts if isinstance(part, ToolCall)]
    results = [part.call_id for message in messages[2:] for part in message.parts if isinstance(part, ToolResult)]
    assert results == [part.id for part in calls] and len(set(results)) == 2
    assert json.loads(calls[0].arguments) == {"city": "Oslo"}


def test_calls_with_ids_keep_them_whatever_their_form() -> None:
    calls = [{"id": "a", "name": "f", "arguments": "{}"}, {"id": "b", "function": {"name": "f", "arguments": {}}}]
    results = [{"role": "tool", "tool_call_id": name, "content": name} for name in ("b", "a")]
    messages = meant(messages=[ASK, {"role": "assistant", "content": None, "tool_calls": calls}, *results]).messages
    assert [part.call_id for message in messages[2:] for part in message.parts if isinstance(part, ToolResult)] == ["b", "a"]


@pytest.mark.parametrize("given", [SCHEMA, {"name": "place", "schema": SCHEMA, "strict": True}], ids=["bare", "named"])
def test_a_schema_is_taken_bare_and_named(given: dict[str, Any]) -> None:
    output = meant(prompt="x", response_format={"type": "json_schema", "json_schema": given}).output
    assert output.kind == "json_schema" and json.loads(bytes(memoryview(output.schema))) == SCHEMA
    assert (output.name, output.strict) == (("place", True) if "schema" in given else ("answer", None))


def test_sampling_goes_as_far_as_cloudflare_lets_it() -> None:
    sampling = meant(prompt="x", temperature=4.5, top_p=1.5, top_k=50, seed=9_999_999_999, repetition_penalty=2).sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.seed) == (4.5, 1.5, 50, 9_999_999_999)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "messages"),
        ({"prompt": "x", "messages": [ASK]}, "messages"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x", "temperature": 5.1}, "temperature"),
        ({"prompt": "x", "top_p": 2.1}, "top_p"),
        ({"prompt": "x", "top_k": 0}, "top_k"),
        ({"prompt": "x", "seed": 0}, "seed"),
        ({"prompt": "x", "repetition_penalty": -1}, "repetition_penalty"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens"),
        ({"prompt": "x", "raw": True}, "raw"),
        ({"prompt": "x", "lora": "mine"}, "lora"),
        ({"messages": [ASK], "functions": [{"name": "f", "code": "1"}]}, "functions"),
        ({"input": "x", "prompt": "x"}, "messages"),
        ({"input": 5}, "input"),
        ({"text": ["Hello", "there"]}, "text"),
        ({"prompt": "x", "n": 2, "stream": True}, "n"),
        ({"messages": [{"role": "captain", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [ASK, {"role": "tool", "content": "11"}]}, "messages[1]"),
        ({"prompt": "x", "tools": [{"name": "no spaces"}]}, "tools[0].name"),
        ({"prompt": "x", "response_format": {"type": "json_schema", "json_schema": 5}}, "response_format.json_schema"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named(body: dict[str, Any], field: str) -> None:
    assert refused(body).field == field


def test_what_is_wrong_inside_an_input_is_named_with_its_place() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_universal(b'{"model": "openai/gpt-5.1", "input": {"prompt": "x", "top_k": 51}}')
    assert caught.value.field == "input.top_k"


@pytest.mark.parametrize("read_as", [lambda body: parse(body, "@cf/openai/gpt-oss-120b"), parse_universal], ids=["path", "body"])
def test_an_input_is_a_responses_request(read_as: Any) -> None:
    body = {"model": "@cf/openai/gpt-oss-120b", "input": "Hello", "instructions": "Be brief.", "reasoning": {"effort": "low"}}
    request = read_as(json.dumps(body).encode())
    meaning = conversation_of(request)
    assert (request.dialect, request.slugs, request.effort) == ("cloudflare_run_responses", ("openai/gpt-oss-120b",), "low")
    assert [message.parts[0].text for message in meaning.messages if isinstance(message.parts[0], Text)] == ["Be brief.", "Hello"]
