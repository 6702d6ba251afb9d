"""Every engine does the same for the rooms above it."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from entrepot.identity import store as keys
from entrepot.storage.database import Database, Refused, Table, UnknownSchema, Violation
from entrepot.storage.engines import open_database
from entrepot.storage.schema import migrations

FIGURES = (
    "requests",
    "errors",
    "cancelled",
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cost_nano",
    "cache_discount_nano",
    "upstream_cost_nano",
)
RESPONSES = Table(
    "responses",
    (
        ("id", "text"),
        ("key_hash", "text"),
        ("created_ms", "bigint"),
        ("previous_id", "text"),
        ("input", "bytea"),
        ("body", "bytea"),
    ),
)


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        yield opened


def started(url: str) -> int:
    with contextlib.closing(open_database(url)) as opened:
        return opened.migrate()


def test_all_that_start_at_once_come_up_with_the_same_schema(store_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(started, [store_url] * 6))) == 1
    with contextlib.closing(open_database(store_url)) as opened:
        numbers = [number for (number,) in opened.execute("SELECT number FROM schema_versions ORDER BY number")]
    assert numbers == [number for number, _, _ in migrations(opened.engine)]


def test_both_engines_have_the_same_migrations() -> None:
    assert [name for _, name, _ in migrations("sqlite")] == [name for _, name, _ in migrations("postgresql")]


@pytest.mark.parametrize(
    "change", ["INSERT INTO schema_versions VALUES (9999, 'x', 'y')", "UPDATE schema_versions SET digest = 'z'"]
)
def test_an_unknown_schema_is_refused(db: Database, change: str) -> None:
    db.execute(change)
    with pytest.raises(UnknownSchema):
        db.migrate()


def test_the_database_of_another_program_is_left_alone(store_url: str) -> None:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.execute("CREATE TABLE keys (mine INTEGER)")
        with pytest.raises(UnknownSchema, match="another program"):
            opened.migrate()
        assert opened.execute("SELECT * FROM keys").fetchall() == []


def test_rows_of_every_kind_come_back_as_they_went_in(db: Database) -> None:
    rows = [(f"r{n:03}", "k", n, None if n % 2 else "r000", bytes([n % 256, 0]), "ünï".encode()) for n in range(150)]
    assert db.insert(RESPONSES, rows) == []
    assert db.execute("SELECT * FROM responses ORDER BY id").fetchall() == rows
    again = db.insert(RESPONSES, [rows[0], ("new", *rows[0][1:])], "ON CONFLICT (id) DO NOTHING RETURNING id")
    assert again == [("new",)]
    assert db.insert(RESPONSES, []) == []


def test_sums_are_whole_numbers(db: Database) -> None:
    db.insert(RESPONSES, [(f"r{n}", "k", 2**60, None, b"", b"") for n in range(3)])
    (total,) = db.execute("SELECT sum(created_ms) FROM responses").fetchone() or ()
    assert total == 3 * 2**60 and isinstance(total, int)


def test_a_transaction_is_all_or_nothing_and_one_inside_is_a_part_of_it(db: Database) -> None:
    keys.ensure_workspace(db, 1)
    with contextlib.suppress(KeyError), db.transaction():
        with db.transaction(alone="x"):
            db.execute("UPDATE workspaces SET name = 'other'")
        raise KeyError
    assert db.execute("SELECT name FROM workspaces").fetchall() == [("Default",)]
    assert db.execute("UPDATE workspaces SET name = 'third'").rowcount == 1


def test_what_a_constraint_forbids_is_told_from_a_mistake(db: Database) -> None:
    keys.ensure_workspace(db, 1)
    with pytest.raises(Violation):
        db.execute("INSERT INTO workspaces (id, name, created_ms) VALUES ('default', 'x', 1)")
    with pytest.raises(Refused) as caught:
        db.execute("SELECT * FROM nothing")
    assert not isinstance(caught.value, Violation)
    assert db.execute("SELECT 1").fetchone() == (1,)


def test_those_that_are_to_be_alone_go_one_after_another(db: Database, store_url: str) -> None:
    def add(_: int) -> None:
        with contextlib.closing(open_database(store_url)) as other:
            for _ in range(5):
                with other.transaction(alone="count"):
                    (count,) = other.execute("SELECT created_ms FROM workspaces").fetchone() or ()
                    other.execute("UPDATE workspaces SET created_ms = ?", (count + 1,))

    keys.ensure_workspace(db, 0)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, range(3)))
    assert db.execute("SELECT created_ms FROM workspaces").fetchone() == (15,)


def test_a_snapshot_does_not_see_what_comes_meanwhile(db: Database) -> None:
    keys.ensure_workspace(db, 1)
    other = db.sibling()
    with db.snapshot():
        before = db.execute("SELECT count(*) FROM responses").fetchone()
        writer = threading.Thread(target=other.insert, args=(RESPONSES, [("r", "k", 1, None, b"", b"")]))
        writer.start()
        writer.join()
        assert db.execute("SELECT count(*) FROM responses").fetchone() == before == (0,)
    assert db.execute("SELECT count(*) FROM responses").fetchone() == (1,)
    other.close()


def test_a_text_with_nul_finds_nothing_and_breaks_nothing(db: Database) -> None:
    assert db.execute("SELECT 1 FROM responses WHERE id = ?", ("a\0b",)).fetchone() is None
    db.insert(RESPONSES, [("a\0b", "k", 1, None, b"\0", b"")])
    assert db.execute("SELECT input FROM responses").fetchall() == [(b"\0",)]


@pytest.mark.parametrize("text", ["", "NULL", "null", "{}", '{"a", b}', "a\\b\\", '"', "a,b", " \t\r\n", "\0", "ü€😀", "'"])
def test_what_many_rows_add_to_is_kept_letter_for_letter(db: Database, text: str) -> None:
    rows = [(text, "k", -(2**63), None, bytes(range(256)), text.encode()), ("z" + text, text, 2**63 - 1, text, b"", b"\\x")]
    tail = "ON CONFLICT (id) DO UPDATE SET created_ms = excluded.created_ms RETURNING created_ms"
    assert db.insert(RESPONSES, rows, tail) == [(-(2**63),), (2**63 - 1,)]
    kept = db.execute("SELECT * FROM responses ORDER BY created_ms").fetchall()
    stored = str.maketrans({"\0": "\ufffd"}) if db.engine == "postgresql" else {}
    assert [tuple(one.translate(stored) if isinstance(one, str) else one for one in row) for row in rows] == kept


def test_what_applications_had_before_they_were_summed_whole_is_summed_by_its_migration(db: Database) -> None:
    keys = (("app", "text"), ("model", "text"), ("at", "bigint"), ("level", "integer"), ("test", "integer"), ("part", "integer"))
    rows = [
        (app, model, at, 86_400, 0, part, *(at + len(model) + part * n for n in range(len(FIGURES))))
        for app, model, at, part in product(("", "https://a.example"), ("a/m", "b/longer"), (0, 86_400), (0, 3))
    ]
    db.insert(Table("app_sums", keys + tuple((name, "bigint") for name in FIGURES)), rows)
    for undone in ("DROP TABLE app_totals", "DELETE FROM schema_versions WHERE number = 13"):
        db.execute(undone)
    db.migrate()
    expected = Counter[tuple[object, ...]]()
    for app, _, at, _, _, part, *sums in rows:
        expected.update({(app, at, part, name): amount for name, amount in enumerate(sums)})
    found = db.execute(f"SELECT app, at, part, {', '.join(FIGURES)} FROM app_totals WHERE level = 86400 AND test = 0").fetchall()
    assert {(*row[:3], name): amount for row in found for name, amount in enumerate(row[3:])} == dict(expected)
    assert len(found) == 8
