"""`entrepot doctor`: is everything well here, and what would mend what is not?"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from rich.markup import escape

from entrepot import __version__
from entrepot.cli.common import CONFIGURATION, FAILED, Json, Place, out, print_json, store
from entrepot.cli.here import running_here
from entrepot.cli.offered import offered
from entrepot.cli.typed import as_typed_here
from entrepot.errors import GatewayError
from entrepot.identity.store import count_keys
from entrepot.payments import rules
from entrepot.server import CannotListen, bind, raise_file_limit
from entrepot.settings import BadSettings, Settings
from entrepot.storage.database import Database, UnknownSchema
from entrepot.upstream.client import Client

_LEAST_DISK = 200 * 2**20
_LEAST_FILES = 4096
_MOST_NAMED = 5
_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "wrong": "[red]✗[/]"}


class Finding(msgspec.Struct, frozen=True):
    """`note` can be lived with; `wrong` keeps the server from working. `remedy` is what to do."""

    about: str
    state: Literal["ok", "note", "wrong"]
    detail: str
    remedy: str = ""


def doctor(*, json: Json = False, place: Place = Place()) -> int:
    """Check configuration, storage, providers, port and disk, and say how to mend what is wrong."""
    try:
        settings = place.settings()
    except BadSettings as error:
        found = [
            Finding("configuration", "wrong", problem, "Correct entrepot.toml or the environment.") for problem in error.problems
        ]
        _tell(found, as_json=json)
        return CONFIGURATION
    found = [Finding("configuration", "ok", f"version {__version__}, data in {Path(settings.data_dir).resolve()}")]
    found += [*_disk(settings), *_storage(settings), *_catalogue(settings), *_port(settings), *_limits()]
    _tell(found, as_json=json)
    return FAILED if any(finding.state == "wrong" for finding in found) else 0


def _tell(found: list[Finding], *, as_json: bool) -> None:
    if as_json:
        print_json({"well": all(finding.state != "wrong" for finding in found), "findings": found})
        return
    for finding in found:
        out.print(f"{_MARKS[finding.state]} [bold]{finding.about:<14}[/] {escape(finding.detail)}")
        if finding.remedy:
            out.print(f"  {'':<14} [dim]{escape(as_typed_here(finding.remedy))}[/]")


def _disk(settings: Settings) -> Iterator[Finding]:
    """Looks without making anything: the first folder that is there decides."""
    folder = Path(settings.data_dir).resolve()
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Finding("disk", "wrong", f"{folder} cannot be written", "Give another --data-dir, or the right to write there.")
        return
    free = shutil.disk_usage(folder).free
    if free < _LEAST_DISK:
        remedy = "Free some, give another --data-dir, or set storage.retention_days."
        yield Finding("disk", "wrong", f"{free >> 20} MiB free", remedy)
    else:
        yield Finding("disk", "ok", f"{free / 2**30:.1f} GiB free")


def _storage(settings: Settings) -> Iterator[Finding]:
    path = settings.database_path
    if path is not None and not path.exists():
        yield Finding("storage", "note", "no database yet", "`entrepot serve` makes it at its first start.")
        return
    try:
        with store(settings) as db:
            sound = _soundness(db)
            count = count_keys(db)
            stopped = rules.stopped(db)
    except (GatewayError, UnknownSchema) as error:
        remedy = error.remedy if isinstance(error, GatewayError) else None
        yield Finding("storage", "wrong", str(error), remedy or "")
        return
    if sound != "ok":
        yield Finding("storage", "wrong", f"the database is damaged: {sound}", "Restore it from a backup.")
        return
    yield Finding("storage", "ok", f"{path}, {path.stat().st_size >> 10:,} KiB" if path else f"PostgreSQL at {db.place}")
    if count:
        yield Finding("keys", "ok", f"{count:,}")
    else:
        yield Finding("keys", "note", "none", "`entrepot keys create --name NAME` makes one.")
    if stopped:
        names = ", ".join(rule.workspace for rule in stopped[:_MOST_NAMED]) + (", …" if len(stopped) > _MOST_NAMED else "")
        remedy = "`entrepot credit show WORKSPACE` says why; it goes on when somebody sets it again."
        yield Finding("top-ups", "note", f"automatic top-up has stopped for {len(stopped)}: {names}", remedy)


def _soundness(db: Database) -> str:
    """ "ok", or what is wrong. PostgreSQL looks after its files itself."""
    if db.engine == "postgresql":
        return "ok"
    found = db.execute("PRAGMA quick_check(1)").fetchone()
    return str(found[0]) if found else "nothing came back"


def _catalogue(settings: Settings) -> Iterator[Finding]:
    try:
        providers, catalog = asyncio.run(offered(settings))
    except BadSettings as error:
        for problem in error.problems:
            yield Finding("configuration", "wrong", problem, "Correct entrepot.toml.")
        return
    except (GatewayError, UnknownSchema) as error:
        yield Finding("catalogue", "wrong", str(error))
        return
    on = [configured for configured in providers.values() if not configured.off_reason]
    serving = sum(endpoint.on for endpoint in catalog.all_endpoints())
    yield Finding("catalogue", "ok", f"{len(catalog.models)} models, {serving} endpoints on")
    if on:
        yield Finding("providers", "ok", ", ".join(configured.provider.name for configured in on))
    else:
        remedy = "Set a provider's variable, as OPENAI_API_KEY; `entrepot providers list` names them. Test keys need none."
        yield Finding("providers", "note", f"none of {len(providers)} is on", remedy)


def _port(settings: Settings) -> Iterator[Finding]:
    server = settings.server
    running = asyncio.run(_running(settings))
    if running is not None:
        yield Finding("server", "ok", f"running at {running}")
        return
    try:
        bind(server.host, server.port).close()
    except CannotListen as error:
        yield Finding("port", "wrong", str(error))
    else:
        yield Finding("server", "ok", f"not running; port {server.port} of {server.host} is free")


async def _running(settings: Settings) -> str | None:
    async with Client(settings.upstream) as client:
        return await running_here(client, settings)


def _limits() -> Iterator[Finding]:
    files = raise_file_limit()
    if 0 < files < _LEAST_FILES:
        remedy = f"Raise it (ulimit -Hn, LimitNOFILE=) to {_LEAST_FILES} or more for many streams at once."
        yield Finding("open files", "note", f"at most {files}", remedy)
