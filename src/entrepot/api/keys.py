"""Keys managed over HTTP, by management keys (contract 4.1)."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.api.changing import Deleted, Dollars, Time, Word, act, audited, decoded, time_of
from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.key import Spent, spent_by
from entrepot.api.paging import Limit, Offset
from entrepot.api.routes import Desk, Route
from entrepot.errors import Conflict, InvalidRequest, NotFound
from entrepot.identity.store import DEFAULT_WORKSPACE, Facts, facts, key_by_hash, page_of_keys
from entrepot.ledger import keys, workspaces
from entrepot.ledger.funding import amount_of
from entrepot.values.caller import Caller, Reset
from entrepot.values.money import dollars
from entrepot.values.times import iso, iso_or_none

_HASH = re.compile("[0-9a-f]{64}")
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Amount = Dollars | None
"""None: no limit."""


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    limit: Amount = None
    limit_reset: Reset | None = None
    expires_at: Time | None = None
    workspace_id: Annotated[Word, Meta(description="Its id or slug.")] = DEFAULT_WORKSPACE
    include_byok_in_limit: Annotated[bool, Meta(description="Kept and shown: own provider keys are not there yet.")] = False
    creator_user_id: Word | None = None


class KeyChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    name: Name | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    limit: Amount | UnsetType = UNSET
    limit_reset: Reset | UnsetType | None = UNSET
    include_byok_in_limit: bool | UnsetType = UNSET


class KeyQuery(msgspec.Struct, frozen=True):
    offset: Offset = 0
    limit: Limit = 100
    include_disabled: bool = True
    workspace_id: Annotated[Word, Meta(description="Its id or slug.")] = DEFAULT_WORKSPACE


class Key(msgspec.Struct, frozen=True):
    """Usage windows are UTC: the day from midnight, the week from Monday, the month from the first."""

    hash: str
    name: str
    label: Annotated[str, Meta(description="The key, masked.")]
    disabled: bool
    limit: Usd | None
    limit_remaining: Usd | None
    limit_reset: Reset | None
    usage: Usd
    usage_daily: Usd
    usage_weekly: Usd
    usage_monthly: Usd
    created_at: str
    updated_at: str | None
    expires_at: str | None
    workspace_id: str
    is_test_key: bool
    is_management_key: bool
    include_byok_in_limit: bool = False
    byok_usage: int = 0
    byok_usage_daily: int = 0
    byok_usage_weekly: int = 0
    byok_usage_monthly: int = 0
    creator_user_id: str | None = None


class Keys(msgspec.Struct, frozen=True):
    data: list[Key]
    total_count: int


class OneKey(msgspec.Struct, frozen=True):
    data: Key


class MadeKey(msgspec.Struct, frozen=True):
    data: Key
    key: Annotated[str, Meta(description="The key itself, shown this once.")]


def list_keys(desk: Desk, request: Request) -> Response:
    query: KeyQuery = request.query
    workspace = workspaces.find(desk.store, query.workspace_id, "workspace_id").id
    found, total = page_of_keys(
        desk.store, workspace, offset=query.offset, limit=query.limit, disabled_too=query.include_disabled
    )
    spent = spent_by(desk, [key.key_hash for key, _ in found])
    return answer(Keys([_row(key, more, spent[key.key_hash]) for key, more in found], total))


def make_key(desk: Desk, request: Request) -> Response:
    asked = decoded(request, NewKey)
    order = keys.Order(
        name=asked.name,
        expires_ms=None if asked.expires_at is None else time_of(asked.expires_at, "expires_at"),
        workspace=_workspace(desk, asked.workspace_id),
        limit_nano=_nano(asked.limit),
        limit_reset=asked.limit_reset,
        byok_in_limit=asked.include_byok_in_limit,
        creator=asked.creator_user_id,
    )
    key, made = keys.make(desk.store, desk.secret, order, act(desk, request))
    desk.changed()
    return answer(MadeKey(_shown(desk, made), key), 201)


def show_key(desk: Desk, request: Request) -> Response:
    return answer(OneKey(_shown(desk, _wanted(desk, request))))


def change_key(desk: Desk, request: Request) -> Response:
    asked = decoded(request, KeyChange)
    wished = keys.Change(
        name=asked.name,
        disabled=asked.disabled,
        limit_nano=UNSET if asked.limit is UNSET else _nano(asked.limit),
        limit_reset=None if asked.limit is None and asked.limit_reset is UNSET else asked.limit_reset,
        byok_in_limit=asked.include_byok_in_limit,
    )
    changed = keys.change(desk.store, _wanted(desk, request), wished, act(desk, request))
    desk.changed()
    return answer(OneKey(_shown(desk, changed)))


def delete_key(desk: Desk, request: Request) -> Response:
    key = _wanted(desk, request)
    if request.caller is not None and key.key_hash == request.caller.key_hash:
        raise Conflict(
            "A key cannot delete itself. Nothing was changed.",
            field="hash",
            expected="the hash of another key",
            received=key.key_hash,
            remedy="Use another management key.",
        )
    keys.delete(desk.store, key, act(desk, request))
    desk.changed()
    return answer(Deleted())


def _workspace(desk: Desk, wanted: str) -> str:
    try:
        return workspaces.find(desk.store, wanted).id
    except NotFound as error:
        message = f"{error.message} Nothing was changed."
        raise InvalidRequest(
            message, field="workspace_id", expected=error.expected, received=wanted[:80], remedy=error.remedy
        ) from None


def _wanted(desk: Desk, request: Request) -> Caller:
    told = request.params["id"]
    found = key_by_hash(desk.store, told) if _HASH.fullmatch(told) else None
    if found is None:
        raise NotFound(
            "There is no such key.",
            field="hash",
            expected="the `hash` of a key, 64 hexadecimal digits",
            received=told[:80],
            remedy="GET /api/v1/keys lists them.",
        )
    return found


def _shown(desk: Desk, key: Caller) -> Key:
    return _row(key, facts(desk.store, key.key_hash), spent_by(desk, [key.key_hash])[key.key_hash])


def _row(key: Caller, more: Facts, spent: Spent) -> Key:
    return Key(
        hash=key.key_hash,
        name=key.name,
        label=key.label,
        disabled=key.disabled,
        limit=None if key.limit_nano is None else dollars(key.limit_nano),
        limit_remaining=spent.left(key),
        limit_reset=key.limit_reset,
        usage=dollars(spent.lifetime),
        usage_daily=dollars(spent.daily),
        usage_weekly=dollars(spent.weekly),
        usage_monthly=dollars(spent.monthly),
        created_at=iso(key.created_ms),
        updated_at=iso_or_none(more.updated_ms),
        expires_at=iso_or_none(key.expires_ms),
        workspace_id=key.workspace,
        is_test_key=key.kind == "test",
        is_management_key=key.kind == "management",
        include_byok_in_limit=more.byok_in_limit,
        creator_user_id=more.creator,
    )


def _nano(limit: Any) -> int | None:
    """A limit may be zero: then nothing may be spent."""
    return None if limit is None else amount_of(str(limit), field="limit", zero=True)


_TAG = "Keys"
ROUTES = (
    Route("GET", "/keys", "List keys", _TAG, list_keys, "management", query=KeyQuery, returns=Keys, asks=True),
    Route(
        "POST", "/keys", "Make a key", _TAG, audited("key.create", make_key), "management",
        body=NewKey, returns=MadeKey, reads=True, asks=True, errors=(InvalidRequest,), same_shape=(201,),
    ),
    Route("GET", "/keys/{id}", "Show a key", _TAG, show_key, "management", returns=OneKey, asks=True, errors=(NotFound,)),
    Route(
        "PATCH", "/keys/{id}", "Change a key", _TAG, audited("key.change", change_key), "management",
        body=KeyChange, returns=OneKey, reads=True, asks=True, errors=(InvalidRequest, NotFound),
    ),
    Route(
        "DELETE", "/keys/{id}", "Delete a key", _TAG, audited("key.delete", delete_key), "management",
        returns=Deleted, asks=True, errors=(NotFound, Conflict),
    ),
)  # fmt: skip
