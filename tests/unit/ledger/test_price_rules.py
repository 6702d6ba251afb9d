"""Price lists: versioned, with effective dates, only ever added to; what holds now is in memory."""

import contextlib
from collections.abc import Iterator

import pytest

from entrepot.errors import InvalidRequest, NotFound
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit, prices
from entrepot.ledger.audit import Act
from entrepot.ledger.prices import Order, PriceLists, enter
from entrepot.metering.sheet import Rule
from entrepot.storage.database import Database, Violation
from entrepot.storage.engines import open_database
from entrepot.values.price import Rates

NOW = 1_000_000
UP, DOWN = Rule("1.2"), Rule("0.9")


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        ensure_workspace(opened, 1)
        yield opened


def act(at_ms: int = NOW) -> Act:
    return Act(actor="ops", at_ms=at_ms)


def rule_of(lists: PriceLists, workspace: str = "default", model: str = "a/x") -> Rule | None:
    sheet = lists.sheet(workspace)
    return None if sheet is None else sheet.rule(model)


def test_whoever_has_no_list_pays_list_prices(db: Database) -> None:
    assert PriceLists(db, NOW).sheet("default") is None


def test_a_promotion_holds_in_its_time_and_then_what_held_before(db: Database) -> None:
    enter(db, Order(workspace="default", rule=UP), act())
    enter(db, Order(workspace="default", rule=DOWN, from_ms=NOW + 10, until_ms=NOW + 20), act())
    lists = PriceLists(db, NOW)
    seen = [rule_of(lists)]
    for at_ms in (NOW + 9, NOW + 10, NOW + 19, NOW + 20):
        lists.refresh(at_ms)
        seen.append(rule_of(lists))
    assert seen == [UP, UP, DOWN, DOWN, UP]


def test_what_another_process_entered_is_seen_and_nothing_is_worked_out_without_a_change(db: Database) -> None:
    lists = PriceLists(db, NOW)
    with contextlib.closing(db.sibling()) as other:
        enter(other, Order(rule=UP), act())
    assert lists.refresh(NOW) and not lists.refresh(NOW + 1)
    assert rule_of(lists) == UP


def test_an_end_gives_way_to_the_list_for_everybody(db: Database) -> None:
    enter(db, Order(rule=UP), act())
    enter(db, Order(workspace="default", model="a/x", rule=DOWN), act())
    lists = PriceLists(db, NOW)
    assert (rule_of(lists), rule_of(lists, model="a/y")) == (DOWN, UP)
    enter(db, Order(workspace="default", model="a/x", rule=None), act(NOW + 5))
    lists.refresh(NOW + 5)
    assert rule_of(lists) == UP


def test_workspaces_of_the_same_rules_share_a_sheet_and_keep_it_when_others_change(db: Database) -> None:
    for name in ("one", "two", "three"):
        db.execute("INSERT INTO workspaces (id, name, slug, created_ms) VALUES (?, ?, ?, 1)", (name, name, name))
    for name in ("one", "two"):
        enter(db, Order(workspace=name, rule=UP), act())
    lists = PriceLists(db, NOW)
    before = lists.sheet("one")
    enter(db, Order(workspace="three", rule=DOWN), act())
    lists.refresh(NOW)
    assert lists.sheet("one") is lists.sheet("two") is before is not lists.sheet("three")


def test_rates_larger_than_64_bit_come_back_as_they_were(db: Database) -> None:
    rates = Rates(prompt=10**24, completion=0, image=5)
    entry = enter(db, Order(model="a/x", rule=Rule(rates=rates)), act())
    assert prices.entries(db, None) == ([entry], 1)
    assert prices.per_million(rates) == {"prompt": "1000000", "completion": "0", "image": "0.000000000000000000000005"}


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (Order(rule=UP, from_ms=NOW - 1), InvalidRequest),
        (Order(rule=UP, until_ms=NOW), InvalidRequest),
        (Order(workspace="nobody", rule=UP), NotFound),
        (Order(rule=None), NotFound),
    ],
)
def test_what_cannot_be_entered_changes_nothing(db: Database, order: Order, error: type[Exception]) -> None:
    with pytest.raises(error):
        enter(db, order, act())
    assert prices.entries(db, None) == ([], 0)


def test_each_change_is_in_the_audit_log_with_what_held_before(db: Database) -> None:
    enter(db, Order(model="a/x", rule=UP), act())
    enter(db, Order(model="a/x", rule=DOWN), act(NOW + 1))
    line = audit.lines(db)[0]
    assert (line.action, line.subject) == ("price.set", "price/*/a/x")
    assert '"factor":"1.2"' in line.before and '"factor":"0.9"' in line.after


def test_the_database_itself_refuses_to_change_an_entry(db: Database) -> None:
    enter(db, Order(rule=UP), act())
    for sql in ("UPDATE price_entries SET factor = '2'", "DELETE FROM price_entries"):
        with pytest.raises(Violation):
            db.execute(sql)


def test_each_entry_says_whether_it_holds(db: Database) -> None:
    old = enter(db, Order(rule=UP), act())
    new = enter(db, Order(rule=DOWN, until_ms=NOW + 50), act())
    later = enter(db, Order(rule=UP, from_ms=NOW + 90), act())
    assert [prices.state(db, entry, NOW + 1) for entry in (old, new, later)] == ["replaced", "active", "upcoming"]
    assert [prices.state(db, entry, NOW + 60) for entry in (old, new)] == ["active", "ended"]
