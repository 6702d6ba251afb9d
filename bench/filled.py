"""A store with the traffic of months beside a nearly empty one: its start, requests, what was used, a statement, lists and pages.

python -m bench filled [--generations N] [--keys N] [--models N] [--days N] [--engine sqlite|postgresql] [--keep FOLDER]
python -m bench filled --again FOLDER

The workspace that is asked about has the same calls in both. Figures are the median of 60 askings, one after another, what 95 %
took at most, and what the very first took, which nothing was remembered for; then the time of processors for each.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bench.asking import Ask, Took, asks, once, timed
from bench.filling import MADE_DAYS, Filled, Shown, Size, fill
from bench.processes import Child, cpu_of, free_port
from entrepot.ledger.verify import verify
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database

_TIMES = 60
_STARTS = 3
_FURTHER = 1.2
_NOTICED_MS = 1.0
_READS_S, _PAUSE_S, _IDLE = 180.0, 2.0, 0.03
_TESTS = Path(__file__).parents[1] / "tests"
_KEPT = "filled.json"
_SERVER = ("shared_buffers=1GB", "max_wal_size=2GB", "wal_level=minimal", "max_wal_senders=0")
_PATIENTLY = "%20-cstatement_timeout%3D0%20-cidle_in_transaction_session_timeout%3D0"
_PATIENCE_S = 7200.0


class Figures(msgspec.Struct, frozen=True):
    """Of one store. `told` are those that nothing is compared with."""

    askings: dict[str, Took]
    told: dict[str, float]


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
            # Both are filled before either is measured, so that they are measured in the same few minutes.
            for name, place in places.items():
                url = server.database() if asked.engine == "postgresql" else f"sqlite:///{place / 'entrepot.db'}"
                _fill(place, url, _size(asked, crowded=name == "many"))
        filled = {name: msgspec.json.decode((place / _KEPT).read_bytes(), type=Filled) for name, place in places.items()}
        few, many = (_measured(places[name], one, pids) for name, one in filled.items())
        console = Console(width=None if sys.stdout.isatty() else 120)
        console.print(_table(filled["few"].size, filled["many"].size, filled["many"].url.partition(":")[0], few, many))
        if kept := asked.keep or asked.again:
            console.print(f"Kept. To measure again: python -m bench filled --again {kept}", highlight=False)
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
    return Size(asked.generations if crowded else 0, asked.keys if crowded else 0, asked.models, asked.days)


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


def _measured(place: Path, store: Filled, pids: Callable[[], list[int]]) -> Figures:
    """pids  of the database, whose work counts too"""
    told = {"s to fill": store.took_s, "s of ledger verify": _verified(store.url)}
    starts: list[Took] = []
    for last in [False] * (_STARTS - 1) + [True]:
        with _served(place, store.shown, starts) as (connection, child):
            if last:
                _quiet(child)

                def cpu_s(child: Child = child) -> float:
                    return child.cpu_s() + sum(map(cpu_of, pids()))

                askings = {ask.name: timed(connection, ask, _TIMES, cpu_s) for ask in asks(store.shown)}
                told["MiB of the server"] = child.rss_mib()
    start = Took(*(statistics.median(figures) for figures in zip(*map(msgspec.structs.astuple, starts), strict=True)))
    return Figures({"start, to the first answer": start} | askings, told)


def _quiet(child: Child) -> None:
    """Until it has read its keys, which it does beside requests."""
    until = time.monotonic() + _READS_S
    before_s = child.cpu_s()
    while time.monotonic() < until:
        time.sleep(_PAUSE_S)
        if (now_s := child.cpu_s()) - before_s < _IDLE * _PAUSE_S:
            return
        before_s = now_s


def _verified(url: str) -> float:
    began = time.monotonic()
    with contextlib.closing(_opened(url)) as db:
        wrong = [f"{finding.what}: {finding.wrong[0]}" for finding in verify(db, all_days=True) if finding.wrong]
    if wrong:
        raise SystemExit(f"The books are wrong. {'; '.join(wrong)}")
    return time.monotonic() - began


@contextlib.contextmanager
def _served(place: Path, shown: Shown, starts: list[Took]):  # type: ignore[no-untyped-def] # a connection and the process
    port = free_port()
    command = [sys.executable, "-m", "entrepot", "serve", "--port", str(port), "--data-dir", str(place)]
    command += ["--config", str(place / "entrepot.toml")]
    with (place / "log").open("w") as log, Child("entrepot", command, stdout=log, stderr=log) as child:
        began = time.monotonic()
        child.until_listening(port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        once(connection, Ask("", "/api/v1/key", shown.live))
        took_ms = (time.monotonic() - began) * 1000
        starts.append(Took(took_ms, took_ms, took_ms, child.cpu_s() * 1000))
        yield connection, child
        connection.close()


def _table(small: Size, large: Size, engine: str, few: Figures, many: Figures) -> Table:
    crowd = f"{large.keys:,} keys and {large.models:,} models, {large.days} days, {engine}"
    table = Table("ms: median / p95 / first / CPU", f"{small.all:,} generations", f"{large.all:,}", "ratio", title=crowd)
    for name, before in few.askings.items():
        after = many.askings[name]
        slow = after.median > before.median * _FURTHER and after.median - before.median > _NOTICED_MS
        ratio, wrong = f"{after.median / before.median:.2f}", slow or after.p95 > after.limit_ms
        table.add_row(name, before.shown, after.shown, f"{ratio} !" if wrong else ratio, style="red" if wrong else "")
    for name, figure in few.told.items():
        table.add_row(name, f"{figure:,.1f}", f"{many.told[name]:,.1f}", "")
    return table


if __name__ == "__main__":
    sys.exit(main())
