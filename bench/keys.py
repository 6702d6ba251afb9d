"""A server with a great many keys: its start, its memory, what each look costs, and when a revocation is seen.

python -m bench.keys [COUNT]
"""

from __future__ import annotations

import http.client
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.processes import Child, free_port
from entrepot.identity import store
from entrepot.identity.keyring import KeyRing
from entrepot.identity.secrets import key_hash, server_secret
from entrepot.storage.sqlite import connect

COUNT = 1_000_000
FEW = 1_000
_OURS = 2_000
"""Keys among them whose text is known, because they were made and not invented."""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    progress = Console(stderr=True)
    table = Table("", f"{FEW:,} keys", f"{count:,} keys", title="A server with many keys, on this machine")
    with tempfile.TemporaryDirectory(prefix="entrepot-bench-") as folder, progress.status("") as status:
        figures = []
        for number in (FEW, count):
            status.update(f"{number:,} keys: making them")
            place = Path(folder) / str(number)
            keys = fill(place, number)
            status.update(f"{number:,} keys: measuring")
            figures.append(looked_up(place, keys) | served(place, keys[0]))
    few, many = figures
    for row, figure in few.items():
        table.add_row(row, f"{figure:,.2f}", f"{many[row]:,.2f}")
    Console().print(table)
    return 0


def fill(place: Path, count: int) -> list[str]:
    """A data directory with so many keys; gives those that can be shown."""
    secret = server_secret(place)
    db = connect(place / "entrepot.db")
    db.migrate()
    store.ensure_workspace(db, 1)
    dice = random.Random(count)
    db.execute("BEGIN")
    ours = [store.create_key(db, secret, name="known", kind="live", now_ms=1)[0] for _ in range(min(_OURS, count))]
    db.executemany(
        "INSERT INTO keys (hash, name, kind, label, workspace, created_ms, revision) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (dice.randbytes(32).hex(), f"key number {number}", "live", "sk-ep-abc...xyz", "default", number, number + 1)
            for number in range(len(ours), count)
        ),
    )
    db.execute("COMMIT")
    db.close()
    return ours


def looked_up(place: Path, keys: list[str]) -> dict[str, float]:
    """In this process: the ring alone."""
    watching = connect(place / "entrepot.db", read_only=True, mapped=False)
    began = time.process_time()
    ring = KeyRing(watching, server_secret(place), lambda: 1)
    while ring.read_on():
        pass
    loaded_s = time.process_time() - began
    shown = [f"Bearer {key}" for key in keys]
    figures = {
        "CPU s to read them": loaded_s,
        "us at first sight": _us_each(ring.authenticate, shown),
        "us when seen before": _us_each(ring.authenticate, shown * 50),
    }
    watching.close()
    return figures


def served(place: Path, key: str) -> dict[str, float]:
    """The whole server, from its start to the moment it refuses a key that another process has disabled."""
    port = free_port()
    command = [sys.executable, "-m", "entrepot", "serve", "--port", str(port), "--data-dir", str(place)]
    with (place / "log").open("w") as log, Child("entrepot", command, stdout=log, stderr=log) as child:
        began = time.monotonic()
        child.until_listening(port)
        assert _status(port, key) == 200
        started_s = time.monotonic() - began
        rest = child.rss_mib()
        revoked_s = _revoke(place, port, key)
    return {"s until it answers": started_s, "MiB of the server": rest, "s until a revocation is seen": revoked_s}


def _revoke(place: Path, port: int, key: str) -> float:
    db = connect(place / "entrepot.db")
    found = store.find_key(db, key_hash(key, server_secret(place)))
    store.update_key(db, msgspec.structs.replace(found, disabled=True), 2)
    began = time.monotonic()
    while _status(port, key) == 200:
        time.sleep(0.02)
    db.close()
    return time.monotonic() - began


def _status(port: int, key: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/key", headers={"Authorization": f"Bearer {key}"})
    status = connection.getresponse().status
    connection.close()
    return status


def _us_each(look: Callable[[str], object], shown: list[str]) -> float:
    began = time.process_time()
    for header in shown:
        look(header)
    return (time.process_time() - began) / len(shown) * 1e6


if __name__ == "__main__":
    sys.exit(main())
