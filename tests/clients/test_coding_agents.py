"""Agents read a file, edit it and run a command; each turn's sealed reasoning goes back as the provider gave it."""

import asyncio
import json
from pathlib import Path

import pytest
from agents import AGENTS, DONE, NEW, OLD, Desk
from running import BERTH, Table
from scripted import FAMILIES, Worker, config

from entrepot.testing.gateway import ServerProcess
from entrepot.testing.upstream import FakeUpstream

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("dialect", FAMILIES)
@pytest.mark.parametrize("name", AGENTS)
async def test_an_agent_edits_a_file_and_runs_a_command(name: str, dialect: str, tmp_path: Path, table: Table) -> None:
    agent = AGENTS[name]
    work, home = tmp_path / "work", tmp_path / "home"
    for folder in (work, home):
        folder.mkdir()
    (work / "greeting.txt").write_text(OLD + "\n")
    worker = Worker(dialect, agent.acts(work), DONE, agent.sealed)
    table[name, dialect] = "no"
    async with FakeUpstream(worker) as upstream:
        with ServerProcess("--config", str(config(tmp_path, dialect, upstream.url))) as server:
            finished = await asyncio.to_thread(agent.run, Desk(server.url, server.live_key, work, home))
    assert finished.returncode == 0 and DONE in finished.stdout, finished.stdout[-1500:] + finished.stderr[-1500:]
    assert worker.problems == [] and worker.turn == len(worker.acts) + 1
    assert (work / "greeting.txt").read_text() == NEW + "\n"
    assert (work / "count.txt").read_text().strip() == str(len(NEW) + 1)
    table[name, dialect] = "yes" if agent.sealed else "yes, no state"
    table[name, "tools"] = "yes"
    if worker.streams:
        table[name, "stream"] = "yes"


PLAIN = {
    "codex exec · responses": ("openai/gpt-5.1-codex", ()),
    "Claude Code · messages": ("anthropic/claude-opus-4.5", ("--tools", "")),
    "opencode · OpenRouter": ("openai/gpt-5.1", ()),
    "opencode · responses": ("openai/gpt-5.1", ()),
    "opencode · messages": ("anthropic/claude-opus-4.5", ()),
    "Continue's cn · chat": ("openai/gpt-5.1", ()),
}
"""A model of the catalogue for each, and what keeps it from offering tools."""


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_answers_with_a_test_key(name: str, server: ServerProcess, desk: Desk, table: Table) -> None:
    model, more = PLAIN[name]
    table[name, "plain"] = "no"
    finished = AGENTS[name].run(desk._replace(model=model, prompt="Ahoy", more=more))
    assert finished.returncode == 0 and f"Sandbox answer for {model}" in finished.stdout, finished.stdout + finished.stderr
    table[name, "plain"] = "yes"


@pytest.mark.parametrize("name", ["codex exec · responses", "Claude Code · messages"])
def test_an_agent_keeps_to_a_schema(name: str, server: ServerProcess, desk: Desk, table: Table) -> None:
    schema = json.dumps(BERTH)
    (desk.home / "schema.json").write_text(schema)
    codex = ("--output-schema", str(desk.home / "schema.json"))
    more = codex if name.startswith("codex") else ("--json-schema", schema, "--output-format", "json", "--tools", "")
    table[name, "structured"] = "no"
    finished = AGENTS[name].run(desk._replace(model=PLAIN[name][0], prompt="Ahoy", more=more))
    said = json.loads(finished.stdout)
    assert said.get("structured_output", said)["quay"] in ("north", "south")
    table[name, "structured"] = "yes"


@pytest.fixture
def desk(server: ServerProcess, tmp_path: Path) -> Desk:
    for folder in ("work", "home"):
        (tmp_path / folder).mkdir()
    return Desk(server.url, server.test_key, tmp_path / "work", tmp_path / "home")
