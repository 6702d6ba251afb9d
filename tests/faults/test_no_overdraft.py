"""Four replicas, 256 clients at once, one small limit: nothing is spent beyond it, and nearly all of it can be spent.

A key's limit lies inside a budget inside credit, and each in turn is the one that binds. The clients ask for answers of any length or
name none, streamed and plain, and some leave half-way; the providers stall, refuse, break off and lie about what was used, so that
calls are hedged and fall back. Whatever happens to a call happens within its one hold.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from crowd import spend
from moody import Moody

from entrepot.identity.installation import installation_secret
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import funding
from entrepot.ledger.audit import Act
from entrepot.ledger.books import balance
from entrepot.ledger.keys import Order, make
from entrepot.ledger.purses import Span
from entrepot.ledger.terms import set_budget, set_prepaid
from entrepot.ledger.verify import verify
from entrepot.settings import Settings
from entrepot.storage.database import Database
from entrepot.storage.engines import open_store
from entrepot.testing.gateway import ServerProcess, settings_for
from entrepot.testing.upstream import FakeUpstream
from entrepot.values.caller import Reset
from entrepot.values.clock import Clock
from entrepot.values.money import parse_usd

LIMIT = parse_usd("0.05")
REPLICAS = 4
CLIENTS = 256
BINDING: tuple[Literal["key", "budget", "credit"], ...] = ("key", "budget", "credit")
RESETS: tuple[Reset | None, ...] = (None, "monthly", "weekly")
SPANS: tuple[Span, ...] = ("lifetime", "monthly", "weekly")
_CONFIG = """
[catalog]
find_local = false
[upstream]
first_byte_s = 1
between_bytes_s = 1
[routing]
hedge_stream_after_s = 0.1
hedge_plain_after_s = 0.2
[providers.p0]
base_url = "http://127.0.0.1:{}/v1"
api_key = ""
[providers.p1]
base_url = "http://127.0.0.1:{}/v1"
api_key = ""
[[endpoints]]
model = "openai/gpt-5.1"
provider = "p0"
price = {{ prompt = "0.5", completion = "16" }}
[[endpoints]]
model = "openai/gpt-5.1"
provider = "p1"
price = {{ prompt = "0.6", completion = "20" }}
"""


class Purse(NamedTuple):
    """A workspace, the limit that binds it, its keys with their hashes, and what may be spent by each name in `spent_of`."""

    workspace: str
    binds: str
    keys: dict[str, str]
    limits: dict[str, int]


class Fleet:
    """Replicas on one database, their providers at two fixed ports, and a purse for each seed."""

    def __init__(self, folder: Path, url: str, seeds: Sequence[int]) -> None:
        self._folder, self._url = folder, url
        self._ports = free_ports(2)
        self._config = folder / "entrepot.toml"
        self._config.write_text(_CONFIG.format(*self._ports))
        self._settings = settings_for(folder / "replica0", {"storage": {"url": url}})
        self._urls: list[str] = []
        with self.store() as db:
            ensure_workspace(db, Clock().now_ms())
            self._purses = {seed: nested(db, self._settings, seed) for seed in seeds}

    @contextlib.contextmanager
    def store(self) -> Iterator[Database]:
        with contextlib.closing(open_store(self._settings)) as db:
            yield db

    @contextlib.contextmanager
    def serving(self) -> Iterator[Fleet]:
        """On SQLite they are processes on one port and one folder, on PostgreSQL servers of their own."""
        there = {"ENTREPOT_STORAGE_URL": self._url}
        workers = ("--workers", str(REPLICAS)) if self._url.startswith("sqlite") else ()
        with contextlib.ExitStack() as stack:
            for number in range(1 if workers else REPLICAS):
                place = self._folder / f"replica{number}"
                server = ServerProcess("--config", str(self._config), *workers, data_dir=place, environment=there)
                self._urls.append(stack.enter_context(server).url)
            yield self

    async def run(self, seed: int) -> int:
        """What was shown to those who stayed."""
        dice = random.Random(seed)
        async with FakeUpstream(Moody(dice, 20), port=self._ports[0]), FakeUpstream(Moody(dice, 5), port=self._ports[1]):
            return await spend(self._urls, list(self._purses[seed].keys), dice, CLIENTS)

    def look(self, seed: int, shown: int) -> None:
        """When all replicas have ended, so that all is recorded."""
        purse = self._purses[seed]
        with self.store() as db:
            spent = spent_of(db, purse)
        most = max(spent[name] for name in purse.limits if purse.limits[name] == LIMIT)
        print(f"seed {seed}: {purse.binds} binds, {100 * most / LIMIT:.3f} % of $0.05 spent")
        assert {name: limit for name, limit in purse.limits.items() if spent[name] > limit} == {}
        assert most >= LIMIT * 99 // 100
        assert shown <= spent["credit"]


def free_ports(count: int) -> list[int]:
    """Below those that the system gives to connections, so that they are still free when a provider is there again."""
    free: list[int] = []
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            free.append(port)
    return free[:count]


def nested(db: Database, settings: Settings, seed: int) -> Purse:
    """Where a key binds there is one; otherwise several, none of which could spend all of it alone."""
    dice, binds, workspace, now_ms = random.Random(seed), BINDING[seed % 3], f"w{seed}", Clock().now_ms()
    act = Act(actor="test", at_ms=now_ms)
    of_key, of_budget, credit = {"key": (1.0, 1.5, 2.0), "budget": (0.6, 1.0, 2.0), "credit": (0.7, 1.5, 1.0)}[binds]
    limits = {"budget": round(LIMIT * of_budget), "credit": round(LIMIT * credit)}
    db.execute("INSERT INTO workspaces (id, name, created_ms) VALUES (?, ?, ?)", (workspace, workspace, now_ms))
    set_prepaid(db, workspace, True, act)
    set_budget(db, workspace, dice.choice(SPANS), limits["budget"], act)
    gift = funding.Order(
        key=workspace, workspace=workspace, amount_nano=limits["credit"], reason="test", actor="test", at_ms=now_ms
    )
    funding.grant(db, gift)
    keys: dict[str, str] = {}
    for number in range(1 if binds == "key" else 3):
        order = Order(name=f"k{number}", workspace=workspace, limit_nano=round(LIMIT * of_key), limit_reset=dice.choice(RESETS))
        key, made = make(db, installation_secret(db, Path(settings.data_dir)), order, act)
        keys[key] = made.key_hash
        limits[made.key_hash] = round(LIMIT * of_key)
    return Purse(workspace, binds, keys, limits)


def spent_of(db: Database, purse: Purse) -> dict[str, int]:
    def asked(sql: str, name: str) -> int:
        row = db.execute(sql, (name,)).fetchone()
        return int(row[0] or 0) if row else 0

    keys = {key: asked("SELECT sum(cost_nano) FROM key_usage WHERE key_hash = ?", key) for key in purse.keys.values()}
    budget = asked("SELECT sum(cost_nano) FROM workspace_usage WHERE workspace = ?", purse.workspace)
    return keys | {"budget": budget, "credit": purse.limits["credit"] - balance(db, "credit", purse.workspace)}


def limited_key(settings: Settings, nano: int = LIMIT) -> tuple[str, str]:
    """A test key with a limit, and its hash."""
    db = open_store(settings)
    ensure_workspace(db, Clock().now_ms())
    order = Order(name="limited", kind="test", limit_nano=nano)
    key, made = make(db, installation_secret(db, Path(settings.data_dir)), order, Act(actor="test", at_ms=Clock().now_ms()))
    db.close()
    return key, made.key_hash


@pytest.mark.parametrize("count", [5, pytest.param(50, marks=pytest.mark.soak)])
async def test_nested_limits_hold_to_the_nano_dollar_and_can_be_spent(tmp_path: Path, store_url: str, count: int) -> None:
    """`Fleet.look` fails when more was spent than a limit allows, or less than nearly all of the one that binds."""
    first = random.randrange(10**6)
    seeds = range(first, first + count)
    fleet = Fleet(tmp_path, store_url, seeds)
    with fleet.serving():
        shown = {seed: await fleet.run(seed) for seed in seeds}
    for seed in seeds:
        fleet.look(seed, shown[seed])
    with fleet.store() as db:
        wrong = [finding for finding in verify(db, records=True, all_days=True) if finding.wrong]
        left = db.execute("SELECT * FROM leases").fetchall() + db.execute("SELECT * FROM lease_holders").fetchall()
    assert (wrong, left) == ([], [])
