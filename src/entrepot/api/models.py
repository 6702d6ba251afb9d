"""GET /models and the other catalogue paths (contract 3): `listing.py` decides which are shown, `model_rows.py` how."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

import msgspec
from msgspec import Meta

from entrepot.api.categories import category_of
from entrepot.api.http import Request, Response, answer
from entrepot.api.listing import MEASURED_SORTS, ModelQuery, Page, list_models
from entrepot.api.model_rows import EndpointsOf, ModelRow, endpoints_of, model_row
from entrepot.api.observed import measured_by, observed
from entrepot.api.routes import Desk, Route
from entrepot.catalog.catalog import Catalog
from entrepot.errors import InvalidRequest, NotFound
from entrepot.values.model import Model

Share = Annotated[Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="Not known of any model yet: matches none.")]


class ModelsQuery(ModelQuery, frozen=True):
    min_tool_success_rate: Share = None
    max_tool_success_rate: Share = None
    use_rss: Annotated[bool | None, Meta(description="true: RSS instead of JSON.")] = None
    use_rss_chat_links: Annotated[bool | None, Meta(description="true: items lead to the chat instead of the model.")] = None


_MEASURED = tuple(name for name in ModelsQuery.__struct_fields__ if name.endswith("_rate"))


class NextLink(msgspec.Struct, frozen=True):
    next: Annotated[str | None, Meta(description="Where the next page is.")]


class ModelList(msgspec.Struct, frozen=True):
    data: list[ModelRow]
    total_count: int
    links: NextLink
    object: Literal["list"] = "list"


class OneModel(msgspec.Struct, frozen=True):
    data: ModelRow


class CountOf(msgspec.Struct, frozen=True):
    count: int


class Count(msgspec.Struct, frozen=True):
    data: CountOf


class CountQuery(msgspec.Struct, frozen=True):
    output_modalities: Annotated[str, Meta(description="Comma list, or `all`.")] = "text"


class EndpointList(msgspec.Struct, frozen=True):
    data: EndpointsOf


class ProviderRow(msgspec.Struct, frozen=True):
    name: str
    slug: str
    privacy_policy_url: str | None
    terms_of_service_url: str | None
    status_page_url: str | None
    headquarters: Annotated[str | None, Meta(description="ISO country code.")]
    datacenters: tuple[str, ...] | None = None


class ProviderList(msgspec.Struct, frozen=True):
    data: list[ProviderRow]


def show_models(desk: Desk, request: Request) -> Response:
    catalog, query = desk.window(desk.catalog(), request.caller), request.query
    page = _page(desk, catalog, query)
    if query.use_rss:
        return Response(_rss(page.models, chat=bool(query.use_rss_chat_links)), media="application/rss+xml")
    rows = [_row(catalog, model) for model in page.models]
    return answer(ModelList(rows, page.total, NextLink(_next(request.target, page.next_offset, query.limit))))


def count_models(desk: Desk, request: Request) -> Response:
    query = ModelsQuery(output_modalities=request.query.output_modalities)
    return answer(Count(CountOf(_page(desk, desk.catalog(), query).total)))


def show_model(desk: Desk, request: Request) -> Response:
    catalog = desk.window(desk.catalog(), request.caller)
    return answer(OneModel(_row(catalog, find_model(catalog, _slug(request)))))


def retrieve_model(desk: Desk, request: Request) -> Response:
    catalog = desk.window(desk.catalog(), request.caller)
    return answer(_row(catalog, find_model(catalog, request.params["model"])))


def show_endpoints(desk: Desk, request: Request) -> Response:
    catalog, slug = desk.window(desk.catalog(), request.caller), _slug(request)
    names = {slug: configured.provider.name for slug, configured in desk.providers().items()}
    try:
        model = catalog.resolve(slug).model
    except InvalidRequest:
        # A variant that the catalogue does not have: the model is there, and nobody serves that variant of it.
        model = find_model(catalog, slug.partition(":")[0] if ":" in slug else slug)
        return answer(EndpointList(msgspec.structs.replace(endpoints_of(catalog, model, names), endpoints=())))
    figures = observed(desk.statistics, model.id, speeds=request.caller is not None)
    return answer(EndpointList(endpoints_of(catalog, model, names, figures)))


def show_providers(desk: Desk, request: Request) -> Response:
    declared = (configured.provider for configured in desk.providers().values())
    rows = [
        ProviderRow(
            provider.name,
            provider.slug,
            provider.privacy_policy_url or None,
            provider.terms_of_service_url or None,
            provider.status_page_url or None,
            provider.headquarters or None,
        )
        for provider in declared
    ]
    return answer(ProviderList(rows))


def _page(desk: Desk, catalog: Catalog, query: ModelsQuery) -> Page:
    if any(getattr(query, name) is not None for name in _MEASURED):
        return Page((), 0)
    if query.providers:
        slugs = {configured.provider.name.lower(): slug for slug, configured in desk.providers().items()}
        named = (word.strip() for word in query.providers.split(","))
        query = msgspec.structs.replace(query, providers=",".join(slugs.get(word.lower(), word) for word in named))
    category = category_of(query.category, "category")
    measured = measured_by(desk.statistics, MEASURED_SORTS.get(query.sort or "", ""), category)
    return list_models(catalog, query, desk.now_ms() // 1000, measured)


def _row(catalog: Catalog, model: Model) -> ModelRow:
    """At the price and bounds of the endpoint that would serve it first, or its maker's when none is on."""
    top = next((endpoint for endpoint in catalog.endpoints(model.id) if endpoint.on), None)
    return model_row(model, top, catalog.models.get(model.alias_target or ""))


def _slug(request: Request) -> str:
    return f"{request.params['author']}/{request.params['slug']}"


def find_model(catalog: Catalog, slug: str) -> Model:
    """The model as it is listed, so that a `~author/family-latest` row shows itself. raises NotFound, with the nearest names"""
    try:
        return catalog.models.get(slug) or catalog.resolve(slug).model
    except InvalidRequest as error:
        raise NotFound(
            error.message, field="model", expected=error.expected, received=slug[:100], remedy=error.remedy, metadata=error.extra
        ) from None


def _next(target: str, offset: int | None, limit: int | None) -> str | None:
    if offset is None:
        return None
    path, _, said = target.partition("?")
    kept = [(name, value) for name, value in parse_qsl(said, keep_blank_values=True) if name not in ("offset", "limit")]
    bounds = [("offset", offset), *([("limit", limit)] if limit else [])]
    return f"{path}?{urlencode([*kept, *bounds])}"


def _rss(models: Iterable[Model], *, chat: bool) -> bytes:
    items = "".join(_item(model, "/chat?models=" if chat else "/") for model in models)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Models</title><link>/models</link>'
        f"<description>Models on offer here.</description>{items}</channel></rss>\n"
    ).encode()


def _item(model: Model, link: str) -> str:
    return (
        f"<item><title>{escape(model.name)}</title><link>{escape(link + model.id)}</link><guid>{escape(model.id)}</guid>"
        f"<description>{escape(model.description)}</description>"
        f"<pubDate>{formatdate(model.created, usegmt=True)}</pubDate></item>"
    )


def _unmoved(query: ModelsQuery) -> bool:
    """A model's age changes by itself, and traffic with every request."""
    dated = query.min_age_days is not None or query.max_age_days is not None
    return not dated and not query.category and query.sort not in MEASURED_SORTS


def _always(query: object) -> bool:
    return True


ROUTES = (
    Route(
        "GET",
        "/models",
        "List models",
        "Models",
        show_models,
        "optional",
        query=ModelsQuery,
        returns=ModelList,
        description="At the prices that the workspace of the key pays. "
        "Without `limit` and `offset` the whole list; only models that write text, unless told otherwise.",
        also="application/rss+xml",
        asks=True,
        lasting=_unmoved,
    ),
    Route("GET", "/models/count", "Count models", "Models", count_models, query=CountQuery, returns=Count, lasting=_always),
    Route(
        "GET",
        "/models/user",
        "List models this key may use",
        "Models",
        show_models,
        "key",
        query=ModelsQuery,
        returns=ModelList,
        also="application/rss+xml",
        asks=True,
        lasting=_unmoved,
    ),
    Route(
        "GET",
        "/model/{author}/{slug}",
        "Show a model",
        "Models",
        show_model,
        "optional",
        returns=OneModel,
        errors=(NotFound,),
        lasting=_always,
    ),
    Route(
        "GET",
        "/models/{author}/{slug}/endpoints",
        "List the endpoints of a model",
        "Models",
        show_endpoints,
        "optional",
        returns=EndpointList,
        errors=(NotFound,),
        asks=True,
    ),
    Route(
        "GET",
        "/models/{model}",
        "Retrieve a model",
        "Models",
        retrieve_model,
        "optional",
        returns=ModelRow,
        errors=(NotFound,),
        description="OpenAI's spelling: the model itself, without an envelope.",
        lasting=_always,
    ),
    Route("GET", "/providers", "List providers", "Models", show_providers, returns=ProviderList, lasting=_always),
)
