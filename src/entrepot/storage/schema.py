"""Migrations: SQL files in order, one folder for each engine with the same numbers, each applied once and never changed."""

from __future__ import annotations

import hashlib
import importlib.resources
from collections.abc import Callable

from entrepot.storage.database import Database, EngineName, UnknownSchema

ELSEWHERE = {
    "sqlite": "or give another --data-dir.",
    "postgresql": "or give another storage.url.",
}


def migrations(engine: EngineName) -> list[tuple[int, str, str]]:
    """Number, name and SQL of every migration, in order."""
    folder = importlib.resources.files("entrepot.storage") / _FOLDERS[engine]
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text(encoding="utf8")) for name in found]


def bring_up(db: Database, tables: list[str], run: Callable[[str], None]) -> int:
    """Inside a transaction that nobody else's migration runs beside. raises UnknownSchema

    tables  those there are
    run     runs a text of several statements
    """
    elsewhere = ELSEWHERE[db.engine]
    if tables and "schema_versions" not in tables:
        raise UnknownSchema(f"{db.place} is the database of another program. Move it away, {elsewhere}")
    if not tables:
        run(_VERSIONS[db.engine])
    done = {number: (name, digest) for number, name, digest in db.execute("SELECT number, name, digest FROM schema_versions")}
    known = migrations(db.engine)
    newer = sorted(set(done) - {number for number, _, _ in known})
    if newer:
        raise UnknownSchema(
            f"The database has schema {newer[-1]} ({done[newer[-1]][0]}), which this build, with {known[-1][0]}, does not know. "
            f"Run the newer version, {elsewhere}"
        )
    for number, name, sql in known:
        digest = hashlib.sha256(sql.encode()).hexdigest()
        if number not in done:
            run(sql)
            db.execute("INSERT INTO schema_versions (number, name, digest) VALUES (?, ?, ?)", (number, name, digest))
        elif done[number][1] != digest:
            raise UnknownSchema(
                f"Schema {number} of the database was made by another text of {name}. Run the version that made it, {elsewhere}"
            )
    return known[-1][0]


_FOLDERS = {"sqlite": "migrations", "postgresql": "migrations/postgresql"}
_VERSIONS = {
    "sqlite": "CREATE TABLE schema_versions (number INTEGER PRIMARY KEY, name TEXT, digest TEXT) STRICT;",
    "postgresql": "CREATE TABLE schema_versions (number INTEGER PRIMARY KEY, name TEXT, digest TEXT);",
}
