"""What the audit log speaks of, as a person reads it: a short hash with the name of the key, the slug of the workspace."""

from __future__ import annotations

from entrepot.identity.store import name_of
from entrepot.ledger.workspaces import slug_by_id
from entrepot.storage.database import Database

_SHORT = 12


def named(db: Database, subject: str) -> str:
    kind, _, rest = subject.partition("/")
    if kind == "key":
        name = name_of(db, rest)
        return f"key {rest[:_SHORT]}" + (f" ({name})" if name else "")
    whose, _, more = rest.partition("/")
    slug = "everybody" if whose == "*" else slug_by_id(db, whose) or whose
    if kind == "price":
        return f"price of {'every model' if more in ('', '*') else more} for {slug}"
    return f"{kind} {slug}" + (f"/{more}" if more else "")
