"""GET /benchmarks: what others measured of models (contract 3.2; shapes of the vendor's SDK, read 2026-11-21).

Of the catalogue's results those that the contract has members for stand in `data`, in its shape; all of them, with source and
date, in `published`. Sources that the catalogue has nothing of give an empty list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.api.http import Request, Response, answer
from entrepot.api.model_rows import INDEXES, index_of
from entrepot.api.routes import Desk, Route
from entrepot.catalog.catalog import Catalog
from entrepot.catalog.rows import pricing_of
from entrepot.values.model import Model
from entrepot.values.times import iso

Source = Literal["artificial-analysis", "design-arena", "openrouter"]
_CITED: dict[str, tuple[str, str]] = {
    "artificial-analysis": ("Artificial Analysis", "https://artificialanalysis.ai"),
    "design-arena": ("Design Arena", "https://www.designarena.ai"),
}
Unkept = Annotated[str, Meta(max_length=100, description="Of results that nothing here has: narrows those alone.")]


class BenchmarksQuery(msgspec.Struct, frozen=True):
    source: Annotated[Source | None, Meta(description="Only results of this one.")] = None
    task_type: Annotated[
        Literal["coding", "intelligence", "agentic", "search"] | None,
        Meta(description="Only models with that index, the highest first; nothing here is a `search` result."),
    ] = None
    benchmark_type: Annotated[
        Literal[
            "gpqa_diamond",
            "tau_bench_verified_airline",
            "search_browsecomp",
            "search_hle",
            "search_dsqa",
            "search_widesearch",
        ]
        | None,
        Meta(description="One benchmark of OpenRouter's, none of which is here; a `search_` one leaves out all others too."),
    ] = None
    arena: Annotated[Literal["models", "builders", "agents"] | None, Meta(description="Of Design Arena's results.")] = None
    category: Unkept = ""
    search_engine: Unkept = ""
    search_surface: Annotated[Literal["server-tool", "plugin"] | None, Meta(description="Of search results.")] = None
    include_run_config: bool = False
    max_results: Annotated[Annotated[int, Meta(ge=1, le=100_000)] | None, Meta(description="All when left out.")] = None


class Pricing(msgspec.Struct, frozen=True):
    prompt: str
    completion: str


class IndexedModel(msgspec.Struct, frozen=True):
    model_permaslug: str
    display_name: str
    pricing: Annotated[Pricing, Meta(description="US dollars per token, at the endpoint that would serve first.")]
    intelligence_index: float | None
    coding_index: float | None
    agentic_index: float | None
    source: Literal["artificial-analysis"] = "artificial-analysis"


class PublishedResult(msgspec.Struct, frozen=True):
    model_permaslug: str
    display_name: str
    name: str
    value: float
    unit: str
    source: Annotated[str, Meta(description="The address where it stands.")]
    date: Annotated[str, Meta(description="When it was published there, or else read.")]
    note: str


class BenchmarksMeta(msgspec.Struct, frozen=True):
    """citation, source_url  how the results are to be attributed; null where they are not of one source"""

    as_of: Annotated[str, Meta(description="The day of the latest result.")]
    model_count: int
    source: Source | None
    source_url: str | None
    citation: str | None
    task_type: str | None
    version: Literal["v1"] = "v1"


class BenchmarksAnswer(msgspec.Struct, frozen=True):
    data: Annotated[list[IndexedModel], Meta(description="Results in the contract's shape.")]
    meta: BenchmarksMeta
    published: Annotated[
        list[PublishedResult],
        Meta(description="Every result of the catalogue; none where a source, a task or a benchmark is asked for."),
    ]


def show_benchmarks(desk: Desk, request: Request) -> Response:
    query: BenchmarksQuery = request.query
    catalog = desk.window(desk.catalog(), request.caller)
    known = [model for model in catalog.models.values() if model.benchmarks]
    chosen = _indexed(known, query)[: query.max_results]
    rows = [_row(catalog, model) for model in chosen]
    published = [] if query.source or query.task_type or query.benchmark_type else _published(known)[: query.max_results]
    citation, url = _CITED.get(query.source or "", (None, None))
    days = [result.date for model in chosen or known for result in model.benchmarks]
    meta = BenchmarksMeta(
        as_of=f"{max(days)}T00:00:00.000Z" if days else iso(desk.now_ms()),
        model_count=len({row.model_permaslug for row in rows} | {result.model_permaslug for result in published}),
        source=query.source,
        source_url=url,
        citation=citation,
        task_type=query.task_type,
    )
    return answer(BenchmarksAnswer(rows, meta, published))


def _indexed(models: Sequence[Model], query: BenchmarksQuery) -> list[Model]:
    """Those with an index that is asked for, the highest first."""
    searched = query.task_type == "search" or (query.benchmark_type or "").startswith("search_")
    if searched or query.source not in (None, "artificial-analysis"):
        return []
    wanted = (f"{query.task_type}_index",) if query.task_type else tuple(INDEXES)
    found = [model for model in models if any(index_of(model, name) is not None for name in wanted)]
    return sorted(found, key=lambda model: (-(index_of(model, wanted[0]) or 0), model.id))


def _row(catalog: Catalog, model: Model) -> IndexedModel:
    top = next((endpoint for endpoint in catalog.endpoints(model.id) if endpoint.on), None)
    pricing = pricing_of((top or model).price)
    paid = Pricing(pricing["prompt"], pricing["completion"])
    intelligence, coding, agentic = (index_of(model, name) for name in INDEXES)
    return IndexedModel(model.canonical_slug, model.name, paid, intelligence, coding, agentic)


def _published(models: Sequence[Model]) -> list[PublishedResult]:
    """By the name of the benchmark, the newest first."""
    results = [
        PublishedResult(model.canonical_slug, model.name, one.name, one.value, one.unit, one.source, one.date, one.note)
        for model in models
        for one in model.benchmarks
    ]
    results.sort(key=lambda one: (one.date, one.value), reverse=True)
    return sorted(results, key=lambda one: one.name.lower())


ROUTES = (
    Route(
        "GET",
        "/benchmarks",
        "List results of benchmarks",
        "Datasets",
        show_benchmarks,
        "key",
        query=BenchmarksQuery,
        returns=BenchmarksAnswer,
        description="What others published of the models here. What this gateway itself measured stands on the models' pages.",
    ),
)
