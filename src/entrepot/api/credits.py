"""Credit over HTTP: what the workspace of a key has and used (contract 4.3), and for management keys what changes it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.changing import Dollars, Word, act, audited, decoded
from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.routes import Desk, Route
from entrepot.api.workspaces import wanted
from entrepot.errors import Conflict, InvalidRequest, NotFound
from entrepot.ledger import funding
from entrepot.ledger.books import by_kind
from entrepot.ledger.calling_in import called_in
from entrepot.ledger.terms import bounds_of
from entrepot.payments import rules
from entrepot.values.ids import ulid
from entrepot.values.money import dollars


class TopUpState(msgspec.Struct, frozen=True, omit_defaults=True):
    """stopped: a charge failed, and nothing is charged until somebody sets it again.

    `why` is what stopped it or what it waits for, for management keys.
    """

    state: Literal["on", "stopped"]
    why: str | None = None


class Credits(msgspec.Struct, frozen=True, omit_defaults=True):
    """The balance is the difference. A postpaid workspace holds no credit, so its balance is what it owes, below zero.

    `top_up` is there where credit is topped up automatically.
    """

    total_credits: Usd
    total_usage: Usd
    top_up: TopUpState | None = None


class CreditsAnswer(msgspec.Struct, frozen=True):
    data: Credits


class WorkspaceCredit(msgspec.Struct, frozen=True):
    """done  false: an order of this `key` was done before, and nothing was changed;  top_up  null: there is none"""

    workspace_id: str
    billing: Literal["prepaid", "postpaid"]
    total_credits: Usd
    total_usage: Usd
    balance: Usd
    top_up: TopUpState | None
    done: bool = True


class WorkspaceCreditAnswer(msgspec.Struct, frozen=True):
    data: WorkspaceCredit


class CreditOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """grant gives, refund pays back what is neither spent nor in use, correction adds or (below zero) takes away.

    Of a prepaid workspace a correction too takes only what is neither spent nor in use. Credit that gateways have at hand for
    calls to come is called in first, which takes a few seconds at most; what calls under way hold is a 409 that says how much.
    """

    kind: Literal["grant", "correction", "refund"]
    amount: Dollars
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    key: Annotated[Word | None, Meta(description="Names this order: one that comes again changes nothing.")] = None


_FUND = {"grant": funding.grant, "correction": funding.correct, "refund": funding.refund}


def show_credits(desk: Desk, request: Request) -> Response:
    assert request.caller is not None
    workspace = request.caller.workspace
    given, used = dollars(_given(desk, workspace)), dollars(desk.workspace_usage(workspace))
    return answer(CreditsAnswer(Credits(given, used, _top_up(desk, workspace, why=request.caller.kind == "management"))))


def show_workspace_credit(desk: Desk, request: Request) -> Response:
    return answer(WorkspaceCreditAnswer(_credit(desk, wanted(desk, request).id)))


def change_credit(desk: Desk, request: Request) -> Response:
    workspace, asked, who = wanted(desk, request).id, decoded(request, CreditOrder), act(desk, request)
    order = funding.Order(
        actor=who.actor,
        at_ms=who.at_ms,
        key=asked.key or ulid(who.at_ms),
        workspace=workspace,
        amount_nano=funding.amount_of(str(asked.amount), negative=asked.kind == "correction"),
        reason=asked.reason,
    )
    done = called_in(desk.store, workspace, who.at_ms, lambda: _FUND[asked.kind](desk.store, order))
    return answer(WorkspaceCreditAnswer(msgspec.structs.replace(_credit(desk, workspace), done=done)))


def _given(desk: Desk, workspace: str) -> int:
    return sum(amount for kind, amount in by_kind(desk.store, "credit", workspace) if kind != "usage")


def _credit(desk: Desk, workspace: str) -> WorkspaceCredit:
    given, used = _given(desk, workspace), desk.workspace_usage(workspace)
    billing: Literal["prepaid", "postpaid"] = "prepaid" if bounds_of(desk.store, workspace).prepaid else "postpaid"
    sums = dollars(given), dollars(used), dollars(given - used)
    return WorkspaceCredit(workspace, billing, *sums, _top_up(desk, workspace, why=True))


def _top_up(desk: Desk, workspace: str, *, why: bool) -> TopUpState | None:
    rule = rules.find(desk.store, workspace)
    return None if rule is None else TopUpState(rule.state, (rule.why or None) if why else None)


_TAG = "Credit"
ROUTES = (
    Route(
        "GET", "/credits", "Show credit and usage of the workspace", _TAG, show_credits, "key", returns=CreditsAnswer, asks=True
    ),
    Route(
        "GET", "/workspaces/{id}/credits", "Show a workspace's credit", _TAG, show_workspace_credit, "management",
        returns=WorkspaceCreditAnswer, asks=True, errors=(NotFound,),
    ),
    Route(
        "POST", "/workspaces/{id}/credits", "Give, correct or pay back credit", _TAG, audited("credit.change", change_credit),
        "management", body=CreditOrder, returns=WorkspaceCreditAnswer, reads=True, asks=True,
        errors=(InvalidRequest, NotFound, Conflict),
    ),
)  # fmt: skip
