"""A database by its URL, and the ways to it that a process takes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from entrepot.settings import Settings
from entrepot.storage import sqlite
from entrepot.storage.database import Database, StorageAway

POSTGRESQL = ("postgresql://", "postgres://")


def open_database(url: str, synchronous: str = "normal") -> Database:
    """url  `sqlite:///PATH`, or `postgresql://user@host/db`, whose server knows itself what it waits for at a commit

    raises  StorageAway
    """
    if url.startswith(POSTGRESQL):
        return _postgresql(url)
    return sqlite.connect(Path(url.removeprefix("sqlite:///")), synchronous=synchronous)


def open_store(settings: Settings) -> Database:
    """The database at this build's schema. raises StorageAway, UnknownSchema, BadSettings"""
    db = open_database(settings.database_url, settings.storage.synchronous)
    try:
        db.migrate()
    except BaseException:
        db.close()
        raise
    return db


class Stores(msgspec.Struct, frozen=True):
    """One database by four ways, so that nobody waits for what another is doing.

    main      reads and writes
    watching  asks again and again what other processes did
    reading   sums, for those who wait for them
    behind    the same sums, made again before somebody asks
    """

    main: Database
    watching: Database
    reading: Database
    behind: Database


@contextlib.contextmanager
def open_stores(settings: Settings) -> Iterator[Stores]:
    """raises  as `open_store`"""
    with contextlib.ExitStack() as opened:
        main = open_store(settings)
        opened.callback(main.close)

        def sibling(*, mapped: bool) -> Database:
            db = main.sibling(read_only=True, mapped=mapped)
            opened.callback(db.close)
            return db

        yield Stores(main, watching=sibling(mapped=False), reading=sibling(mapped=True), behind=sibling(mapped=False))


def _postgresql(url: str) -> Database:
    try:
        from entrepot.storage import postgresql
    except ImportError as error:
        remedy = "Install it: python -m pip install 'entrepot[postgres]'"
        raise StorageAway(f"PostgreSQL needs a package that is not installed: {error}.", remedy=remedy) from None
    return postgresql.connect(url)
