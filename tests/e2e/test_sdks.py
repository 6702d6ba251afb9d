"""The vendors' own Python SDKs against a running gateway with a test key: no provider, no account."""

import json
from typing import Any

import openai
import pydantic
import pytest
from openrouter import OpenRouter

from entrepot.testing.gateway import ServerProcess

HI: Any = [{"role": "user", "content": "Hello from the quay"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
FAMILY = ["openai/gpt-5.1", "openai/gpt-5.1-chat", "openai/gpt-5.1-codex", "openai/gpt-5.1-codex-mini", "gpt-5.1-2025-11-13"]


@pytest.fixture(scope="module")
def server() -> Any:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Any:
    with openai.OpenAI(base_url=server.url + "/api/v1", api_key=server.test_key, max_retries=0) as made:
        yield made


class Berth(pydantic.BaseModel):
    quay: str
    depth_m: float
    free: bool


@pytest.mark.parametrize("model", FAMILY)
def test_openai_creates_and_streams_each_of_the_family(client: openai.OpenAI, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=HI)
    usage: Any = answer.usage
    assert answer.id.startswith("gen-")
    assert answer.choices[0].message.content
    assert usage.cost > 0
    with client.chat.completions.stream(model=model, messages=HI) as stream:
        events = list(stream)
        final: Any = stream.get_final_completion()
    assert any(event.type == "content.delta" for event in events)
    assert final.choices[0].message.content
    assert final.usage.total_tokens > 0


def test_openai_parses_a_schema_and_runs_a_tool_loop(client: openai.OpenAI) -> None:
    berth = client.chat.completions.parse(model="openai/gpt-5.1", messages=HI, response_format=Berth).choices[0].message.parsed
    assert isinstance(berth, Berth)
    asked: Any = [{"role": "user", "content": "What is the weather in Oslo?"}]
    first = client.chat.completions.create(model="openai/gpt-5.1", messages=asked, tools=[TOOL], reasoning_effort="low")
    message: Any = first.choices[0].message
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Oslo"}
    turns = [
        *asked,
        message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "11 degrees and rain"},
    ]
    second = client.chat.completions.create(model="openai/gpt-5.1", messages=turns, tools=[TOOL], reasoning_effort="low")
    assert "11 degrees and rain" in (second.choices[0].message.content or "")


def test_openai_lists_models_and_sees_errors_as_its_own(client: openai.OpenAI, server: ServerProcess) -> None:
    assert "openai/gpt-5.1" in {model.id for model in client.models.list()}
    with pytest.raises(openai.BadRequestError, match="temperature"):
        client.chat.completions.create(model="openai/gpt-5.1", messages=HI, temperature=3)
    with pytest.raises(openai.BadRequestError, match="Did you mean openai/gpt-5.1"):
        client.chat.completions.create(model="openai/gpt-51", messages=HI)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="openai/gpt-5.1:sandbox-rate-limit", messages=HI)
    assert caught.value.response.headers["retry-after"] == "1"
    with (
        openai.OpenAI(base_url=server.url + "/v1", api_key="sk-proj-other") as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.chat.completions.create(model="openai/gpt-5.1", messages=HI)


def test_a_live_key_without_a_provider_is_told_what_to_set(server: ServerProcess) -> None:
    with (
        openai.OpenAI(base_url=server.url + "/v1", api_key=server.live_key, max_retries=0) as live,
        pytest.raises(openai.NotFoundError, match="OPENAI_API_KEY"),
    ):
        live.chat.completions.create(model="openai/gpt-5.1", messages=HI)


@pytest.mark.filterwarnings("ignore:.*DEPRECATED:DeprecationWarning")
def test_openrouters_sdk_reads_answers_streams_models_key_and_generation(server: ServerProcess) -> None:
    with OpenRouter(api_key=server.test_key, server_url=server.url + "/api/v1") as client:
        answer: Any = client.chat.send(model="openai/gpt-5.1", messages=HI, reasoning={"effort": "low"})
        assert answer.choices[0].message.reasoning_details
        stream: Any = client.chat.send(model="openai/gpt-5.1", messages=HI, stream=True)
        chunks = list(stream)
        assert chunks[-1].usage.total_tokens > 0
        assert any(model.id == "openai/gpt-5.1" for model in client.models.list().result.data)
        assert client.api_keys.get_current_key_metadata().data.label.startswith("sk-ep-test-")
        assert client.benchmarks.get_benchmarks(source="artificial-analysis", max_results=5).meta.citation
        generation = client.generations.get_generation(id=answer.id)
        assert generation.data.total_cost == answer.usage.cost
