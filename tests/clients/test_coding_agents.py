"""Agents read a file, edit it and run a command; each turn's sealed reasoning goes back as the provider gave it."""

import asyncio
from pathlib import Path

import pytest
from agents import AGENTS, DONE, NEW, OLD, Desk
from running import Table
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
