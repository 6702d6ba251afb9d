"""What does not fit an endpoint is dropped or clamped, and said."""

import json
from typing import Any

import pytest

from entrepot.catalog.shipped import shipped_models
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.routing.fit import Fit, fit, keeps_to_schemas
from entrepot.values.model import Endpoint

MODELS = {model.id: model for model in shipped_models()}


def suited(model: str, **body: Any) -> Fit:
    known = MODELS[model]
    endpoint = Endpoint(
        f"{model}@test",
        model,
        "test",
        "m",
        known.price,
        max_completion_tokens=known.max_completion_tokens,
        supported_parameters=known.supported_parameters,
        reasoning=known.reasoning,
    )
    request = parse_request(json.dumps({"messages": [{"role": "user", "content": "hi"}]} | body).encode())
    return fit(request, endpoint, frozenset({"top_k"}))


@pytest.mark.parametrize(
    ("model", "wished", "sent"),
    [
        ("openai/gpt-5.1", "minimal", "low"),
        ("openai/gpt-5.1", "xhigh", "high"),
        ("openai/gpt-5.1", "none", "none"),
        ("openai/gpt-5.1-chat", "high", "medium"),
        ("openai/gpt-5.1-codex-max", "max", "xhigh"),
        ("openai/gpt-5.1-codex", "minimal", "low"),
    ],
)
def test_an_effort_the_model_does_not_know_becomes_the_nearest(model: str, wished: str, sent: str) -> None:
    found = suited(model, reasoning_effort=wished)
    assert found.effort == sent
    assert bool(found.notes) == (wished != sent)


def test_reasoning_that_cannot_be_switched_off_refuses_none() -> None:
    assert suited("openai/gpt-5.1-codex", reasoning_effort="none").refusal


def test_gpt_5_1_takes_a_temperature_until_it_reasons() -> None:
    assert suited("openai/gpt-5.1", temperature=0.3).dropped == ()
    assert suited("openai/gpt-5.1", temperature=0.3, reasoning_effort="none").dropped == ()
    reasoning = suited("openai/gpt-5.1", temperature=0.3, reasoning={"effort": "low"})
    assert reasoning.dropped == ("temperature",)
    assert "temperature: dropped" in reasoning.notes[0]


def test_a_length_past_the_models_most_is_lowered_and_said() -> None:
    found = suited("openai/gpt-5.1-chat", max_tokens=99_999)
    assert found.max_tokens == 16_384
    assert "16384" in found.notes[0]


def test_what_the_provider_refuses_is_dropped() -> None:
    assert suited("openai/gpt-5.1", top_k=3).dropped == ("top_k",)


def test_a_schema_is_kept_for_a_dialect_that_can_force_it_by_a_tool() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    known = MODELS["anthropic/claude-sonnet-4"]
    request = parse_request(json.dumps({"messages": [{"role": "user", "content": "hi"}], "response_format": schema}).encode())
    kept = []
    for dialect in ("openai_chat", "anthropic_messages"):
        endpoint = Endpoint(
            "e", known.id, "p", "m", known.price, supported_parameters=known.supported_parameters, dialect=dialect
        )
        kept.append("response_format" not in fit(request, endpoint).dropped)
        assert not keeps_to_schemas(endpoint)
    assert kept == [False, True]
