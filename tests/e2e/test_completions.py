"""Legacy completions through a running gateway, with OpenAI's SDK."""

from typing import Any

import openai
import pytest
from tests.e2e.pages import run_examples

from entrepot.testing.gateway import Gateway, ServerProcess
from entrepot.testing.upstream import FakeUpstream, Reply, plain, streamed

MODEL = "openai/gpt-4o"


@pytest.fixture(scope="module")
def server() -> Any:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Any:
    with openai.OpenAI(base_url=server.url + "/v1", api_key=server.test_key, max_retries=0) as made:
        yield made


def test_a_prompt_is_completed_at_its_exact_cost(client: openai.OpenAI) -> None:
    told: Any = client.completions.create(model=MODEL, prompt="Hello from the quay", max_tokens=12)
    assert (told.object, told.choices[0].finish_reason, told.provider) == ("text_completion", "length", "Sandbox")
    assert told.id.startswith("gen-") and told.choices[0].text
    cost = told.usage.prompt_tokens * 2.5e-6 + told.usage.completion_tokens * 1e-5
    assert told.usage.completion_tokens == 12 and told.usage.cost == pytest.approx(cost)


def test_a_stream_joins_to_the_whole_and_ends_with_usage(client: openai.OpenAI) -> None:
    told: Any = client.completions.create(model=MODEL, prompt="Hello", echo=True, n=2, seed=1)
    chunks: Any = list(client.completions.create(model=MODEL, prompt="Hello", echo=True, n=2, seed=1, stream=True))
    for choice in told.choices:
        pieces = [one.text for chunk in chunks for one in chunk.choices if one.index == choice.index]
        assert "".join(pieces) == choice.text
        assert choice.text.startswith("Hello")
    assert chunks[-1].usage.model_dump() == told.usage.model_dump()


def test_probabilities_are_told_in_four_lists(client: openai.OpenAI) -> None:
    told: Any = client.completions.create(model=MODEL, prompt="Hello", logprobs=2, max_tokens=4)
    lists = told.choices[0].logprobs
    assert "".join(lists.tokens) == told.choices[0].text
    assert [len(each) for each in (lists.token_logprobs, lists.top_logprobs, lists.text_offset)] == [4, 4, 4]


def test_refusals_are_the_sdks_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="2 prompts"):
        client.completions.create(model=MODEL, prompt=["a", "b"])
    with pytest.raises(openai.BadRequestError, match="makes embeddings"):
        client.completions.create(model="openai/text-embedding-3-small", prompt="a")
    with pytest.raises(openai.RateLimitError):
        client.completions.create(model=MODEL + ":sandbox-rate-limit", prompt="a")
    with pytest.raises(openai.APIError, match="connection broke"):
        list(client.completions.create(model=MODEL + ":sandbox-break", prompt="a", stream=True))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_provider_of_chat_is_asked_with_one_message(stream: bool) -> None:
    reply: Reply = streamed(" a", " time") if stream else plain(" a time")
    async with (
        FakeUpstream([reply]) as upstream,
        Gateway(providers={"openai": {"base_url": upstream.url, "api_key": ""}}) as gateway,
        openai.AsyncOpenAI(base_url=gateway.url + "/api/v1", api_key=gateway.live_key, max_retries=0) as client,
    ):
        told: Any = await client.completions.create(model=MODEL, prompt="Once upon", max_tokens=5, stream=stream)
        text = "".join([one.text async for chunk in told for one in chunk.choices]) if stream else told.choices[0].text
    sent = upstream.seen[0].json()
    assert (text, upstream.seen[0].path) == (" a time", "/v1/chat/completions")
    assert sent["messages"] == [{"role": "user", "content": "Once upon"}]
    assert sent["max_completion_tokens"] == 5 and "prompt" not in sent


def test_the_example_of_the_page_runs(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_examples("completions", server)
    assert capsys.readouterr().out.startswith("The tide comes in and")
