"""Programs that work on files by themselves: how each is told where we are, and the calls that it makes of a task."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from running import MODULES, NODE, ran
from scripted import Act

TASK = "Change the greeting in greeting.txt to say harbour, then count its letters into count.txt."
DONE = "The greeting says harbour now, and count.txt has the count."
OLD, NEW = "Hello from the quay", "Hello from the harbour"
COUNT = "wc -c < greeting.txt > count.txt && echo counted"


class Desk(NamedTuple):
    """Where an agent works: the gateway, and folders of its own. `more` are arguments for it."""

    url: str
    key: str
    work: Path
    home: Path
    model: str = "acme/thinker"
    prompt: str = TASK
    more: tuple[str, ...] = ()


class Agent(NamedTuple):
    """sealed  it sends reasoning back with its state"""

    run: Callable[[Desk], "subprocess.CompletedProcess[str]"]
    acts: Callable[[Path], tuple[Act, ...]]
    sealed: bool = True


def codex(desk: Desk) -> "subprocess.CompletedProcess[str]":
    (desk.home / "config.toml").write_text(
        f'model = "{desk.model}"\nmodel_provider = "entrepot"\n[model_providers.entrepot]\nname = "entrepot"\n'
        f'base_url = "{desk.url}/v1"\nenv_key = "GATEWAY_KEY"\nwire_api = "responses"\n'
    )
    command = [NODE / "node", MODULES / "@openai" / "codex" / "bin" / "codex.js", "exec", "--skip-git-repo-check"]
    told = [*command, "--dangerously-bypass-approvals-and-sandbox", *desk.more, desk.prompt]
    return ran(told, home=desk.home, cwd=desk.work, CODEX_HOME=str(desk.home), GATEWAY_KEY=desk.key)


def codex_acts(work: Path) -> tuple[Act, ...]:
    patch = f"apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: greeting.txt\n@@\n-{OLD}\n+{NEW}\n*** End Patch\nEOF"
    return (
        Act("exec_command", {"cmd": "cat greeting.txt"}, brings=OLD),
        Act("exec_command", {"cmd": patch}, brings="greeting.txt"),
        Act("exec_command", {"cmd": COUNT}, brings="counted"),
    )


def claude(desk: Desk) -> "subprocess.CompletedProcess[str]":
    command = [MODULES / "@anthropic-ai" / "claude-code-linux-x64" / "claude", "-p", desk.prompt, "--model", desk.model]
    told = [*command, "--allowedTools", "Read,Edit,Bash", "--permission-mode", "acceptEdits", *desk.more]
    here = {"ANTHROPIC_BASE_URL": desk.url, "ANTHROPIC_API_KEY": desk.key, "ANTHROPIC_DEFAULT_HAIKU_MODEL": desk.model}
    return ran(told, home=desk.home, cwd=desk.work, **here, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1")


def claude_acts(work: Path) -> tuple[Act, ...]:
    file = str(work / "greeting.txt")
    return (
        Act("Read", {"file_path": file}, brings=OLD),
        Act("Edit", {"file_path": file, "old_string": OLD, "new_string": NEW}, brings="updated"),
        Act("Bash", {"command": COUNT, "description": "Count letters"}, brings="counted"),
    )


def opencode(way: str, base: str) -> Callable[[Desk], "subprocess.CompletedProcess[str]"]:
    """way  which of its providers is pointed at us; each speaks another dialect"""

    def run(desk: Desk) -> "subprocess.CompletedProcess[str]":
        model = {"name": "thinker", "tool_call": True, "reasoning": True, "limit": {"context": 100_000, "output": 8000}}
        provider = {"options": {"baseURL": desk.url + base, "apiKey": desk.key}, "models": {desk.model: model}}
        told = {"model": f"{way}/{desk.model}", "autoupdate": False, "share": "disabled", "provider": {way: provider}}
        file = desk.home / "opencode.json"
        file.write_text(json.dumps(told | {"permission": {"edit": "allow", "bash": "allow"}}))
        off = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
        quiet = {f"OPENCODE_DISABLE_{what}": "1" for what in off}
        command = [MODULES / "opencode-linux-x64" / "bin" / "opencode", "run", *desk.more, desk.prompt]
        return ran(command, home=desk.home, cwd=desk.work, OPENCODE_CONFIG=str(file), **quiet)

    return run


def opencode_acts(work: Path) -> tuple[Act, ...]:
    file = str(work / "greeting.txt")
    return (
        Act("read", {"filePath": file}, brings=OLD),
        Act("edit", {"filePath": file, "oldString": OLD, "newString": NEW}, brings="applied"),
        Act("bash", {"command": COUNT, "description": "Counts letters"}, brings="counted"),
    )


def continued(desk: Desk) -> "subprocess.CompletedProcess[str]":
    model = {"name": "thinker", "provider": "openai", "model": desk.model, "apiBase": desk.url + "/v1", "apiKey": desk.key}
    told = {
        "name": "t",
        "version": "0.0.1",
        "schema": "v1",
        "models": [model | {"roles": ["chat"], "capabilities": ["tool_use"]}],
    }
    file = desk.home / "config.yaml"
    file.write_text(json.dumps(told))
    command = [
        NODE / "node",
        MODULES / "@continuedev" / "cli" / "dist" / "cn.js",
        "-p",
        "--auto",
        "--config",
        file,
        *desk.more,
        desk.prompt,
    ]
    quiet = {"CONTINUE_TELEMETRY_ENABLED": "0", "CONTINUE_GLOBAL_DIR": str(desk.home)}
    return ran(command, home=desk.home, cwd=desk.work, **quiet)


def continued_acts(work: Path) -> tuple[Act, ...]:
    file = str(work / "greeting.txt")
    return (
        Act("Read", {"filepath": file}, brings=OLD),
        Act("Edit", {"file_path": file, "old_string": OLD, "new_string": NEW}, brings="greeting.txt"),
        Act("Bash", {"command": COUNT}, brings="counted"),
    )


AGENTS = {
    "codex exec · responses": Agent(codex, codex_acts),
    "Claude Code · messages": Agent(claude, claude_acts),
    "opencode · OpenRouter": Agent(opencode("openrouter", "/api/v1"), opencode_acts),
    "opencode · responses": Agent(opencode("openai", "/v1"), opencode_acts),
    "opencode · messages": Agent(opencode("anthropic", "/v1"), opencode_acts),
    "Continue's cn · chat": Agent(continued, continued_acts, sealed=False),
}
