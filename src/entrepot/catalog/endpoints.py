"""Which provider serves which model, and why one does not: endpoints from what providers declare and what the operator adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from entrepot.catalog.rows import per_million
from entrepot.dialects.openai_embeddings.wire import NAME as EMBEDDINGS
from entrepot.providers import Offer, Provider
from entrepot.providers.configured import Configured
from entrepot.settings import EndpointConfig, EndpointPrice
from entrepot.values.model import Endpoint, Model
from entrepot.values.price import Price, Rates


def build_endpoints(
    models: dict[str, Model], providers: Mapping[str, Configured], added: Iterable[EndpointConfig], today: str
) -> tuple[list[Endpoint], list[Model], list[str]]:
    """Every endpoint, the models that only the operator knows, and problems with the operator's entries, each with its fix.

    today  ISO date, for what is no longer served
    """
    found: dict[str, Endpoint] = {}
    for configured in providers.values():
        for model, offer in _offered(models, configured.provider):
            endpoint = _endpoint(model, configured, offer, today)
            found.setdefault(endpoint.id, endpoint)
    extra: dict[str, Model] = {}
    problems: list[str] = []
    for number, entry in enumerate(added):
        known = models.get(entry.model) or extra.get(entry.model)
        made = _added(f"endpoints[{number}]", entry, known, providers)
        if isinstance(made, str):
            problems.append(made)
            continue
        model, endpoint = made
        if known is None:
            extra[model.id] = model
        found[endpoint.id] = endpoint
    return list(found.values()), list(extra.values()), problems


def _offered(models: dict[str, Model], provider: Provider) -> Iterable[tuple[Model, Offer]]:
    """Models with the first offer that names them; a named one before `author/*` before `*`."""
    texts = {offer.model: offer for offer in provider.offers if offer.dialect != EMBEDDINGS}
    vectors = {offer.model: offer for offer in provider.offers if offer.dialect == EMBEDDINGS}
    for model in models.values():
        named = vectors if model.makes_embeddings else texts
        offer = named.get(model.id) or named.get(f"{model.author}/*") or named.get("*")
        if offer is None or (offer.model != model.id and not _general(model, offer)):
            continue
        if model.id in provider.lacks:
            continue
        if model.makes_embeddings or "text" in model.output_modalities:
            yield model, offer


def _general(model: Model, offer: Offer) -> bool:
    """Whether an offer of many models covers this one: no pinned snapshot; variants and aliases only where ids are shared."""
    return not model.pinned and (offer.upstream_model == "{id}" or not (model.id.startswith("~") or ":" in model.id))


def _endpoint(model: Model, configured: Configured, offer: Offer, today: str) -> Endpoint:
    provider = configured.provider
    name = offer.upstream_model or model.id.partition("/")[2]
    price = (
        model.price if offer.price is None else Price(per_million(dict(offer.price)), source=provider.name, as_of=provider.as_of)
    )
    return Endpoint(
        id=f"{model.id}@{provider.slug}" + (f"/{offer.tag}" if offer.tag else ""),
        model=model.id,
        provider=provider.slug,
        upstream_model=name.replace("{id}", model.id),
        price=price,
        context_length=model.context_length,
        max_completion_tokens=model.max_completion_tokens,
        supported_parameters=_supported(model, offer),
        reasoning=model.reasoning,
        max_tokens_field=provider.max_tokens_field,
        data_policy=provider.data_policy,
        region=provider.region,
        tag=offer.tag,
        off_reason=_why_off(configured, offer, today),
        dialect=provider.dialect_of(offer),
        family=provider.family_of(name, offer),
    )


def _supported(model: Model, offer: Offer) -> tuple[str, ...]:
    """The parameters known of the model, and more that the offer names. None are known of a model without any."""
    known = model.supported_parameters
    return (*known, *sorted(offer.supports - set(known))) if known and offer.supports else known


def _why_off(configured: Configured, offer: Offer, today: str) -> str:
    name = configured.provider.name
    if offer.off_from and today >= offer.off_from:
        return f"{name} shut it down on {offer.off_from}"
    return configured.off_reason


def _added(
    where: str, entry: EndpointConfig, known: Model | None, providers: Mapping[str, Configured]
) -> tuple[Model, Endpoint] | str:
    """The operator's entry with the model it is of, or what is wrong with it."""
    configured = providers.get(entry.provider)
    if configured is None:
        return f"{where}.provider: {entry.provider!r} is not known; add [providers.{entry.provider}] with a base_url"
    if "/" not in entry.model.strip("/"):
        return f"{where}.model: {entry.model!r} is not author/slug, as openai/gpt-5.1"
    try:
        price = _price(entry.price) if entry.price is not None else None
    except ValueError as error:
        return f"{where}.price: {error}"
    model = known if known is not None or price is None else _minimal(entry, price, configured.provider)
    if model is None:
        return f"{where}.price: is required, because {entry.model!r} is not in the catalogue; give prompt and completion"
    return model, _endpoint_added(entry, model, model.price if price is None else price, configured)


def _endpoint_added(entry: EndpointConfig, model: Model, price: Price, configured: Configured) -> Endpoint:
    provider = configured.provider
    return Endpoint(
        id=f"{entry.model}@{provider.slug}" + (f"/{entry.tag}" if entry.tag else ""),
        model=entry.model,
        provider=provider.slug,
        upstream_model=entry.upstream_model or entry.model.partition("/")[2],
        price=price,
        context_length=entry.context_length or model.context_length,
        max_completion_tokens=entry.max_completion_tokens or model.max_completion_tokens,
        supported_parameters=model.supported_parameters,
        reasoning=model.reasoning,
        max_tokens_field=provider.max_tokens_field,
        data_policy=entry.data_policy,
        region=entry.region or provider.region,
        quantization=entry.quantization,
        tag=entry.tag,
        off_reason=configured.off_reason or ("" if entry.enabled else "switched off in entrepot.toml"),
        dialect=entry.dialect or (EMBEDDINGS if model.makes_embeddings else provider.dialect),
        family=provider.family_of(entry.upstream_model or entry.model),
    )


def _price(told: EndpointPrice) -> Price:
    """raises ValueError"""
    rates = per_million(msgspec.structs.asdict(told))
    if any(rate is not None and rate < 0 for rate in msgspec.structs.astuple(rates)):
        raise ValueError("a price below zero")
    return Price(rates, source="entrepot.toml")


def _minimal(entry: EndpointConfig, price: Price, provider: Provider) -> Model:
    """What can be said of a model that only the operator knows."""
    makes_embeddings = (entry.dialect or provider.dialect) == EMBEDDINGS
    return Model(
        id=entry.model,
        name=entry.model.partition("/")[2],
        canonical_slug=entry.model,
        created=0,
        price=price,
        context_length=entry.context_length,
        max_completion_tokens=entry.max_completion_tokens,
        description="A model added by the operator of this server.",
        output_modalities=("embeddings",) if makes_embeddings else ("text",),
        source="entrepot.toml",
    )


def local_endpoints(
    configured: Configured, base_url: str, names: Iterable[str]
) -> tuple[Configured, list[Model], list[Endpoint]]:
    """A local engine that was found, its models under `engine/name`, and their endpoints, which cost nothing.

    Engines do not tell which of their models make embeddings, so each may be asked for both.
    """
    provider = msgspec.structs.replace(configured.provider, base_url=base_url)
    there = Configured(provider, base_url, configured.headers)
    models, endpoints = [], []
    for name in names:
        slug = f"{provider.slug}/{name}"
        free = Price(Rates(), source="local")
        models.append(
            Model(slug, f"{provider.name}: {name}", slug, 0, free, description=f"Runs on this machine, in {provider.name}.")
        )
        endpoint = Endpoint(f"{slug}@{provider.slug}", slug, provider.slug, name, free, data_policy="zdr")
        vectors = msgspec.structs.replace(endpoint, id=f"{endpoint.id}/embeddings", tag="embeddings", dialect=EMBEDDINGS)
        endpoints += [endpoint, vectors]
    return there, models, endpoints
