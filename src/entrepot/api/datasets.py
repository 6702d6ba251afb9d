"""GET /datasets/rankings-daily and /datasets/app-rankings: what is used most here (contract 3.2). Test keys are left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.categories import Category, category_of
from entrepot.api.days import DATE, day_of
from entrepot.api.http import Request, Response, answer
from entrepot.api.paging import Limit
from entrepot.api.routes import Desk, Route
from entrepot.errors import InvalidRequest
from entrepot.records.asked import Question, conditions, table_of
from entrepot.records.categories import whole_of
from entrepot.records.figures import Scope, Span
from entrepot.values.times import DAY_MS, DAY_S, date_of, first_of, iso

_LONGEST_DAYS = 366
_FIRST = "2025-01-01"
_DEFAULT_DAYS = 30
_TOP = 50
_OTHER = "other"
Date = Annotated[str, Meta(description="UTC, as 2026-11-20.", extra_json_schema=DATE)]
Unkept = Annotated[str, Meta(max_length=100, description="Not known of any request: matches none.")]


class RankingsQuery(msgspec.Struct, frozen=True):
    start_date: Date = ""
    end_date: Date = ""
    period: Annotated[Literal["day", "week", "month"], Meta(description="A row for each day, week or month.")] = "day"
    modality: Annotated[str, Meta(max_length=40, description="Models that read or write it: text, image, audio ...")] = ""
    context_bucket: Unkept = ""
    category: Category = ""
    language_type: Unkept = ""


class RankingsRow(msgspec.Struct, frozen=True):
    date: Annotated[str, Meta(description="The first day of the period.")]
    model_permaslug: Annotated[str, Meta(description="`other`: all models outside the first 50 of that period.")]
    total_tokens: Annotated[str, Meta(description="Prompt and completion; text, so that no digit is lost.")]


class DatasetMeta(msgspec.Struct, frozen=True):
    as_of: str
    start_date: str
    end_date: str
    version: str = "v1"


class Rankings(msgspec.Struct, frozen=True):
    data: list[RankingsRow]
    meta: DatasetMeta


class AppsQuery(msgspec.Struct, frozen=True):
    sort: Annotated[Literal["popular", "trending"], Meta(description="trending: over the mean of three equal spans before.")] = (
        "popular"
    )
    category: Category = ""
    subcategory: Annotated[Category, Meta(description="A part of `category`, as cli-agent is of coding.")] = ""
    start_date: Date = ""
    end_date: Date = ""
    limit: Limit = 50
    offset: Annotated[int, Meta(ge=0, le=100)] = 0


class AppRow(msgspec.Struct, frozen=True):
    rank: int
    app_id: Annotated[str, Meta(description="Its address, by which it is known.")]
    app_name: str
    total_tokens: Annotated[str, Meta(description="Prompt and completion; text, so that no digit is lost.")]
    total_requests: int


class Apps(msgspec.Struct, frozen=True):
    data: list[AppRow]
    meta: DatasetMeta


def show_rankings(desk: Desk, request: Request) -> Response:
    query: RankingsQuery = request.query
    first, last = _days(query.start_date, query.end_date, desk.now_ms())
    of = Scope(category=category_of(query.category, "category"))
    unkept = query.context_bucket or query.language_type
    named = ("rankings", first, last, query.period, query.modality, of)
    data = [] if unkept else desk.statistics.remembered(named, lambda: _ranked(desk, query, of, first, last))
    return answer(Rankings(data, _meta(desk, first, last)))


def _ranked(desk: Desk, query: RankingsQuery, of: Scope, first: int, last: int) -> list[RankingsRow]:
    question = Question(table_of(of), ("prompt_tokens", "completion_tokens"), ("at", "model"), conditions(of))
    rows = desk.statistics.parts(question, Span(first * DAY_MS, (last + 1) * DAY_MS), "day")
    names = _names(desk, query, {row[1] for row in rows})
    periods = {at: max(first_of(query.period, at // DAY_S), first) for at in {row[0] for row in rows}}
    found: dict[int, dict[str, int]] = {period: {} for period in periods.values()}
    for at, slug, prompt, completion in rows:
        if name := names[slug]:
            of_period = found[periods[at]]
            of_period[name] = of_period.get(name, 0) + prompt + completion
    return [row for day in sorted(found) for row in _top(date_of(day), found[day].items())]


def _names(desk: Desk, query: RankingsQuery, slugs: Iterable[str]) -> dict[str, str]:
    """What each model is told as; "" is left out."""
    models, found = desk.catalog().models, dict[str, str]()
    for slug in slugs:
        model = models.get(slug)
        modalities = () if model is None else (*model.input_modalities, *model.output_modalities)
        name = slug if model is None else model.canonical_slug
        found[slug] = name if slug and (not query.modality or query.modality in modalities) else ""
    return found


def _top(date: str, tokens: Iterable[tuple[str, int]]) -> list[RankingsRow]:
    ranked = sorted(((name, total) for name, total in tokens if total), key=lambda item: (-item[1], item[0]))
    rows = [RankingsRow(date, name, str(total)) for name, total in ranked[:_TOP]]
    rest = sum(total for _, total in ranked[_TOP:])
    return [*rows, RankingsRow(date, _OTHER, str(rest))] if rest else rows


def show_apps(desk: Desk, request: Request) -> Response:
    query: AppsQuery = request.query
    first, last = _days(query.start_date, query.end_date, desk.now_ms())
    span = Span(first * DAY_MS, (last + 1) * DAY_MS)
    category, part = category_of(query.category, "category"), category_of(query.subcategory, "subcategory")
    of = Scope(category=part or category)
    if part and category not in ("", part, whole_of(part)):
        found = []
    elif query.sort == "trending":
        found = desk.statistics.trending("app", span, of=of)[query.offset :]
    else:
        found = desk.statistics.top("app", span, of=of, limit=query.limit, offset=query.offset)
    rows = [AppRow(one.rank, one.name, one.title, str(one.total_tokens), one.requests) for one in found[: query.limit]]
    return answer(Apps(rows, _meta(desk, first, last)))


def _days(start: str, end: str, now_ms: int) -> tuple[int, int]:
    """The first and the last day; without any the last 30 that are over."""
    yesterday = now_ms // DAY_MS - 1
    last = day_of(end, "end_date") if end else max(yesterday, day_of(start, "start_date") if start else yesterday)
    first = day_of(start, "start_date") if start else last - _DEFAULT_DAYS + 1
    least = day_of(_FIRST, "start_date")
    if first > last or last - first >= _LONGEST_DAYS or (start and first < least):
        raise InvalidRequest(
            f"`start_date` and `end_date` must span 1 to {_LONGEST_DAYS} days, from {_FIRST} on.",
            field="start_date",
            expected=f"{_FIRST} or later, not after `end_date` and at most {_LONGEST_DAYS} days with it",
            received=f"{start or 'nothing'} to {end or 'nothing'}",
            remedy="Ask for a shorter span, or leave both out for the last 30 days.",
        )
    return first, last


def _meta(desk: Desk, first: int, last: int) -> DatasetMeta:
    return DatasetMeta(iso(desk.now_ms()), date_of(first), date_of(last))


ROUTES = (
    Route(
        "GET",
        "/datasets/rankings-daily",
        "Rank models by tokens",
        "Datasets",
        show_rankings,
        "key",
        query=RankingsQuery,
        returns=Rankings,
        asks=True,
        description="The 50 models with most tokens of each day, week or month, and all others as one.",
    ),
    Route(
        "GET",
        "/datasets/app-rankings",
        "Rank applications by tokens",
        "Datasets",
        show_apps,
        "key",
        query=AppsQuery,
        returns=Apps,
        asks=True,
        description="Applications are known by the `HTTP-Referer` they send; those on somebody's own machine are left out.",
    ),
)
