"""What generations cost, into the books: many at once, in the same transaction of the database as their records.

Generations are the sub-ledger; what is posted are their totals by workspace and provider. A generation is posted exactly once
because only records that are new are posted, and either both are committed or neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from entrepot.ledger import leases
from entrepot.ledger.books import Account, Book, Move, Transaction, post
from entrepot.storage.database import Database, Table
from entrepot.values.generation import Generation
from entrepot.values.times import DAY_MS

_USAGE = Table(
    "workspace_usage",
    (("workspace", "text"), ("book", "text"), ("day", "integer"), ("requests", "bigint"), ("cost_nano", "bigint")),
)
_ADD = (
    "ON CONFLICT (workspace, book, day) DO UPDATE SET "
    "requests = workspace_usage.requests + excluded.requests, cost_nano = workspace_usage.cost_nano + excluded.cost_nano"
)


def post_usage(db: Database, made: Sequence[Generation], process: str) -> None:
    """Posts generations whose records are being written, and takes their cost off what `process` had leased for them.

    What is this process's own comes first: balances that all processes add to are locked as briefly as can be.
    """
    leases.take_off(db, process, _spent(made))
    for book in ("live", "test"):
        if of_book := [generation for generation in made if generation.test == (book == "test")]:
            _post(db, of_book, book)


def _post(db: Database, made: Sequence[Generation], book: Book) -> None:
    days: dict[tuple[str, int], list[int]] = {}
    for g in made:
        sums = days.setdefault((g.workspace, g.created_ms // DAY_MS), [0, 0])
        sums[0] += 1
        sums[1] += g.cost_nano
    db.insert(_USAGE, sorted((workspace, book, day, *sums) for (workspace, day), sums in days.items()), _ADD)
    if moves := _moves(made):
        last = max(g.created_ms for g in made)
        memo = "1 generation" if len(made) == 1 else f"{len(made)} generations"
        post(db, Transaction(f"usage:{made[0].id}", book, "usage", last, moves, memo=memo))


def _moves(made: Sequence[Generation]) -> tuple[Move, ...]:
    charged: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for g in made:
        charged[g.workspace] += g.cost_nano
        due[g.provider] += g.upstream_cost_nano or 0
    moves = [_move("credit", "revenue", owner, amount) for owner, amount in sorted(charged.items()) if amount]
    moves += [_move("provider_due", "provider_cost", owner, amount) for owner, amount in sorted(due.items()) if amount]
    return tuple(moves)


def _move(giver: Account, taker: Account, owner: str, amount: int) -> Move:
    return Move(giver, owner, taker, owner, amount) if amount > 0 else Move(taker, owner, giver, owner, -amount)


def _spent(made: Sequence[Generation]) -> Counter[str]:
    """By purse: the cost of generations that were held against it."""
    spent: Counter[str] = Counter()
    for g in made:
        for purse in g.held:
            spent[purse] += g.cost_nano
    return spent
