"""Every sample on the API tab runs as it stands against a test key, and prints what the page says.

All samples of a language run one after another in one process, since starting one costs more than the call.
"""

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests.e2e.node_sdk import HERE, node

from entrepot.testing.gateway import ServerProcess

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MODELS = ("openai/gpt-5.1", "openai/gpt-5.1-chat", "openai/gpt-5.1-codex", "anthropic/claude-sonnet-4.5")
VECTORS = "openai/text-embedding-3-small"
MARK = "--- sample "
_RUN_PYTHON = f"""
import pathlib, sys
for name in sys.argv[1:]:
    print("{MARK}" + name, flush=True)
    exec(compile(pathlib.Path(name).read_text(), name, "exec"), {{"__name__": "__main__"}})
"""
_RUN_NODE = f'for (const name of process.argv.slice(1)) {{ console.log("{MARK}" + name); await import(name); }}'
_RUN_CURL = f'for name in "$@"; do echo "{MARK}$name"; bash "$name"; echo; done'


class Sample(NamedTuple):
    model: str
    task: str
    title: str
    language: str
    code: str
    prints: str


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def samples(server: ServerProcess) -> list[Sample]:
    """As a reader copies them from the pages."""
    with httpx.Client(base_url=server.url) as client:
        return [sample for model in (*MODELS, VECTORS) for sample in _of_model(client, model)]


def _of_model(client: httpx.Client, model: str) -> list[Sample]:
    tasks = re.findall(rf'href="/{model}/api\?do=(\w+)"', client.get(f"/{model}/api").text)
    return [sample for task in tasks for sample in _of_page(client.get(f"/{model}/api?do={task}").text, model, task)]


def _of_page(page: str, model: str, task: str) -> list[Sample]:
    program, curl = (_said(page, rf'data-prints="{who}">(?:<code>)?(.*?)</code>') for who in ("program", "curl"))
    found = re.findall(r'data-title="([^"]+)">.*?<code data-language="(\w+)">(.*?)</code>', page, re.S)
    return [
        Sample(model, task, title, language, html.unescape(code), curl if language == "bash" else program)
        for title, language, code in found
    ]


def _said(page: str, pattern: str) -> str:
    found = re.search(pattern, page, re.S)
    assert found, pattern
    return html.unescape(found[1])


def _written(folder: Path, samples: list[Sample], languages: dict[str, str]) -> dict[str, Sample]:
    """The samples of some languages as files."""
    chosen = {
        str(folder / f"{number}{languages[one.language]}"): one for number, one in enumerate(samples) if one.language in languages
    }
    for name, sample in chosen.items():
        Path(name).write_text(sample.code, encoding="utf8")
    return chosen


def misprinted(command: list[str], files: dict[str, Sample], server: ServerProcess) -> list[tuple[Sample, str]]:
    """Samples that print something else than their page says, with what that is."""
    environment = os.environ | {"ENTREPOT_API_KEY": server.test_key}
    ran = subprocess.run([*command, *files], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    printed = dict(piece.split("\n", 1) for piece in ran.stdout.split(MARK)[1:])
    assert list(printed) == list(files), ran.stderr[-3000:]
    return [(sample, printed[name]) for name, sample in files.items() if not _is_print_of(sample, printed[name].strip())]


def _is_print_of(sample: Sample, printed: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, sample.prints.split("…"))), printed, re.S) is not None


def test_each_thing_a_model_can_do_has_a_sample_in_every_language(samples: list[Sample]) -> None:
    shown = {(one.model, one.task): set() for one in samples}
    for one in samples:
        shown[one.model, one.task].add(one.title)
    can = {"answer", "stream", "tools", "json", "schema", "image", "responses", "messages"}
    every = {"curl", "Python, openai", "Python, requests", "JavaScript", "TypeScript, openai", "TypeScript, env.AI"}
    for model in MODELS:
        assert can <= {task for of, task in shown if of == model}
        assert all(shown[model, task] == every for task in can - {"responses", "messages"})
    assert (MODELS[0], "reasoning") in shown
    assert {task for of, task in shown if of == VECTORS} == {"embeddings"}


def test_curl(samples: list[Sample], server: ServerProcess, tmp_path: Path) -> None:
    files = _written(tmp_path, samples, {"bash": ".sh"})
    assert misprinted(["bash", "-c", _RUN_CURL, "run"], files, server) == []


def test_python(samples: list[Sample], server: ServerProcess, tmp_path: Path) -> None:
    files = _written(tmp_path, samples, {"python": ".py"})
    assert misprinted([sys.executable, "-c", _RUN_PYTHON], files, server) == []


def test_node(samples: list[Sample], server: ServerProcess, tmp_path: Path) -> None:
    program = node()
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    files = _written(tmp_path, samples, {"javascript": ".mjs", "typescript": ".mts"})
    assert misprinted([program, "--input-type=module", "--eval", _RUN_NODE], files, server) == []
