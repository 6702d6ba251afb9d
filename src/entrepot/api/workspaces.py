"""Workspaces and their budgets, managed over HTTP by management keys (contract 4.5)."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.api.changing import Deleted, Dollars, Word, act, audited, decoded
from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.paging import Limit, Offset
from entrepot.api.routes import Desk, Route
from entrepot.errors import Conflict, InvalidRequest, NotFound
from entrepot.identity.store import no_workspace
from entrepot.ledger import terms, workspaces
from entrepot.ledger.funding import amount_of
from entrepot.ledger.leases import room_of
from entrepot.ledger.purses import SPANS, Span, budget_purse
from entrepot.ledger.workspaces import Workspace
from entrepot.values.money import dollars
from entrepot.values.times import iso, iso_or_none

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Slug = Annotated[str, Meta(min_length=1, max_length=50, pattern="^[a-z0-9]+(?:-[a-z0-9]+)*$", examples=["team-one"])]
Description = Annotated[str, Meta(max_length=500)]
Sort = Literal["price", "throughput", "latency", "exacto"]
Sampling = Annotated[float, Meta(ge=0.0001, le=1)]
KeyIds = Annotated[list[Word], Meta(max_length=100)]
Billing = Annotated[
    Literal["prepaid", "postpaid"],
    Meta(description="prepaid: it spends its credit and no more; postpaid: credit does not bind it."),
]


class WorkspaceChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is. Default models and logging are kept and shown, and have no effect yet."""

    name: Name | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    billing: Billing | UnsetType = UNSET
    default_text_model: Word | UnsetType | None = UNSET
    default_image_model: Word | UnsetType | None = UNSET
    default_provider_sort: Sort | UnsetType | None = UNSET
    is_observability_broadcast_enabled: bool | UnsetType = UNSET
    is_observability_io_logging_enabled: bool | UnsetType = UNSET
    io_logging_sampling_rate: Sampling | UnsetType = UNSET
    io_logging_api_key_ids: KeyIds | UnsetType | None = UNSET
    is_data_discount_logging_enabled: bool | UnsetType = UNSET


class NewWorkspace(WorkspaceChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    slug: Slug


_KEPT: dict[str, Any] = {
    "default_text_model": None,
    "default_image_model": None,
    "default_provider_sort": None,
    "is_observability_broadcast_enabled": False,
    "is_observability_io_logging_enabled": False,
    "io_logging_sampling_rate": 1,
    "io_logging_api_key_ids": None,
    "is_data_discount_logging_enabled": False,
}
"""Members that are kept as they come, and what they are until they are set."""


class WorkspaceRow(msgspec.Struct, frozen=True):
    id: str
    name: str
    slug: str
    description: str | None
    billing: Billing
    default_text_model: str | None
    default_image_model: str | None
    default_provider_sort: Sort | None
    is_observability_broadcast_enabled: bool
    is_observability_io_logging_enabled: bool
    io_logging_sampling_rate: float
    io_logging_api_key_ids: list[str] | None
    is_data_discount_logging_enabled: bool
    created_at: str
    updated_at: str | None
    default_guardrail_id: str | None = None
    include_byok_in_budgets: bool = False


class WorkspaceQuery(msgspec.Struct, frozen=True):
    offset: Offset = 0
    limit: Limit = 50


class Workspaces(msgspec.Struct, frozen=True):
    data: list[WorkspaceRow]
    total_count: int


class OneWorkspace(msgspec.Struct, frozen=True):
    data: WorkspaceRow


class BudgetChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit_usd: Dollars
    include_byok_in_budgets: bool = False


class WorkspaceBudget(msgspec.Struct, frozen=True):
    interval: Literal["daily", "weekly", "monthly", "lifetime"]
    limit_usd: Usd
    remaining_usd: Usd


class WorkspaceBudgets(msgspec.Struct, frozen=True):
    data: list[WorkspaceBudget]


def list_workspaces(desk: Desk, request: Request) -> Response:
    found, total = workspaces.page(desk.store, offset=request.query.offset, limit=request.query.limit)
    return answer(Workspaces([_shown(workspace) for workspace in found], total))


def make_workspace(desk: Desk, request: Request) -> Response:
    asked = decoded(request, NewWorkspace)
    order = workspaces.Order(
        name=asked.name,
        slug=asked.slug,
        description=_text(asked.description) or "",
        settings=_settings(asked),
        prepaid=desk.prepaid if asked.billing is UNSET else asked.billing == "prepaid",
    )
    made = workspaces.make(desk.store, order, act(desk, request))
    desk.changed()
    return answer(OneWorkspace(_shown(made)), 201)


def show_workspace(desk: Desk, request: Request) -> Response:
    return answer(OneWorkspace(_shown(wanted(desk, request))))


def change_workspace(desk: Desk, request: Request) -> Response:
    asked = decoded(request, WorkspaceChange)
    wished = workspaces.Change(
        name=asked.name,
        slug=asked.slug,
        description=UNSET if asked.description is UNSET else _text(asked.description) or "",
        settings=_settings(asked),
        prepaid=UNSET if asked.billing is UNSET else asked.billing == "prepaid",
    )
    changed = workspaces.change(desk.store, wanted(desk, request), wished, act(desk, request))
    desk.changed()
    return answer(OneWorkspace(_shown(changed)))


def delete_workspace(desk: Desk, request: Request) -> Response:
    workspaces.delete(desk.store, wanted(desk, request), act(desk, request))
    desk.changed()
    with contextlib.suppress(NotFound):  # no payments, no card
        desk.cashier().top_ups.workspace_gone()
    return answer(Deleted())


def list_budgets(desk: Desk, request: Request) -> Response:
    return answer(_budgets(desk, wanted(desk, request).id))


def set_budget(desk: Desk, request: Request) -> Response:
    workspace = wanted(desk, request).id
    limit = amount_of(str(decoded(request, BudgetChange).limit_usd), field="limit_usd")
    terms.set_budget(desk.store, workspace, _span(request), limit, act(desk, request))
    desk.changed()
    return answer(_budgets(desk, workspace))


def delete_budget(desk: Desk, request: Request) -> Response:
    terms.set_budget(desk.store, wanted(desk, request).id, _span(request), None, act(desk, request))
    desk.changed()
    return answer(Deleted())


def wanted(desk: Desk, request: Request) -> Workspace:
    """By the id or slug in the path. raises NotFound"""
    told = request.params["id"]
    if not told.isprintable():
        raise no_workspace(told, "id")
    return workspaces.find(desk.store, told, "id")


def _settings(asked: WorkspaceChange) -> dict[str, Any]:
    return {name: value for name in _KEPT if (value := getattr(asked, name)) is not UNSET}


def _text(told: str | UnsetType | None) -> str | None:
    return None if told is UNSET else told


def _shown(workspace: Workspace) -> WorkspaceRow:
    return WorkspaceRow(
        id=workspace.id,
        name=workspace.name,
        slug=workspace.slug,
        description=workspace.description or None,
        billing="prepaid" if workspace.prepaid else "postpaid",
        created_at=iso(workspace.created_ms),
        updated_at=iso_or_none(workspace.updated_ms),
        **{name: workspace.settings.get(name, default) for name, default in _KEPT.items()},
    )


def _budgets(desk: Desk, workspace: str) -> WorkspaceBudgets:
    shown = []
    for span, limit in terms.bounds_of(desk.store, workspace).budgets.items():
        room = room_of(desk.store, budget_purse(workspace, span, desk.now_ms()))
        shown.append(WorkspaceBudget(span, dollars(limit), dollars(max(room.unspent, 0) if room is not None else 0)))
    return WorkspaceBudgets(shown)


def _span(request: Request) -> Span:
    span = request.params["interval"]
    if span not in SPANS:
        raise NotFound(
            f"There is no budget {span[:40]!r}.",
            field="interval",
            expected=f"one of: {', '.join(SPANS)}",
            received=span[:40],
            remedy=f"Choose {', '.join(SPANS[:-1])} or {SPANS[-1]}.",
        )
    return span


_TAG = "Workspaces"
ROUTES = (
    Route(
        "GET", "/workspaces", "List workspaces", _TAG, list_workspaces, "management",
        query=WorkspaceQuery, returns=Workspaces, asks=True,
    ),
    Route(
        "POST", "/workspaces", "Make a workspace", _TAG, audited("workspace.create", make_workspace), "management",
        body=NewWorkspace, returns=OneWorkspace, reads=True, asks=True, errors=(InvalidRequest, Conflict), same_shape=(201,),
    ),
    Route(
        "GET", "/workspaces/{id}", "Show a workspace", _TAG, show_workspace, "management",
        returns=OneWorkspace, asks=True, errors=(NotFound,),
    ),
    Route(
        "PATCH", "/workspaces/{id}", "Change a workspace", _TAG, audited("workspace.change", change_workspace), "management",
        body=WorkspaceChange, returns=OneWorkspace, reads=True, asks=True, errors=(InvalidRequest, NotFound, Conflict),
    ),
    Route(
        "DELETE", "/workspaces/{id}", "Delete a workspace", _TAG, audited("workspace.delete", delete_workspace), "management",
        returns=Deleted, asks=True, errors=(NotFound, Conflict),
    ),
    Route(
        "GET", "/workspaces/{id}/budgets", "List a workspace's budgets", _TAG, list_budgets, "management",
        returns=WorkspaceBudgets, asks=True, errors=(NotFound,),
    ),
    Route(
        "PUT", "/workspaces/{id}/budgets/{interval}", "Set a budget", _TAG, audited("workspace.budget", set_budget), "management",
        body=BudgetChange, returns=WorkspaceBudgets, reads=True, asks=True, errors=(InvalidRequest, NotFound),
    ),
    Route(
        "DELETE", "/workspaces/{id}/budgets/{interval}", "Take a budget away", _TAG,
        audited("workspace.budget", delete_budget), "management", returns=Deleted, asks=True, errors=(NotFound,),
    ),
)  # fmt: skip
