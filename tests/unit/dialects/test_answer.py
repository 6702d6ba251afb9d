"""A provider's plain answer becomes ours, and only what must change does."""

import json
from typing import Any

import pytest

from entrepot.dialects.openai_chat.answer import PlainAnswer
from entrepot.dialects.openai_chat.shape import ErrorEvent, Malformed, Voice
from entrepot.dialects.openai_chat.usage import read_usage, render_usage
from entrepot.values.usage import Usage

VOICE = Voice("gen-1", "openai/gpt-5.1", "Acme", 7, lambda text: None)


def body(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant"} | message, "finish_reason": finish}
    return json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]} | more).encode()


def rendered(data: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(PlainAnswer(data, VOICE).render(b'{"cost":1}'))
    return told


def test_names_are_ours_and_unknown_members_keep_their_bytes() -> None:
    data = body({"content": "hi", "audio": None}, prompt_filter_results=[1.50])
    raw = PlainAnswer(data, VOICE).render(b"{}")
    told = json.loads(raw)
    assert (told["id"], told["model"], told["provider"], told["created"]) == ("gen-1", "openai/gpt-5.1", "Acme", 7)
    assert b'"prompt_filter_results":[1.5]' in raw
    assert told["choices"][0]["native_finish_reason"] == "stop"
    assert told["system_fingerprint"] == ""


@pytest.mark.parametrize(
    ("native", "normal"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("sensitive", "content_filter"),
        (None, None),
    ],
)
def test_finish_reasons_are_the_contracts_with_the_native_one_beside(native: str | None, normal: str | None) -> None:
    choice = rendered(body({"content": "a"}, native))["choices"][0]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == (normal, native)


def test_content_as_an_object_becomes_its_text() -> None:
    assert rendered(body({"content": {"a": 1}}))["choices"][0]["message"]["content"] == '{"a": 1}'


def test_reasoning_content_becomes_reasoning_with_details() -> None:
    message = rendered(body({"content": "a", "reasoning_content": "hm"}))["choices"][0]["message"]
    assert message["reasoning"] == "hm"
    assert message["reasoning_details"][0]["text"] == "hm"


@pytest.mark.parametrize("data", [b'{"error":{"message":"no"}}', b'{"choices":[{"error":{"message":"no"}}]}'])
def test_an_error_in_a_good_answer_is_raised(data: bytes) -> None:
    with pytest.raises(ErrorEvent):
        PlainAnswer(data, VOICE)


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"{}", b'{"choices":null}', b'{"choices":[]}'])
def test_what_is_not_an_answer_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        PlainAnswer(data, VOICE)


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        (
            {"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}},
            Usage(10, 4, cached_tokens=6),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_cache_hit_tokens": 6}, Usage(10, 4, cached_tokens=6)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "num_cached_tokens": 99}, Usage(10, 4, cached_tokens=10)),
        (
            {"prompt_tokens": 1, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 9}},
            Usage(1, 4, reasoning_tokens=4),
        ),
        ({"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.00014}, Usage(1, 1, upstream_cost_yocto=14 * 10**19)),
        ({"prompt_tokens": 1, "completion_tokens": 1, "cost_in_usd_ticks": 5}, Usage(1, 1, upstream_cost_yocto=5 * 10**14)),
        ({"prompt_tokens": -5, "completion_tokens": 1.0}, Usage(0, 1)),
        ({}, None),
        ({"prompt_tokens": "many"}, None),
    ],
)
def test_usage_is_read_from_every_vendors_fields(told: dict[str, Any], usage: Usage | None) -> None:
    assert read_usage(json.dumps(told).encode()) == usage


def test_xai_leaves_reasoning_out_and_we_put_it_in() -> None:
    told = b'{"prompt_tokens":12,"completion_tokens":1,"total_tokens":303,"completion_tokens_details":{"reasoning_tokens":290}}'
    usage = read_usage(told, excludes_reasoning=True)
    assert usage is not None
    assert (usage.completion_tokens, usage.reasoning_tokens, usage.total_tokens) == (291, 290, 303)


def test_rendered_usage_has_exact_money_that_sums() -> None:
    told = json.loads(render_usage(Usage(10, 2), 12_500, 20_000), parse_float=str)
    assert told["cost"] == "0.0000325"
    assert told["cost_details"]["upstream_inference_prompt_cost"] == "0.0000125"
    assert told["total_tokens"] == 12
