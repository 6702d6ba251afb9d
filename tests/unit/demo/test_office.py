"""The demo's offices make workspaces and keys once, and see to it that those who pay have credit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.demo.clock import HistoryClock
from entrepot.demo.firms import FIRMS, KEYS
from entrepot.demo.office import KEYS_FILE, Office
from entrepot.demo.people import APPS
from entrepot.demo.place import Mark
from entrepot.identity.store import find_key, list_keys
from entrepot.ledger import workspaces
from entrepot.ledger.audit import Act
from entrepot.ledger.books import balance
from entrepot.ledger.funding import Order, correct
from entrepot.ledger.verify import verify
from entrepot.payments import codes, store
from entrepot.settings import Settings
from entrepot.storage.database import Database
from entrepot.storage.engines import open_store
from entrepot.values.money import NANO

DAY_S = 86_400.0
MONDAY_S = 1_795_392_000.0
MARK = Mark(1, 30, 1.0, MONDAY_S, MONDAY_S + 30 * DAY_S, MONDAY_S)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = open_store(Settings(data_dir=str(tmp_path)))
    yield opened
    opened.close()


@pytest.fixture
def clock() -> HistoryClock:
    return HistoryClock(MONDAY_S)


@pytest.fixture
def office(db: Database, tmp_path: Path, clock: HistoryClock) -> Office:
    return Office(db, b"secret", tmp_path, MARK, clock)


def id_of(db: Database, slug: str) -> str:
    return workspaces.find(db, slug).id


def takes(db: Database, slug: str, dollars: int) -> None:
    act = Act(actor="test", at_ms=round(MONDAY_S * 1000))
    order = Order(
        actor=act.actor,
        at_ms=act.at_ms,
        key=f"{slug}{dollars}",
        workspace=id_of(db, slug),
        amount_nano=-dollars * NANO,
        reason="x",
    )
    assert correct(db, order)


def test_every_app_has_a_key_and_every_firm_a_workspace() -> None:
    assert {app.title for app in APPS} == set(KEYS)
    assert {app.workspace for app in APPS} == {firm.slug for firm in FIRMS} | {"default"}


def test_what_is_there_is_not_made_again(db: Database, tmp_path: Path, office: Office, clock: HistoryClock) -> None:
    keys = office.open()
    again = Office(db, b"secret", tmp_path, MARK, clock).open()
    assert again == keys
    assert len(list_keys(db)) == len(APPS)
    assert (tmp_path / KEYS_FILE).stat().st_mode & 0o077 == 0


def test_who_runs_low_buys_a_code_or_is_topped_up(db: Database, office: Office, clock: HistoryClock) -> None:
    office.open()
    bosun, hearthside = id_of(db, "bosun"), id_of(db, "hearthside")
    assert (balance(db, "credit", bosun), balance(db, "credit", hearthside)) == (150 * NANO, 35 * NANO)
    takes(db, "bosun", 100)
    takes(db, "hearthside", 25)
    clock.reach(MONDAY_S + DAY_S)
    office.look()
    assert (balance(db, "credit", bosun), balance(db, "credit", hearthside)) == (200 * NANO, 35 * NANO)
    assert [(one.origin, one.state) for one in store.page(db, bosun, offset=0, limit=9)[0]] == [
        ("top_up", "paid"),
        ("checkout", "paid"),
    ]
    assert [code.used_by for code in codes.page(db, offset=0, limit=9)[0]] == [hearthside, hearthside]
    assert not any(finding.wrong for finding in verify(db, records=True, all_days=True))


def test_keys_come_to_their_ends_in_time(db: Database, office: Office, clock: HistoryClock) -> None:
    office.open()
    coxswain, sextant = (find_key(db, KEYS[title].name) for title in ("Coxswain", "Sextant"))
    assert not coxswain.disabled
    assert sextant.expires_ms == round((MONDAY_S + 0.45 * 30 * DAY_S) * 1000)
    clock.reach(MONDAY_S + 20 * DAY_S)
    office.look()
    assert find_key(db, KEYS["Coxswain"].name).disabled


def test_a_demo_from_before_there_were_offices_gets_them(db: Database, office: Office, clock: HistoryClock) -> None:
    """What was given up by then gets no key any more."""
    clock.reach(MONDAY_S + 31 * DAY_S)
    assert set(KEYS) - set(office.open()) == {"Sextant", "Coxswain"}
    office.look()
    assert [key.name for key in list_keys(db) if key.disabled] == []
