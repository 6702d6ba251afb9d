"""The command as a user runs it: a child process, its output and its exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from entrepot.testing.gateway import ServerProcess

CALM = {
    "ENTREPOT_CATALOG_FIND_LOCAL": "false",
    "ENTREPOT_SANDBOX_TOKENS_PER_S": "0",
    "ENTREPOT_SANDBOX_FIRST_TOKEN_S": "0",
    "ENTREPOT_SERVER_PORT": "1",
}
"""Port 1 is one on which nothing of ours runs."""


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        yield running


def entrepot(*words: str, data_dir: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "entrepot", *words, "--data-dir", str(data_dir)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | CALM,
    )


def status(url: str, key: str) -> int:
    return httpx.get(url + "/api/v1/key", headers={"Authorization": f"Bearer {key}"}).status_code


def becomes(url: str, key: str, wanted: int) -> bool:
    return any(status(url, key) == wanted for _ in range(2_000))


def test_the_first_start_shows_a_test_key_and_a_request_that_works(tmp_path: Path):
    command = [sys.executable, "-m", "entrepot", "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | CALM) as child:
        assert child.stdout is not None
        said = ""
        while "keys create" not in said:
            line = child.stdout.readline()
            assert line, said
            said += line
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0
    assert "sk-ep-test-" in said and "curl http://127.0.0.1:" in said and "Providers on:" in said


def test_the_test_key_is_shown_on_the_first_start_only(server: ServerProcess):
    assert "sk-ep-test-" not in server.output


def test_a_port_in_use_is_an_error_with_its_remedy(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        got = entrepot("serve", "--port", port, data_dir=tmp_path)
    assert got.returncode == 1
    assert "in use" in got.stderr and "--port" in got.stderr and "Traceback" not in got.stderr


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("keys", "list"), ("doctor",)])
def test_a_database_that_is_none_is_an_error_with_its_remedy(tmp_path: Path, command: tuple[str, ...]):
    (tmp_path / "entrepot.db").write_text("not a database at all " * 100)
    got = entrepot(*command, data_dir=tmp_path)
    said = got.stdout + got.stderr
    assert got.returncode == 1
    assert "not an SQLite database" in said and "--data-dir" in said and "Traceback" not in said


def test_a_key_made_while_the_server_runs_is_good_until_it_is_deleted(server: ServerProcess):
    made = json.loads(entrepot("keys", "create", "--name", "beside", "--json", data_dir=server.data_dir).stdout)
    assert becomes(server.url, made["key"], 200)
    entrepot("keys", "disable", "beside", data_dir=server.data_dir)
    assert becomes(server.url, made["key"], 401)
    entrepot("keys", "enable", "beside", data_dir=server.data_dir)
    assert becomes(server.url, made["key"], 200)
    entrepot("keys", "delete", made["data"]["hash"][:12], data_dir=server.data_dir)
    assert becomes(server.url, made["key"], 401)


def test_chat_needs_nothing_at_all(tmp_path: Path):
    got = entrepot("chat", "-m", "hello", data_dir=tmp_path / "new")
    assert got.returncode == 0
    assert "Sandbox answer" in got.stdout
    assert "nothing of this is kept" in got.stderr and list(tmp_path.iterdir()) == []
    assert "tokens in" in got.stderr and "$0.000" in got.stderr and "at list price; nothing charged" in got.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a gateway could be started again; it has one key."""
    made = tmp_path_factory.mktemp("place")
    assert entrepot("keys", "create", "--name", "x", data_dir=made).returncode == 0
    return made


def test_chat_leaves_no_key_behind(place: Path):
    assert "kept" not in entrepot("chat", "-m", "hello", data_dir=place).stderr
    assert [key["name"] for key in json.loads(entrepot("keys", "list", "--json", data_dir=place).stdout)] == ["x"]


def test_chat_talks_to_a_running_gateway_and_reads_standard_input(server: ServerProcess):
    words = ("chat", "gpt-5.1-codex-mini", "--url", server.url, "--json")
    got = entrepot(*words, data_dir=server.data_dir, typed="what is this?")
    answer = json.loads(got.stdout)
    assert answer["model"] == "openai/gpt-5.1-codex-mini"
    assert answer["usage"]["cost"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("openai/gpt-5.11", "-m", "hi"), "Did you mean"),
        (("-m", "hi", "--url", "http://127.0.0.1:1"), "does not answer"),
        ((), "There is no message"),
    ],
)
def test_chat_fails_in_one_line(place: Path, words: tuple[str, ...], said: str):
    got = entrepot("chat", *words, data_dir=place)
    assert (got.returncode, got.stderr.count("\n")) == (1, 1)
    assert said in got.stderr


def test_a_reader_who_goes_away_is_no_traceback(tmp_path: Path):
    entrepot("keys", "create", "--name", "x", data_dir=tmp_path)
    command = f"{sys.executable} -m entrepot models list --modality all --data-dir {tmp_path} | head -1"
    got = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, env=os.environ | CALM)
    assert "model" in got.stdout and "Traceback" not in got.stderr
