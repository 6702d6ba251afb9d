"""`entrepot providers`: who serves models, and how to switch each on."""

from __future__ import annotations

from collections import Counter

from cyclopts import App
from rich.markup import escape

from entrepot.cli.common import Json, Place, print_json, print_table
from entrepot.cli.offered import listed
from entrepot.providers.configured import Configured

app = App(name="providers", help="Companies and local engines that serve models.")


@app.command(name="list")
def list_(*, json: Json = False, place: Place = Place()) -> None:
    """List providers: which are on, and what would switch the others on."""
    providers, catalog = listed(place)
    count = Counter(endpoint.provider for endpoint in catalog.all_endpoints())
    rows = sorted(providers.items(), key=lambda row: (bool(row[1].off_reason), row[0]))
    if json:
        print_json(
            [
                {
                    "slug": slug,
                    "name": configured.provider.name,
                    "on": not configured.off_reason,
                    "off_reason": configured.off_reason or None,
                    "base_url": configured.base_url,
                    "dialect": configured.provider.dialect,
                    "endpoints": count[slug],
                }
                for slug, configured in rows
            ]
        )
        return
    print_table(
        ("provider", "name", "endpoints", "state"),
        [
            (
                slug,
                escape(configured.provider.name),
                str(count[slug]),
                _state(configured, count[slug]),
            )
            for slug, configured in rows
        ],
        right=("endpoints",),
        empty="No provider is known, which should not be: the package is damaged. Install it again.",
    )


def _state(configured: Configured, endpoints: int) -> str:
    if configured.off_reason:
        return f"[yellow]off[/] {escape(configured.off_reason)}"
    return "[green]on[/]" if endpoints else f"[green]on[/] {escape(NOTHING_THERE)}"


NOTHING_THERE = "but the catalogue has no model of it: name those you want under [[endpoints]] in entrepot.toml"
