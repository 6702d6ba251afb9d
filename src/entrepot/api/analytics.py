"""GET /analytics/meta and POST /analytics/query: sums by time and up to two dimensions, with filters (contract 4.3).

By the minute only what concerns models, providers and endpoints is kept; by the hour also workspaces, applications and service
tiers; by the day also keys. A finer granularity than is kept is refused with the finest that there is. Speeds are kept of models,
providers and endpoints. Test keys are left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.api.answers import Sought, sought_rows
from entrepot.api.bodies import body_as, nearest
from entrepot.api.days import time_of
from entrepot.api.http import Request, Response, answer
from entrepot.api.metrics import DIMENSIONS, METRICS, TIMED
from entrepot.api.routes import Desk, Route
from entrepot.errors import InvalidRequest
from entrepot.records.asked import KEPT, Conditions, TableName
from entrepot.records.figures import LEVEL_S, MOST_POINTS, Level, Span
from entrepot.values.times import DAY_MS, DAY_S, HOUR_S, MINUTE_S

_LONGEST_DAYS = 366
_LONGEST_TIMED_DAYS = 31
_DEFAULT_DAYS = 30
_MOST_ROWS = 10_000
_MOST_VALUES = 100
_GRANULARITIES = {"minute": "Minute", "hour": "Hour", "day": "Day", "week": "Week", "month": "Month"}
_OPERATORS = {"eq": "scalar", "neq": "scalar", "in": "array", "not_in": "array"} | dict.fromkeys(
    ("gt", "gte", "lt", "lte"), "scalar"
)
_OF_DIMENSIONS = {"eq": "=", "neq": "<>", "in": "IN", "not_in": "NOT IN"}
_LENGTH_S = {"minute": MINUTE_S, "hour": HOUR_S, "day": DAY_S, "week": 7 * DAY_S, "month": 28 * DAY_S}
Granularity = Literal["minute", "hour", "day", "week", "month"]
Operator = Literal["eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte"]
Name = Annotated[str, Meta(max_length=100)]
Text = Annotated[str, Meta(max_length=500)]
Rows = Annotated[int, Meta(ge=1, le=_MOST_ROWS)]


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    field: Annotated[Name, Meta(description="A dimension, or a metric of the rows.")]
    operator: Operator
    value: Text | float | Annotated[list[Text], Meta(min_length=1, max_length=_MOST_VALUES)]
    include_unset: Annotated[bool, Meta(description="Also what has no value, as requests without an application.")] = False


class TimeRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    start: Annotated[str, Meta(description="RFC 3339, or a date.")]
    end: Annotated[str, Meta(description="The first moment after it.")]


class OrderBy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    field: Name
    direction: Literal["asc", "desc"] = "desc"


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    metrics: Annotated[list[Name], Meta(min_length=1, max_length=30)]
    dimensions: Annotated[list[Name], Meta(max_length=2)] = []
    filters: Annotated[list[Filter], Meta(max_length=20)] = []
    granularity: Granularity | None = None
    time_range: TimeRange | UnsetType = UNSET
    order_by: OrderBy | UnsetType = UNSET
    limit: Rows = 1000
    group_limit: Annotated[Rows | None, Meta(description="Rows of each combination of dimensions.")] = None
    classifier_dimensions: Annotated[list[Name], Meta(max_length=0, description="There are no classifiers.")] = []
    classifier_filters: Annotated[list[Any], Meta(max_length=0, description="There are no classifiers.")] = []


class MetricRow(msgspec.Struct, frozen=True):
    name: str
    display_label: str
    is_rate: bool
    display_format: str


class NamedRow(msgspec.Struct, frozen=True):
    name: str
    display_label: str


class OperatorRow(msgspec.Struct, frozen=True):
    name: str
    value_type: str


class Described(msgspec.Struct, frozen=True):
    metrics: list[MetricRow]
    dimensions: list[NamedRow]
    operators: list[OperatorRow]
    granularities: list[NamedRow]


class DescribedAnswer(msgspec.Struct, frozen=True):
    data: Described


class Metadata(msgspec.Struct, frozen=True):
    query_time_ms: float
    row_count: int
    truncated: bool


class Found(msgspec.Struct, frozen=True):
    """Rows have a member for each dimension and metric, and with a granularity `date__day` or the like: the first moment, UTC."""

    data: list[dict[str, Any]]
    metadata: Metadata


class FoundAnswer(msgspec.Struct, frozen=True):
    data: Found


def describe(desk: Desk, request: Request) -> Response:
    return answer(
        DescribedAnswer(
            Described(
                [MetricRow(name, one.label, one.is_rate, one.form) for name, one in METRICS.items()],
                [NamedRow(name, label) for name, (_, label) in DIMENSIONS.items()],
                [OperatorRow(name, kind) for name, kind in _OPERATORS.items()],
                [NamedRow(name, label) for name, label in _GRANULARITIES.items()],
            )
        )
    )


def query(desk: Desk, request: Request) -> Response:
    began = time.perf_counter()
    asked = body_as(request.body, Query)
    rows, truncated = sought_rows(desk.statistics, sought(asked, desk.now_ms()))
    took_ms = round((time.perf_counter() - began) * 1000, 3)
    return answer(FoundAnswer(Found(rows, Metadata(took_ms, len(rows), truncated))))


def sought(asked: Query, now_ms: int) -> Sought:
    """What is to be read for it. raises InvalidRequest, for what nothing is kept of"""
    metrics, dimensions = tuple(dict.fromkeys(asked.metrics)), tuple(dict.fromkeys(asked.dimensions))
    _known(metrics, METRICS, "metrics")
    _known(dimensions, DIMENSIONS, "dimensions")
    _known((one.field for one in asked.filters), DIMENSIONS | METRICS, "filters")
    if not isinstance(asked.order_by, UnsetType):
        _known((asked.order_by.field,), ("date", *metrics, *dimensions), "order_by.field")
    about = {*dimensions, *(one.field for one in asked.filters if one.field in DIMENSIONS)}
    having = tuple((one.field, one.operator, _number(one)) for one in asked.filters if one.field in METRICS)
    used = {*metrics, *(field for field, _, _ in having)}
    span = _span(asked, now_ms, timed=bool(used & TIMED))
    table = _table(about, timed=bool(used & TIMED))
    where: Conditions = (("test", "=", 0), *(_condition(one) for one in asked.filters if one.field in DIMENSIONS))
    field, direction = ("", "desc") if isinstance(asked.order_by, UnsetType) else (asked.order_by.field, asked.order_by.direction)
    return Sought(
        table=table,
        level=_level(asked, table, span),
        span=span,
        where=where,
        dimensions=dimensions,
        metrics=metrics,
        having=having,
        granularity=asked.granularity or "",
        order=field or ("date" if asked.granularity else metrics[0]),
        rising=direction == "asc" if field else bool(asked.granularity),
        limit=asked.limit,
        group_limit=asked.group_limit,
    )


def _known(names: Iterable[str], known: Iterable[str], field: str) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            near = nearest(name, known)
            raise InvalidRequest(
                f"`{field}` names something that is not kept: {name!r}.",
                field=field,
                expected=f"one of: {', '.join(known)}",
                received=name,
                remedy=f"Did you mean `{near}`?" if near else "GET /api/v1/analytics/meta lists what there is.",
            )


def _span(asked: Query, now_ms: int, *, timed: bool) -> Span:
    told = asked.time_range
    if isinstance(told, UnsetType):
        before = (now_ms // DAY_MS + 1) * DAY_MS
        return Span(before - _DEFAULT_DAYS * DAY_MS, before)
    start, end = time_of(told.start, "time_range.start"), time_of(told.end, "time_range.end")
    longest = _LONGEST_TIMED_DAYS if timed else _LONGEST_DAYS
    if not 0 <= start < end <= start + longest * DAY_MS:
        raise InvalidRequest(
            "`time_range` must begin before it ends, and not be longer than is read at once.",
            field="time_range",
            expected=f"1970 or later, at most {longest} days",
            received=f"{told.start} to {told.end}",
            remedy="Ask for a shorter range." if start < end else "Swap `start` and `end`.",
        )
    return Span(start, end)


def _table(about: set[str], *, timed: bool) -> TableName:
    if timed and not about <= {"model", "provider", "endpoint", "author"}:
        raise InvalidRequest(
            "Latency and throughput are kept of models, providers and endpoints.",
            field="metrics",
            expected="dimensions and filters of model, provider, endpoint",
            received=", ".join(sorted(about)),
            remedy="Ask for them without the other dimensions and filters.",
        )
    if "api_key_id" in about:
        return "key_sums"
    return "workspace_sums" if about & {"workspace", "app", "service_tier"} else "endpoint_sums"


def _level(asked: Query, table: TableName, span: Span) -> Level:
    """Exactly what the granularity says; without one whatever the range is told in without a remainder."""
    kept, length_s = KEPT[table], (span.before_ms - span.from_ms) / 1000
    if asked.granularity is None:
        fits = [
            one for one in reversed(kept) if not (span.from_ms % (LEVEL_S[one] * 1000) or span.before_ms % (LEVEL_S[one] * 1000))
        ]
        return next((one for one in fits if length_s / LEVEL_S[one] <= MOST_POINTS), kept[-1] if length_s > DAY_S else kept[0])
    level: Level = asked.granularity if asked.granularity in ("minute", "hour") else "day"
    if level not in kept:
        raise InvalidRequest(
            f"This is not kept by the {asked.granularity}.",
            field="granularity",
            expected=f"{kept[0]} or coarser, for these dimensions and filters",
            received=asked.granularity,
            remedy=f"Ask by the {kept[0]}, or leave out keys, workspaces, applications and service tiers.",
        )
    if length_s / _LENGTH_S[asked.granularity] > MOST_POINTS:
        raise InvalidRequest(
            f"`time_range` has more than {MOST_POINTS:,} of them.",
            field="granularity",
            expected=f"at most {MOST_POINTS:,} points",
            received=f"{asked.granularity} over {length_s / DAY_S:.1f} days",
            remedy="Ask by a coarser granularity or for a shorter range.",
        )
    return level


def _condition(told: Filter) -> tuple[str, str, object]:
    if told.operator not in _OF_DIMENSIONS or isinstance(told.value, float):
        raise _bad_value(told, "eq, neq, in or not_in, with text")
    values = told.value if isinstance(told.value, list) else [told.value]
    if told.operator in ("eq", "neq") and len(values) != 1:
        raise _bad_value(told, "one value")
    column, unset = DIMENSIONS[told.field][0], [""] if told.include_unset else []
    if told.operator == "eq" and not unset:
        return column, "=", values[0]
    which = "IN" if told.operator in ("eq", "in") else "NOT IN"
    return column, which, tuple(values + unset) if which == "IN" else tuple(values + ([] if told.include_unset else [""]))


def _number(told: Filter) -> float:
    if told.operator in ("in", "not_in") or isinstance(told.value, list):
        raise _bad_value(told, "eq, neq, gt, gte, lt or lte, with a number")
    try:
        return float(told.value)
    except ValueError:
        raise _bad_value(told, "a number") from None


def _bad_value(told: Filter, expected: str) -> InvalidRequest:
    return InvalidRequest(
        f"The filter on `{told.field[:100]}` cannot be applied.",
        field="filters",
        expected=expected,
        received=f"{told.operator} {told.value!r}"[:100],
        remedy="Dimensions are compared with texts, metrics with numbers.",
    )


ROUTES = (
    Route(
        "GET",
        "/analytics/meta",
        "List what can be asked of the statistics",
        "Analytics",
        describe,
        "management",
        returns=DescribedAnswer,
    ),
    Route(
        "POST",
        "/analytics/query",
        "Ask the statistics",
        "Analytics",
        query,
        "management",
        body=Query,
        returns=FoundAnswer,
        errors=(InvalidRequest,),
        asks=True,
        reads=True,
        description="Sums over a range of time, by up to two dimensions.",
    ),
)
