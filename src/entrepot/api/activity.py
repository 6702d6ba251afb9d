"""GET /activity: what was used on each of the last 30 whole days, UTC, by model and endpoint (contract 4.3)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.changing import Word
from entrepot.api.days import DATE, day_of
from entrepot.api.http import Request, Response, Usd, answer
from entrepot.api.paging import Offset
from entrepot.api.routes import Desk, Route
from entrepot.errors import InvalidRequest, NotFound
from entrepot.identity.store import key_by_hash
from entrepot.records.asked import Question, conditions, table_of
from entrepot.records.figures import Scope, Span, Totals
from entrepot.storage.database import Row
from entrepot.values.money import dollars
from entrepot.values.times import DAY_MS, DAY_S, date_of

_DAYS = 30
_SUMS = Totals.__struct_fields__
PageSize = Annotated[int, Meta(ge=1, le=10_000)]


class ActivityQuery(msgspec.Struct, frozen=True):
    date: Annotated[str, Meta(description="One day of the last 30 that are over, as 2026-11-20.", extra_json_schema=DATE)] = ""
    api_key_hash: Annotated[Word, Meta(description="Only what this key used; also of a test key.")] = ""
    user_id: Annotated[Word, Meta(description="Keys belong to no user here: matches none.")] = ""
    workspace_id: Annotated[Word, Meta(description="Only what this workspace used.")] = ""
    group_by: Annotated[Literal["workspace"] | None, Meta(description="A row for each workspace too.")] = None
    offset: Offset = 0
    limit: Annotated[PageSize | None, Meta(description="Rows to give; all when it is not given.")] = None


class Day(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went through one endpoint on one day. Requests that reached no endpoint are in no row."""

    date: str
    model: str
    model_permaslug: str
    endpoint_id: str
    provider_name: str
    usage: Usd
    byok_usage_inference: int | float
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    workspace_id: str | msgspec.UnsetType = msgspec.UNSET


class Activity(msgspec.Struct, frozen=True):
    data: list[Day]
    total_count: int


def show_activity(desk: Desk, request: Request) -> Response:
    query: ActivityQuery = request.query
    span = _span(query, desk.now_ms())
    scope, by_workspace = _scope(desk, query), query.group_by == "workspace"
    table = table_of(scope) if table_of(scope) == "key_sums" or not by_workspace else "workspace_sums"
    by = ("at", "model", "endpoint", "provider", *(("workspace",) if by_workspace else ()))
    rows = [] if query.user_id else desk.statistics.ask(Question(table, _SUMS, by, conditions(scope)), span, "day")
    found = sorted((row for row in rows if row[2]), key=lambda row: (-row[0], row[1:3], row[4] if by_workspace else ""))
    stop = len(found) if query.limit is None else query.offset + query.limit
    names = {slug: configured.provider.name for slug, configured in desk.providers().items()}
    models = desk.catalog().models
    permaslugs = {row[1]: models[row[1]].canonical_slug for row in found if row[1] in models}
    shown = [_day(row, names, permaslugs, by_workspace=by_workspace) for row in found[query.offset : stop]]
    return answer(Activity(shown, len(found)))


def _span(query: ActivityQuery, now_ms: int) -> Span:
    today = now_ms // DAY_MS
    if not query.date:
        return Span((today - _DAYS) * DAY_MS, today * DAY_MS)
    day = day_of(query.date, "date")
    if not today - _DAYS <= day < today:
        raise InvalidRequest(
            "`date` must be one of the last 30 days that are over.",
            field="date",
            expected=f"{date_of(today - _DAYS)} to {date_of(today - 1)}",
            received=query.date,
            remedy="Ask POST /analytics/query for other days.",
        )
    return Span(day * DAY_MS, (day + 1) * DAY_MS)


def _scope(desk: Desk, query: ActivityQuery) -> Scope:
    """A key's rows lie with those of its workspace."""
    if not query.api_key_hash:
        return Scope(workspace=query.workspace_id)
    key = key_by_hash(desk.store, query.api_key_hash)
    if key is None:
        raise NotFound(
            "There is no key of this hash.",
            field="api_key_hash",
            expected="the `hash` of a key",
            received=query.api_key_hash[:100],
            remedy="GET /keys lists them.",
        )
    # A workspace that is not the key's own has nothing of it.
    return Scope(workspace=query.workspace_id or key.workspace, key_hash=key.key_hash, test=key.kind == "test")


def _day(row: Row, names: dict[str, str], permaslugs: dict[str, str], *, by_workspace: bool) -> Day:
    at, rest = int(row[0]), list(row[4:])
    model, endpoint, provider = map(str, row[1:4])
    workspace = rest.pop(0) if by_workspace else msgspec.UNSET
    totals = Totals(*rest)
    return Day(
        date_of(at // DAY_S),
        model,
        permaslugs.get(model, model),
        endpoint,
        names.get(provider, provider),
        dollars(totals.cost_nano),
        0,
        totals.requests,
        totals.prompt_tokens,
        totals.completion_tokens,
        totals.reasoning_tokens,
        workspace,
    )


ROUTES = (
    Route(
        "GET",
        "/activity",
        "Show what was used by day",
        "Account",
        show_activity,
        "management",
        query=ActivityQuery,
        returns=Activity,
        errors=(NotFound,),
        asks=True,
        description="The last 30 days that are over, UTC, by model and endpoint. Without `limit` and `offset` all rows.",
    ),
)
