"""`kill -9` of the server under load: every answer that a client saw whole is in the records, exactly once."""

import collections
import contextlib
import http.client
import json
import random
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from entrepot.storage.engines import open_database
from entrepot.testing.gateway import ServerProcess
from postgres_server import PostgresServer

CLIENTS = 6


def ask_until_it_dies(url: str, key: str, seen: list[str], streamed: bool) -> None:
    """Adds the id of every whole answer: a parsed body, or a stream that reached its end sign."""
    place = urlsplit(url)
    body = json.dumps(
        {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "hi"}], "stream": streamed, "max_tokens": 8}
    )
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        while True:
            connection.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            told = answer.read()
            if streamed and told.endswith(b"data: [DONE]\n\n"):
                seen.append(json.loads(told.partition(b"\n")[0][6:])["id"])
            elif not streamed and answer.status == 200:
                seen.append(json.loads(told)["id"])


def one_round(data_dir: Path, url: str, delay_s: float) -> list[str]:
    seen: list[str] = []
    with ServerProcess(data_dir=data_dir, environment={"ENTREPOT_STORAGE_URL": url}) as server:
        threads = [
            threading.Thread(target=ask_until_it_dies, args=(server.url, server.test_key, seen, number % 2 == 0))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(delay_s)
        server.process.kill()
        server.process.wait()
        for thread in threads:
            thread.join()
    return seen


def lost_or_doubled(url: str, seen: list[str]) -> list[str]:
    db = open_database(url)
    rows = collections.Counter(row[0] for row in db.execute("SELECT id FROM generations"))
    summed = db.execute("SELECT sum(requests) FROM key_usage").fetchone()[0] or 0
    db.close()
    assert summed == sum(rows.values()), "the daily sums and the records differ"
    return [generation for generation in seen if rows[generation] != 1]


def run(rounds: int, data_dir: Path, seed: int, url: str) -> None:
    dice, seen = random.Random(seed), []
    for _ in range(rounds):
        seen += one_round(data_dir, url, dice.uniform(0.05, 0.4))
    with ServerProcess(data_dir=data_dir, environment={"ENTREPOT_STORAGE_URL": url}):
        pass  # the last one that was killed left records in its journal, which a start takes in
    wrong = lost_or_doubled(url, seen)
    print(f"seed {seed}: {rounds} rounds, {len(seen)} answers seen whole, {len(wrong)} of them lost or doubled")
    assert len(seen) > rounds
    assert wrong == []


def test_no_answer_seen_whole_is_lost_in_20_rounds(tmp_path: Path) -> None:
    run(20, tmp_path, random.randrange(10**6), f"sqlite:///{tmp_path / 'entrepot.db'}")


def test_no_answer_seen_whole_is_lost_in_3_rounds_on_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    run(3, tmp_path, random.randrange(10**6), postgres.database())


@pytest.mark.soak
def test_no_answer_seen_whole_is_lost_in_200_rounds(tmp_path: Path, store_url: str) -> None:
    run(200, tmp_path, random.randrange(10**6), store_url)
