"""PostgreSQL goes away, falls silent, is full or comes back: whoever asks is told so in time, and the next question is answered."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from entrepot.identity.installation import installation_secret
from entrepot.identity.keyring import KeyRing
from entrepot.identity.secrets import new_key, server_secret
from entrepot.settings import BadSettings, check
from entrepot.storage import postgresql
from entrepot.storage.database import Database, StorageAway, UnknownSchema
from entrepot.storage.engines import open_database
from postgres_server import PostgresServer


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    with contextlib.closing(postgresql.connect(url, connections=2, patience_s=0.3)) as opened:
        opened.migrate()
        yield opened


def cut_all(url: str) -> None:
    """As an operator cuts connections off, or a restart does."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'entrepot'")


def test_a_connection_that_was_cut_off_while_idle_is_not_noticed(db: Database, url: str) -> None:
    cut_all(url)
    time.sleep(0.1)
    assert db.execute("SELECT 1").fetchone() == (1,)


def test_a_transaction_that_is_cut_off_is_told_and_leaves_nothing(db: Database, url: str) -> None:
    with pytest.raises(StorageAway, match="cannot be asked"), db.transaction():
        db.execute("INSERT INTO workspaces (id, name, created_ms) VALUES ('w', 'W', 1)")
        cut_all(url)
        db.execute("SELECT 1")
    assert db.execute("SELECT * FROM workspaces").fetchall() == []


def test_who_is_in_a_hurry_waits_no_longer_whatever_was_asked(url: str) -> None:
    with contextlib.closing(postgresql.connect(url, connections=2)) as db:
        db.hasten(0.3)
        with pytest.raises(StorageAway, match="cannot be asked"), db.transaction():
            db.execute("SELECT pg_sleep(20)")
        with pytest.raises(StorageAway, match="is stopping"):
            db.execute("SELECT 1")


def test_a_server_that_does_not_answer_is_left_in_time(db: Database) -> None:
    with pytest.raises(StorageAway, match="timeout expired"):
        db.execute("SELECT pg_sleep(20)")
    assert db.execute("SELECT 1").fetchone() == (1,)


def test_a_key_nobody_knows_is_not_refused_while_the_database_says_nothing(url: str) -> None:
    now_ms = [10_000]
    with contextlib.closing(open_database(url)) as db, psycopg.connect(url) as other:
        db.migrate()
        keys = KeyRing(db, b"s" * 32, lambda: now_ms[0])
        assert keys.trouble == ""
        other.execute("LOCK TABLE keys IN ACCESS EXCLUSIVE MODE")
        waiting = threading.Thread(target=keys.refresh)
        waiting.start()
        while not keys._asked_ms:
            time.sleep(0.001)
        now_ms[0] += 4_000
        with pytest.raises(StorageAway, match="not answered for 4 s"):
            keys.authenticate(f"Bearer {new_key('live')}")
        other.rollback()
        waiting.join()
        assert keys.trouble == ""


def test_who_waits_too_long_for_a_lock_is_told(url: str) -> None:
    with contextlib.closing(open_database(f"{url}%20-clock_timeout%3D50")) as db:
        db.migrate()
        held, over = threading.Event(), threading.Event()

        def hold() -> None:
            with db.transaction(alone="x"):
                held.set()
                over.wait(10)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(10)
        with pytest.raises(StorageAway, match="lock timeout"), db.transaction(alone="x"):
            pass
        over.set()
        holder.join()


def test_a_driver_that_is_not_installed_is_told_with_what_installs_it() -> None:
    asked = "import sys; sys.modules['psycopg'] = None; from entrepot.storage.engines import open_database as o; "
    tried = "\ntry: o('postgresql://x')\nexcept Exception as error: print(error, error.remedy)"
    told = subprocess.run([sys.executable, "-c", asked + tried], capture_output=True, text=True, check=True).stdout
    assert "not installed" in told and "python -m pip install 'entrepot[postgres]'" in told


def test_a_url_may_stand_in_a_file_and_one_that_is_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://h/d\n")
    assert check({"storage": {"url": f"file:{tmp_path / 'url'}"}}).database_url == "postgresql://h/d"
    for url, words in (("env:ENTREPOT_NOT_SET", "ENTREPOT_NOT_SET is not set"), (f"file:{tmp_path / 'no'}", "cannot be read")):
        with pytest.raises(BadSettings, match=words):
            _ = check({"storage": {"url": url}}).database_url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody@127.0.0.1:9/x?connect_timeout=2", "127.0.0.1/x cannot be reached"),
        ("postgresql://user:secret@h/d?what=1", "not one of PostgreSQL"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(url: str, words: str) -> None:
    with pytest.raises(StorageAway, match=words) as caught:
        open_database(url)
    assert "secret" not in str(caught.value) and "storage.url" in f"{caught.value} {caught.value.remedy}"


def test_a_server_that_is_told_another_secret_than_the_keys_were_made_with_does_not_start(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one, other, third = (tmp_path_factory.mktemp(name) for name in ("one", "other", "third"))
    own = server_secret(one)
    server_secret(other)
    with contextlib.closing(open_database(url)) as db:
        db.migrate()
        assert installation_secret(db, one) == own == installation_secret(db, one)
        with pytest.raises(UnknownSchema, match="another secret"):
            installation_secret(db, other)
        with pytest.raises(UnknownSchema, match="in a file"):
            installation_secret(db, third)
        assert not (third / "secret").exists() and own not in [row[0] for row in db.execute("SELECT secret FROM installation")]
