"""OpenAI's Responses through its own SDK: kept, gone on from, read, listed, deleted; and refused in OpenAI's words."""

from collections.abc import Iterator

import httpx
import openai
import pytest
from tests.e2e.pages import run_examples

from entrepot.testing.gateway import ServerProcess

MODEL = "openai/gpt-5.1-codex"


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=server.test_key, base_url=server.url + "/v1", max_retries=0) as client:
        yield client


def test_a_response_is_gone_on_from_read_and_deleted(client: openai.OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="The tide is high.")
    second = client.responses.create(model=MODEL, input="And now?", previous_response_id=first.id)
    assert second.usage and first.usage and second.usage.input_tokens > first.usage.input_tokens + 5
    assert client.responses.retrieve(second.id).output_text == second.output_text
    (item,) = client.responses.input_items.list(second.id)
    assert item.type == "message"
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError, match="not kept"):
        client.responses.retrieve(first.id)
    with pytest.raises(openai.NotFoundError, match="previous_response_id|not kept"):
        client.responses.create(model=MODEL, input="x", previous_response_id=first.id)


def test_a_streamed_response_is_kept_as_it_was_given(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="Hello") as stream:
        numbers = [event.sequence_number for event in stream]
        given = stream.get_final_response()
    assert numbers == list(range(len(numbers)))
    assert client.responses.retrieve(given.id).output_text == given.output_text


def test_what_is_not_to_be_stored_is_not(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="Hello", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)


def test_a_response_belongs_to_the_key_that_made_it(client: openai.OpenAI, server: ServerProcess) -> None:
    answer = client.responses.create(model=MODEL, input="Hello")
    with openai.OpenAI(api_key=server.live_key, base_url=server.url + "/v1", max_retries=0) as stranger:
        with pytest.raises(openai.NotFoundError):
            stranger.responses.retrieve(answer.id)
        with pytest.raises(openai.NotFoundError):
            stranger.responses.delete(answer.id)
    assert client.responses.retrieve(answer.id).id == answer.id


def test_background_and_cancel_are_refused_with_what_to_do(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="background") as refused:
        client.responses.create(model=MODEL, input="Hello", background=True)
    assert refused.value.param == "background"
    kept = client.responses.create(model=MODEL, input="Hello")
    with pytest.raises(openai.BadRequestError, match="complete"):
        client.responses.cancel(kept.id)


def test_tokens_are_counted_without_an_answer(client: openai.OpenAI) -> None:
    told = client.responses.input_tokens.count(model=MODEL, input="one two three")
    assert 3 <= told.input_tokens <= 12


def test_refusals_have_openais_form(server: ServerProcess) -> None:
    answer = httpx.post(
        server.url + "/v1/responses", json={"model": MODEL, "input": "x"}, headers={"authorization": "Bearer sk-no"}
    )
    assert answer.status_code == 401 and {"message", "type", "param", "code"} <= answer.json()["error"].keys()


def test_the_examples_of_the_page_run(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_examples("responses", server)
    assert capsys.readouterr().out.count("no model was called") == 3


def test_a_page_of_another_origin_may_read_the_headers_of_answers_and_refusals(server: ServerProcess) -> None:
    for key, status in ((server.test_key, 200), ("sk-ep-nope", 401)):
        told = httpx.post(
            f"{server.url}/v1/responses", headers={"Authorization": f"Bearer {key}"}, json={"model": MODEL, "input": "Hello"}
        )
        assert told.status_code == status
        assert {"X-Generation-Id", "Retry-After"} <= set(told.headers["access-control-expose-headers"].split(", "))
