"""A store with the traffic of months beside a nearly empty one: its start, requests, what was used, a statement, lists and pages.

python -m bench filled [--generations N] [--keys N] [--models N] [--days N] [--engine sqlite|postgresql] [--keep FOLDER]

The workspace that is asked about has the same 1,000 calls in both. Each figure is the median of 30 askings, one after another.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bench.filling import OWN_CALLS, Shown, Size, fill, model_name
from bench.processes import Child, free_port
from entrepot.ledger.books import balance_at, entries
from entrepot.ledger.verify import verify
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database

_TIMES = 30
_WARM = 5
_LIMIT_MS = 200.0
_DAY_MS = 86_400_000
_TESTS = Path(__file__).parents[1] / "tests"


class Ask(msgspec.Struct, frozen=True):
    name: str
    path: str
    key: str = ""
    body: bytes = b""


def main() -> int:
    asked = _arguments()
    size = Size(asked.generations, asked.keys, asked.models, asked.days)
    console, now_ms = Console(width=None if sys.stdout.isatty() else 120), int(time.time() * 1000)
    with contextlib.ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entrepot-bench-")))
        url_of = urls(stack, asked.engine, folder)
        sizes = {"few": msgspec.structs.replace(size, generations=0, keys=0), "many": size}
        # Both are filled before either is measured, so that they are measured in the same few minutes.
        filled = [_filled(folder / name, url_of(name), of, now_ms) for name, of in sizes.items()]
        few, many = (_measured(store, now_ms) for store in filled)
        table = Table(
            "ms, median", f"{OWN_CALLS:,} generations", f"{size.generations + OWN_CALLS:,}", "ratio", title=_title(asked)
        )
        for name, figure in few.items():
            other = many[name]
            slow = other > figure * 1.2 and other - figure > 1 and "s " not in name
            table.add_row(
                name, f"{figure:,.2f}", f"{other:,.2f}", f"{other / figure:.2f}" if figure else "", style="red" if slow else ""
            )
        console.print(table)
        if asked.keep:
            console.print(f"Kept: entrepot serve --data-dir {folder / 'many'}", highlight=False)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench filled", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--generations", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the stores there")
    return parser.parse_args()


def _title(asked: argparse.Namespace) -> str:
    crowd = f"{asked.generations:,} generations of {asked.keys:,} keys and {asked.models:,} models"
    return f"{crowd} in {asked.days} days, {asked.engine}"


def urls(stack: contextlib.ExitStack, engine: str, folder: Path) -> Callable[[str], str]:
    if engine == "sqlite":
        return lambda name: f"sqlite:///{folder / name / 'entrepot.db'}"
    sys.path.append(str(_TESTS))
    from postgres_server import PostgresServer

    server = stack.enter_context(PostgresServer())
    return lambda name: server.database()


class Filled(msgspec.Struct, frozen=True):
    place: Path
    url: str
    shown: Shown
    took_s: float


def _filled(place: Path, url: str, size: Size, now_ms: int) -> Filled:
    place.mkdir(parents=True)
    began = time.monotonic()
    with contextlib.closing(open_database(_patient(url))) as db, _progress() as progress:
        task = progress.add_task(f"{size.generations + OWN_CALLS:,} generations", total=size.generations + OWN_CALLS)
        shown = fill(db, place, size, now_ms, lambda more: progress.advance(task, more))
    (place / "entrepot.toml").write_text(f'[storage]\nurl = "{url}"\n[sandbox]\ntokens_per_s = 0\nfirst_token_s = 0\n')
    return Filled(place, url, shown, time.monotonic() - began)


def _patient(url: str) -> str:
    """What takes long here takes long once; a server's statements end after half a minute."""
    return url if url.startswith("sqlite") else f"{url}%20-cstatement_timeout%3D0"


def _measured(store: Filled, now_ms: int) -> dict[str, float]:
    with contextlib.closing(open_database(_patient(store.url))) as db:
        alone = _alone(db, now_ms)
    return {"s to fill": store.took_s} | alone | _served(store.place, store.shown)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), refresh_per_second=1)


def _alone(db: Database, now_ms: int) -> dict[str, float]:
    """In this process: the books."""
    month_ms = now_ms - 30 * _DAY_MS

    def statement() -> None:
        balance_at(db, "credit", "default", month_ms)
        entries(db, "credit", "default", month_ms, now_ms)

    began = time.monotonic()
    wrong = [f"{finding.what}: {finding.wrong[0]}" for finding in verify(db, all_days=True) if finding.wrong]
    if wrong:
        raise SystemExit(f"The books are wrong. {'; '.join(wrong)}")
    return {"s of ledger verify": time.monotonic() - began, "statement of a month": _median_ms(statement)}


def _served(place: Path, shown: Shown) -> dict[str, float]:
    port = free_port()
    command = [sys.executable, "-m", "entrepot", "serve", "--port", str(port), "--data-dir", str(place)]
    command += ["--config", str(place / "entrepot.toml")]
    with (place / "log").open("w") as log, Child("entrepot", command, stdout=log, stderr=log) as child:
        began = time.monotonic()
        child.until_listening(port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        _once(connection, Ask("", "/api/v1/key", shown.live))
        figures = {"s to start": time.monotonic() - began}
        for ask in _asks(shown):
            figures[ask.name] = _median_ms(lambda ask=ask: _once(connection, ask))
        figures["MiB of the server"] = child.rss_mib()
        connection.close()
    return figures


def _asks(shown: Shown) -> Iterator[Ask]:
    said = {"model": model_name(0), "max_tokens": 16, "messages": [{"role": "user", "content": "Hello"}]}
    yield Ask("a request", "/api/v1/chat/completions", shown.test, json.dumps(said).encode())
    yield Ask("GET /key", "/api/v1/key", shown.live)
    yield Ask("GET /activity of a workspace", "/api/v1/activity?workspace_id=default", shown.management)
    yield Ask("GET /activity of a key", f"/api/v1/activity?api_key_hash={shown.live_hash}", shown.management)
    query = {
        "metrics": ["total_usage"],
        "dimensions": ["model"],
        "filters": [{"field": "workspace", "operator": "eq", "value": "default"}],
    }
    yield Ask("POST /analytics/query", "/api/v1/analytics/query", shown.management, json.dumps(query).encode())
    yield Ask("GET /models", "/api/v1/models")
    yield Ask("GET /models by popularity", "/api/v1/models?sort=most-popular")
    yield Ask("GET /models by latency", "/api/v1/models?sort=latency-low-to-high")
    yield Ask("GET endpoints of a model", f"/api/v1/models/{model_name(0)}/endpoints", shown.live)
    yield Ask("GET /datasets/app-rankings", "/api/v1/datasets/app-rankings", shown.live)
    for page in ("", "/providers", "/performance", "/activity", "/apps", "/uptime"):
        yield Ask(f"page of a model{page}", f"/{model_name(0)}{page}")
    yield Ask("page /models", "/models")
    yield Ask("page /rankings", "/rankings")


def _once(connection: http.client.HTTPConnection, ask: Ask) -> None:
    headers = {"Authorization": f"Bearer {ask.key}"} if ask.key else {}
    connection.request("POST" if ask.body else "GET", ask.path, ask.body or None, headers | {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{ask.path} answered {answer.status}: {body[:300]!r}")


def _median_ms(work: Callable[[], object]) -> float:
    taken = []
    for number in range(_WARM + _TIMES):
        began = time.perf_counter()
        work()
        if number >= _WARM:
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())
