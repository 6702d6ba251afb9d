"""What generations cost, into the books: many at once, in the same transaction of the database as their records.

Generations are the sub-ledger; what is posted are their totals by workspace and provider. A generation is posted exactly once
because only records that are new are posted, and either both are committed or neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from entrepot.ledger import leases
from entrepot.ledger.books import Account, Book, Move, Transaction, post
from entrepot.records.groups import Group, Groups
from entrepot.storage.database import Database, Table
from entrepot.values.times import DAY_MS

_USAGE = Table(
    "workspace_usage",
    (("workspace", "text"), ("book", "text"), ("day", "integer"), ("requests", "bigint"), ("cost_nano", "bigint")),
)
_ADD = (
    "ON CONFLICT (workspace, book, day) DO UPDATE SET "
    "requests = workspace_usage.requests + excluded.requests, cost_nano = workspace_usage.cost_nano + excluded.cost_nano"
)


def post_usage(db: Database, groups: Groups, process: str) -> None:
    """Posts generations whose records are being written, and takes their cost off what `process` had leased for them.

    What is this process's own comes first: balances that all processes add to are locked as briefly as can be.
    """
    leases.take_off(db, process, _spent(groups))
    for book in ("live", "test"):
        if of_book := [group for group in groups if group.first.test == (book == "test")]:
            _post(db, of_book, book)


def _post(db: Database, groups: Sequence[Group], book: Book) -> None:
    days: dict[tuple[str, int], list[int]] = {}
    for group in groups:
        sums = days.setdefault((group.first.workspace, group.first.created_ms // DAY_MS), [0, 0])
        sums[0] += group.requests
        sums[1] += group.cost_nano
    db.insert(_USAGE, sorted((workspace, book, day, *sums) for (workspace, day), sums in days.items()), _ADD)
    if moves := _moves(groups):
        count, last = sum(group.requests for group in groups), max(group.last_ms for group in groups)
        memo = "1 generation" if count == 1 else f"{count} generations"
        post(db, Transaction(f"usage:{groups[0].first.id}", book, "usage", last, moves, memo=memo))


def _moves(groups: Sequence[Group]) -> tuple[Move, ...]:
    charged: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for group in groups:
        charged[group.first.workspace] += group.cost_nano
        due[group.first.provider] += group.upstream_cost_nano
    moves = [_move("credit", "revenue", owner, amount) for owner, amount in sorted(charged.items()) if amount]
    moves += [_move("provider_due", "provider_cost", owner, amount) for owner, amount in sorted(due.items()) if amount]
    return tuple(moves)


def _move(giver: Account, taker: Account, owner: str, amount: int) -> Move:
    return Move(giver, owner, taker, owner, amount) if amount > 0 else Move(taker, owner, giver, owner, -amount)


def _spent(groups: Groups) -> Counter[str]:
    """By purse: the cost of generations that were held against it."""
    spent: Counter[str] = Counter()
    for group in groups:
        for purse in group.first.held:
            spent[purse] += group.cost_nano
    return spent
