"""GET /audit: who changed keys, workspaces, credit and prices, when, from what, to what; and what was refused."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrepot.api.changing import Word
from entrepot.api.days import time_of
from entrepot.api.http import Request, Response, answer
from entrepot.api.paging import Limit, Offset
from entrepot.api.routes import Desk, Route
from entrepot.ledger import audit
from entrepot.ledger.audit import Line, Wish
from entrepot.values.times import iso


class AuditQuery(msgspec.Struct, frozen=True):
    actor: Annotated[Word | None, Meta(description="The label of a management key, or cli.")] = None
    action: Annotated[Word | None, Meta(description="As key.create, or only its beginning, as key.")] = None
    subject: Annotated[Word | None, Meta(description="As key/HASH or workspace/ID.")] = None
    since: Annotated[str, Meta(description="RFC 3339, UTC: from then on.")] = ""
    before: Annotated[str, Meta(description="RFC 3339, UTC: earlier than that.")] = ""
    offset: Offset = 0
    limit: Limit = 50


class AuditLine(msgspec.Struct, frozen=True):
    """`before` and `after` hold what differs. What ends in `.refused` changed nothing; `after` has what was asked and why."""

    id: str
    at: str
    actor: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


class AuditLines(msgspec.Struct, frozen=True):
    data: list[AuditLine]
    total_count: int


def show_audit(desk: Desk, request: Request) -> Response:
    query = request.query
    wish = Wish(
        actor=query.actor,
        action=query.action,
        subject=query.subject,
        since_ms=time_of(query.since, "since") if query.since else None,
        before_ms=time_of(query.before, "before") if query.before else None,
    )
    lines = audit.lines(desk.store, query.limit, query.offset, wish)
    return answer(AuditLines([_shown(line) for line in lines], audit.count(desk.store, wish)))


def _shown(line: Line) -> AuditLine:
    before, after = msgspec.json.decode(line.before), msgspec.json.decode(line.after)
    return AuditLine(line.id, iso(line.at_ms), line.actor, line.action, line.subject, before, after)


ROUTES = (
    Route(
        "GET", "/audit", "Show the audit log", "Audit", show_audit, "management", query=AuditQuery, returns=AuditLines, asks=True
    ),
)
