"""Receipts of payments and monthly statements of workspaces: as HTML, as PDF, and a statement as JSON too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.payments import wanted
from entrepot.api.routes import Desk, Route
from entrepot.errors import NotFound, Unavailable
from entrepot.ledger import statement_html, statement_pdf, workspaces
from entrepot.ledger.statement import Statement, Used, by_model, month_of, statement
from entrepot.ledger.statement_paper import Paper, paper_of
from entrepot.payments import receipts, store
from entrepot.payments.receipt_paper import receipt_paper
from entrepot.records.figures import Scope, Span
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.values.money import dollars
from entrepot.values.times import iso

_HTML, _PDF = "text/html; charset=utf-8", "application/pdf"
_SAFE = (
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"cache-control", b"private, no-store"),
)


class StatementEntry(msgspec.Struct, frozen=True):
    at: str
    kind: str
    memo: str
    amount: Usd
    key: Annotated[str, Meta(description="Names the transaction in the books.")]


class StatementUsage(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(description="The model, or the day as 2026-11-30.")]
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: Usd


class StatementData(msgspec.Struct, frozen=True):
    """`opening_balance` + all `sums` - `usage` = `closing_balance`, exactly."""

    workspace_id: str
    month: str
    prepaid: bool
    opening_balance: Usd
    sums: Annotated[dict[str, Usd], Meta(description="Of all that is not usage, by kind.")]
    requests: int
    usage: Usd
    closing_balance: Usd
    entries: Annotated[list[StatementEntry], Meta(description="The first thousand, oldest first.")]
    entries_left_out: int
    usage_by_day: list[StatementUsage]
    usage_by_model: list[StatementUsage]


class StatementAnswer(msgspec.Struct, frozen=True):
    data: StatementData


def receipt_html(desk: Desk, request: Request) -> Response:
    return Response(statement_html.render(_receipt(desk, request)), media=_HTML, headers=_SAFE)


def receipt_pdf(desk: Desk, request: Request) -> Response:
    return _pdf(desk, _receipt(desk, request))


def statement_json(desk: Desk, request: Request) -> Response:
    return answer(StatementAnswer(stated_data(_stated(desk, request))))


def statement_as_html(desk: Desk, request: Request) -> Response:
    return Response(statement_html.render(paper_of(_stated(desk, request), desk.letterhead.seller)), media=_HTML, headers=_SAFE)


def statement_as_pdf(desk: Desk, request: Request) -> Response:
    return _pdf(desk, paper_of(_stated(desk, request), desk.letterhead.seller))


def stated_data(stated: Statement) -> StatementData:
    return StatementData(
        workspace_id=stated.workspace,
        month=stated.month.name,
        prepaid=stated.prepaid,
        opening_balance=dollars(stated.opening_nano),
        sums={kind: dollars(amount) for kind, amount in stated.sums.items()},
        requests=stated.requests,
        usage=dollars(stated.used_nano),
        closing_balance=dollars(stated.closing_nano),
        entries=[StatementEntry(iso(e.at_ms), e.kind, e.memo, dollars(e.amount_nano), e.key) for e in stated.lines],
        entries_left_out=stated.more,
        usage_by_day=_usage(stated.days),
        usage_by_model=_usage(stated.models),
    )


def _usage(found: Sequence[Used]) -> list[StatementUsage]:
    return [
        StatementUsage(used.name, used.requests, used.prompt_tokens, used.completion_tokens, dollars(used.cost_nano))
        for used in found
    ]


def _stated(desk: Desk, request: Request) -> Statement:
    return stated_by_model(desk.store, workspaces.id_of(desk.store, request.params["id"]), request.params["month"], desk.now_ms)


def stated_by_model(db: Database, workspace: str, month: str, now_ms: Callable[[], int]) -> Statement:
    """raises NotFound"""
    span = month_of(month)
    stated = statement(db, workspace, span)
    found = Statistics(db, now_ms).totals_by("model", Scope(workspace=workspace), Span(span.from_ms, span.before_ms), "day")
    models = [Used(name, t.requests, t.cost_nano, t.prompt_tokens, t.completion_tokens) for name, t in found.items()]
    return by_model(stated, models)


def _receipt(desk: Desk, request: Request) -> Paper:
    payment = wanted(desk, request)
    receipt = receipts.find(desk.store, payment.id)
    if receipt is None:
        raise NotFound(
            "There is no receipt of a payment that was not paid.",
            field="id",
            expected="the id of a payment that was paid",
            received=payment.id,
            remedy=f"GET /api/v1/payments/{payment.id} shows how it stands.",
        )
    name = desk.store.execute("SELECT name FROM workspaces WHERE id = ?", (payment.workspace,)).fetchone()
    returns = store.returns_of(desk.store, payment.id)
    return receipt_paper(payment, receipt, returns, str(name[0]) if name else payment.workspace)


def _pdf(desk: Desk, paper: Paper) -> Response:
    name = f"{paper.title.lower()}-{paper.number.replace('/', '-')}.pdf"
    headers = (*_SAFE, (b"content-disposition", f'inline; filename="{name}"'.encode()))
    return Response(statement_pdf.render(paper, desk.letterhead.pdf_font), media=_PDF, headers=headers)


_TAG = "Payments"
_MONTHLY = "/workspaces/{id}/statements/{month}"
ROUTES = (
    Route(
        "GET", "/payments/{id}/receipt.html", "Receipt of a payment", _TAG, receipt_html, "management",
        media=_HTML, asks=True, errors=(NotFound,),
    ),
    Route(
        "GET", "/payments/{id}/receipt.pdf", "Receipt of a payment as PDF", _TAG, receipt_pdf, "management",
        media=_PDF, asks=True, errors=(NotFound, Unavailable),
    ),
    Route(
        "GET", f"{_MONTHLY}.json", "Monthly statement", _TAG, statement_json, "management",
        returns=StatementAnswer, asks=True, errors=(NotFound,),
    ),
    Route(
        "GET", f"{_MONTHLY}.html", "Monthly statement as a page", _TAG, statement_as_html, "management",
        media=_HTML, asks=True, errors=(NotFound,),
    ),
    Route(
        "GET", f"{_MONTHLY}.pdf", "Monthly statement as PDF", _TAG, statement_as_pdf, "management",
        media=_PDF, asks=True, errors=(NotFound, Unavailable),
    ),
)  # fmt: skip
