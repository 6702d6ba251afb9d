"""A database by its URL."""

from __future__ import annotations

from pathlib import Path

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


def _postgresql(url: str) -> Database:
    try:
        from entrepot.storage import postgresql
    except ImportError as error:
        remedy = "Install it: python -m pip install 'entrepot[postgres]'"
        raise StorageAway(f"PostgreSQL needs a package that is not installed: {error}.", remedy=remedy) from None
    return postgresql.connect(url)
