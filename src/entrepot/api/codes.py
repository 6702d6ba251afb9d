"""Codes that are redeemed for credit: made, listed and revoked with a management key, redeemed with a key of the workspace."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.changing import Deleted, Dollars, Time, Word, act, audited, decoded, time_of
from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.paging import Limit, Offset
from entrepot.api.routes import Desk, Route
from entrepot.errors import Forbidden, InvalidRequest, NotFound, RateLimited
from entrepot.ledger import workspaces
from entrepot.ledger.books import balance
from entrepot.ledger.funding import amount_of
from entrepot.payments import codes
from entrepot.payments.codes import Batch, Code, State
from entrepot.values.money import dollars
from entrepot.values.times import iso, iso_or_none


class NewCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: Dollars
    count: Annotated[int, Meta(ge=1, le=10_000)] = 1
    expires_at: Time | None = None
    workspace_id: Annotated[Word, Meta(description="Who alone may redeem them; empty: anybody.")] = ""
    sold: Annotated[bool, Meta(description="They were paid for by another way, and not given away.")] = False


class CodeData(msgspec.Struct, frozen=True):
    id: str
    batch: str
    hint: Annotated[str, Meta(description="Its last letters.")]
    state: State
    amount: Usd
    workspace_id: Annotated[str | None, Meta(description="Who alone may redeem it.")]
    sold: bool
    created_at: str
    expires_at: str | None
    redeemed_at: str | None
    redeemed_by: Annotated[str | None, Meta(description="The workspace that has its credit.")]
    code: Annotated[str | None, Meta(description="The code itself, told when it is made.")] = None


class Codes(msgspec.Struct, frozen=True):
    data: list[CodeData]
    total_count: int


class CodeQuery(msgspec.Struct, frozen=True):
    batch: Word | None = None
    offset: Offset = 0
    limit: Limit = 100


class Redemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=100, description="Spaces, dashes and the case of letters do not count.")]


class RedeemedData(msgspec.Struct, frozen=True):
    id: str
    workspace_id: str
    credit: Usd
    balance: Usd


class Redeemed(msgspec.Struct, frozen=True):
    data: RedeemedData


def make_codes(desk: Desk, request: Request) -> Response:
    asked = decoded(request, NewCodes)
    expires_ms = None if asked.expires_at is None else time_of(asked.expires_at, "expires_at")
    workspace = workspaces.id_of(desk.store, asked.workspace_id)
    batch = Batch(amount_of(str(asked.amount)), asked.count, workspace, expires_ms, asked.sold)
    made = codes.make(desk.store, desk.secret, batch, act(desk, request))
    return answer(Codes([_shown(desk, code, text) for text, code in made], len(made)), 201)


def list_codes(desk: Desk, request: Request) -> Response:
    query: CodeQuery = request.query
    found, total = codes.page(desk.store, query.batch, offset=query.offset, limit=query.limit)
    return answer(Codes([_shown(desk, code) for code in found], total))


def revoke_code(desk: Desk, request: Request) -> Response:
    codes.revoke(desk.store, request.params["id"], act(desk, request))
    return answer(Deleted())


def redeem_code(desk: Desk, request: Request) -> Response:
    caller = request.caller
    assert caller is not None
    if caller.kind == "test":
        raise Forbidden(
            "A test key spends no credit, and so redeems none.",
            field="Authorization",
            expected="a live key",
            received="a test key",
            remedy="Use a live key of the workspace.",
        )
    code = decoded(request, Redemption).code
    done = codes.redeem(desk.store, desk.secret, code, caller.workspace, caller.key_hash, act(desk, request))
    now = balance(desk.store, "credit", caller.workspace)
    return answer(Redeemed(RedeemedData(done.id, caller.workspace, dollars(done.amount_nano), dollars(now))))


def _shown(desk: Desk, code: Code, text: str | None = None) -> CodeData:
    return CodeData(
        id=code.id,
        batch=code.batch,
        hint=code.hint,
        state=code.state(desk.now_ms()),
        amount=dollars(code.amount_nano),
        workspace_id=code.workspace or None,
        sold=code.account == "clearing",
        created_at=iso(code.created_ms),
        expires_at=iso_or_none(code.expires_ms),
        redeemed_at=iso_or_none(code.used_ms),
        redeemed_by=code.used_by or None,
        code=text,
    )


_TAG: Literal["Payments"] = "Payments"
ROUTES = (
    Route("GET", "/codes", "List codes", _TAG, list_codes, "management", query=CodeQuery, returns=Codes, asks=True),
    Route(
        "POST", "/codes", "Make codes for credit", _TAG, audited("codes.make", make_codes), "management",
        body=NewCodes, returns=Codes, reads=True, asks=True, same_shape=(201,), errors=(InvalidRequest, NotFound),
    ),
    Route(
        "DELETE", "/codes/{id}", "Revoke a code, or all of a batch", _TAG, audited("codes.revoke", revoke_code), "management",
        returns=Deleted, asks=True, errors=(NotFound,),
    ),
    Route(
        "POST", "/codes/redeem", "Redeem a code for credit", _TAG, redeem_code, "key",
        body=Redemption, returns=Redeemed, reads=True, asks=True, errors=(InvalidRequest, Forbidden, RateLimited),
    ),
)  # fmt: skip
