"""Several processes, many clients, one small limit: nothing is spent beyond it, and nearly all of it can be spent."""

import contextlib
import http.client
import json
import random
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from entrepot.app import open_store
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import ensure_workspace
from entrepot.ledger.audit import Act
from entrepot.ledger.keys import Order, make
from entrepot.ledger.verify import verify
from entrepot.settings import Settings
from entrepot.testing.gateway import ServerProcess, settings_for
from entrepot.values.clock import Clock
from entrepot.values.money import parse_usd

LIMIT = parse_usd("0.05")
PROCESSES = 3
CLIENTS = 24
SMALLEST = 1


def limited_key(settings: Settings, nano: int = LIMIT) -> tuple[str, str]:
    """A test key with a limit, and its hash."""
    db = open_store(settings)
    ensure_workspace(db, Clock().now_ms())
    order = Order(name="limited", kind="test", limit_nano=nano)
    key, made = make(db, installation_secret(db, Path(settings.data_dir)), order, Act(actor="test", at_ms=Clock().now_ms()))
    db.close()
    return key, made.key_hash


def spend(url: str, key: str, dice: random.Random, until: float) -> None:
    """Asks for answers of any length, leaves some half-way, and ends when even the shortest one is refused for good."""
    place = urlsplit(url)
    longest = 60
    while time.monotonic() < until:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        with contextlib.closing(connection):
            wished = dice.randint(SMALLEST, longest)
            status, source = ask(connection, key, wished, leaves=dice.random() < 0.2)
        if status == 402 and source == "openrouter_in_flight_budget":
            time.sleep(0.05)
        elif status == 402 and longest == SMALLEST:
            return
        elif status == 402:
            longest = max(SMALLEST, longest // 4)


def ask(connection: http.client.HTTPConnection, key: str, max_tokens: int, *, leaves: bool) -> tuple[int, str]:
    """Status, and which limit refused."""
    messages = [{"role": "user", "content": "go on"}]
    body = {"model": "openai/gpt-5.1", "messages": messages, "max_tokens": max_tokens, "stream": leaves}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    if leaves and answer.status == 200:
        answer.read(1)
        return 200, ""
    told = json.loads(answer.read())
    assert answer.status in (200, 402), told
    return answer.status, told["error"]["metadata"]["limit_source"] if answer.status == 402 else ""


def run(data_dir: Path, url: str, seed: int, seconds: float = 60) -> None:
    settings = settings_for(data_dir, {"storage": {"url": url}})
    there = {"ENTREPOT_STORAGE_URL": url}
    key, key_hash = limited_key(settings)
    until = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        urls = [stack.enter_context(ServerProcess(data_dir=data_dir, environment=there)).url for _ in range(PROCESSES)]
        threads = [
            threading.Thread(target=spend, args=(urls[number % PROCESSES], key, random.Random(seed * 1000 + number), until))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    db = open_store(settings)
    spent = int(db.execute("SELECT sum(cost_nano) FROM key_usage WHERE key_hash = ?", (key_hash,)).fetchone()[0])  # type: ignore[index]
    leases = db.execute("SELECT count(*) FROM leases").fetchone()
    wrong = [finding for finding in verify(db, records=True, all_days=True) if finding.wrong]
    db.close()
    print(f"seed {seed}: {spent} of {LIMIT} nano-dollars spent ({100 * spent / LIMIT:.3f} %)")
    assert spent <= LIMIT
    assert spent >= LIMIT * 99 // 100
    assert (leases, wrong) == ((0,), [])


def test_a_limit_holds_to_the_nano_dollar_and_can_be_spent(tmp_path: Path, store_url: str) -> None:
    run(tmp_path, store_url, random.randrange(10**6))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_a_limit_holds_with_100_seeds(tmp_path: Path, store_url: str, seed: int) -> None:
    run(tmp_path, store_url, seed)
