"""`entrepot endpoints`: each model at each provider, with its price, and why it is off when it is."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.cli.common import Json, Place, print_json, print_table
from entrepot.cli.offered import listed
from entrepot.values.model import Endpoint
from entrepot.values.money import YOCTO, usd

app = App(name="endpoints", help="Each model at each provider, with its price and state.")
_PER_MILLION = YOCTO // 10**6


@app.command(name="list")
def list_(
    model: Annotated[str, Parameter(help="Only of this model.")] = "",
    *,
    provider: Annotated[str, Parameter(help="Only at this provider.")] = "",
    on: Annotated[bool, Parameter(negative="", help="Only those that serve now.")] = False,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """List endpoints, of a model cheapest first."""
    _, catalog = listed(place)
    found = catalog.resolve(model).endpoints if model else tuple(catalog.all_endpoints())
    shown = [endpoint for endpoint in found if provider in ("", endpoint.provider) and (endpoint.on or not on)]
    if json:
        print_json([_told(endpoint) for endpoint in shown])
        return
    print_table(
        ("model", "provider", "its name there", "prompt $/M", "completion $/M", "state"),
        [_row(endpoint) for endpoint in shown],
        right=("prompt $/M", "completion $/M"),
        empty="No endpoint matches. `entrepot providers list` says how to switch a provider on.",
    )


def per_million(rate: int) -> str:
    """US dollars per million tokens, from yocto-dollars per token."""
    return usd(rate, scale=_PER_MILLION)


def _row(endpoint: Endpoint) -> tuple[str, ...]:
    rates = endpoint.price.rates
    state = "[green]on[/]" if endpoint.on else f"[yellow]off[/] {escape(endpoint.off_reason)}"
    where = f"{endpoint.provider}/{endpoint.tag}" if endpoint.tag else endpoint.provider
    names = escape(endpoint.model), escape(where), escape(endpoint.upstream_model)
    return *names, per_million(rates.prompt), per_million(rates.completion), state


def _told(endpoint: Endpoint) -> dict[str, object]:
    rates = endpoint.price.rates
    return {
        "id": endpoint.id,
        "model": endpoint.model,
        "provider": endpoint.provider,
        "upstream_model": endpoint.upstream_model,
        "on": endpoint.on,
        "off_reason": endpoint.off_reason or None,
        "context_length": endpoint.context_length,
        "max_completion_tokens": endpoint.max_completion_tokens,
        "prompt_usd_per_mtok": per_million(rates.prompt),
        "completion_usd_per_mtok": per_million(rates.completion),
    }
