"""What of a Gemini request a provider of another dialect cannot be told is noted, or refused where the question would be another."""

import json
from typing import Any

import pytest

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.gemini.parse import parse, with_model
from entrepot.dialects.translated import body_for
from entrepot.errors import InvalidRequest

ENUM = {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a", "b"]}}


def sent_to(dialect: str, **members: Any) -> Rendered:
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]} | members
    return body_for(with_model(parse(json.dumps(body).encode()), "a/b", False), dialect, Wishes("m", longest_answer=100))


@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses", "anthropic_messages", "cohere", "ollama"])
def test_settings_of_googles_own_are_left_out_with_a_note(dialect: str) -> None:
    told = sent_to(dialect, safetySettings=[], labels={"a": "b"}, generationConfig={"mediaResolution": "LOW"})
    names = [note.partition(":")[0] for note in told.notes if "only Google" in note]
    assert names == ["safetySettings", "labels", "generationConfig.mediaResolution"]
    assert sent_to(dialect, generationConfig={"responseMimeType": "text/plain"}).notes == sent_to(dialect).notes


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"cachedContent": "cachedContents/quay"}, "cachedContent"),
        ({"cached_content": "cachedContents/quay"}, "cached_content"),
        ({"generationConfig": ENUM}, "generationConfig.responseMimeType"),
    ],
)
def test_what_the_answer_hangs_on_is_refused(members: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent_to("openai_chat", **members)
    assert refused.value.field == field and refused.value.remedy
    body = json.loads(sent_to("gemini", **members).body)
    assert {name: body[name] for name in members} == members
