"""Google's own SDK against a running gateway with a test key: no provider, no account."""

from collections.abc import Iterator
from typing import Any

import pydantic
import pytest
from tests.e2e.pages import run_examples

from entrepot.testing.gateway import ServerProcess

genai = pytest.importorskip("google.genai", reason="google-genai, Google's own SDK, is not installed")
errors, types = genai.errors, genai.types
NAMES = ["openai/gpt-5.1", "gpt-5.1", "models/openai/gpt-5.1-codex", "google/gemini-2.5-pro", "anthropic/claude-sonnet-4.5"]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="get_weather", description="Current weather of a city", parameters_json_schema=CITY)
    ]
)
THINKS = types.ThinkingConfig(include_thoughts=True, thinking_level="LOW")
PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)


class Berth(pydantic.BaseModel):
    quay: str
    depth_m: float


def client_of(server: ServerProcess, key: str = "", **more: Any) -> Any:
    options = types.HttpOptions(base_url=server.url, **({"api_version": "v1beta"} | more))
    return genai.Client(api_key=key or server.test_key, http_options=options)


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Any]:
    with client_of(server) as made:
        yield made


def user(*parts: Any) -> Any:
    return types.Content(role="user", parts=[types.Part(text=part) if isinstance(part, str) else part for part in parts])


@pytest.mark.parametrize("model", NAMES)
def test_any_model_answers_whole_and_in_pieces(client: Any, model: str) -> None:
    config = types.GenerateContentConfig(seed=7, thinking_config=THINKS)
    whole = client.models.generate_content(model=model, contents="Hello from the quay", config=config)
    pieces = list(client.models.generate_content_stream(model=model, contents="Hello from the quay", config=config))
    assert whole.response_id.startswith("gen-") and whole.text
    assert "".join(piece.text or "" for piece in pieces) == whole.text
    assert {piece.model_version for piece in pieces} == {whole.model_version}
    assert pieces[-1].usage_metadata == whole.usage_metadata
    assert (pieces[-1].candidates[0].finish_reason, whole.candidates[0].finish_reason) == ("STOP", "STOP")


async def test_the_asynchronous_client_answers_and_streams(server: ServerProcess) -> None:
    async with client_of(server).aio as client:
        whole = await client.models.generate_content(model="openai/gpt-5.1", contents="Hello", config={"seed": 3})
        stream = await client.models.generate_content_stream(model="openai/gpt-5.1", contents="Hello", config={"seed": 3})
        assert "".join([piece.text or "" async for piece in stream]) == whole.text
        assert (await client.models.count_tokens(model="openai/gpt-5.1", contents="Hello")).total_tokens > 0


def test_thoughts_are_shown_when_they_are_asked_for(client: Any) -> None:
    def thoughts(**thinking: Any) -> tuple[str, int]:
        config = types.GenerateContentConfig(thinking_config=types.ThinkingConfig(**thinking))
        told = client.models.generate_content(model="openai/gpt-5.1", contents="Hello", config=config)
        shown = [part.text or "" for part in told.candidates[0].content.parts if part.thought]
        return "".join(shown), told.usage_metadata.thoughts_token_count or 0

    assert thoughts(thinking_budget=0) == ("", 0)
    text, spent = thoughts(thinking_level="HIGH", include_thoughts=True)
    assert text and spent > 0
    hidden, spent = thoughts(thinking_level="HIGH")
    assert hidden == "" and spent > 0


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_goes_round_with_its_signatures(client: Any, streamed: bool) -> None:
    config = types.GenerateContentConfig(tools=[WEATHER], thinking_config=THINKS)
    asked = {"model": "openai/gpt-5.1", "config": config}
    question = user("What is the weather in Oslo?")
    if streamed:
        pieces = client.models.generate_content_stream(contents=[question], **asked)
        turn = types.Content(role="model", parts=[part for piece in pieces for part in piece.candidates[0].content.parts])
    else:
        turn = client.models.generate_content(contents=[question], **asked).candidates[0].content
    (call,) = [part.function_call for part in turn.parts if part.function_call]
    assert (call.name, call.args) == ("get_weather", {"city": "Oslo"})
    assert any(part.thought_signature for part in turn.parts)
    result = types.Part.from_function_response(name=call.name, response={"result": "11 degrees and rain"})
    told = client.models.generate_content(contents=[question, turn, user(result)], **asked)
    assert "11 degrees and rain" in told.text


def test_a_chat_calls_a_python_function_by_itself(client: Any) -> None:
    def get_weather(city: str) -> str:
        """Current weather of a city."""
        return f"11 degrees and rain in {city}"

    chat = client.chats.create(model="openai/gpt-5.1", config=types.GenerateContentConfig(tools=[get_weather]))
    assert "11 degrees and rain in Oslo" in chat.send_message("What is the weather in Oslo?").text
    assert chat.send_message("Thanks").text
    assert len(chat.get_history()) == 6


@pytest.mark.parametrize("schema", [{"response_schema": Berth}, {"response_json_schema": Berth.model_json_schema()}])
def test_an_answer_keeps_to_a_schema(client: Any, schema: Any) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json", **schema)
    told = client.models.generate_content(model="openai/gpt-5.1", contents="Which berth?", config=config)
    assert Berth.model_validate_json(told.text)
    assert told.parsed is not None


def test_a_picture_and_a_system_instruction_are_counted(client: Any) -> None:
    def spent(contents: Any, **config: Any) -> int:
        told = client.models.generate_content(model="openai/gpt-5.1", contents=contents, config=config)
        return int(told.usage_metadata.prompt_token_count)

    alone = spent("What is this?")
    picture = types.Part.from_bytes(data=PIXEL, mime_type="image/png")
    assert spent(["What is this?", picture]) > alone + 100
    assert spent("What is this?", system_instruction="Answer like a harbour master.") > alone


def test_tokens_are_counted_before_they_are_spent(client: Any) -> None:
    def count(contents: Any) -> int:
        return int(client.models.count_tokens(model="gpt-5.1", contents=contents).total_tokens)

    assert 5 < count("Hello there") < count("Hello there, harbour master of the old town") < 40
    assert count([user("What?", types.Part.from_bytes(data=PIXEL, mime_type="image/png"))]) > 500


def test_models_are_listed_by_pages_and_shown(client: Any) -> None:
    names = [model.name for model in client.models.list(config={"page_size": 100})]
    assert len(names) == len(set(names)) > 200
    assert {"models/openai/gpt-5.1", "models/google/gemini-2.5-pro"} <= set(names)
    one = client.models.get(model="gpt-5.1")
    assert (one.name, one.input_token_limit) == ("models/openai/gpt-5.1", 400_000)
    assert "generateContent" in one.supported_actions


@pytest.mark.parametrize(
    ("model", "code", "status"),
    [
        ("nobody/nothing", 404, "NOT_FOUND"),
        ("openai/gpt-5.1:sandbox-rate-limit", 429, "RESOURCE_EXHAUSTED"),
        ("openai/gpt-5.1:sandbox-no-credits", 402, "RESOURCE_EXHAUSTED"),
        ("openai/gpt-5.1:sandbox-server-error", 500, "INTERNAL"),
        ("openai/gpt-5.1:sandbox-overloaded", 503, "UNAVAILABLE"),
    ],
)  # fmt: skip
def test_the_sdk_reads_errors_as_googles(client: Any, model: str, code: int, status: str) -> None:
    for ask in (client.models.generate_content, lambda **asked: list(client.models.generate_content_stream(**asked))):
        with pytest.raises(errors.APIError) as caught:
            ask(model=model, contents="Hello")
        assert (caught.value.code, caught.value.status) == (code, status)
        assert isinstance(caught.value, errors.ClientError) == (code < 500)


def test_a_stream_that_breaks_raises(client: Any) -> None:
    with pytest.raises(errors.ServerError, match="connection broke"):
        list(client.models.generate_content_stream(model="openai/gpt-5.1", contents="[sandbox: break tokens_per_s=0]"))


def test_a_bad_key_and_a_wrong_number_are_told(server: ServerProcess, client: Any) -> None:
    with client_of(server, "AIzaSyOther") as stranger, pytest.raises(errors.ClientError, match="another service") as caught:
        stranger.models.generate_content(model="openai/gpt-5.1", contents="Hello")
    assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")
    with pytest.raises(errors.ClientError, match="temperature"):
        client.models.generate_content(model="openai/gpt-5.1", contents="Hello", config={"temperature": 9})


def test_the_sdks_own_version_and_vertex_ais_paths_reach_the_same_models(server: ServerProcess) -> None:
    with client_of(server, api_version=None) as usual:
        assert usual.models.generate_content(model="openai/gpt-5.1", contents="Hello").model_version == "openai/gpt-5.1"
    options = types.HttpOptions(base_url=server.url)
    with genai.Client(vertexai=True, api_key=server.test_key, http_options=options) as vertex:
        for model in ("openai/gpt-5.1", "gemini-2.5-pro"):
            assert model in vertex.models.generate_content(model=model, contents="Hello").model_version


def test_the_examples_of_the_page_run(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_examples("gemini", server)
    assert "Sandbox answer for anthropic/claude-sonnet-4.5" in capsys.readouterr().out
