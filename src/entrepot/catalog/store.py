"""Imported models in the database."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from entrepot.catalog.rows import Row, to_model, to_row
from entrepot.storage.database import Database, Table
from entrepot.values.model import Model

_MODELS = Table("catalog_models", (("id", "text"), ("body", "text"), ("source", "text"), ("imported_ms", "bigint")))
_ANEW = "ON CONFLICT (id) DO UPDATE SET body = excluded.body, source = excluded.source, imported_ms = excluded.imported_ms"


def imported_models(db: Database) -> list[Model]:
    decode = msgspec.json.Decoder(Row).decode
    return [to_model(decode(body)) for (body,) in db.execute("SELECT body FROM catalog_models ORDER BY id")]


def revision(db: Database) -> int:
    """A number that grows with every import."""
    found = db.execute("SELECT max(imported_ms) FROM catalog_models").fetchone()
    return int(found[0] or 0) if found else 0


def save_models(db: Database, models: Iterable[Model], source: str, now_ms: int) -> None:
    """All or none. The revision grows even when the clock went back."""
    bodies = [(model.id, msgspec.json.encode(to_row(model)).decode(), source) for model in models]
    with db.transaction(alone="catalog"):
        imported_ms = max(now_ms, revision(db) + 1)
        db.insert(_MODELS, [(*body, imported_ms) for body in bodies], _ANEW)
