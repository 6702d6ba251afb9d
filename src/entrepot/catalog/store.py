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


def revision(db: sqlite3.Connection) -> int:
    """A number that grows with every import."""
    (number,) = db.execute("SELECT coalesce(max(imported_ms), 0) FROM catalog_models").fetchone()
    return int(number)


def save_models(db: sqlite3.Connection, models: Iterable[Model], source: str, now_ms: int) -> None:
    """All or none. The revision grows even when the clock went back."""
    bodies = [(model.id, msgspec.json.encode(to_row(model)).decode(), source) for model in models]
    db.execute("BEGIN IMMEDIATE")
    try:
        imported_ms = max(now_ms, revision(db) + 1)
        rows = [(*body, imported_ms) for body in bodies]
        db.executemany("INSERT OR REPLACE INTO catalog_models VALUES (?, ?, ?, ?)", rows)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
