"""The secret that keys are hashed with, the same for all servers on one database.

With SQLite it is the file `secret` in the data directory. With PostgreSQL it is in the database, so that a server needs nothing
but the URL; where there is such a file too, that one counts, and the database keeps its fingerprint only, to tell a wrong one.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from entrepot.identity.secrets import server_secret
from entrepot.storage.database import Database, UnknownSchema


def installation_secret(db: Database, data_dir: Path) -> bytes:
    """Made at the first start. raises OSError, ValueError, UnknownSchema for a database whose keys have another secret"""
    if db.engine == "sqlite":
        return server_secret(data_dir)
    own = server_secret(data_dir) if (data_dir / "secret").exists() else b""
    made = own or secrets.token_bytes(32)
    row = (1, b"" if own else made, _fingerprint(made))
    with db.transaction():
        db.execute("INSERT INTO installation (one, secret, fingerprint) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
        found = db.execute("SELECT secret, fingerprint FROM installation").fetchone()
    assert found is not None
    kept, fingerprint = found
    if own and _fingerprint(own) != fingerprint:
        raise UnknownSchema(
            f"The keys in the database at {db.place} were hashed with another secret than {data_dir / 'secret'}. "
            "Copy that file from the server that made them, or move this one away."
        )
    if not own and not kept:
        raise UnknownSchema(
            f"The keys in the database at {db.place} were hashed with a secret that is in a file. "
            f"Copy `secret` from the data directory of the server that made them into {data_dir}."
        )
    return own or bytes(kept)


def _fingerprint(secret: bytes) -> str:
    return hashlib.sha256(b"entrepot installation " + secret).hexdigest()
