"""What money costs: python -m bench money [--rounds N] [--seconds S] [--workspaces N] [--replicas N]

CPU      of a request with holds, limits and settlement, against the same gateway without any of it, on both engines
latency  added over the provider, beside nginx and the same without money, at 1,000 requests/s or what this machine carries
hot      one workspace on several servers on one PostgreSQL, against 1,000 workspaces

Columns alternate in every round, so that whatever else the machine does falls on all alike; differences are taken within a round.
PostgreSQL is one of the tests' own, without waiting for its disk; its CPU is told apart from the gateway's.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import runpy
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from bench import targets
from bench.load import Seen
from bench.processes import Child, raise_file_limit
from bench.sections import Size, Tools, drain, find_wrk, flood, generate
from bench.targets import FAST, Target
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import funding
from entrepot.ledger.audit import Act
from entrepot.ledger.keys import Order, make
from entrepot.ledger.terms import set_budget, set_prepaid
from entrepot.settings import Settings, load
from entrepot.storage.engines import open_store
from entrepot.values.clock import Clock
from entrepot.values.money import parse_usd

AIM_US, AIM_P50_MS, AIM_P99_MS, AIM_P99_PG_MS = 25, 1.0, 5.0, 8.0
RATE = 1_000
_BARE = "without money"
_MOVED_S = 1.2
"""Until what was settled has been moved into the database, which is part of what it costs."""
_PLENTY = parse_usd("1000000")
Rounds = dict[str, dict[str, list[float]]]
"""Figures by column and row, one for each round."""


class Engine(msgspec.Struct):
    """A store with keys in it. `free` is bound by nothing; each of `bound` by a limit, its workspace by a budget and credit."""

    name: str
    url: str
    settings: Settings
    config: Path
    free: str
    bound: list[str]


def prepared(name: str, url: str, place: Path, upstream: int, workspaces: int) -> Engine:
    place.mkdir()
    config = place / "entrepot.toml"
    text = targets.entrepot_config(upstream)
    config.write_text(text + f'[storage]\nurl = "{url}"\n')
    settings = load(config, {}, {"data_dir": str(place / "data")})
    db, act = open_store(settings), Act(actor="bench", at_ms=Clock().now_ms())
    ensure_workspace(db, act.at_ms)
    secret = installation_secret(db, Path(settings.data_dir))
    free, _ = make(db, secret, Order(name="free"), act)
    bound = []
    for number in range(workspaces):
        with db.transaction():
            own = f"w{number}"
            db.execute("INSERT INTO workspaces (id, name, created_ms) VALUES (?, ?, ?)", (own, own, act.at_ms))
            set_prepaid(db, own, True, act)
            set_budget(db, own, "daily", _PLENTY, act)
            gift = funding.Order(key=own, workspace=own, amount_nano=_PLENTY, reason="bench", actor="bench", at_ms=act.at_ms)
            funding.grant(db, gift)
            bound.append(make(db, secret, Order(name=own, workspace=own, limit_nano=_PLENTY, limit_reset="daily"), act)[0])
    db.close()
    return Engine(name, url, settings, config, free, bound)


@contextlib.contextmanager
def served(engine: Engine, name: str, key: str, *kind: str, place: str = "data") -> Iterator[Target]:
    """place  its own folder, where it is one of several servers; on SQLite they are processes on one."""
    data = engine.config.parent / (place if engine.name == "PostgreSQL" else "data")
    command = [sys.executable, "-m", "bench.served", str(engine.config), str(data), *kind]
    with (engine.config.parent / f"{name.replace(' ', '-')}.log").open("w") as log:
        with Child(name, command, stdout=subprocess.PIPE, stderr=log) as child:
            target = Target(name, int(child.line(60)), child, key=key)
            target.models = targets.SLUGS
            yield target


class Bench:
    def __init__(self, asked: argparse.Namespace, folder: Path, say: Any) -> None:
        self.asked, self.folder, self.say = asked, folder, say
        self.tools = Tools(Size(seconds=asked.seconds), find_wrk())
        self.carried = float(RATE)
        self.paces: list[float] = []

    def cpu(self, stack: contextlib.ExitStack, engines: Sequence[Engine], postgres: Child | None) -> Rounds:
        """For each engine: without money, with it and nobody bound, and with three limits to hold against."""
        columns = []
        for engine in engines:
            for name, key, kind in (("bare", engine.free, ["bare"]), ("settled", engine.free, []), ("held", engine.bound[0], [])):
                target = stack.enter_context(served(engine, f"{engine.name} {name}", key, *kind, place=name))
                generate(target, FAST, False, seconds=0.5)
                columns.append(target)
        found: Rounds = {}
        for number in range(self.asked.rounds):
            for target in columns[number % 3 :] + columns[: number % 3]:
                self.say(f"CPU, round {number + 1} of {self.asked.rounds}: {target.name}")
                before, theirs = target.child.cpu_s(), postgres.cpu_s() if postgres else 0.0
                seen = flood(target, self.tools)
                drain(target)
                time.sleep(_MOVED_S)
                spent, elsewhere = target.child.cpu_s() - before, (postgres.cpu_s() if postgres else 0.0) - theirs
                rows = {"requests/s": seen.requests / seen.seconds, "CPU us": spent / max(seen.requests, 1) * 1e6}
                rows["failed"] = seen.failed
                self.paces.append(_pace_us())
                if target.name.startswith("PostgreSQL"):
                    rows["CPU us of PostgreSQL"] = elsewhere / max(seen.requests, 1) * 1e6
                _add(found, target.name, rows)
        held = [statistics.median(rows["requests/s"]) for name, rows in found.items() if name.endswith("held")]
        self.carried = min(RATE, *(rate / 2 for rate in held))
        return found

    def latency(self, stack: contextlib.ExitStack, engines: Sequence[Engine], direct: Target) -> Rounds:
        bare = stack.enter_context(served(engines[0], _BARE, engines[0].free, "bare", place="bare"))
        columns = [direct, *self._nginx(stack, direct.port), bare]
        columns += [stack.enter_context(served(engine, engine.name, engine.bound[0], place="held")) for engine in engines]
        for target in columns[-3:]:
            generate(target, FAST, False, seconds=0.5)
        found: Rounds = {}
        for number in range(self.asked.rounds):
            for target in columns[number % len(columns) :] + columns[: number % len(columns)]:
                self.say(f"latency, round {number + 1} of {self.asked.rounds}: {target.name}")
                seen = generate(target, FAST, False, rate=self.carried, seconds=self.asked.seconds)
                _add(found, target.name, {"ms p50": seen.ms_p50, "ms p99": seen.ms_p99, "failed": seen.failed})
                self.paces.append(_pace_us())
        return found

    def _nginx(self, stack: contextlib.ExitStack, upstream: int) -> list[Target]:
        place = self.folder / "nginx"
        place.mkdir()
        try:
            return [stack.enter_context(targets.nginx(upstream, place))]
        except FileNotFoundError:
            return []

    def hot(self, stack: contextlib.ExitStack, engine: Engine) -> Rounds:
        """All servers at once, each with a generator of its own; the requests of all together."""
        fleet = [
            stack.enter_context(served(engine, f"replica {number}", engine.bound[0], place=f"replica{number}"))
            for number in range(self.asked.replicas)
        ]
        loads = {"1 workspace": engine.bound[:1], f"{len(engine.bound)} workspaces": engine.bound}
        for target in fleet:
            self.say(f"hot: every key once at {target.name}")
            generate(target, FAST, False, keys=engine.bound, requests=len(engine.bound), connections=16)
        found: Rounds = {}
        for number in range(self.asked.rounds):
            for name in list(loads)[:: 1 if number % 2 == 0 else -1]:
                self.say(f"hot, round {number + 1} of {self.asked.rounds}: {name}")
                before = sum(target.child.cpu_s() for target in fleet)
                seen = _all_at_once(fleet, loads[name], self.asked.seconds)
                time.sleep(_MOVED_S)
                done = sum(each.requests for each in seen)
                cpu = (sum(target.child.cpu_s() for target in fleet) - before) / max(done, 1) * 1e6
                rate = sum(each.requests / each.seconds for each in seen)
                _add(found, name, {"requests/s": rate, "CPU us": cpu, "failed": sum(each.failed for each in seen)})
        return found


def _pace_us() -> float:
    """How long a thousand additions take now: of a machine that is shared, others decide."""
    began, total = time.perf_counter(), 0
    for number in range(20_000):
        total += number
    return (time.perf_counter() - began) / 20 * 1e6


def _all_at_once(fleet: Sequence[Target], keys: list[str], seconds: float) -> list[Seen]:
    seen: list[Seen] = []
    threads = [
        threading.Thread(target=lambda t=target: seen.append(generate(t, FAST, False, keys=keys, connections=8, seconds=seconds)))
        for target in fleet
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def _add(found: Rounds, column: str, rows: dict[str, float]) -> None:
    for row, figure in rows.items():
        found.setdefault(column, {}).setdefault(row, []).append(figure)


def show_cpu(console: Console, found: Rounds, engines: Sequence[Engine]) -> None:
    table = _table(
        "CPU per request", "requests/s", "us", "more than bare", "least", "of bare", f"aim: {AIM_US} us", "us of PostgreSQL"
    )
    for engine in engines:
        bare = found[f"{engine.name} bare"]["CPU us"]
        for name in ("bare", "settled", "held"):
            rows = found[f"{engine.name} {name}"]
            more = [mine - without for mine, without in zip(rows["CPU us"], bare, strict=True)]
            share = [mine / without for mine, without in zip(rows["CPU us"], bare, strict=True)]
            kept = "yes" if statistics.median(more) <= AIM_US else "NO"
            least = f"{min(rows['CPU us']) - min(bare):+,.1f}"
            told = ("",) * 4 if name == "bare" else (_told(more, "+"), least, _told(share), kept if name == "held" else "")
            theirs = rows.get("CPU us of PostgreSQL")
            table.add_row(f"{engine.name}, {name}", _told(rows["requests/s"]), _told(rows["CPU us"]), *told, _told(theirs))
    console.print(table)


def show_latency(console: Console, found: Rounds, rate: float) -> None:
    table = _table(f"Latency at {rate:,.0f} requests/s", "ms p50", "added", "by money", "ms p99", "added", "by money", "aim")
    direct, bare = found["direct"], found[_BARE]
    for name, rows in found.items():
        cells = []
        for row in ("ms p50", "ms p99"):
            aim = {"SQLite": AIM_P99_MS, "PostgreSQL": AIM_P99_PG_MS}.get(name)
            added, more = (
                [mine - theirs for mine, theirs in zip(rows[row], those[row], strict=True)] for those in (direct, bare)
            )
            cells += [_told(rows[row]), "" if name == "direct" else _told(added, "+"), _told(more, "+") if aim else ""]
        table.add_row(name, *cells, f"{AIM_P50_MS:g} and {aim:g}" if aim else "")
    console.print(table)


def show_hot(console: Console, found: Rounds, replicas: int) -> None:
    table = _table(f"{replicas} servers on one PostgreSQL", "requests/s", "against many", "CPU us per request")
    one, many = found.values()
    ratio = [mine / theirs for mine, theirs in zip(one["requests/s"], many["requests/s"], strict=True)]
    for (name, rows), told in zip(found.items(), (_told(ratio), ""), strict=True):
        table.add_row(name, _told(rows["requests/s"]), told, _told(rows["CPU us"]))
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column(title)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _told(figures: list[float] | None, sign: str = "") -> str:
    """The median, and half of the distance from the lowest to the highest."""
    if figures is None:
        return ""
    median, half = statistics.median(figures), (max(figures) - min(figures)) / 2
    digits = 0 if abs(median) >= 200 else 1 if abs(median) >= 10 else 2
    return f"{median:{sign},.{digits}f} ±{half:,.{digits}f}"


def _failures(*parts: Rounds) -> list[str]:
    return [f"{name}: {sum(rows['failed']):,.0f} failed" for part in parts for name, rows in part.items() if any(rows["failed"])]


@contextlib.contextmanager
def _postgres() -> Iterator[tuple[str, Child]]:
    """Its URL, and its process, whose CPU is counted with that of its children."""
    tests = Path(__file__).parents[1] / "tests" / "postgres_server.py"
    with runpy.run_path(str(tests))["PostgresServer"]() as server:
        watched = Child("PostgreSQL", [])
        watched.process = server._process
        yield server.database(), watched


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench money", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--workspaces", type=int, default=1_000)
    parser.add_argument("--replicas", type=int, default=4)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there as well")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_file_limit()
    console, progress, load_before = Console(width=None if sys.stdout.isatty() else 130), Console(stderr=True), os.getloadavg()[0]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entrepot-money-")))
        status = stack.enter_context(progress.status("starting"))
        direct = stack.enter_context(targets.double())
        url, postgres = stack.enter_context(_postgres())
        status.update("making keys")
        sqlite = prepared("SQLite", f"sqlite:///{folder}/e.db", folder / "sqlite", direct.port, 1)
        big = prepared("PostgreSQL", url, folder / "postgresql", direct.port, asked.workspaces)
        bench = Bench(asked, folder, status.update)
        with contextlib.ExitStack() as columns:
            cpu = bench.cpu(columns, (sqlite, big), postgres)
        with contextlib.ExitStack() as columns:
            latency = bench.latency(columns, (sqlite, big), direct)
        with contextlib.ExitStack() as columns:
            hot = bench.hot(columns, big)
    show_cpu(console, cpu, (sqlite, big))
    show_latency(console, latency, bench.carried)
    show_hot(console, hot, asked.replicas)
    for line in _failures(cpu, latency, hot):
        console.print(line)
    console.print(
        f"Medians of {asked.rounds} alternating rounds of {asked.seconds:g} s ± half of their spread. {os.cpu_count()} CPUs, "
        f"load {load_before:.1f} before and {os.getloadavg()[0]:.1f} after; generators and the provider are on them too. "
        "`least` is between the least of all rounds: others on the machine can only add. "
        f"A thousand additions took {min(bench.paces):.0f} to {max(bench.paces):.0f} us meanwhile.",
        highlight=False,
    )
    if asked.json:
        asked.json.write_text(json.dumps({"cpu": cpu, "latency": latency, "hot": hot, "load": load_before}, indent=2) + "\n")


if __name__ == "__main__":
    main()
