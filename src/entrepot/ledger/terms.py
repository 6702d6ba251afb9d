"""What workspaces are bound by, prepaid or not and their budgets, and how they are routed. In memory; seen within a second."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import msgspec

from entrepot.errors import InvalidRequest
from entrepot.identity.store import no_workspace
from entrepot.ledger import audit, leases
from entrepot.ledger.audit import Act
from entrepot.ledger.books import LARGEST
from entrepot.ledger.purses import SPANS, Span
from entrepot.routing.standing import By
from entrepot.storage.database import Database
from entrepot.values.money import usd

_NEXT = "(SELECT coalesce(max(revision), 0) + 1 FROM workspaces)"


class Bounds(msgspec.Struct, frozen=True):
    """What bounds a workspace. budgets  nano-dollars by span"""

    prepaid: bool = False
    budgets: Mapping[Span, int] = {}

    @property
    def any(self) -> bool:
        return self.prepaid or bool(self.budgets)


class Routed(msgspec.Struct, frozen=True):
    """What of a workspace's settings counts when a request of it is routed."""

    default_provider_sort: By | None = None


class Terms:
    """The workspaces that are bound by anything. `refresh` takes in what changed since; run it on a timer.

    sorts  of those that have one: the order of endpoints where a request asks for none
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._revision = 0
        self.bound: dict[str, Bounds] = {}
        self.sorts: dict[str, By] = {}
        self.refresh()

    def refresh(self) -> bool:
        """True when something changed. raises StorageAway"""
        sql = "SELECT id, revision, settings FROM workspaces WHERE revision > ?"
        rows = self._db.execute(sql, (self._revision,)).fetchall()
        for workspace, revision, settings in rows:
            self._route(workspace, msgspec.json.decode(settings, type=Routed))
            bounds = _bounds(self._db, workspace) or Bounds()
            if bounds.any:
                self.bound[workspace] = bounds
            else:
                self.bound.pop(workspace, None)
            self._revision = max(self._revision, revision)
        return bool(rows)

    def _route(self, workspace: str, told: Routed) -> None:
        if told.default_provider_sort is None:
            self.sorts.pop(workspace, None)
        else:
            self.sorts[workspace] = told.default_provider_sort


def bounds_of(db: Database, workspace: str) -> Bounds:
    """raises NotFound"""
    found = _bounds(db, workspace)
    if found is None:
        raise no_workspace(workspace)
    return found


def _bounds(db: Database, workspace: str) -> Bounds | None:
    row = db.execute("SELECT prepaid FROM workspaces WHERE id = ? AND deleted_ms IS NULL", (workspace,)).fetchone()
    if row is None:
        return None
    found: dict[Span, int] = dict(db.execute("SELECT span, limit_nano FROM budgets WHERE workspace = ?", (workspace,)).fetchall())
    return Bounds(bool(row[0]), {span: found[span] for span in SPANS if span in found})


def set_prepaid(db: Database, workspace: str, prepaid: bool, act: Act) -> None:
    """Whether it may spend its credit and no more. raises NotFound"""
    with db.transaction(alone=leases.alone(workspace)):
        before = bounds_of(db, workspace)
        change_workspace(db, "UPDATE workspaces SET prepaid = ? WHERE id = ?", (int(prepaid), workspace), workspace)
        told = ({"prepaid": before.prepaid}, {"prepaid": prepaid})
        audit.write(db, act, "workspace.terms", f"workspace/{workspace}", *told)


def set_budget(db: Database, workspace: str, span: Span, limit_nano: int | None, act: Act) -> None:
    """A cap on what its keys spend together in each window; None takes it away. raises NotFound, InvalidRequest"""
    with db.transaction(alone=leases.alone(workspace)):
        before = bounds_of(db, workspace).budgets
        after = {name: limit for name in SPANS if (limit := limit_nano if name == span else before.get(name)) is not None}
        _check(after, span)
        change_workspace(db, "DELETE FROM budgets WHERE workspace = ? AND span = ?", (workspace, span), workspace)
        if limit_nano is not None:
            db.execute("INSERT INTO budgets VALUES (?, ?, ?)", (workspace, span, limit_nano))
        was = {str(name): usd(limit) for name, limit in before.items()}
        audit.write(
            db, act, "workspace.budget", f"workspace/{workspace}", was, {name: usd(limit) for name, limit in after.items()}
        )


def _check(budgets: Mapping[Span, int], span: Span) -> None:
    limits = list(budgets.values())
    if any(not 0 < limit < LARGEST for limit in limits):
        raise InvalidRequest(
            "A budget must be above zero, and no more than the books hold. Nothing was changed.",
            field="limit_usd",
            expected="US dollars above 0 and at most 4,000,000,000",
            received=usd(budgets[span]),
            remedy="Choose an amount above 0, or take the budget away.",
        )
    if any(broader <= narrower for broader, narrower in itertools.pairwise(limits)):
        told = ", ".join(f"{name} ${usd(limit)}" for name, limit in budgets.items())
        raise InvalidRequest(
            f"Budgets must shrink with their span, and these do not: {told}. Nothing was changed.",
            field="limit_usd",
            expected="lifetime above monthly above weekly above daily",
            received=f"${usd(budgets[span])} {span}",
            remedy="Change the broader budget first, or choose another amount.",
        )


def change_workspace(db: Database, sql: str, values: tuple[object, ...], workspace: str) -> None:
    """Within a transaction: a change that running servers are to see."""
    # One after another, so that who has seen a revision has seen all before it.
    with db.transaction(alone="workspaces"):
        db.execute(sql, values)
        db.execute(f"UPDATE workspaces SET revision = {_NEXT} WHERE id = ?", (workspace,))  # noqa: S608 # words of ours
