"""Embeddings through the gateway from a real engine, llama.cpp's server, with a random model made on the spot."""

import base64
import importlib.util
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from independent import child, gateway

MODEL = "harbour/noise-embed"
TEXTS = ["Which way to the harbour?", "The tide comes in."]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    missing = [name for name in ("xllamacpp", "gguf", "tokenizers") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    program = Path(__file__).with_name("tiny_model.py")
    with child([sys.executable, str(program), str(tmp_path_factory.mktemp("model")), "embeds"]) as url:
        yield url


@pytest.fixture(scope="module")
def client(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    toml = f"""
        [providers.shed]
        base_url = "{engine.rstrip("/")}/v1"
        api_key = ""

        [[endpoints]]
        model = "{MODEL}"
        provider = "shed"
        dialect = "openai_embeddings"
        price = {{ prompt = "1", completion = "0" }}
    """
    with (
        gateway(tmp_path_factory.mktemp("gateway"), toml) as process,
        openai.OpenAI(base_url=process.url + "/v1", api_key=process.live_key, max_retries=0) as made,
    ):
        yield made


def test_the_engines_vectors_and_tokens_are_what_the_client_gets_and_pays(client: openai.OpenAI, engine: str) -> None:
    own = httpx.post(engine.rstrip("/") + "/v1/embeddings", json={"model": "m", "input": TEXTS}).json()
    told: Any = client.embeddings.create(model=MODEL, input=TEXTS, encoding_format="float")
    assert [one.embedding for one in told.data] == [one["embedding"] for one in own["data"]]
    assert told.usage.prompt_tokens == own["usage"]["prompt_tokens"] > 8
    assert told.usage.cost == pytest.approx(told.usage.prompt_tokens / 1e6)


def test_base64_and_tokens_reach_the_engine_too(client: openai.OpenAI) -> None:
    raw = client.embeddings.with_raw_response.create(model=MODEL, input=TEXTS[0], encoding_format="base64").http_response.json()
    floats = client.embeddings.create(model=MODEL, input=TEXTS[0], encoding_format="float").data[0].embedding
    packed = base64.b64decode(raw["data"][0]["embedding"])
    assert struct.unpack(f"<{len(floats)}f", packed) == pytest.approx(floats, rel=1e-6)
    assert len(client.embeddings.create(model=MODEL, input=[[1, 2, 3], [4]]).data) == 2


def test_what_the_engine_says_of_a_text_that_is_too_long_reaches_the_caller(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError, match="too large to process"):
        client.embeddings.create(model=MODEL, input="tide " * 20_000)
