"""A database by its URL."""

from __future__ import annotations

from pathlib import Path

from entrepot.storage import postgresql, sqlite
from entrepot.storage.database import Database

POSTGRESQL = ("postgresql://", "postgres://")


def open_database(url: str, synchronous: str = "normal") -> Database:
    """url  `sqlite:///PATH` or `postgresql://user@host/db`. raises StorageAway"""
    if url.startswith(POSTGRESQL):
        return postgresql.connect(url, synchronous=synchronous)
    return sqlite.connect(Path(url.removeprefix("sqlite:///")), synchronous=synchronous)
