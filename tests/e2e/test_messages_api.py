"""Anthropic's Messages through its own SDK, for any model, with errors its clients understand."""

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import pytest
from tests.e2e.pages import run_examples

from entrepot.testing.gateway import ServerProcess

MODELS = ("anthropic/claude-sonnet-4.5", "openai/gpt-5.1", "openai/gpt-5.1-codex")
HELLO: Any = [{"role": "user", "content": "Hello"}]
TOOL: Any = {
    "name": "get_tide",
    "description": "The tide",
    "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}},
}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key=server.test_key, base_url=server.url, max_retries=0) as client:
        yield client


@pytest.mark.parametrize("model", MODELS)
def test_any_model_answers_and_streams(client: anthropic.Anthropic, model: str) -> None:
    told = client.messages.create(model=model, max_tokens=300, messages=HELLO)
    assert told.id.startswith("msg_") and told.stop_reason == "end_turn" and told.usage.output_tokens > 0
    with client.messages.stream(model=model, max_tokens=300, messages=HELLO) as stream:
        text = "".join(stream.text_stream)
        assert text == "".join([block.text for block in stream.get_final_message().content if block.type == "text"]) != ""


def test_a_tool_is_called_and_its_result_used(client: anthropic.Anthropic) -> None:
    asking: Any = {"model": MODELS[0], "max_tokens": 500, "tools": [TOOL]}
    first = client.messages.create(messages=HELLO, tool_choice={"type": "any"}, **asking)
    assert first.stop_reason == "tool_use"
    calls = [block for block in first.content if block.type == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "high"} for call in calls]
    turns: Any = [*HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    second = client.messages.create(messages=turns, **asking)
    assert any(block.type == "text" and block.text for block in second.content)


def test_tokens_are_counted(client: anthropic.Anthropic) -> None:
    assert 1 <= client.messages.count_tokens(model=MODELS[0], messages=HELLO).input_tokens < 20


@pytest.mark.parametrize("headers", [{"x-api-key": "KEY"}, {"authorization": "Bearer KEY"}])
def test_a_key_may_come_either_way(server: ServerProcess, headers: dict[str, str]) -> None:
    shown = {name: value.replace("KEY", server.test_key) for name, value in headers.items()}
    body = {"model": MODELS[0], "max_tokens": 5, "messages": HELLO}
    assert httpx.post(server.url + "/v1/messages", json=body, headers=shown).status_code == 200


def test_errors_are_anthropics_own(client: anthropic.Anthropic, server: ServerProcess) -> None:
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        client.messages.create(model=MODELS[0], max_tokens=-1, messages=HELLO)
    with pytest.raises(anthropic.APIStatusError, match="not a model"):
        client.messages.create(model="nobody/nothing", max_tokens=5, messages=HELLO)
    with pytest.raises(anthropic.AuthenticationError) as refused:
        anthropic.Anthropic(api_key="sk-no", base_url=server.url, max_retries=0).messages.create(
            model=MODELS[0], max_tokens=5, messages=HELLO
        )
    assert isinstance(refused.value.body, dict) and refused.value.body["error"]["type"] == "authentication_error"


def test_the_examples_of_the_page_run(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_examples("messages", server)
    assert capsys.readouterr().out.count("no model was called") == 2
