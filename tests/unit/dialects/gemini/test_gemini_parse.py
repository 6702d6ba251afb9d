"""Gemini requests from bytes: what is understood of them, and what is refused."""

import json
from typing import Any

import pytest

from entrepot.dialects.gemini.parse import parse, parse_counted, said_in, with_model
from entrepot.errors import InvalidRequest
from entrepot.values.media import media_of

HI = [{"role": "user", "parts": [{"text": "hi"}]}]


def asked(**members: Any) -> bytes:
    return json.dumps({"contents": HI, **members}).encode()


def refused(body: bytes) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as told:
        parse(body)
    assert told.value.remedy
    return told.value


CONFIG = {
    "temperature": 0.5, "maxOutputTokens": 9, "topP": 0.1, "topK": 40, "stopSequences": ["x"], "seed": 7, "candidateCount": 2,
    "presencePenalty": 1, "frequencyPenalty": -1, "responseLogprobs": True, "logprobs": 3, "responseMimeType": "application/json",
    "thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": True},
}  # fmt: skip
NAMES = {
    "temperature", "max_tokens", "top_p", "top_k", "stop", "seed", "n", "presence_penalty", "frequency_penalty", "logprobs",
    "top_logprobs", "response_format", "reasoning",
}  # fmt: skip


def snake(value: Any) -> Any:
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): snake(inner) for name, inner in value.items()}


@pytest.mark.parametrize("spelled", [lambda value: value, snake], ids=["camel", "snake"])
def test_parameters_have_the_names_of_chat_in_either_spelling(spelled: Any) -> None:
    request = parse(json.dumps(spelled({"contents": HI, "generationConfig": CONFIG, "serviceTier": "flex"})).encode())
    assert request.parameters == NAMES | {"service_tier"}
    assert (request.max_tokens, request.effort, request.unknown) == (9, "low", ())
    assert said_in(request).shows


def test_tools_and_media_are_seen() -> None:
    parts = [
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        {"file_data": {"mime_type": "audio/wav", "file_uri": "x"}},
    ]
    tools = {"functionDeclarations": [{"name": "f"}]}
    request = parse(json.dumps({"contents": {"parts": parts}, "tools": tools, "toolConfig": {}}).encode())
    assert request.parameters == {"tools", "tool_choice"}
    assert request.media == media_of(["image", "audio"])


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        ({"thinkingBudget": 0}, "none"),
        ({"thinkingBudget": -1}, "medium"),
        ({"thinkingBudget": 24576}, "high"),
        ({"thinkingLevel": "MINIMAL"}, "minimal"),
        ({"thinking_level": "high"}, "high"),
        ({"thinkingLevel": 1}, "low"),
        ({"includeThoughts": True}, None),
    ],
)
def test_budgets_and_levels_are_efforts(thinking: dict[str, Any], effort: str | None) -> None:
    request = parse(asked(generationConfig={"thinkingConfig": thinking}))
    assert request.effort == effort
    assert "reasoning" in request.parameters


def test_the_path_adds_model_stream_and_form() -> None:
    request = with_model(parse(asked(models=["openai/gpt-5.1"])), "google/gemini-3.5-flash", stream=True, array=True)
    assert request.slugs == ("google/gemini-3.5-flash", "openai/gpt-5.1")
    assert request.stream
    assert said_in(request).array


def test_unknown_members_are_told() -> None:
    assert parse(asked(foo=1, safetySettings=[], labels={})).unknown == ("foo",)


def test_preferences_of_the_gateway_are_taken() -> None:
    preferences = parse(asked(provider={"order": ["google"]})).preferences
    assert preferences is not None and preferences.order == ["google"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"\xff{}", None),
        (b'{"contents":[{"parts":[{"text":"\\ud800"}]}]}', None),
        (b"[" * 100_000, None),
        (b'{"contents":[],"contents":[]}', "contents"),
        (b'{"contents":[]}', "contents"),
        (b"{}", "contents"),
        (b'{"messages":[]}', "contents"),
        (b'{"contents":[{"parts":[{"text":5}]}]}', "contents[0].parts[0].text"),
        (b'{"contents":[{"role":7}]}', "contents[0].role"),
        (asked(generationConfig={"temperature": 3}), "generationConfig.temperature"),
        (asked(generation_config={"stop_sequences": ["a"] * 6}), "generation_config.stop_sequences"),
        (asked(generationConfig={}, generation_config={}), "generationConfig"),
        (
            asked(generationConfig={"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}}),
            "generationConfig.thinkingConfig",
        ),
        (asked(generationConfig={"thinkingConfig": {"thinkingLevel": "much"}}), "generationConfig.thinkingConfig.thinkingLevel"),
        (asked(tools=[{"functionDeclarations": [{}]}]), "tools[0].functionDeclarations[0].name"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, field: str | None) -> None:
    told = refused(body)
    assert told.field == field


def test_a_count_is_of_contents_or_of_a_whole_request() -> None:
    inner = {"contents": HI, "systemInstruction": {"parts": [{"text": "be brief"}]}, "tools": [{"functionDeclarations": []}]}
    messages, tools = parse_counted(json.dumps({"generateContentRequest": inner}).encode()).countable()
    assert "be brief" in json.dumps(messages) and tools
    assert parse_counted(asked()).countable() == (HI, None)
    with pytest.raises(InvalidRequest) as told:
        parse_counted(b"{}")
    assert told.value.field == "contents"
