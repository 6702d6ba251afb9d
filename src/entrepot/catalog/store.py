"""Imported models in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from entrepot.catalog.rows import Row, to_model, to_row
from entrepot.values.model import Model


def imported_models(db: sqlite3.Connection) -> list[Model]:
    decode = msgspec.json.Decoder(Row).decode
    return [to_model(decode(body)) for (body,) in db.execute("SELECT body FROM catalog_models ORDER BY id")]


def save_models(db: sqlite3.Connection, models: Iterable[Model], source: str, now_ms: int) -> None:
    """All or none."""
    rows = [(model.id, msgspec.json.encode(to_row(model)).decode(), source, now_ms) for model in models]
    db.execute("BEGIN IMMEDIATE")
    try:
        db.executemany("INSERT OR REPLACE INTO catalog_models VALUES (?, ?, ?, ?)", rows)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
