"""`AI` and `AsyncAI`: against a running server, and as the gateway itself in this process."""

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.pages import run_examples

from entrepot import AI, AIError, AsyncAI
from entrepot.testing.gateway import Gateway, ServerProcess
from entrepot.testing.upstream import FakeUpstream, refusal, streamed

HI: Any = {"messages": [{"role": "user", "content": "Hello from the quay"}]}
CALM: Any = {"catalog": {"find_local": False}, "sandbox": {"tokens_per_s": 0, "first_token_s": 0}}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module", params=["server", "process"])
def ai(request: Any, server: ServerProcess, tmp_path_factory: Any) -> Iterator[AI]:
    """Both ways to a gateway behave the same."""
    data_dir = tmp_path_factory.mktemp("data")
    made = AI(server.url, server.test_key) if request.param == "server" else AI.local(config=CALM, data_dir=data_dir)
    with made:
        yield made


def test_a_call_answers_and_leaves_a_record_with_its_cost(ai: AI) -> None:
    answer = ai.run("openai/gpt-5.1-chat", HI)
    assert answer["response"] == answer.text and "Hello from the quay" in answer.text
    record = ai.record(answer.id)
    assert str(answer.cost) == f"{record['total_cost']:.9f}".rstrip("0") and answer.cost > 0
    assert record["tokens_completion"] == answer.usage["completion_tokens"]


def test_a_stream_is_the_same_in_pieces_and_costs_the_same(ai: AI) -> None:
    whole = ai.run("openai/gpt-5.1", HI)
    chunks = list(ai.run("openai/gpt-5.1", HI, stream=True))
    assert "".join(chunk.text for chunk in chunks) == whole.text and len(chunks) > 10
    assert (chunks[-1].usage, chunks[-1].cost) == (whole.usage, whole.cost)
    assert ai.record(chunks[-1]["id"])["streamed"] is True


def test_a_refusal_says_what_and_where(ai: AI) -> None:
    with pytest.raises(AIError) as caught:
        ai.run("openai/gpt-5.1", {"prompt": "x", "temperature": 9})
    told = caught.value
    assert (told.status, told.code, told.field, told.retryable) == (400, "invalid_request", "temperature", False)
    assert told.remedy and str(told).endswith(told.remedy) and told.generation_id.startswith("gen-")


def test_a_stream_that_breaks_is_raised_after_what_came(ai: AI) -> None:
    seen: list[str] = []
    with pytest.raises(AIError) as caught:
        seen.extend(chunk.text for chunk in ai.run("openai/gpt-5.1:sandbox-break", HI, stream=True))
    assert seen and (caught.value.status, caught.value.retryable) == (502, True)


def test_the_responses_form_is_read_as_well(ai: AI) -> None:
    asked = {"input": "Hello from the quay"}
    whole = ai.run("openai/gpt-5.1", asked)
    chunks = list(ai.run("openai/gpt-5.1", asked, stream=True))
    assert whole.text == "".join(chunk.text for chunk in chunks) and "Hello from the quay" in whole.text
    assert (chunks[-1].usage, chunks[-1].cost) == (whole.usage, whole.cost) and whole.cost > 0
    assert ai.record(whole.id)["total_cost"] == whole.usage["cost"]
    with pytest.raises(AIError):
        list(ai.run("openai/gpt-5.1:sandbox-break", asked, stream=True))


def test_tools_and_schemas_go_round(ai: AI) -> None:
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"name": "get_weather", "description": "Weather of a city", "parameters": city}]
    asked = [{"role": "user", "content": "What is the weather in Oslo?"}]
    (call,) = ai.run("openai/gpt-5.1", {"messages": asked, "tools": tools}).tool_calls
    assert call["arguments"] == {"city": "Oslo"}
    turns = [
        *asked,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": "11 degrees"},
    ]
    assert "11 degrees" in ai.run("openai/gpt-5.1", {"messages": turns, "tools": tools}).text
    wanted = {"response_format": {"type": "json_schema", "json_schema": city}}
    assert set(ai.run("openai/gpt-5.1", HI | wanted)["response"]) == {"city"}


def test_threads_may_share_one(ai: AI) -> None:
    costs: list[Any] = []
    threads = [threading.Thread(target=lambda: costs.append(ai.run("openai/gpt-5.1", HI).cost)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(costs) == 8 and len(set(costs)) == 1


def test_a_closed_one_opens_again(ai: AI) -> None:
    stream = ai.run("openai/gpt-5.1:sandbox-stall", HI, stream=True)
    assert next(stream).text
    ai.close()
    stream.close()
    assert ai.run("openai/gpt-5.1", HI).text
    with pytest.raises(RuntimeError, match="closed"):
        next(stream)


async def test_many_calls_at_once_are_awaited(server: ServerProcess) -> None:
    async with AsyncAI(server.url + "/api/v1", server.test_key) as ai:
        answers = await asyncio.gather(*[ai.run("openai/gpt-5.1", HI) for _ in range(20)])
        assert len({answer.id for answer in answers}) == 20
        async with await ai.run("openai/gpt-5.1", HI, stream=True) as stream:
            assert [chunk async for chunk in stream][-1].usage == answers[0].usage


async def test_a_key_that_is_none_and_a_gateway_that_is_none_are_told_apart(server: ServerProcess) -> None:
    async with AsyncAI(server.url, "sk-ep-wrong") as stranger:
        with pytest.raises(AIError) as caught:
            await stranger.run("openai/gpt-5.1", HI)
        assert (caught.value.status, caught.value.code) == (401, "authentication")
    async with AsyncAI(server.url, "") as keyless:
        with pytest.raises(AIError, match="No key was sent"):
            await keyless.run("openai/gpt-5.1", HI)
    async with AsyncAI("http://127.0.0.1:9", "x", retries=0) as nobody:
        with pytest.raises(AIError) as caught:
            await nobody.run("openai/gpt-5.1", HI)
        assert (caught.value.status, caught.value.code) == (0, "unreachable") and "entrepot serve" in str(caught.value)
    with pytest.raises(ValueError, match="address"):
        AsyncAI("not an address", "x")


async def test_retry_after_is_honoured_over_the_wire() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async with FakeUpstream([refusal(429, retry_after="4"), refusal(503), refusal(400)]) as upstream:
        async with AsyncAI(upstream.url, "k", sleep=sleep) as ai:
            with pytest.raises(AIError) as caught:
                await ai.run("m", HI)
    assert (waited, caught.value.status, len(upstream.seen)) == ([4.0, 1.0], 400, 3)
    assert upstream.seen[0].headers["authorization"] == "Bearer k"


async def test_in_process_a_live_key_reaches_a_provider_and_a_caller_who_leaves_is_noticed(tmp_path: Path) -> None:
    async with FakeUpstream([streamed("one", "two", end="stall")]) as upstream:
        provider = {"dialect": "openai_chat", "base_url": upstream.url, "api_key": ""}
        offer = {"model": "openai/gpt-5.1", "provider": "acme", "upstream_model": "five"}
        config = CALM | {"providers": {"acme": provider}, "endpoints": [offer]}
        async with AsyncAI.local(config=config, data_dir=tmp_path, live=True) as ai:
            async with await ai.run("openai/gpt-5.1", HI | {"provider": {"only": ["acme"]}}, stream=True) as stream:
                assert (await anext(stream)).text == "one"
            assert (await upstream.disconnected()).json()["model"] == "five"


async def test_in_process_and_a_server_share_books_and_keys(tmp_path: Path) -> None:
    async with Gateway(data_dir=tmp_path) as gateway:
        async with AsyncAI.local(config=CALM, data_dir=tmp_path, key=gateway.test_key) as ai:
            answer = await ai.run("openai/gpt-5.1", HI)
        async with AsyncAI(gateway.url, gateway.test_key) as remote:
            assert (await remote.record(answer.id))["total_cost"] == float(answer.cost)


def test_its_own_key_is_gone_when_it_is_closed(tmp_path: Path) -> None:
    with AI.local(config=CALM, data_dir=tmp_path) as ai:
        ai.run("openai/gpt-5.1", HI)
    listed = subprocess.run(
        [sys.executable, "-m", "entrepot", "keys", "list", "--json", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "in process" not in listed.stdout


def test_a_bad_configuration_is_told(tmp_path: Path) -> None:
    with pytest.raises(AIError, match="server.port") as caught:
        AI.local(config={"server": {"port": "many"}}, data_dir=tmp_path)
    assert caught.value.code == "bad_settings"


def test_a_program_that_forgets_to_close_ends_all_the_same(tmp_path: Path) -> None:
    program = (
        "from entrepot import AI\n"
        f"ai = AI.local(config={CALM!r}, data_dir={str(tmp_path)!r})\n"
        "print(ai.run('openai/gpt-5.1', {'prompt': 'x'}).cost > 0)\n"
        "stream = ai.run('openai/gpt-5.1:sandbox-stall', {'prompt': 'x'}, stream=True)\n"
        "print(bool(next(stream).text))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\nTrue\n", "")


def test_one_that_is_collected_on_its_own_loop_is_closed_all_the_same(server: ServerProcess) -> None:
    ai = AI(server.url, server.test_key)
    ai.run("openai/gpt-5.1", HI)
    there = ai._there()
    dropped: list[Any] = [ai]
    dropped.append(dropped)
    del ai, dropped

    async def collect() -> None:
        gc.collect()

    there.run(collect())
    there._thread.join(10)
    assert there.stopped


def test_importing_the_package_imports_nothing_of_it() -> None:
    program = (
        "import sys, entrepot\n"
        "print([name for name in sys.modules if name.startswith('entrepot.') or name == 'asyncio'])\n"
        "entrepot.AI\n"
        "print('entrepot.app' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\nFalse\n"


def test_the_examples_of_the_page_run(server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENTREPOT_CATALOG_FIND_LOCAL", "false")
    assert run_examples("python", server)
