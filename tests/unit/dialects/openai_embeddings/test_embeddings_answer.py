"""A provider's vectors reach the client in the encoding that was asked for, with exact usage and cost."""

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.dialects.openai_embeddings.answer import PlainEmbeddings, packed, unpacked
from entrepot.dialects.openai_embeddings.parse import parse
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.values.usage import Usage

VOICE = Voice("gen-1", "openai/text-embedding-3-small", "OpenAI", 1, lambda text: None)
VECTOR = [0.5, -0.25, 1.0]
IN_BASE64 = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()
USAGE = {"prompt_tokens": 7, "total_tokens": 7}


def item(vector: Any, index: int = 0) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": vector}


def read(*data: Any, usage: Any = USAGE, texts: int | None = None, wished: str = "float", **more: Any) -> PlainEmbeddings:
    asked = {"model": "x/y", "input": ["a"] * (len(data) if texts is None else texts), "encoding_format": wished}
    body = {"object": "list", "model": "m", "data": list(data), "usage": usage} | more
    return PlainEmbeddings(json.dumps(body).encode(), VOICE, parse(json.dumps(asked).encode()))


def rendered(answer: PlainEmbeddings) -> Any:
    return json.loads(answer.render_with(answer.usage or Usage(3), 140, 0))


@pytest.mark.parametrize("sent", [VECTOR, IN_BASE64])
@pytest.mark.parametrize(("wished", "given_back"), [("float", VECTOR), ("base64", IN_BASE64)])
def test_vectors_come_as_asked_for_whatever_the_provider_sends(sent: Any, wished: str, given_back: Any) -> None:
    assert rendered(read(item(sent), wished=wished))["data"] == [item(given_back)]


def test_numbers_that_need_not_change_keep_their_bytes() -> None:
    body = b'{"data":[{"embedding":[1e-2,0.10, -3],"index":0}],"usage":{"prompt_tokens":1}}'
    answer = PlainEmbeddings(body, VOICE, parse(b'{"model":"x/y","input":"a"}'))
    assert b'"embedding":[1e-2,0.10, -3]' in answer.render_with(Usage(1), 0, 0)


def test_the_answer_is_named_and_priced_by_us() -> None:
    told = rendered(read(item(VECTOR), id="up-1"))
    assert (told["object"], told["model"], told["id"], told["provider"]) == ("list", VOICE.model, "gen-1", "OpenAI")
    assert told["usage"]["cost"] == told["usage"]["cost_details"]["upstream_inference_prompt_cost"] == 0.00000014
    assert (told["usage"]["prompt_tokens"], told["usage"]["total_tokens"]) == (7, 7)


def test_vectors_stand_in_the_order_of_the_inputs() -> None:
    told = rendered(read(item([2.0], 1), item([1.0], 0)))["data"]
    assert told == [item([1.0], 0), item([2.0], 1)]


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (USAGE, 7),
        ({"total_tokens": 9}, 9),
        ({"prompt_tokens": 5, "completion_tokens": 3}, 5),
        ({"prompt_tokens": 0, "total_tokens": 0}, None),
        ({}, None),
        (None, None),
        ("seven", None),
    ],
)
def test_usage_is_read_and_none_where_it_tells_nothing_so_that_tokens_are_counted(usage: Any, tokens: int | None) -> None:
    answer = read(item(VECTOR), usage=usage)
    assert (answer.usage and answer.usage.prompt_tokens) == tokens
    assert answer.usage is None or answer.usage.completion_tokens == 0


def test_a_providers_split_of_the_prompt_is_passed_on() -> None:
    split = {"text_tokens": 4, "image_tokens": 3}
    assert rendered(read(item(VECTOR), usage=USAGE | {"prompt_tokens_details": split}))["usage"]["prompt_tokens_details"] == split


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ((), 1),
        ((item(VECTOR),), 2),
        ((item(VECTOR, 0), item(VECTOR, 0)), 2),
        ((item(VECTOR, 1),), 1),
        ((item({"values": VECTOR}),), 1),
        ((item(None),), 1),
        ((item("!!!"),), 1),
        ((item("AAA="),), 1),
        ((item(base64.b64encode(b"\x00\x00\xc0\x7f").decode()),), 1),
    ],
)
def test_what_is_not_a_vector_for_each_input_is_no_answer(data: tuple[Any, ...], texts: int) -> None:
    with pytest.raises(Malformed):
        read(*data, texts=texts)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"data":5}', b'{"data":[5]}'])
def test_what_is_no_answer_at_all_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        PlainEmbeddings(body, VOICE, parse(b'{"model":"x/y","input":"a"}'))


def test_an_error_with_a_good_status_is_an_error() -> None:
    with pytest.raises(ErrorEvent):
        read(texts=1, error={"message": "no capacity"})


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_base64_and_numbers_say_the_same(vector: list[float]) -> None:
    assert unpacked(packed(vector)) == vector
