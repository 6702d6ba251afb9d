"""Calls through the gateway to a real engine, llama.cpp's server, with a random model made on the spot."""

import importlib.util
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import openai
import pytest
from independent import child, gateway
from pydantic import BaseModel

from entrepot.testing.gateway import ServerProcess

MODEL = "harbour/noise-1"
HI: Any = [{"role": "user", "content": "Which way to the harbour?"}]
ENDLESS: Any = {"ignore_eos": True}
"""A field of llama.cpp's own: it goes on until `max_tokens`."""


class Berth(BaseModel):
    quay: Literal["north", "south"]
    free: Literal["yes", "no"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    missing = [name for name in ("xllamacpp", "gguf", "tokenizers") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    program = Path(__file__).with_name("tiny_model.py")
    with child([sys.executable, str(program), str(tmp_path_factory.mktemp("model"))]) as url:
        with httpx.Client(base_url=url) as asking:
            yield asking


@pytest.fixture(scope="module")
def server(engine: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    toml = f"""
        [providers.shed]
        name = "Shed"
        base_url = "{str(engine.base_url).rstrip("/")}/v1"
        api_key = ""

        [[endpoints]]
        model = "{MODEL}"
        provider = "shed"
        price = {{ prompt = "1", completion = "10", cached = "0.25" }}
    """
    with gateway(tmp_path_factory.mktemp("gateway"), toml) as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url + "/v1", api_key=server.live_key, max_retries=0) as made:
        yield made


def predicted(engine: httpx.Client) -> int:
    """How many tokens the engine has made so far, by its own count."""
    lines = engine.get("/metrics").text.splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("llamacpp:tokens_predicted_total")))


def at_work(engine: httpx.Client) -> bool:
    return any(slot["is_processing"] for slot in engine.get("/slots").json())


def cost(usage: Any) -> float:
    cached = usage.prompt_tokens_details.cached_tokens
    return float((usage.prompt_tokens - cached + 10 * usage.completion_tokens) / 1e6 + cached * 0.25 / 1e6)


def test_openai_python_creates_and_streams_at_the_price_of_the_file(client: openai.OpenAI, engine: httpx.Client) -> None:
    before = predicted(engine)
    answer: Any = client.chat.completions.create(model=MODEL, messages=HI, max_tokens=12, extra_body=ENDLESS)
    chunks: Any = list(client.chat.completions.create(model=MODEL, messages=HI, max_tokens=12, stream=True, extra_body=ENDLESS))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    for one in (answer, chunks[-1]):
        assert (one.model, one.provider) == (MODEL, "Shed")
        assert one.usage.completion_tokens == 12
        assert one.usage.cost == pytest.approx(cost(one.usage), rel=1e-9)
    assert answer.choices[0].finish_reason == "length"
    assert chunks[-1].usage.prompt_tokens_details.cached_tokens > 0
    assert predicted(engine) - before == 24


def test_a_schema_is_kept_by_the_engines_grammar(client: openai.OpenAI) -> None:
    parsed = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Berth, max_tokens=200)
    assert isinstance(parsed.choices[0].message.parsed, Berth)


def test_a_prompt_too_long_for_the_engine_is_the_callers_to_mend(client: openai.OpenAI) -> None:
    long: Any = [{"role": "user", "content": "tide " * 17_000}]
    with pytest.raises(openai.BadRequestError, match="context") as caught:
        client.chat.completions.create(model=MODEL, messages=long)
    assert caught.value.status_code == 400


def test_a_client_that_leaves_stops_the_engine_within_a_second(
    client: openai.OpenAI, engine: httpx.Client, server: ServerProcess
) -> None:
    before = predicted(engine)
    with client.chat.completions.create(model=MODEL, messages=HI, stream=True, max_tokens=16_000, extra_body=ENDLESS) as stream:
        id_ = next(iter(stream)).id
        assert at_work(engine)
    time.sleep(1)
    assert not at_work(engine)
    assert predicted(engine) - before < 16_000
    key = {"authorization": f"Bearer {server.live_key}"}
    record = httpx.get(server.url + "/api/v1/generation", params={"id": id_}, headers=key).json()["data"]
    assert record["cancelled"]
    assert 0 < record["tokens_completion"] < 16_000
    assert record["total_cost"] > 0
