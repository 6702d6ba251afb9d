"""The sandbox's vectors: of the right length, of length one, the same for the same text, nearer for words in common."""

import base64
import json
import math
from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from entrepot.errors import ContextTooLong, InvalidRequest, RateLimited
from entrepot.sandbox.embedding import vector
from entrepot.sandbox.provider import Sandbox
from entrepot.settings import Sandbox as Pace
from entrepot.testing.builders import model
from entrepot.values.model import Model

TAKES = ("dimensions", "encoding_format")
SMALL = model("acme/embed", output_modalities=("embeddings",), dimensions=1536, supported_parameters=TAKES, context_length=64)
FIXED = model("acme/fixed", output_modalities=("embeddings",), dimensions=384, supported_parameters=TAKES[1:])


async def embedded(given: Any, of: Model = SMALL, requested: str = "", **more: Any) -> Any:
    sandbox = Sandbox(Pace(tokens_per_s=0, first_token_s=0))
    answer = await sandbox.embed(json.dumps({"input": given} | more).encode(), of, {}, requested or of.id)
    return json.loads(await answer.read(1 << 20))


def near(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("of", "wished", "length"), [(SMALL, {}, 1536), (SMALL, {"dimensions": 256}, 256), (FIXED, {}, 384)])
async def test_vectors_are_as_long_as_they_should_be_and_of_length_one(of: Model, wished: dict[str, int], length: int) -> None:
    told = await embedded(["a quay", "a ship"], of, **wished)
    for place, one in enumerate(told["data"]):
        assert (one["index"], len(one["embedding"])) == (place, length)
        assert math.isclose(near(one["embedding"], one["embedding"]), 1, abs_tol=1e-6)


async def test_tokens_are_counted_and_not_told_when_that_is_asked_for() -> None:
    assert (await embedded("hello world"))["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    assert (await embedded([[1, 2, 3], [4]]))["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert "usage" not in await embedded("x", requested="acme/embed:sandbox-no-usage")


async def test_base64_is_the_same_numbers_in_32_bits() -> None:
    numbers = (await embedded("x"))["data"][0]["embedding"]
    packed = (await embedded("x", encoding_format="base64"))["data"][0]["embedding"]
    assert array("f", base64.b64decode(packed)).tolist() == numbers


def test_the_same_text_is_the_same_vector_and_a_shorter_one_its_beginning() -> None:
    whole, short = vector("a ship at the quay", SMALL, 1536), vector("a ship at the quay", SMALL, 64)
    assert whole == vector("a ship at the quay", SMALL, 1536) != vector("a ship at the pier", SMALL, 1536)
    scale = math.sqrt(near(whole[:64], whole[:64]))
    assert all(math.isclose(a / scale, b, abs_tol=1e-6) for a, b in zip(whole, short, strict=False))


def test_texts_with_words_in_common_are_nearer_than_others() -> None:
    asked = vector("when does the ship leave the quay", SMALL, 1536)
    answer, other = vector("The ship leaves the quay at noon", SMALL, 1536), vector("Bread rises in an oven", SMALL, 1536)
    assert near(asked, answer) > 0.3 > near(asked, other)


async def test_lengths_and_texts_that_the_model_would_refuse_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="at most 1536"):
        await embedded("x", dimensions=2000)
    with pytest.raises(InvalidRequest, match="does not take"):
        await embedded("x", FIXED, dimensions=64)
    with pytest.raises(ContextTooLong) as caught:
        await embedded(["x", "ship " * 100])
    assert caught.value.field == "input[1]"


@pytest.mark.parametrize("given", ["[sandbox: rate-limit]", ["x", "[sandbox: rate-limit]"]])
async def test_an_outcome_can_be_asked_for_in_the_text(given: Any) -> None:
    with pytest.raises(RateLimited):
        await embedded(given)
