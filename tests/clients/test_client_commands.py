"""Commands that people type: `llm` with a test key, and aider, which writes its edits as text."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from running import BERTH, VENV, Table, python, ran
from scripted import FAMILIES, config, reply

from entrepot.testing.gateway import ServerProcess
from entrepot.testing.upstream import FakeUpstream, Reply, Seen
from entrepot.values.conversation import Text

pytestmark = pytest.mark.clients

WEATHER = 'def get_weather(city: str) -> str:\n    "Current weather of a city"\n    return "11 degrees and rain"\n'
EDIT = "greeting.txt\n```\n<<<<<<< SEARCH\nHello from the quay\n=======\nHello from the harbour\n>>>>>>> REPLACE\n```\n"


@pytest.mark.parametrize("way", ["chat", "responses"])
def test_llm_prompts_streams_calls_a_function_and_keeps_to_a_schema(
    server: ServerProcess, tmp_path: Path, table: Table, way: str
) -> None:
    model = {"model_id": "here", "model_name": "openai/gpt-5.1", "api_base": server.url + "/v1", "api_key_name": "entrepot"}
    told = [model | {"responses": way == "responses", "supports_tools": True, "supports_schema": True}]
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps(told))

    def llm(*arguments: str) -> str:
        command = [VENV / "bin" / "llm", "-m", "here", "--key", server.test_key, *arguments]
        finished = ran(command, home=tmp_path, LLM_USER_PATH=str(tmp_path))
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    assert "Hello from the quay" in llm("--no-stream", "Hello from the quay")
    assert "Hello from the quay" in llm("Hello from the quay")
    assert "11 degrees and rain" in llm("--functions", WEATHER, "What is the weather in Oslo?")
    assert json.loads(llm("--schema", json.dumps(BERTH), "Hello from the quay"))["quay"] in ("north", "south")
    table.update({(f"llm · {way}", column): "yes" for column in ("plain", "stream", "tools", "structured")})


class Scribe:
    """A provider that writes an edit, and a title where one is asked for. `asked` holds whether each was to be streamed."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.streamed: list[bool] = []

    def __call__(self, seen: Seen) -> Reply:
        wants_title = b"Git commit message" in seen.body
        answer = reply(self.dialect, seen, (Text("say harbour" if wants_title else EDIT),))
        self.streamed += [] if wants_title else [answer.chunked]
        return answer


@pytest.mark.parametrize("dialect", FAMILIES)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
async def test_aider_edits_a_file_and_commits(dialect: str, stream: bool, tmp_path: Path, table: Table) -> None:
    work, scribe = tmp_path / "work", Scribe(dialect)
    work.mkdir()
    (work / "greeting.txt").write_text("Hello from the quay\n")
    ran(["git", "init", "-q", work], home=tmp_path)
    async with FakeUpstream(scribe) as upstream:
        with ServerProcess("--config", str(config(tmp_path, dialect, upstream.url))) as server:
            finished = await asyncio.to_thread(aider, server, work, "--stream" if stream else "--no-stream")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert (work / "greeting.txt").read_text() == "Hello from the harbour\n", finished.stdout
    assert "say harbour" in ran(["git", "log", "--oneline"], home=tmp_path, cwd=work).stdout
    assert scribe.streamed == [stream]
    table[f"aider · chat to {dialect}", "stream" if stream else "plain"] = "yes"


def aider(server: ServerProcess, work: Path, *how: str) -> "subprocess.CompletedProcess[str]":
    there = ["--model", "openai/acme/thinker", "--openai-api-base", server.url + "/v1", "--openai-api-key", server.live_key]
    quiet = ["--no-check-update", "--no-show-model-warnings", "--no-show-release-notes", "--no-analytics", "--no-gitignore"]
    command = [python(older=True).with_name("aider"), *there, *quiet, "--edit-format", "diff", "--yes-always", *how]
    author = {f"GIT_{who}_{what}": "me@there" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    told = [*command, "--message", "Say harbour", "greeting.txt"]
    return ran(told, home=work.parent, cwd=work, LITELLM_LOCAL_MODEL_COST_MAP="True", **author)
