"""A store with the traffic of months beside a nearly empty one: its start, requests, what was used, a statement, lists and pages.

python -m bench filled [--generations N] [--keys N] [--models N] [--days N] [--engine sqlite|postgresql] [--keep FOLDER]
python -m bench filled --again FOLDER

The workspace that is asked about has the same calls in both, and lists of pages are as long. Both are served at once and asked by
turns, so that a machine whose speed swings does so for both: a ratio is the median of those of the pairs, and marked where four
of five pairs lie above 1.2. Time of processors counts those of the database too.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, track
from rich.table import Table

from bench.asking import FURTHER, MOST_AT_FIRST_MS, PASSES, Ask, Compared, Ratio, Server, Side, Turn, asks, by_turns, taken
from bench.filling import LISTED_A_DAY, LISTED_KEYS, MADE_DAYS, Filled, Size, fill
from bench.processes import Child, Failed, cpu_of, free_port
from entrepot.ledger.verify import verify
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database

_STARTS = 5
_START = "start, to the first answer"
_LISTENS_S, _LOOKS_S = 120.0, 0.005
_READS_S, _PAUSE_S, _IDLE = 180.0, 2.0, 0.03
_TESTS = Path(__file__).parents[1] / "tests"
_KEPT = "filled.json"
_SERVER = ("shared_buffers=1GB", "max_wal_size=2GB", "wal_level=minimal", "max_wal_senders=0")
_PATIENTLY = "%20-cstatement_timeout%3D0%20-cidle_in_transaction_session_timeout%3D0"
_PATIENCE_S = 7200.0
_WIDTH = 120


class Store(msgspec.Struct, frozen=True):
    """One of the two. pids  of its database, whose work counts too"""

    place: Path
    filled: Filled
    pids: Callable[[], list[int]]


def main() -> int:
    asked = _arguments()
    with contextlib.ExitStack() as stack:
        folder = asked.again or asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entrepot-bench-")))
        pids: Callable[[], list[int]] = list
        if asked.engine == "postgresql" or (folder / "server").exists():
            server = _server(stack, (folder / "server").absolute())
            pids = server.pids
        places = {name: (folder / name).absolute() for name in ("few", "many")}
        if not asked.again:
            for name, place in places.items():
                url = server.database() if asked.engine == "postgresql" else f"sqlite:///{place / 'entrepot.db'}"
                _fill(place, url, _size(asked, crowded=name == "many"))
        few, many = (
            Store(place, msgspec.json.decode((place / _KEPT).read_bytes(), type=Filled), pids) for place in places.values()
        )
        _show(few.filled, many.filled, *_measured(few, many))
        if kept := asked.keep or asked.again:
            print(f"Kept. To measure again: python -m bench filled --again {kept}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench filled", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--generations", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=90, help=f"a multiple of {MADE_DAYS}")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the stores there")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="measure the stores that were left there")
    asked = parser.parse_args()
    if asked.days % MADE_DAYS or asked.days < MADE_DAYS:
        parser.error(f"--days must be a multiple of {MADE_DAYS}")
    return asked


def _size(asked: argparse.Namespace, *, crowded: bool) -> Size:
    """The small one has as much as pages list, so that what is compared is no longer list."""
    if crowded:
        return Size(asked.generations, asked.keys, asked.models, asked.days)
    return Size(LISTED_A_DAY * asked.days, LISTED_KEYS, asked.models, asked.days)


def _server(stack: contextlib.ExitStack, home: Path):  # type: ignore[no-untyped-def] # a class of the tests
    sys.path.append(str(_TESTS))
    from postgres_server import PostgresServer

    return stack.enter_context(PostgresServer(kept=home, options=_SERVER))


def _fill(place: Path, url: str, size: Size) -> None:
    place.mkdir(parents=True)
    now_ms, began = int(time.time() * 1000), time.monotonic()
    with contextlib.closing(_opened(url)) as db, _progress() as progress:
        task = progress.add_task(f"{size.all:,} generations", total=size.all)
        shown = fill(db, place, size, now_ms, lambda more: progress.advance(task, more))
    (place / "entrepot.toml").write_text(f'[storage]\nurl = "{url}"\n[sandbox]\ntokens_per_s = 0\nfirst_token_s = 0\n')
    (place / _KEPT).write_bytes(msgspec.json.encode(Filled(url, shown, size, time.monotonic() - began)))


def _opened(url: str) -> Database:
    """What takes long here takes long once; a server's statements end after half a minute."""
    if url.startswith("sqlite"):
        return open_database(url)
    from entrepot.storage import postgresql

    return postgresql.connect(url + _PATIENTLY, patience_s=_PATIENCE_S)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), refresh_per_second=1)


def _measured(few: Store, many: Store) -> tuple[dict[str, Compared], dict[str, tuple[float, float]]]:
    """What is compared, and what is told of each alone."""
    told = {"s to fill": (few.filled.took_s, many.filled.took_s), "s of ledger verify": (_verified(few), _verified(many))}
    rounds = _Rounds(few, many)
    for number in range(_STARTS):
        with rounds.begun(number) as servers:
            rounds.ask_first(number, servers)
            if number == _STARTS - 1:
                found = rounds.compared(servers)
                told["MiB of the server"] = (servers[0].child.rss_mib(), servers[1].child.rss_mib())
    return found, told


class _Rounds:
    """Starts of both, what is asked first after each, and at last by turns."""

    def __init__(self, few: Store, many: Store) -> None:
        self._stores = few, many
        self._asks = list(zip(asks(few.filled.shown), asks(many.filled.shown), strict=True))
        self._starts: tuple[list[Turn], list[Turn]] = ([], [])
        self._firsts: dict[str, tuple[list[Turn], list[Turn]]] = {ask.name: ([], []) for ask, _ in self._asks}

    @contextlib.contextmanager
    def begun(self, number: int) -> Iterator[tuple[Server, Server]]:
        """Both served and at rest. What the first page prepares for all is prepared."""
        with contextlib.ExitStack() as stack:
            served = {one: stack.enter_context(_served(self._stores[one], self._starts[one].append)) for one in by_turns(number)}
            for server in served.values():
                server.once(Ask("", "/docs"))
                _quiet(server.child)
            yield served[0], served[1]

    def ask_first(self, number: int, servers: tuple[Server, Server]) -> None:
        for pair in self._asks:
            for one in by_turns(number):
                self._firsts[pair[0].name][one].append(servers[one].turn(pair[one], 1))

    def compared(self, servers: tuple[Server, Server]) -> dict[str, Compared]:
        turns: dict[str, tuple[list[Turn], list[Turn]]] = {few.name: ([], []) for few, _ in self._asks}
        for few, many in track(self._asks * PASSES, "asked by turns", console=Console(stderr=True)):
            for held, more in zip(turns[few.name], taken(*servers, few, many), strict=True):
                held += more
        found = {_START: Compared(*(Side((), tuple(made)) for made in self._starts))}
        for few, _ in self._asks:
            sides = zip(self._firsts[few.name], turns[few.name], strict=True)
            found[few.name] = Compared(*(Side(tuple(first), tuple(more)) for first, more in sides), few.limit_ms)
        return found


def _quiet(child: Child) -> None:
    """Until it has read its keys, which it does beside requests."""
    until = time.monotonic() + _READS_S
    before_s = child.cpu_s()
    while time.monotonic() < until:
        time.sleep(_PAUSE_S)
        if (now_s := child.cpu_s()) - before_s < _IDLE * _PAUSE_S:
            return
        before_s = now_s


def _verified(store: Store) -> float:
    """Brought to this build's schema first, which another may have left."""
    with contextlib.closing(_opened(store.filled.url)) as db:
        db.migrate()
        began = time.monotonic()
        wrong = [f"{finding.what}: {finding.wrong[0]}" for finding in verify(db, all_days=True) if finding.wrong]
    if wrong:
        raise SystemExit(f"The books are wrong. {'; '.join(wrong)}")
    return time.monotonic() - began


@contextlib.contextmanager
def _served(store: Store, started: Callable[[Turn], object]) -> Iterator[Server]:
    """started  hears what the start took, to the first answer"""
    port = free_port()
    command = [sys.executable, "-m", "entrepot", "serve", "--port", str(port), "--data-dir", str(store.place)]
    command += ["--config", str(store.place / "entrepot.toml")]
    database_s = sum(map(cpu_of, store.pids()))
    with (store.place / "log").open("w") as log, Child("entrepot", command, stdout=log, stderr=log) as child:
        began = time.monotonic()
        _until_listening(child, port)
        server = Server(child, http.client.HTTPConnection("127.0.0.1", port, timeout=120), store.pids)
        server.once(Ask("", "/api/v1/key", store.filled.shown.live))
        started(Turn(((time.monotonic() - began) * 1000,), (server.cpu_s() - database_s) * 1000))
        yield server
        server.connection.close()


def _until_listening(child: Child, port: int) -> None:
    until = time.monotonic() + _LISTENS_S
    while time.monotonic() < until and child.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(_LOOKS_S)
    raise Failed(f"{child.name} does not listen on port {port}")


def _show(few: Filled, many: Filled, found: dict[str, Compared], told: dict[str, tuple[float, float]]) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    engine = many.url.partition(":")[0]
    console.print(
        f"{few.size.all:,} generations → {many.size.all:,}; {many.size.keys:,} keys, {many.size.models:,} models, "
        f"{many.size.days} days, {engine}. Milliseconds."
    )
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in ("median", "p95", "pairs", "CPU", "pairs", "first", "CPU of it"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, one in found.items():
        table.add_row(name, *_cells(one))
    console.print(table)
    start = found[_START]
    differences = [more.ms[0] - less.ms[0] for less, more in zip(start.few.turns, start.many.turns, strict=True)]
    console.print(f"A start takes {statistics.median(differences):+,.0f} ms more, the median of {len(differences)} pairs.")
    for name, (less, more) in told.items():
        console.print(f"{name}: {less:,.1f} → {more:,.1f}")
    console.print(
        f"pairs: large by small, the median of the pairs. Red: four of five pairs above {FURTHER}, or more than it may take."
    )


def _cells(one: Compared) -> Iterator[str]:
    few, many = one.few, one.many
    yield _both(few.median, many.median)
    yield _red(_both(few.p95, many.p95), one.late)
    yield _ratio(one.by_clock)
    yield _both(few.cpu, many.cpu)
    yield _ratio(one.of_cpu)
    if few.firsts:
        yield _both(few.first, many.first)
        yield _red(_both(few.cpu_of_first, many.cpu_of_first), one.many.cpu_of_first > MOST_AT_FIRST_MS)


def _both(few: float, many: float) -> str:
    return f"{_short(few)} → {_short(many)}"


def _short(ms: float) -> str:
    return f"{ms:.1f}" if ms < 100 else f"{ms:,.0f}"


def _ratio(ratio: Ratio) -> str:
    return _red(f"{ratio.median:.2f}", ratio.clearly_more)


def _red(text: str, wrong: bool) -> str:
    return f"[red]{text} ![/]" if wrong else text


if __name__ == "__main__":
    sys.exit(main())
