"""Whatever comes, from a client or a provider, is taken or refused in words; nothing else is ever raised."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.openai_completions import parse as completions
from entrepot.dialects.openai_embeddings import parse as embeddings
from entrepot.dialects.openai_embeddings.answer import PlainEmbeddings
from entrepot.dialects.openai_embeddings.respeak import respeak
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import InvalidRequest
from entrepot.metering.tokens import count_prompt
from entrepot.values.usage import Usage

VOICE = Voice("gen-1", "x/y", "X", 1, lambda text: None)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
MEMBERS = st.sampled_from(["content", "type", "text", "index", "embedding", "prompt_tokens", "total_tokens", "url"])
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MEMBERS, inner, max_size=4), max_leaves=12
)


def told(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


@given(ANY, ANY, ANY)
def test_a_request_for_embeddings_is_taken_or_refused(given_: Any, dimensions: Any, kind: Any) -> None:
    body = {"model": "x/y", "input": given_, "dimensions": dimensions, "encoding_format": kind}
    with contextlib.suppress(InvalidRequest):
        asked = embeddings.parse(told(body))
        assert count_prompt(*asked.countable()) > 0 and len(asked.items) > 0
        assert json.loads(respeak(asked, Wishes("y")).body)["model"] == "y"


@given(ANY, ANY, ANY)
def test_a_prompt_is_taken_or_refused(prompt: Any, logprobs: Any, stop: Any) -> None:
    with contextlib.suppress(InvalidRequest):
        asked = completions.parse(told({"model": "x/y", "prompt": prompt, "logprobs": logprobs, "stop": stop}))
        assert completions.converse(asked).messages[0].role == "user"


@given(st.binary(max_size=64) | st.builds(told, st.fixed_dictionaries({"data": ANY, "usage": ANY, "error": ANY})))
def test_an_answer_is_read_or_is_none(body: bytes) -> None:
    with contextlib.suppress(Malformed, ErrorEvent):
        answer = PlainEmbeddings(body, VOICE, embeddings.parse(b'{"model":"x/y","input":"a"}'))
        assert json.loads(answer.render_with(answer.usage or Usage(1), 0, 0))["object"] == "list"


@given(ANY, ANY, st.sampled_from(["float", "base64"]))
def test_a_vector_is_read_or_is_none(vector: Any, usage: Any, kind: str) -> None:
    asked = embeddings.parse(told({"model": "x/y", "input": "a", "encoding_format": kind}))
    with contextlib.suppress(Malformed, ErrorEvent):
        answer = PlainEmbeddings(told({"data": [{"embedding": vector}], "usage": usage}), VOICE, asked)
        assert json.loads(answer.render_with(answer.usage or Usage(1), 0, 0))["data"][0]["object"] == "embedding"
