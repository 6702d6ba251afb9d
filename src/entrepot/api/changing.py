"""What all changes by management keys share: who acts, how a body is read, and that a refusal is in the audit log too."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from entrepot.api.bodies import body_as
from entrepot.api.http import Request, Response
from entrepot.api.routes import Desk, Handler
from entrepot.errors import CallerError, InvalidRequest
from entrepot.ledger import audit
from entrepot.ledger.audit import Act
from entrepot.values.times import time_in

T = TypeVar("T")
Word = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Dollars = Annotated[Decimal, Meta(description="US dollars.", extra_json_schema={"type": "number"})]
Time = Annotated[str, Meta(description="RFC 3339, UTC.")]
_TOO_LATE_MS = time_in("9001-01-01")


class Deleted(msgspec.Struct, frozen=True):
    deleted: bool = True


def act(desk: Desk, request: Request) -> Act:
    assert request.caller is not None
    return Act(actor=request.caller.label, at_ms=desk.now_ms())


def audited(action: str, change: Handler) -> Handler:
    """A change of which a refusal too leaves a line: who asked for what, when, and why not. action  as `key.create`"""
    kind = action.partition(".")[0]

    def handle(desk: Desk, request: Request) -> Response:
        try:
            return change(desk, request)
        except CallerError as error:
            asked = f"{request.target} {request.body[:1000].decode(errors='replace')}".strip()
            subject = f"{kind}/{request.params.get('id', '')}"
            audit.refused(desk.store, act(desk, request), action, subject, asked, error.message)
            raise

    return handle


def decoded(request: Request, wanted: type[T]) -> T:
    """The body. raises InvalidRequest"""
    return body_as(request.body, wanted, tail=" Nothing was changed.")


def time_of(text: str, field: str) -> int:
    """Milliseconds since 1970. raises InvalidRequest, for what is not a time in UTC"""
    try:
        ms = time_in(text, bare=False, abroad=False)
    except ValueError:
        ms = None
    if ms is None or ms >= _TOO_LATE_MS:
        raise InvalidRequest(
            f"`{field}` is not a time in UTC. Nothing was changed.",
            field=field,
            expected="as 2027-01-31T00:00:00Z",
            received=text[:80],
            remedy=f"Write `{field}` as 2027-01-31T00:00:00Z.",
        )
    return ms
