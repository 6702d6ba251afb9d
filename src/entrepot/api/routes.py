"""What a route is, and what its handler looks at. Dispatch (`dispatch.py`) and the OpenAPI document are both read from these.

A route without a handler is served before the table is asked (the chat path is); it stands there for its methods and its
description. All handlers are plain functions of what they look at (`Desk`) and the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from entrepot.api.http import Request, Response
from entrepot.catalog.catalog import Catalog
from entrepot.dialects.dialect import Dialect
from entrepot.errors import (
    Forbidden,
    GatewayError,
    InvalidRequest,
    NotFound,
    OutOfCredits,
    RateLimited,
    TimedOut,
    TooLarge,
    TooSlow,
    Unavailable,
)
from entrepot.identity.ration import Ration
from entrepot.ledger.statement_paper import Letterhead
from entrepot.payments.cashier import Cashier
from entrepot.payments.opening import off
from entrepot.providers.configured import Configured
from entrepot.records.responses import ResponseStore
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.values.caller import Caller
from entrepot.values.generation import Generation

Auth = Literal["none", "optional", "key", "management"]
"""optional: whoever shows a good key is told what holds for it."""
API_BASES = ("/api/v1", "/v1")
"""OpenRouter's spelling and OpenAI's; the first is the documented one."""
GENERATING = (
    InvalidRequest, OutOfCredits, Forbidden, NotFound, TooSlow, TooLarge, RateLimited, Unavailable, TimedOut,
)  # fmt: skip
"""What a request for a generation may be refused with, beside a key that is not good."""


class Check(msgspec.Struct, frozen=True):
    """One thing that is looked at. `needed`: no traffic can be served without it."""

    name: str
    ok: bool
    detail: str = ""
    needed: bool = True


def _as_listed(catalog: Catalog, caller: Caller | None) -> Catalog:
    return catalog


class Desk(msgspec.Struct, frozen=True):
    """What the handlers look at, handed in by `app.py`.

    authenticate          Authorization header to caller, any kind of key. raises Unauthenticated
    find                  a generation by its id
    spent_by_keys         nano-dollars spent by each of some keys (their hashes) since each of some UTC days (days since 1970)
    workspace_usage       nano-dollars spent by a workspace, ever, test keys left out
    checks                what readiness rests on
    exposition            metrics in Prometheus' text format
    answered              told each answer given here: route, method, status
    document              the OpenAPI document, rendered
    responses             responses that are kept
    log_failure           told of a bug
    store                 the database, for keys and credit
    secret                what keys are hashed with
    statistics            sums of what was used
    changed               told that keys or limits were changed here
    chat_keys             who may have the chat page make a test key
    cashier               who takes payments. raises NotFound, when payments are off
    letterhead            how receipts and statements are made out
    prepaid               whether new workspaces are
    window                the catalogue at the prices that whoever shows a key pays, or that a visitor sees
    """

    catalog: Callable[[], Catalog]
    providers: Callable[[], Mapping[str, Configured]]
    authenticate: Callable[[str | None], Caller]
    find: Callable[[str], Generation | None]
    spent_by_keys: Callable[[Sequence[str], Sequence[int]], Mapping[str, Sequence[int]]]
    workspace_usage: Callable[[str], int]
    checks: Callable[[], list[Check]]
    exposition: Callable[[], bytes]
    answered: Callable[[str, str, int], None]
    document: Callable[[], bytes]
    responses: ResponseStore
    max_body_bytes: int
    now_ms: Callable[[], int]
    log_failure: Callable[[BaseException], None]
    store: Database
    secret: bytes
    statistics: Statistics
    changed: Callable[[], object]
    cashier: Callable[[], Cashier] = off("there is no cashier")
    letterhead: Letterhead = Letterhead()
    prepaid: bool = False
    window: Callable[[Catalog, Caller | None], Catalog] = _as_listed
    chat_keys: Ration = Ration()


Handler = Callable[[Desk, Request], Response]


class Route(msgspec.Struct, frozen=True):
    """One operation.

    path        below each of `bases`; `{name}` is one segment, and at the end or before a fixed word also several
    query       struct of query parameters; `body` the type of the JSON body; `returns` the type of the JSON answer
    media       type of the answer; `also` another type it may have; `streams` what `text/event-stream` carries, in words
    errors      what it may refuse with beside what `auth` and `query` imply
    same_shape  statuses beside 200 that answer in the shape of `returns`
    reads       the handler looks at the body; otherwise a route with a handler has none
    envelope    the dialect whose form refusals have, and `refused` the type of it; the contract's when there is none
    asks        the handler asks the store, or counts for long, so that it runs on a thread; for what lasts it does neither
    lasting     whether the answer to a query changes only with the catalogue, so that it is made once and has an ETag
    """

    method: str
    path: str
    summary: str
    tag: str
    handler: Handler | None = None
    auth: Auth = "none"
    query: type[msgspec.Struct] | None = None
    body: Any = None
    returns: Any = None
    media: str = "application/json"
    also: str = ""
    streams: str = ""
    errors: tuple[type[GatewayError], ...] = ()
    same_shape: tuple[int, ...] = ()
    bases: tuple[str, ...] = API_BASES
    description: str = ""
    reads: bool = False
    envelope: Dialect | None = None
    refused: type[msgspec.Struct] | None = None
    asks: bool = False
    lasting: Callable[[Any], bool] | None = None

    @property
    def documented_path(self) -> str:
        return self.bases[0] + self.path
