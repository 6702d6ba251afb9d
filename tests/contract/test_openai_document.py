"""What we answer on OpenAI's older paths is what OpenAI's own document says of them."""

import functools
import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from entrepot.testing.gateway import Gateway

DOCUMENT = Path(__file__).parents[3] / "shared" / "data" / "openai-openapi.yaml"
pytestmark = pytest.mark.skipif(not DOCUMENT.is_file(), reason="OpenAI's document is not beside the checkout")


@functools.cache
def document() -> Any:
    return yaml.load(DOCUMENT.read_bytes(), Loader=yaml.CSafeLoader)


def misfits(name: str, told: Any) -> list[str]:
    """What of a body or an answer the document's schema of that name does not allow."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return [fault.message for fault in jsonschema.Draft202012Validator(schema).iter_errors(told)]


async def post(path: str, **body: Any) -> httpx.Response:
    async with Gateway() as gateway, httpx.AsyncClient(base_url=gateway.url) as client:
        return await client.post(path, json=body, headers={"authorization": f"Bearer {gateway.test_key}"})


@pytest.mark.parametrize("given", ["a quay", ["a quay", "a ship"], [1, 2], [[1], [2, 3]]])
async def test_embeddings(given: Any) -> None:
    body = {"model": "text-embedding-3-small", "input": given, "dimensions": 8}
    assert misfits("CreateEmbeddingRequest", body) == []
    assert misfits("CreateEmbeddingResponse", (await post("/v1/embeddings", **body)).json()) == []


@pytest.mark.parametrize("more", [{}, {"logprobs": 2}, {"logprobs": 0}, {"echo": True, "n": 2}, {"max_tokens": 3}])
async def test_completions(more: dict[str, Any]) -> None:
    body = {"model": "gpt-3.5-turbo-instruct", "prompt": "Hello"} | more
    assert misfits("CreateCompletionRequest", body) == []
    assert misfits("CreateCompletionResponse", (await post("/v1/completions", **body)).json()) == []


async def test_chunks_of_a_completion_have_the_shape_of_a_whole_one() -> None:
    body = {"model": "gpt-3.5-turbo-instruct", "prompt": "Hello", "stream": True, "logprobs": 1}
    lines = (await post("/v1/completions", **body)).text.split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line and "[DONE]" not in line]
    assert len(chunks) > 3
    for chunk in chunks:
        finished = [choice | {"finish_reason": choice["finish_reason"] or "stop"} for choice in chunk["choices"]]
        assert misfits("CreateCompletionResponse", chunk | {"choices": finished}) == []
