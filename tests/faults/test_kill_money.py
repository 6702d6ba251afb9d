"""`kill -9` under load against a limit: the books are right afterwards, no lease is left, and nothing is spent beyond the limit."""

import random
import threading
import time
from pathlib import Path

import pytest
from test_kill import CLIENTS, ask_until_it_dies
from test_no_overdraft import limited_key

from entrepot.app import open_store
from entrepot.ledger.verify import verify
from entrepot.testing.gateway import ServerProcess, settings_for


def run(rounds: int, data_dir: Path, url: str, seed: int) -> None:
    dice, seen = random.Random(seed), list[str]()
    settings = settings_for(data_dir, {"storage": {"url": url}})
    key, key_hash = limited_key(settings, nano=10**12)
    there = {"ENTREPOT_STORAGE_URL": url}
    for _ in range(rounds):
        with ServerProcess(data_dir=data_dir, environment=there) as server:
            asking = [
                threading.Thread(target=ask_until_it_dies, args=(server.url, key, seen, number % 2 == 0))
                for number in range(CLIENTS)
            ]
            for thread in asking:
                thread.start()
            time.sleep(dice.uniform(0.05, 0.4))
            server.process.kill()
            server.process.wait()
            for thread in asking:
                thread.join()
    with ServerProcess(data_dir=data_dir, environment=there):
        pass  # a start takes in the records of those that died, and ends their leases
    db = open_store(settings)
    rows = dict(db.execute("SELECT id, cost_nano FROM generations WHERE key_hash = ?", (key_hash,)).fetchall())
    left = db.execute("SELECT purse, process, granted_nano FROM leases").fetchall()
    wrong = [finding for finding in verify(db, records=True, all_days=True) if finding.wrong]
    db.close()
    print(f"seed {seed}: {rounds} rounds, {len(seen)} answers seen whole, {len(rows)} billed, {len(left)} leases left")
    assert len(seen) > rounds
    assert [generation for generation in seen if not rows.get(generation)] == []
    assert (left, wrong) == ([], [])


def test_after_5_kills_the_books_are_right_and_no_lease_is_left(tmp_path: Path, store_url: str) -> None:
    run(5, tmp_path, store_url, random.randrange(10**6))


@pytest.mark.soak
def test_after_200_kills_the_books_are_right_and_no_lease_is_left(tmp_path: Path, store_url: str) -> None:
    run(200, tmp_path, store_url, random.randrange(10**6))
