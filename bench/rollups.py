"""What statistics cost: CPU of this process and of the database for a record, in batches of 500 as at 1,000 requests a second.

python -m bench rollups [--engine sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.processes import cpu_of
from entrepot.records import store
from entrepot.records.rollups import Rollups
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, attempt, generation, usage
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id

_BATCH = 500
_ADDED_EVERY = 60
_PAIRS = 6
Pair = tuple[tuple[float, float], ...]
_MODELS, _KEYS, _WORKSPACES, _APPS = 15, 50, 10, 10


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench rollups", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    engine = parser.parse_args().engine
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entrepot-bench-")))
        dbs = [stack.enter_context(contextlib.closing(open_database(url))) for url in _urls(stack, engine, folder)]
        for db in dbs:
            db.migrate()
        _show(engine, _measured(dbs, _servers_cpu if engine == "postgresql" else lambda: 0.0))
    return 0


def _urls(stack: contextlib.ExitStack, engine: str, folder: Path) -> list[str]:
    """Of one database without statistics, and of one with them."""
    if engine == "sqlite":
        return [f"sqlite:///{folder / name}" for name in ("without.db", "with.db")]
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from postgres_server import PostgresServer

    server = stack.enter_context(PostgresServer())
    return [server.database(), server.database()]


def _measured(dbs: Sequence[Database], server_s: Callable[[], float]) -> list[Pair]:
    """us a record without statistics and with them, one after the other: others on the machine slow down both."""
    dice, found = random.Random(1), list[Pair]()
    rollups = Rollups(dbs[1], "bench", 0, lambda: NOW_MS)
    for _ in range(_PAIRS):
        spent = [(0.0, 0.0), (0.0, 0.0)]
        for at in range(1, _ADDED_EVERY + 1):
            for number in (0, 1) if at % 2 else (1, 0):
                # Made just before it is written, as by a server: what lies in memory for long is read slowly.
                rows = [(one, msgspec.json.encode(one)) for one in _batch(dice)]
                began, server = time.process_time(), server_s()
                store.insert(dbs[number], rows, rollups.note if number else lambda _: None)
                if number and at == _ADDED_EVERY:
                    rollups.add()
                own, theirs = spent[number]
                spent[number] = (own + time.process_time() - began, theirs + server_s() - server)
        each = 1e6 / (_BATCH * _ADDED_EVERY)
        found.append(tuple((own * each, theirs * each) for own, theirs in spent))
    return found


def _batch(dice: random.Random) -> list[Generation]:
    """Few models and keys have most of it."""
    return [
        _one(dice, min(int(dice.paretovariate(1)) - 1, _MODELS - 1), min(int(dice.paretovariate(1)) - 1, _KEYS - 1))
        for _ in range(_BATCH)
    ]


def _one(dice: random.Random, model_number: int, key: int) -> Generation:
    model, provider = f"author/model-{model_number}", dice.choice(("openai", "azure"))
    endpoint = f"{model}@{provider}"
    return generation(
        generation_id(NOW_MS, dice.randbytes(16)),
        key_hash=f"{key:064x}",
        workspace=f"w{key % _WORKSPACES}",
        model=model,
        provider=provider,
        endpoint=endpoint,
        usage=usage(dice.randrange(5000), dice.randrange(900)),
        streamed=True,
        first_byte_ms=dice.lognormvariate(6, 0.5),
        generation_ms=dice.lognormvariate(8, 0.5),
        http_referer=f"https://app{key % _APPS}.example",
        app_title="App",
        attempts=(attempt(endpoint=endpoint, provider=provider),),
    )


def _servers_cpu() -> float:
    return sum(cpu_of(int(path.name)) for path in Path("/proc").glob("[0-9]*") if _is_postgres(path))


def _is_postgres(path: Path) -> bool:
    try:
        return (path / "comm").read_text().startswith("postgres")
    except OSError:
        return False


def _show(engine: str, found: list[Pair]) -> None:
    table = Table(
        *(f"us a record, {engine}", "without", "with", "statistics", "least"),
        title=f"{len(found)} pairs of {_ADDED_EVERY} batches of {_BATCH}, whose sums are added at the end",
    )
    for place, name in enumerate(("this process", "the database")):
        without, with_them = [pair[0][place] for pair in found], [pair[1][place] for pair in found]
        if any(with_them):
            more = statistics.median(mine - other for mine, other in zip(with_them, without, strict=True))
            figures = statistics.median(without), statistics.median(with_them), more, min(with_them) - min(without)
            table.add_row(name, *(f"{figure:.1f}" for figure in figures))
    Console(width=None if sys.stdout.isatty() else 100).print(table)


if __name__ == "__main__":
    sys.exit(main())
