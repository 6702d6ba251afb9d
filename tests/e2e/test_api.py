"""The vendors' own SDKs read every path that is not a generation, and OpenAPI's own tester finds nothing."""

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import openrouter
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from entrepot.api.table import ROUTES
from entrepot.testing.gateway import ServerProcess

QUESTION: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        yield running


@pytest.fixture(scope="module")
def router(server: ServerProcess) -> Iterator[openrouter.OpenRouter]:
    with openrouter.OpenRouter(api_key=server.test_key, server_url=server.url + "/api/v1") as client:
        yield client


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=server.test_key, base_url=server.url + "/v1", max_retries=0) as client:
        yield client


def test_openai_lists_and_retrieves_models(client: openai.OpenAI):
    listed = client.models.list()
    assert {"openai/gpt-5.1", "openai/gpt-5.1-codex-mini"} <= {model.id for model in listed}
    one = client.models.retrieve("openai/gpt-5.1")
    assert (one.id, one.owned_by, one.object) == ("openai/gpt-5.1", "openai", "model")
    assert client.models.retrieve("gpt-5.1").id == "openai/gpt-5.1"


def test_openai_raises_its_own_errors(client: openai.OpenAI, server: ServerProcess):
    with pytest.raises(openai.NotFoundError, match="not a model"):
        client.models.retrieve("nobody/nothing")
    with openai.OpenAI(api_key="sk-ep-wrong", base_url=server.url + "/v1", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError):
            stranger.get("/key", cast_to=object)


def test_openrouter_reads_the_whole_catalogue(router: openrouter.OpenRouter):
    listed = router.models.list(output_modalities="all").result
    assert listed.total_count == len(listed.data) > 400
    assert router.models.count(output_modalities="all").data.count == listed.total_count


def test_openrouter_reads_models_for_a_user(router: openrouter.OpenRouter, server: ServerProcess):
    listed = router.models.list_for_user(security={"bearer": server.test_key})
    assert any(model.id == "openai/gpt-5.1" for model in listed.result.data)


def test_openrouter_reads_endpoints(router: openrouter.OpenRouter):
    told = router.endpoints.list(author="openai", slug="gpt-5.1").data
    assert told.id == "openai/gpt-5.1"
    assert {"OpenAI", "Azure"} <= {str(endpoint.provider_name) for endpoint in told.endpoints}


def test_openrouter_reads_providers(router: openrouter.OpenRouter):
    assert {"openai", "groq"} <= {provider.slug for provider in router.providers.list().data}


@pytest.mark.filterwarnings("ignore:.*DEPRECATED")
def test_openrouter_reads_the_key(router: openrouter.OpenRouter):
    told = router.api_keys.get_current_key_metadata().data
    assert told.label.startswith("sk-ep-test-")
    assert (told.is_management_key, told.workspace_id, told.budgets) == (False, "default", [])


def test_openrouter_reads_credits(server: ServerProcess):
    with openrouter.OpenRouter(api_key=server.management_key, server_url=server.url + "/api/v1") as manager:
        assert manager.credits.get_credits().data.total_usage == 0


def test_a_generation_is_readable_as_soon_as_its_answer(router: openrouter.OpenRouter, client: openai.OpenAI):
    answer = client.chat.completions.create(model="openai/gpt-5.1", messages=QUESTION, extra_headers={"X-Title": "a test"})
    told = router.generations.get_generation(id=answer.id).data
    assert told.total_cost == answer.usage.cost  # type: ignore[union-attr]
    assert (told.native_tokens_prompt, told.native_tokens_completion) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )
    assert len(told.provider_responses) == 1 and told.provider_responses[0].status == 200


def test_spend_shows_at_the_key_at_once(server: ServerProcess, client: openai.OpenAI):
    def spent() -> Any:
        got = httpx.get(server.url + "/api/v1/key", headers={"Authorization": f"Bearer {server.test_key}"})
        return got.json()["data"]["usage_daily"]

    before = spent()
    answer = client.chat.completions.create(model="openai/gpt-5.1", messages=QUESTION)
    assert spent() == pytest.approx(before + answer.usage.cost, abs=1e-12)  # type: ignore[union-attr]


def test_metrics_tell_of_generations(server: ServerProcess, client: openai.OpenAI):
    client.chat.completions.create(model="openai/gpt-5.1", messages=QUESTION)
    told = httpx.get(server.url + "/metrics").text
    assert 'entrepot_generations_total{model="openai/gpt-5.1",provider="sandbox",status="200",test="true"}' in told
    assert "process_resident_memory_bytes" in told


def test_no_request_made_from_the_description_gets_anything_it_does_not_describe(server: ServerProcess):
    """Every operation that is not a generation, with good input and with bad, read and judged by schemathesis.

    Rules that join two members of a body, or two dates of a query, stand in no schema, so what fits its schema may be refused.
    Parameters that a path does not know are passed over, so one more of them is no bad input.
    """
    api = schemathesis.openapi.from_url(server.url + "/openapi.json")
    generations = {route.documented_path for route in ROUTES if route.handler is None}
    for operation in (result.ok() for result in api.get_all_operations()):
        if operation.path not in generations:
            must_be_as_described(operation, GenerationMode.POSITIVE, server.test_key)
            if operation.query:
                must_be_as_described(operation, GenerationMode.NEGATIVE, server.test_key)


def must_be_as_described(operation: Any, mode: GenerationMode, key: str) -> None:
    known = {parameter.name for parameter in operation.query}

    @settings(
        max_examples=20, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        joined = [positive_data_acceptance] if operation.body or {"start_date", "end_date"} <= known else []
        passed_over = [negative_data_rejection] if set(case.query or ()) - known else []
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, excluded_checks=joined + passed_over)

    check()
