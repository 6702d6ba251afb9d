"""What may be embedded, and what each mistake is told."""

import json
from typing import Any

import pytest

from entrepot.dialects.openai_embeddings.parse import Embedding, parse
from entrepot.errors import InvalidRequest
from entrepot.metering.tokens import count_prompt
from entrepot.values.media import media_of

MODEL = "openai/text-embedding-3-small"
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.test/quay.png"}}


def parsed(given: Any, **more: Any) -> Embedding:
    return parse(json.dumps({"model": MODEL, "input": given} | more).encode())


@pytest.mark.parametrize(
    ("given", "items", "tokens"),
    [
        ("hello world", 1, 2),
        (["hello world", "ship"], 2, 3),
        ([15339, 1917], 1, 2),
        ([[15339, 1917], [9942]], 2, 3),
    ],
)
def test_each_form_of_input_is_as_many_items_and_as_many_tokens_as_the_makers_tokenizer_counts(
    given: Any, items: int, tokens: int
) -> None:
    asked = parsed(given)
    assert len(asked.items) == items
    assert count_prompt(*asked.countable()) == tokens


def test_parts_of_content_tell_what_the_model_must_read() -> None:
    asked = parsed([{"content": [{"type": "text", "text": "a quay"}, PICTURE]}])
    assert (asked.media, asked.items[0].content[0].text) == (media_of(["image"]), "a quay")
    assert count_prompt(*asked.countable()) > 700


def test_what_rooms_look_at_is_told() -> None:
    asked = parsed("x", user="u", provider={"only": ["openai"]}, dimensions=8, encoding_format=None, later=1)
    assert asked.slugs == (MODEL,)
    assert asked.parameters == {"model", "input", "user", "provider", "dimensions"}
    assert (asked.user, asked.unknown, asked.stream, asked.may_point) == ("u", ("later",), False, False)
    assert asked.preferences is not None and asked.preferences.only == ["openai"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": {"content": []}}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": ["a", 1]}, "input[1]"),
        ({"input": [[1], "a"]}, "input[1]"),
        ({"input": [[]]}, "input[0]"),
        ({"input": [-1]}, "input[0]"),
        ({"input": [1.5]}, "input[0]"),
        ({"input": [[1, "a"]]}, "input[0][1]"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": [1] * (2**17 + 1)}, "input"),
        ({"input": [{}]}, "input[0].content"),
        ({"input": [{"content": [{"type": "song"}]}]}, "input[0].content[0].type"),
        ({"input": [{"content": [{"type": "text"}]}]}, "input[0].content[0].text"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "dimensions": True}, "dimensions"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "provider": {"only": "openai"}}, "provider.only"),
        ({"input": "a", "model": ""}, "model"),
    ],
)
def test_a_mistake_is_told_with_its_field_and_a_remedy(body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(json.dumps({"model": MODEL} | body).encode())
    told = caught.value
    assert (told.field, bool(told.expected), bool(told.remedy)) == (field, True, True)
    assert len(told.message) < 400


def test_as_many_texts_as_openai_takes_are_taken() -> None:
    assert len(parsed(["a"] * 2048).items) == 2048
