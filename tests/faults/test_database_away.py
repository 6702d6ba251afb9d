"""PostgreSQL is away for a while under load, or restarts: whoever has a lease is served, everything is applied once on its return."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from afterwards import Tally, look

from entrepot.identity.installation import installation_secret
from entrepot.identity.secrets import new_key
from entrepot.identity.store import create_key, ensure_workspace
from entrepot.ledger.audit import Act
from entrepot.ledger.funding import Order, grant
from entrepot.ledger.terms import set_prepaid
from entrepot.storage.engines import open_store
from entrepot.testing.gateway import ServerProcess, settings_for
from entrepot.testing.upstream import FakeUpstream, Reply, Seen, plain, streamed
from entrepot.values.clock import Clock
from entrepot.values.money import parse_usd
from load import Book, Load
from postgres_server import PostgresServer

CONFIG = """
[providers.acme]
dialect = "openai_chat"
base_url = "{url}"
api_key = "x"

[[endpoints]]
model = "openai/gpt-5.1"
provider = "acme"
upstream_model = "m"
price = {{ prompt = "1.25", completion = "10" }}
"""
MODEL = "openai/gpt-5.1"


def answers(seen: Seen) -> Reply:
    return streamed("a", "b", "c") if seen.json().get("stream") else plain()


@contextlib.contextmanager
def provider() -> Iterator[str]:
    """The URL of one that always answers, on a loop of its own."""
    loop, there, upstream = asyncio.new_event_loop(), threading.Event(), FakeUpstream(answers)
    over = asyncio.Event()

    async def serve() -> None:
        async with upstream:
            there.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    there.wait(10)
    try:
        yield upstream.url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


class Shop:
    """A prepaid workspace with a key that has a limit, one that has none; another workspace that pays later; a manager's key."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings = settings_for(folder, {"storage": {"url": url}})
        db, now_ms = open_store(self.settings), Clock().now_ms()
        ensure_workspace(db, now_ms)
        db.execute("INSERT INTO workspaces (id, name, created_ms) VALUES ('buyer', 'Buyer', ?)", (now_ms,))
        act = Act(actor="test", at_ms=now_ms)
        set_prepaid(db, "buyer", True, act)
        order = {"workspace": "buyer", "amount_nano": parse_usd("50"), "reason": "r", "actor": "test", "at_ms": now_ms}
        grant(db, Order(key="one", **order))  # type: ignore[arg-type]
        secret = installation_secret(db, folder)

        def key(**more: Any) -> str:
            return create_key(db, secret, name="k", kind=more.pop("kind", "live"), now_ms=now_ms, **more)[0]

        self.limited = key(workspace="buyer", limit_nano=parse_usd("20"), limit_reset="monthly")
        self.prepaid = key(workspace="buyer")
        self.unlimited = key()
        self.unused, self.fresh = (key(limit_nano=parse_usd("1")) for _ in range(2))
        self.manager = key(kind="management")
        db.close()


class Away:
    """Two servers on one PostgreSQL, which a test stops and starts."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path) -> None:
        self.postgres = stack.enter_context(PostgresServer())
        url = self.postgres.database()
        config = folder / "entrepot.toml"
        config.write_text(CONFIG.format(url=stack.enter_context(provider())))
        self.shop = Shop(folder / "one", url)
        self.book = Book()
        self._there = {"ENTREPOT_STORAGE_URL": url, "ENTREPOT_PAYMENTS_STRIPE_KEY": ""}
        self._stack, self._folder, self._config = stack, folder, str(config)
        self.servers = [self._begun(name) for name in ("one", "other")]

    def _begun(self, name: str) -> ServerProcess:
        server = ServerProcess("--config", self._config, data_dir=self._folder / name, environment=self._there)
        return self._stack.enter_context(server)

    def begin_again(self) -> None:
        """The first one, after it was stopped."""
        self.servers[0] = self._begun("one")

    def load(self, *, clients: int = 6, pause_s: float = 0.02) -> Load:
        keys = [self.shop.limited, self.shop.prepaid, self.shop.unlimited]
        return Load(self.book, [server.url for server in self.servers], keys, clients=clients, pause_s=pause_s)

    def ask(self, method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.request(method, self.servers[0].url + path, headers=headers, timeout=20, **more)

    def chat(self, key: str) -> httpx.Response:
        return self.ask(
            "POST", "/v1/chat/completions", key, json={"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
        )

    def health(self) -> tuple[str, dict[str, str]]:
        told = self.ask("GET", "/health/ready").json()
        return told["status"], {check["name"]: check["detail"] for check in told["checks"]}

    def until_well(self) -> None:
        end = time.monotonic() + 20
        while self.health() != ("ready", {"storage": "", "records": "", "catalogue": ""}):
            assert time.monotonic() < end, self.health()
            time.sleep(0.05)

    def look(self) -> Tally:
        """As soon as all records are in the database."""
        end = time.monotonic() + 20
        while True:
            try:
                return look(self.shop.settings, self.book, ended=False)
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        for server in self.servers:
            assert server.stop(20) == 0
            assert "Traceback" not in server.output
        look(self.shop.settings, self.book)


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    """After all that happened to it, the servers end in order and leave no lease."""
    with contextlib.ExitStack() as stack:
        away = Away(stack, tmp_path_factory.mktemp("away"))
        yield away
        away.stop()


@pytest.mark.parametrize(("before_s", "seconds"), [(1, 4), pytest.param(75, 60, marks=pytest.mark.soak)])
def test_while_the_database_is_away_nobody_who_has_a_lease_is_refused_and_all_is_billed_once(
    away: Away, before_s: float, seconds: float
) -> None:
    with away.load() as load:
        load.until_asked(50)
        time.sleep(before_s)
        before = len(away.book.whole)
        away.postgres.stop()
        time.sleep(seconds)
        status, checks = away.health()
        served = len(away.book.whole) - before
        away.postgres.start()
        away.until_well()
        load.until_asked(50)
    tally = away.look()
    print(f"{seconds:g} s away: {served} answers meanwhile; {checks}; {tally.told()}")
    assert (status, served > seconds * 10) == ("degraded", True)
    assert "cannot be asked" in checks["storage"] and "wait for the database" in checks["records"]
    assert away.book.refused == []
    assert tally.billed_unseen == tally.unbilled == 0


def test_a_restart_of_the_database_under_load_refuses_nobody_and_loses_nothing(away: Away) -> None:
    with away.load() as load:
        for end in (away.postgres.stop, away.postgres.abort, away.postgres.kill):
            load.until_asked(50)
            end()
            away.postgres.start()
            load.until_asked(50)
        away.until_well()
    tally = away.look()
    assert away.book.refused == []
    assert tally.billed_unseen == tally.unbilled == 0


def test_a_database_that_falls_silent_keeps_nobody_waiting_who_has_a_lease(away: Away) -> None:
    with away.load() as load:
        load.until_asked(50)
        with away.postgres.silent():
            assert away.chat(away.shop.fresh).status_code == 503
            load.until_asked(50)
            assert away.health()[0] == "degraded"
        away.until_well()
        assert away.chat(away.shop.fresh).status_code == 200
    tally = away.look()
    assert away.book.refused == []
    assert tally.billed_unseen == tally.unbilled == 0


def test_a_server_that_stops_while_the_database_says_nothing_does_so_in_time_and_loses_nothing(away: Away) -> None:
    with away.postgres.silent():
        answer = away.chat(away.shop.unlimited)
        assert answer.status_code == 200
        began = time.monotonic()
        assert away.servers[0].stop(20) == 0
        print(f"stopped after {time.monotonic() - began:.1f} s")
    away.begin_again()
    away.until_well()
    found = away.ask("GET", f"/api/v1/generation?id={answer.headers['x-generation-id']}", away.shop.unlimited)
    assert found.status_code == 200
    assert away.look().unbilled == 0


def test_what_needs_the_database_itself_is_503_in_time_and_never_the_caller_s_fault(away: Away) -> None:
    shop = away.shop
    kept = away.ask("POST", "/v1/responses", shop.unlimited, json={"model": MODEL, "input": "hi"}).json()["id"]
    away.postgres.stop()
    time.sleep(1)
    began = time.monotonic()
    told = {
        "no lease": away.chat(shop.unused),
        "a key nobody knows": away.chat(new_key("live")),
        "keys": away.ask("GET", "/api/v1/keys", shop.manager),
        "a new key": away.ask("POST", "/api/v1/keys", shop.manager, json={"name": "x"}),
        "usage": away.ask("GET", "/api/v1/key", shop.unlimited),
        "credits": away.ask("GET", "/api/v1/credits", shop.unlimited),
        "a generation": away.ask("GET", "/api/v1/generation?id=gen-01K00000000000000000000000", shop.unlimited),
        "a kept response": away.ask("GET", f"/v1/responses/{kept}", shop.unlimited),
        "what it went on to": away.ask(
            "POST", "/v1/responses", shop.unlimited, json={"model": MODEL, "input": "hi", "previous_response_id": kept}
        ),
    }
    well = {
        "no limit": away.chat(shop.unlimited),
        "a response": away.ask("POST", "/v1/responses", shop.unlimited, json={"model": MODEL, "input": "hi"}),
        "models": away.ask("GET", "/v1/models", shop.unlimited),
        "the front page": away.ask("GET", "/"),
        "a model's page": away.ask("GET", f"/{MODEL}"),
        "metrics": away.ask("GET", "/metrics"),
    }
    took = time.monotonic() - began
    print({name: answer.json()["error"]["message"] for name, answer in told.items()}, f"{took:.1f} s")
    assert {name: answer.status_code for name, answer in told.items()} == dict.fromkeys(told, 503)
    assert {name: answer.status_code for name, answer in well.items()} == dict.fromkeys(well, 200)
    assert {answer.headers.get("retry-after") for answer in told.values()} == {"1"}
    assert not any("/pg" in answer.text or "Traceback" in answer.text for answer in told.values()), (
        "where it is, is not for callers"
    )
    away.postgres.start()
    away.until_well()
    assert away.chat(shop.unused).status_code == 200
    assert away.ask("GET", "/api/v1/keys", shop.manager).status_code == 200
    assert away.chat(new_key("live")).status_code == 401
    assert away.ask("GET", f"/v1/responses/{well['a response'].json()['id']}", shop.unlimited).status_code == 200
