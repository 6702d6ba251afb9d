"""What a provider of embeddings is sent: its own words, and nothing that is only ours."""

import json
from typing import Any

import pytest

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.openai_embeddings.parse import parse
from entrepot.dialects.openai_embeddings.respeak import respeak
from entrepot.errors import InvalidRequest
from entrepot.providers import Quirk

PARTS = [{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
PICTURE = [{"content": [{"type": "image_url", "image_url": {"url": "https://example.test/q.png"}}]}]


def sent(given: Any = "x", quirks: tuple[Quirk, ...] = (), dropped: tuple[str, ...] = (), **more: Any) -> Rendered:
    asked = parse(json.dumps({"model": "openai/text-embedding-3-small", "input": given} | more).encode())
    return respeak(asked, Wishes("text-embedding-3-small", dropped=dropped, user_salt=b"salt", quirks=frozenset(quirks)))


def body(*given: Any, **more: Any) -> Any:
    return json.loads(sent(*given, **more).body)


def test_what_is_ours_and_what_is_null_is_left_out_and_the_rest_stays() -> None:
    told = body(
        "x", provider={"only": ["openai"]}, session_id="s", trace={}, dimensions=None, encoding_format="base64", later={"a": 1}
    )
    assert told == {"model": "text-embedding-3-small", "input": "x", "encoding_format": "base64", "later": {"a": 1}}


def test_a_users_name_is_a_digest_and_left_out_where_it_is_refused() -> None:
    told = body("x", user="ahab")["user"]
    assert told and told != "ahab" and told == body("y", user="ahab")["user"]
    assert "user" not in body("x", user="ahab", dropped=("user",))


def test_the_length_has_the_name_that_the_provider_knows() -> None:
    assert body("x", dimensions=8)["dimensions"] == 8
    assert body("x", dimensions=8, quirks=(Quirk.OUTPUT_DIMENSION,)) == {
        "model": "text-embedding-3-small",
        "input": "x",
        "output_dimension": 8,
    }


def test_an_input_type_is_sent_only_where_it_is_known_and_told_where_not() -> None:
    assert sent("x", input_type="search_query").notes == ("input_type: left out, the provider does not know it",)
    assert "input_type" not in body("x", input_type="search_query")
    assert body("x", input_type="search_query", quirks=(Quirk.KEEPS_OPENROUTER_FIELDS,))["input_type"] == "search_query"


def test_parts_become_text_where_a_provider_takes_none_and_a_picture_is_refused_there() -> None:
    assert body(PARTS)["input"] == ["a\nb"]
    assert body(PICTURE, quirks=(Quirk.KEEPS_OPENROUTER_FIELDS,))["input"] == PICTURE
    with pytest.raises(InvalidRequest) as caught:
        sent(PICTURE)
    assert caught.value.field == "input[0].content[0]"
