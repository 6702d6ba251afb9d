"""`entrepot models`: what is on offer."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.api.listing import ModelQuery, list_models
from entrepot.api.model_rows import model_row
from entrepot.catalog.catalog import Catalog
from entrepot.cli.common import Json, Place, out, print_json, print_table
from entrepot.cli.endpoints import per_million
from entrepot.cli.offered import listed
from entrepot.values.clock import Clock
from entrepot.values.model import Model

app = App(name="models", help="The catalogue: models, prices, context, and who serves them.")


@app.command(name="list")
def list_(
    words: Annotated[str, Parameter(help="Words of a name or slug.")] = "",
    *,
    author: Annotated[str, Parameter(help="Only of this author, as openai.")] = "",
    on: Annotated[bool, Parameter(negative="", help="Only those that a provider serves here now.")] = False,
    modality: Annotated[str, Parameter(help="What they write: text, image, audio, embeddings ..., or all.")] = "text",
    json: Json = False,
    place: Place = Place(),
) -> None:
    """List models."""
    _, catalog = listed(place)
    query = ModelQuery(q=words, model_authors=author, output_modalities=modality)
    models = [
        model
        for model in list_models(catalog, query, Clock().now_ms() // 1000).models
        if not on or any(endpoint.on for endpoint in catalog.endpoints(model.id))
    ]
    if json:
        print_json([_told(catalog, model) for model in models])
        return
    print_table(
        ("model", "context", "prompt $/M", "completion $/M", "endpoints on"),
        [_row(catalog, model) for model in models],
        right=("context", "prompt $/M", "completion $/M"),
        empty="No model matches. `entrepot models list` without words shows all."
        if not on
        else "No model is served here yet. `entrepot providers list` says how to switch a provider on; test keys need none.",
    )


@app.command
def show(
    slug: Annotated[str, Parameter(help="A slug, an alias, or a slug without its author.")],
    *,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Show one model and its endpoints."""
    _, catalog = listed(place)
    model = catalog.resolve(slug).model
    if json:
        print_json(_told(catalog, model))
        return
    out.print(f"[bold]{escape(model.name)}[/]  [cyan]{escape(model.id)}[/]")
    if model.description:
        out.print(escape(model.description))
    out.print()
    for name, value in _facts(model):
        out.print(f"[dim]{name:>14}[/]  {escape(value)}")
    out.print()
    rows = [
        (
            endpoint.provider,
            endpoint.upstream_model,
            "[green]on[/]" if endpoint.on else f"[yellow]off[/] {escape(endpoint.off_reason)}",
        )
        for endpoint in catalog.endpoints(model.id)
    ]
    print_table(("provider", "its name there", "state"), rows, empty="No provider is known to serve it. Test keys can use it.")


def _facts(model: Model) -> list[tuple[str, str]]:
    rates, reasoning = model.price.rates, model.reasoning
    facts = [
        ("context", f"{model.context_length:,} tokens" if model.context_length else "not known"),
        ("longest answer", f"{model.max_completion_tokens:,} tokens" if model.max_completion_tokens else "not known"),
        ("reads, writes", f"{', '.join(model.input_modalities)}; {', '.join(model.output_modalities)}"),
        ("price", f"${per_million(rates.prompt)} in, ${per_million(rates.completion)} out per million tokens"),
    ]
    if rates.cached is not None:
        facts.append(("cached", f"${per_million(rates.cached)} per million tokens"))
    if reasoning is not None:
        facts.append(("effort", ", ".join(reasoning.efforts) or "any"))
    if model.expiration_date:
        facts.append(("ends", model.expiration_date + (f", then {model.successor}" if model.successor else "")))
    if model.aliases:
        facts.append(("also called", ", ".join(model.aliases)))
    if model.distillable is not None:
        facts.append(("may train others", "yes" if model.distillable else "no"))
    facts += [(result.name, f"{result.value:g} {result.unit}, {result.source}, {result.date}") for result in model.benchmarks]
    facts.append(("parameters", ", ".join(model.supported_parameters)))
    facts.append(("source", f"{model.source}, {model.as_of}"))
    return facts


def _row(catalog: Catalog, model: Model) -> tuple[str, ...]:
    endpoints = catalog.endpoints(model.id)
    on = sum(endpoint.on for endpoint in endpoints)
    rates = model.price.rates
    context = f"{model.context_length:,}" if model.context_length else ""
    state = f"[green]{on}[/] of {len(endpoints)}" if on else f"[dim]0 of {len(endpoints)}[/]"
    return escape(model.id), context, per_million(rates.prompt), per_million(rates.completion), state


def _told(catalog: Catalog, model: Model) -> Any:
    endpoints = catalog.endpoints(model.id)
    top = next((endpoint for endpoint in endpoints if endpoint.on), None)
    return model_row(model, top, catalog.models.get(model.alias_target or ""))
