"""Keys: shown once, kept as a keyed hash, looked up in memory, and each refusal in its own words."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from entrepot.errors import Forbidden, InvalidRequest, Unauthenticated
from entrepot.identity import store
from entrepot.identity.keyring import KeyRing
from entrepot.identity.secrets import is_well_formed, key_hash, kind_of, new_key, server_secret
from entrepot.storage.database import Database, StorageAway
from entrepot.storage.engines import open_database
from entrepot.values.caller import KeyKind

SECRET = b"s" * 32


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        store.ensure_workspace(opened, 1)
        yield opened


def make(db: Database, kind: KeyKind = "live", **more: int) -> str:
    return store.create_key(db, SECRET, name="k", kind=kind, now_ms=1, **more)[0]


def ring(db: Database, now_ms: int = 10) -> KeyRing:
    return KeyRing(db, SECRET, lambda: now_ms)


@pytest.mark.parametrize("kind", ["live", "test", "management"])
def test_a_key_is_known_by_its_hash_alone(db: Database, kind: KeyKind) -> None:
    key = make(db, kind)
    caller = ring(db).authenticate(f"Bearer {key}")
    assert caller.kind == kind == kind_of(key)
    assert caller.key_hash == key_hash(key, SECRET)
    assert key[12:] not in "".join(str(row) for row in db.execute("SELECT * FROM keys"))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "No key was sent"),
        ("", "No key was sent"),
        ("Basic abc", "not a bearer key"),
        ("Bearer", "not a bearer key"),
        ("Bearer sk-or-v1-abc", "another service"),
        ("Bearer hello", "not an Entrepot key"),
        ("Bearer sk-ep-short", "mistyped"),
        pytest.param(f"Bearer {new_key('live')}", "not known here", id="no key of ours"),
    ],
)
def test_each_wrong_key_is_refused_in_its_own_words(db: Database, header: str | None, words: str) -> None:
    with pytest.raises(Unauthenticated, match=words) as refused:
        ring(db).authenticate(header)
    error = refused.value
    assert error.field == "Authorization" and error.expected and error.received and error.remedy
    assert not header or header.partition(" ")[2] == "" or header.partition(" ")[2] not in f"{error.message} {error.received}"


def test_one_wrong_letter_is_a_mistyped_key() -> None:
    key = new_key("live")
    wrong = key[:20] + ("a" if key[20] != "a" else "b") + key[21:]
    assert is_well_formed(key)
    assert not is_well_formed(wrong)


def test_an_expired_key_is_refused_even_after_it_was_seen(db: Database) -> None:
    key, now = make(db, expires_ms=100), [50]
    keys = KeyRing(db, SECRET, lambda: now[0])
    assert keys.authenticate(f"Bearer {key}")
    now[0] = 100
    with pytest.raises(Unauthenticated, match="expired"):
        keys.authenticate(f"Bearer {key}")


def test_management_keys_cannot_run_models(db: Database) -> None:
    key = make(db, "management")
    with pytest.raises(Forbidden):
        ring(db).authenticate_inference(f"Bearer {key}")


@pytest.mark.parametrize(("change", "words"), [("disable", "disabled"), ("delete", "disabled|deleted")])
def test_a_running_ring_sees_what_another_connection_changed(db: Database, change: str, words: str) -> None:
    key = make(db)
    keys = ring(db)
    caller = keys.authenticate(f"Bearer {key}")
    other = db.sibling()
    if change == "disable":
        store.update_key(other, replace(caller, disabled=True), 20)
    else:
        store.delete_key(other, caller.key_hash, 20)
    other.close()
    keys.refresh()
    with pytest.raises(Unauthenticated, match=words):
        keys.authenticate(f"Bearer {key}")


def test_a_name_that_several_keys_have_is_not_guessed(db: Database) -> None:
    make(db)
    make(db)
    with pytest.raises(InvalidRequest, match="2 keys"):
        store.find_key(db, "k")


def test_the_servers_secret_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    assert server_secret(tmp_path / "d") == server_secret(tmp_path / "d")
    assert (tmp_path / "d" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_key_made_a_moment_ago_is_known_at_once_where_the_store_is_near_and_soon_elsewhere(db: Database) -> None:
    keys, other = ring(db), db.sibling()
    key = make(other)
    other.close()
    if db.engine == "postgresql":
        keys.refresh()
    assert keys.authenticate(f"Bearer {key}")


def test_a_store_that_cannot_be_asked_is_not_a_wrong_key(db: Database) -> None:
    keys = ring(db)
    with contextlib.closing(db.sibling()) as other:
        other.execute("ALTER TABLE keys RENAME TO elsewhere")
    with contextlib.suppress(StorageAway):
        keys.refresh()
    with pytest.raises(StorageAway, match="cannot be read"):
        keys.authenticate(f"Bearer {new_key('live')}")


def test_a_ring_reads_many_keys_and_finds_the_deleted_ones_among_them(db: Database) -> None:
    plain = [make(db) for _ in range(50)]
    store.delete_key(db, key_hash(plain[7], SECRET), 20)
    keys = ring(db)
    found = {keys.authenticate(f"Bearer {key}").key_hash for key in plain if key != plain[7]}
    assert found == {key.key_hash for key in store.list_keys(db)}
    assert store.count_keys(db) == 49
    with pytest.raises(Unauthenticated, match="deleted"):
        keys.authenticate(f"Bearer {plain[7]}")


def test_many_changes_are_taken_in_slices_and_the_last_one_of_each_key_holds(db: Database) -> None:
    keys, other = KeyRing(db, SECRET, lambda: 10, at_once=20), db.sibling()
    with other.transaction():
        plain = [make(other) for _ in range(21)]
        first = store.find_key(other, key_hash(plain[0], SECRET))
        store.update_key(other, replace(first, disabled=True), 20)
    other.close()
    assert keys.refresh()
    while keys.refresh():
        pass
    assert keys.authenticate(f"Bearer {plain[-1]}")
    with pytest.raises(Unauthenticated, match="disabled"):
        keys.authenticate(f"Bearer {plain[0]}")


def test_keys_that_were_not_read_yet_are_known_all_the_same(db: Database) -> None:
    plain = [make(db) for _ in range(50)]
    store.delete_key(db, key_hash(plain[7], SECRET), 20)
    keys, slices = KeyRing(db, SECRET, lambda: 10, at_once=20), 1
    more = True
    while more:
        for key in (*plain[:7], *plain[8:]):
            assert keys.authenticate(f"Bearer {key}").key_hash == key_hash(key, SECRET)
        for key, words in ((plain[7], "deleted"), (new_key("live"), "not known here")):
            with pytest.raises(Unauthenticated, match=words):
                keys.authenticate(f"Bearer {key}")
        keys._seen.clear()
        more, slices = keys.read_on(), slices + 1
    assert slices == 3
    with contextlib.closing(db.sibling()) as other:
        other.execute("ALTER TABLE keys RENAME TO elsewhere")
    assert keys.authenticate(f"Bearer {plain[0]}")


def test_a_key_that_was_not_read_yet_is_no_wrong_one_while_the_store_is_away(db: Database) -> None:
    plain = [make(db) for _ in range(3)]
    keys = KeyRing(db, SECRET, lambda: 10, at_once=2)
    with contextlib.closing(db.sibling()) as other:
        other.execute("ALTER TABLE keys RENAME TO elsewhere")
    last = max(plain, key=lambda key: key_hash(key, SECRET))
    with pytest.raises(StorageAway, match="cannot be read"):
        keys.authenticate(f"Bearer {last}")
