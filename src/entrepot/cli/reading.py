"""The database of a gateway that was started before: whoever only looks makes none, where a folder's name was mistyped."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator

import msgspec
from rich.markup import escape

from entrepot.cli.common import Failure, Place, err, store
from entrepot.cli.typed import command_here
from entrepot.settings import Settings
from entrepot.storage.database import Database


@contextlib.contextmanager
def reading(place: Place) -> Iterator[Database]:
    """The database. raises Failure, when there is none; StorageAway, UnknownSchema"""
    settings = place.settings()
    must_be_there(place, settings)
    with store(settings) as db:
        yield db


@contextlib.contextmanager
def passing(place: Place, settings: Settings) -> Iterator[Settings]:
    """For what need not be kept: where there is no database, of a folder that is gone afterwards, and that is said."""
    if not is_new(settings):
        yield settings
        return
    told = f"there is no database {settings.database_path} yet, and nothing of this is kept."
    err.print(f"[yellow]note:[/] {escape(told)} {_remedy(place, settings)}")
    with tempfile.TemporaryDirectory(prefix="entrepot-", ignore_cleanup_errors=True) as folder:
        yield msgspec.structs.replace(settings, data_dir=folder, storage=msgspec.structs.replace(settings.storage, url=""))


def must_be_there(place: Place, settings: Settings, otherwise: str = "") -> None:
    """raises Failure, when there is no database; `otherwise` is another way than those that make it or find it"""
    if is_new(settings):
        raise Failure(f"There is no database {settings.database_path}. {_remedy(place, settings)}{otherwise}")


def is_new(settings: Settings) -> bool:
    """Whether nothing was ever kept there. Of a PostgreSQL database its server knows."""
    path = settings.database_path
    return path is not None and not path.exists()


def say_when_new(place: Place, settings: Settings) -> None:
    """For what can be told without a database: then it is of a gateway that is still to be started."""
    if is_new(settings):
        err.print(f"[yellow]note:[/] there is no database {settings.database_path} yet. {_remedy(place, settings)}", markup=True)


def _remedy(place: Place, settings: Settings) -> str:
    return f"`{command_here(place.config, settings).typed('serve')}` makes it; --data-dir names another place."
