"""Two who change the same thing at once: neither undoes what the other did, nothing is done twice, and nobody waits for ever."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from entrepot.errors import Conflict, InvalidRequest, NotFound, RateLimited
from entrepot.identity.store import key_by_hash
from entrepot.ledger import keys, workspaces
from entrepot.ledger.audit import Act
from entrepot.ledger.books import balance
from entrepot.ledger.funding import Order, amount_of, grant, refund
from entrepot.ledger.terms import set_budget, set_prepaid
from entrepot.ledger.verify import verify
from entrepot.payments import codes
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS

ACT = Act(actor="cli", at_ms=NOW_MS)
SECRET = b"s" * 32


@pytest.fixture
def replicas(store_url: str) -> Iterator[list[Database]]:
    """Four ways to one database, as four processes have them."""
    first = open_database(store_url)
    first.migrate()
    found = [first, *(first.sibling() for _ in range(3))]
    yield found
    assert not [finding for finding in verify(first) if finding.wrong]
    for db in reversed(found):
        db.close()


@pytest.fixture
def team(replicas: list[Database]) -> workspaces.Workspace:
    return workspaces.make(replicas[0], workspaces.Order(name="team"), ACT)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each gave, or the refusal that it met."""

    def tried(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (Conflict, InvalidRequest, NotFound, RateLimited) as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(tried, works))


def order(team: workspaces.Workspace, amount: int, key: str) -> Order:
    return Order(actor="cli", at_ms=NOW_MS, key=key, workspace=team.id, amount_nano=amount, reason="r")


def test_a_key_that_was_read_before_its_limit_was_lowered_keeps_the_lower_one(
    replicas: list[Database], team: workspaces.Workspace
) -> None:
    _, read = keys.make(replicas[0], SECRET, keys.Order(name="k", workspace=team.id, limit_nano=5_000), ACT)
    keys.change(replicas[1], read, keys.Change(limit_nano=1_000), ACT)
    assert keys.change(replicas[0], read, keys.Change(name="other"), ACT).limit_nano == 1_000
    found = key_by_hash(replicas[0], read.key_hash)
    assert found is not None and (found.name, found.limit_nano) == ("other", 1_000)
    keys.delete(replicas[1], read, ACT)
    with pytest.raises(NotFound):
        keys.change(replicas[0], read, keys.Change(disabled=False), ACT)


def test_a_workspace_that_was_read_before_it_became_prepaid_stays_prepaid(
    replicas: list[Database], team: workspaces.Workspace
) -> None:
    set_prepaid(replicas[1], team.id, True, ACT)
    assert workspaces.change(replicas[0], team, workspaces.Change(name="other"), ACT).prepaid
    assert workspaces.find(replicas[0], team.id).prepaid


def test_those_who_change_a_workspace_from_all_sides_do_not_wait_for_each_other_crosswise(
    replicas: list[Database], team: workspaces.Workspace
) -> None:
    _, key = keys.make(replicas[0], SECRET, keys.Order(name="k", workspace=team.id), ACT)

    def again(work: Callable[[int], Any]) -> Callable[[], None]:
        def many() -> None:
            for number in range(15):
                work(number)

        return many

    one, two, three, four = replicas
    gave = at_once(
        again(lambda number: workspaces.change(one, team, workspaces.Change(name=f"n{number}"), ACT)),
        again(lambda number: set_prepaid(two, team.id, number % 2 == 0, ACT)),
        again(lambda number: keys.change(three, key, keys.Change(name=f"k{number}"), ACT)),
        again(lambda number: at_once(lambda: workspaces.delete(four, team, ACT))),
    )
    assert gave == [None] * 4


def test_of_many_refunds_of_all_that_is_left_one_is_done(replicas: list[Database], team: workspaces.Workspace) -> None:
    grant(replicas[0], order(team, 9_000, "given"))
    gave = at_once(*(lambda db=db, key=f"r{n}": refund(db, order(team, 9_000, key)) for n, db in enumerate(replicas)))  # type: ignore[misc] # bound now
    assert sorted(type(each).__name__ for each in gave) == ["InvalidRequest"] * 3 + ["bool"]
    assert balance(replicas[0], "credit", team.id) == 0


def test_a_code_is_redeemed_once_however_many_workspaces_try(replicas: list[Database]) -> None:
    teams = [workspaces.make(replicas[0], workspaces.Order(name=f"team {n}"), ACT) for n in range(4)]
    [(text, _)] = codes.make(replicas[0], SECRET, codes.Batch(7_000, 1), ACT)
    gave = at_once(
        *(
            lambda db=db, team=team: codes.redeem(db, SECRET, text, team.id, team.id, ACT)  # type: ignore[misc] # bound now
            for db, team in zip(replicas, teams, strict=True)
        )
    )
    assert sum(isinstance(each, codes.Code) for each in gave) == 1
    assert sum(balance(replicas[0], "credit", team.id) for team in teams) == 7_000


@pytest.mark.parametrize(("amount", "own"), [(2, True), (1, False)])
def test_a_name_of_an_order_is_not_taken_for_another_order(
    replicas: list[Database], team: workspaces.Workspace, amount: int, own: bool
) -> None:
    other = workspaces.make(replicas[0], workspaces.Order(name="other"), ACT)
    assert grant(replicas[0], order(team, 1, "november"))
    with pytest.raises(Conflict, match="names a grant of another amount or workspace"):
        grant(replicas[0], order(team if own else other, amount, "november"))
    assert grant(replicas[0], order(team, 1, "november")) is False


@pytest.mark.parametrize("amount", ["1e11", "4611686018.427387905", "1e12"])
def test_amounts_beyond_what_the_books_hold_are_refused(
    replicas: list[Database], team: workspaces.Workspace, amount: str
) -> None:
    with pytest.raises(InvalidRequest, match="more than the books hold"):
        amount_of(amount)
    with pytest.raises(InvalidRequest, match="no more than the books hold"):
        set_budget(replicas[0], team.id, "daily", 2**62, ACT)
