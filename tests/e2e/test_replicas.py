"""Several servers on one PostgreSQL are one gateway."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrepot.storage.engines import open_database
from entrepot.testing.gateway import ServerProcess
from postgres_server import PostgresServer

CHAT = {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 8}


@pytest.fixture(scope="module")
def two(postgres: PostgresServer) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two servers with data directories of their own, and nothing in common but the database."""
    environment = {"ENTREPOT_STORAGE_URL": postgres.database()}
    with ServerProcess(environment=environment) as one, ServerProcess(environment=environment) as other:
        yield one, other


def ask(server: ServerProcess, key: str, path: str = "chat/completions", **body: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/v1/{path}", json=body or CHAT, headers={"Authorization": f"Bearer {key}"}, timeout=20)


def read(server: ServerProcess, path: str, key: str) -> httpx.Response:
    return httpx.get(f"{server.url}/v1/{path}", headers={"Authorization": f"Bearer {key}"}, timeout=20)


def soon(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.02)
    return held


def command(server: ServerProcess, url: str, *words: str) -> str:
    line = [sys.executable, "-m", "entrepot", *words, "--data-dir", str(server.data_dir)]
    return subprocess.run(line, env={"ENTREPOT_STORAGE_URL": url}, check=True, capture_output=True, text=True).stdout


def test_a_key_made_by_a_command_is_good_at_both_and_its_end_is_seen_by_both(two: tuple[ServerProcess, ServerProcess]) -> None:
    url = two[0].storage_url
    made = json.loads(command(two[0], url, "keys", "create", "--name", "both", "--test", "--json"))
    assert soon(lambda: [ask(server, made["key"]).status_code for server in two] == [200, 200])
    command(two[1], url, "keys", "disable", "both")
    assert soon(lambda: [ask(server, made["key"]).status_code for server in two] == [401, 401])


def test_a_generation_of_one_is_soon_read_and_counted_at_the_other(two: tuple[ServerProcess, ServerProcess]) -> None:
    one, other = two
    made = ask(one, one.test_key).json()["id"]
    assert soon(lambda: read(other, f"generation?id={made}", one.test_key).status_code == 200)
    here, there = (read(server, "key", one.test_key).json()["data"]["usage"] for server in two)
    assert here == there > 0


def test_a_response_kept_by_one_is_gone_on_from_read_and_deleted_at_the_other(two: tuple[ServerProcess, ServerProcess]) -> None:
    one, other = two
    first = ask(one, one.test_key, "responses", model="openai/gpt-5.1", input="hi", max_output_tokens=16).json()["id"]
    after = ask(
        other, one.test_key, "responses", model="openai/gpt-5.1", input="more", previous_response_id=first, max_output_tokens=16
    )
    assert after.status_code == 200 and after.json()["previous_response_id"] == first
    assert read(other, f"responses/{first}", one.test_key).status_code == 200
    assert (
        httpx.delete(f"{other.url}/v1/responses/{first}", headers={"Authorization": f"Bearer {one.test_key}"}).status_code == 200
    )
    assert read(one, f"responses/{first}", one.test_key).status_code == 404


def test_an_import_at_one_is_on_offer_at_the_other(two: tuple[ServerProcess, ServerProcess], tmp_path: Path) -> None:
    row = {
        "id": "acme/new",
        "name": "New",
        "canonical_slug": "acme/new",
        "created": 1,
        "pricing": {"prompt": "0", "completion": "0"},
    }
    (tmp_path / "rows.json").write_text(json.dumps(row))
    command(two[0], two[0].storage_url, "catalog", "import", str(tmp_path / "rows.json"), "--yes")
    assert soon(lambda: "acme/new" in httpx.get(f"{two[1].url}/v1/models").text)


@pytest.mark.usefixtures("postgres")
def test_a_restart_of_the_database_under_load_refuses_nobody_and_loses_nothing() -> None:
    """No key is refused while it is away, readiness says so, and what was answered meanwhile is written once."""
    with PostgresServer() as postgres:
        url = postgres.database()
        with ServerProcess(environment={"ENTREPOT_STORAGE_URL": url}) as server:
            told: list[tuple[int, str]] = []
            over = threading.Event()
            clients = [threading.Thread(target=keep_asking, args=(server, over, told)) for _ in range(3)]
            for client in clients:
                client.start()
            assert soon(lambda: len(told) > 20)
            postgres.kill()
            assert soon(lambda: health(server) == (200, "degraded"))
            before = len(told)
            assert soon(lambda: len(told) > before + 20, 10)
            postgres.start()
            assert soon(lambda: health(server) == (200, "ready"), 10)
            over.set()
            for client in clients:
                client.join()
            assert server.stop() == 0
        db = open_database(url)
        written = [name for (name,) in db.execute("SELECT id FROM generations")]
        summed = db.execute("SELECT sum(requests) FROM key_usage").fetchone()
        db.close()
    assert {status for status, _ in told} == {200}
    assert sorted(written) == sorted(name for _, name in told) and summed == (len(written),)


def health(server: ServerProcess) -> tuple[int, str]:
    told = httpx.get(f"{server.url}/health/ready")
    return told.status_code, told.json()["status"]


def keep_asking(server: ServerProcess, over: threading.Event, told: list[tuple[int, str]]) -> None:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.test_key}"}, timeout=20) as client:
        while not over.is_set():
            answer = client.post("/v1/chat/completions", json=CHAT)
            told.append((answer.status_code, answer.json().get("id", answer.text)))
            time.sleep(0.005)
