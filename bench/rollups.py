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
from collections.abc import Callable
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
_ADDED_EVERY = 20
_BATCHES = 40
_ROUNDS = 7
_MODELS, _KEYS, _WORKSPACES, _APPS = 15, 50, 10, 10


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench rollups", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    engine = parser.parse_args().engine
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entrepot-bench-")))
        url = _url(stack, engine, folder)
        db = stack.enter_context(contextlib.closing(open_database(url)))
        db.migrate()
        _show(engine, *_measured(db, _servers_cpu if engine == "postgresql" else lambda: 0.0))
    return 0


def _url(stack: contextlib.ExitStack, engine: str, folder: Path) -> str:
    if engine == "sqlite":
        return f"sqlite:///{folder / 'entrepot.db'}"
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from postgres_server import PostgresServer

    return stack.enter_context(PostgresServer()).database()


def _measured(db: Database, server_s: Callable[[], float]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """us a record of this process and of the server, without statistics and with them, by turns."""
    dice = random.Random(1)
    found: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for _ in range(_ROUNDS):
        for number in (0, 1):
            rollups, own, server = Rollups(db, "bench", 0, lambda: NOW_MS), 0.0, server_s()
            for at in range(1, _BATCHES + 1):
                # Made just before it is written, as by a server: what lies in memory for long is read slowly.
                rows = [(one, msgspec.json.encode(one)) for one in _batch(dice)]
                began = time.process_time()
                store.insert(db, rows, rollups.note if number else lambda _: None)
                if number and at % _ADDED_EVERY == 0:
                    rollups.add()
                own += time.process_time() - began
            per_record = 1e6 / (_BATCH * _BATCHES)
            found[number].append((own * per_record, (server_s() - server) * per_record))
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


def _show(engine: str, without: list[tuple[float, float]], with_them: list[tuple[float, float]]) -> None:
    table = Table(
        f"us a record, {engine}", "without", "with", "statistics", title=f"Batches of {_BATCH}, sums added every {_ADDED_EVERY}"
    )
    for place, name in enumerate(("this process", "the database")):
        plain, more = (statistics.median(one[place] for one in rounds) for rounds in (without, with_them))
        if plain or more:
            table.add_row(name, f"{plain:.1f}", f"{more:.1f}", f"{more - plain:.1f}")
    Console(width=None if sys.stdout.isatty() else 100).print(table)


if __name__ == "__main__":
    sys.exit(main())
