"""Embeddings through a running gateway: OpenAI's SDK with a test key, and providers behind a live one."""

import base64
import json
import math
import struct
from typing import Any

import httpx
import openai
import pytest
from openrouter import OpenRouter
from tests.e2e.pages import run_examples

from entrepot.testing.gateway import Gateway, ServerProcess
from entrepot.testing.upstream import FakeUpstream, Reply, Seen

SMALL = "openai/text-embedding-3-small"


@pytest.fixture(scope="module")
def server() -> Any:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Any:
    with openai.OpenAI(base_url=server.url + "/v1", api_key=server.test_key, max_retries=0) as made:
        yield made


@pytest.mark.parametrize(
    ("model", "more", "length"),
    [
        (SMALL, {}, 1536),
        ("text-embedding-3-small", {"dimensions": 256}, 256),
        ("openai/text-embedding-3-large", {}, 3072),
        ("text-embedding-ada-002", {}, 1536),
    ],
)
def test_the_sdk_gets_unit_vectors_of_the_right_length_at_the_exact_price(
    client: openai.OpenAI, model: str, more: dict[str, Any], length: int
) -> None:
    told: Any = client.embeddings.create(model=model, input=["Hello from the quay", "ship"], **more)
    assert [(one.index, len(one.embedding)) for one in told.data] == [(0, length), (1, length)]
    assert all(math.isclose(sum(x * x for x in one.embedding), 1, abs_tol=1e-5) for one in told.data)
    per_million = {"small": 0.02, "large": 0.13, "-002": 0.10}[next(end for end in ("small", "large", "-002") if end in model)]
    assert told.usage.prompt_tokens == told.usage.total_tokens == 6
    assert told.usage.cost == pytest.approx(6 * per_million / 1e6, rel=1e-12)


def test_numbers_and_base64_say_the_same_to_the_bit(client: openai.OpenAI) -> None:
    floats = client.embeddings.create(model=SMALL, input="x", encoding_format="float").data[0].embedding
    raw: Any = client.embeddings.with_raw_response.create(model=SMALL, input="x", encoding_format="base64")
    packed = json.loads(raw.text)["data"][0]["embedding"]
    assert list(struct.unpack("<1536f", base64.b64decode(packed))) == floats


@pytest.mark.parametrize("given", [[15339, 1917], [[15339, 1917], [9942]]])
def test_tokens_are_embedded_and_counted(client: openai.OpenAI, given: Any) -> None:
    told = client.embeddings.create(model=SMALL, input=given)
    assert told.usage.prompt_tokens == (2 if isinstance(given[0], int) else 3)
    assert len(told.data) == (1 if isinstance(given[0], int) else 2)


def test_a_whole_batch_comes_back_in_order(client: openai.OpenAI) -> None:
    texts = [f"berth {number}" for number in range(2048)]
    told = client.embeddings.create(model=SMALL, input=texts, dimensions=16)
    assert [one.index for one in told.data] == list(range(2048))
    assert told.data[7].embedding == client.embeddings.create(model=SMALL, input="berth 7", dimensions=16).data[0].embedding


def test_refusals_are_the_sdks_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="writes text and makes no embeddings"):
        client.embeddings.create(model="openai/gpt-5.1", input="x")
    with pytest.raises(openai.BadRequestError, match="makes embeddings and writes no text"):
        client.chat.completions.create(model=SMALL, messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.BadRequestError, match="input"):
        client.embeddings.create(model=SMALL, input="")
    with pytest.raises(openai.RateLimitError):
        client.embeddings.create(model=SMALL + ":sandbox-rate-limit", input="x")


def test_the_record_of_a_call_says_what_it_cost(server: ServerProcess, client: openai.OpenAI) -> None:
    told: Any = client.embeddings.create(model=SMALL, input="Hello from the quay")
    found = httpx.get(
        f"{server.url}/api/v1/generation", params={"id": told.id}, headers={"authorization": f"Bearer {server.test_key}"}
    ).json()["data"]
    assert (found["model"], found["api_type"]) == (SMALL, "embeddings")
    assert (found["tokens_prompt"], found["tokens_completion"]) == (5, 0)
    assert found["total_cost"] == told.usage.cost


def test_embedding_models_are_listed_when_they_are_asked_for(server: ServerProcess) -> None:
    usual = httpx.get(server.url + "/api/v1/models").json()["data"]
    listed = httpx.get(server.url + "/api/v1/models?output_modalities=embeddings").json()["data"]
    assert SMALL not in {row["id"] for row in usual}
    assert SMALL in {row["id"] for row in listed}
    assert all(row["architecture"]["output_modalities"] == ["embeddings"] for row in listed)
    page = httpx.get(server.url + "/api/v1/embeddings/models?limit=2").json()
    assert (page["data"], page["total_count"]) == (listed[:2], len(listed))


@pytest.mark.filterwarnings("ignore:.*DEPRECATED:DeprecationWarning")
def test_openrouters_sdk_embeds_texts_and_parts_and_lists_models(server: ServerProcess) -> None:
    parts: Any = [
        {"content": [{"type": "text", "text": "quay"}, {"type": "image_url", "image_url": {"url": "https://x.test/q.png"}}]}
    ]
    with OpenRouter(api_key=server.test_key, server_url=server.url + "/api/v1") as client:
        told: Any = client.embeddings.generate(model=SMALL, input=["a", "b"], input_type="search_query", dimensions=8)
        assert [len(one.embedding) for one in told.data] == [8, 8]
        assert told.usage.cost == told.usage.cost_details.upstream_inference_prompt_cost > 0
        seen: Any = client.embeddings.generate(model="google/gemini-embedding-2", input=parts, encoding_format="base64")
        assert len(base64.b64decode(seen.data[0].embedding)) == 4 * 3072
        listed: Any = client.embeddings.list_models(limit=3)
        assert SMALL in {model.id for model in listed.result.data}


# Providers


def vectors(seen: Seen, usage: bool = True) -> Reply:
    given = seen.json()["input"]
    data = [{"object": "embedding", "index": place, "embedding": [0.5, 0.25]} for place in range(len(given))]
    body: dict[str, Any] = {"object": "list", "data": data, "model": "up"}
    if usage:
        body["usage"] = {"prompt_tokens": 11, "total_tokens": 11}
    return Reply(pieces=(json.dumps(body).encode(),))


def gateway_to(upstream: FakeUpstream, slug: str = "openai") -> Gateway:
    return Gateway(providers={slug: {"base_url": upstream.url, "api_key": ""}})


async def test_a_provider_is_asked_at_its_embeddings_path_and_its_usage_is_billed() -> None:
    async with FakeUpstream(vectors) as upstream, gateway_to(upstream) as gateway:
        async with openai.AsyncOpenAI(base_url=gateway.url + "/api/v1", api_key=gateway.live_key) as client:
            told: Any = await client.embeddings.create(model=SMALL, input=["a", "b"], user="ahab")
        (seen,) = upstream.seen
    assert (seen.path, seen.json()["model"], seen.json()["encoding_format"]) == (
        "/v1/embeddings",
        "text-embedding-3-small",
        "base64",
    )
    assert seen.json()["user"] not in ("", "ahab")
    assert [one.embedding for one in told.data] == [[0.5, 0.25]] * 2
    assert (told.provider, told.usage.prompt_tokens, told.usage.cost) == ("OpenAI", 11, 0.00000022)


async def test_tokens_are_counted_where_a_provider_reports_none() -> None:
    async with FakeUpstream(lambda seen: vectors(seen, usage=False)) as upstream, gateway_to(upstream, "together") as gateway:
        async with openai.AsyncOpenAI(base_url=gateway.url + "/api/v1", api_key=gateway.live_key) as client:
            told: Any = await client.embeddings.create(model="baai/bge-large-en-v1.5", input=["hello world"])
        generation = gateway.app.recorder.find(told.id)
    assert (told.usage.prompt_tokens, told.usage.cost) == (2, 0.00000002)
    assert generation is not None and generation.evidence == "counted"


@pytest.mark.parametrize("pieces", [(b'{"data":[]}',), (b"<html>",), (b'{"error":{"message":"no capacity"}}',)])
async def test_the_next_endpoint_is_asked_when_one_gives_no_vectors(pieces: tuple[bytes, ...]) -> None:
    async with (
        FakeUpstream([Reply(pieces=pieces)]) as broken,
        FakeUpstream(vectors) as good,
        Gateway(
            providers={
                "openai": {"base_url": broken.url, "api_key": ""},
                "azure": {"base_url": good.url, "api_key": ""},
            }
        ) as gateway,
        openai.AsyncOpenAI(base_url=gateway.url + "/v1", api_key=gateway.live_key, max_retries=0) as client,
    ):
        told: Any = await client.embeddings.create(model=SMALL, input=["a"])
    assert (told.provider, len(broken.seen), len(good.seen)) == ("Azure", 1, 1)


def test_the_example_of_the_page_runs(server: ServerProcess) -> None:
    assert run_examples("embeddings", server)
