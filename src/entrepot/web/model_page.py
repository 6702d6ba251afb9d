"""The pages of one model: what it is, who serves it, how fast, how dear, how reliable, who uses it, how it is called.

Each tab is an address of its own, `/{author}/{slug}/{tab}`; beside them stand the model's own documents for programs.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from entrepot.checks.store import Report
from entrepot.checks.suite import CHECKS
from entrepot.values.model import Benchmark
from entrepot.values.money import NANO
from entrepot.web import calls, figures, model_pricing
from entrepot.web.listings_apps import path_of
from entrepot.web.listings_measured import Measured
from entrepot.web.model_contract import Contract
from entrepot.web.model_traffic import REACHES, Reach, Traffic
from entrepot.web.shelf import POLICIES, Row, Shelf, region_of

TABS = {
    "": "Overview",
    "providers": "Providers",
    "performance": "Performance",
    "pricing": "Pricing",
    "benchmarks": "Benchmarks",
    "apps": "Apps",
    "activity": "Activity",
    "uptime": "Uptime",
    "api": "API",
}
DOCUMENT, SENT, CAME = "openapi.json", "request.schema.json", "answer.schema.json"
DOCUMENTS = (DOCUMENT, SENT, CAME)
"""What programs read of a model: its own OpenAPI document, and the JSON schemas of what is sent and of what comes back."""
_USUAL_REACH = {"performance": "24h", "pricing": "30d", "activity": "30d", "uptime": "30d"}
_SEEN_APPS = 5


class Where(msgspec.Struct, frozen=True):
    """The reader's side: the address they came by, the slug they wrote, and the time."""

    base_url: str
    asked: str
    now: datetime.datetime


def find(shelf: Shelf, path: str) -> tuple[Row, str] | None:
    """The model, and the tab or document that a path names."""
    slug = path.strip("/")
    row = shelf.find(slug) if "/" in slug else None
    if row is not None:
        return row, ""
    head, _, tab = slug.rpartition("/")
    row = shelf.find(head) if (tab in TABS or tab in DOCUMENTS) and "/" in head else None
    return (row, tab) if row is not None else None


class ModelPages:
    """`context` is what the template reads.

    checked  what checks of endpoints found here of a model, the newest of each
    """

    def __init__(
        self,
        contract: Contract,
        measured: Measured,
        checked: Callable[[str], Sequence[Report]] = lambda model: (),
    ) -> None:
        self._contract = contract
        self._measured = measured
        self._checked = checked

    def document(self, row: Row, name: str, base_url: str) -> bytes:
        """One of DOCUMENTS."""
        if name == DOCUMENT:
            return json.dumps(self._contract.openapi(row.model, base_url)).encode()
        return self._contract.schemas(row.model)[(SENT, CAME).index(name)].encode()

    def context(self, shelf: Shelf, row: Row, tab: str, query: Mapping[str, str], where: Where) -> dict[str, Any]:
        model = row.model
        names = {endpoint.id: model_pricing.named(shelf, endpoint) for endpoint in row.endpoints}
        traffic = Traffic(self._measured, row.target, lambda endpoint: names.get(endpoint, endpoint.rpartition("@")[2]))
        about = {
            "row": row,
            "model": model,
            "tab": tab,
            "tabs": TABS,
            "asked": where.asked if where.asked != model.id else "",
            "served": shelf.rows.get(row.target, row).model,
            "snapshot": shelf.rows.get(model.canonical_slug),
            "successor": shelf.find(model.successor or ""),
            "ended": bool(model.expiration_date) and str(model.expiration_date) <= where.now.date().isoformat(),
            "week": traffic.week(),
            "names": names,
            "policies": POLICIES,
            "figures": figures,
            "dollars": lambda nano: figures.dollars(nano, NANO),
            "reaches": REACHES.values(),
            "reach": _reach(tab, query),
        }
        return about | self._of_tab(tab, shelf, row, query, where, traffic)

    def _of_tab(
        self, tab: str, shelf: Shelf, row: Row, query: Mapping[str, str], where: Where, traffic: Traffic
    ) -> dict[str, Any]:
        reach = _reach(tab, query)
        if tab == "providers":
            takes = {"common": self._contract.common(row), "matrix": self._contract.matrix(row)}
            return {"lately": traffic.day_by_endpoint(), "seats": shelf.countries, "region_of": region_of} | takes
        if tab == "performance":
            return {"performance": traffic.performance(reach)}
        if tab == "pricing":
            return _pricing(shelf, row, query, where) | dict(zip(("spent", "paid"), traffic.prices(reach), strict=True))
        if tab == "benchmarks":
            published = _published(shelf.rows.get(row.target, row).model.benchmarks)
            return {"reports": self._checked(row.target), "checks": CHECKS, "published": published}
        if tab == "apps":
            return {"apps": traffic.apps(), "path_of": path_of}
        if tab == "activity":
            return {"activity": traffic.activity(reach)}
        if tab == "uptime":
            return {"strips": traffic.uptime(reach)}
        if tab == "api":
            return self._api(shelf, row, query, where)
        seen = {"apps": traffic.apps()[:_SEEN_APPS], "path_of": path_of, "lately": traffic.day_by_endpoint()}
        return {"activity": traffic.activity(reach)} | seen

    def _api(self, shelf: Shelf, row: Row, query: Mapping[str, str], where: Where) -> dict[str, Any]:
        task = calls.task(row.model, query.get("do", ""), where.base_url)
        if task is None:
            return {"task": None}
        parameters = self._contract.parameters(shelf, row)
        schemas = {SENT: "What is sent, as JSON Schema", CAME: "What comes back, as JSON Schema"}
        return {"task": task, "titles": calls.titles(row.model), "parameters": parameters, "schemas": schemas}


def _published(results: Iterable[Benchmark]) -> list[tuple[Benchmark, str, str]]:
    """Each with its value as it is written and the host of its source; newest first, and then by name."""
    ordered = sorted(sorted(results, key=lambda one: one.name.lower()), key=lambda one: one.date, reverse=True)
    return [(one, f"{one.value:,.6g}{'' if one.unit in ('', '%') else ' '}{one.unit}", _host(one.source)) for one in ordered]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].removeprefix("www.")


def _reach(tab: str, query: Mapping[str, str]) -> Reach:
    usual = REACHES[_USUAL_REACH.get(tab, "30d")]
    return REACHES.get(query.get("span", ""), usual)


def _pricing(shelf: Shelf, row: Row, query: Mapping[str, str], where: Where) -> dict[str, Any]:
    call = model_pricing.read_call(query)
    return {
        "call": call,
        "call_said": "".join(f"&{name}={query[name]}" for name in ("in", "out", "cached") if query.get(name, "").isdigit()),
        "quotes": model_pricing.quotes(shelf, row, call, where.now),
        "lines": model_pricing.lines(row.price),
        "tiers": [model_pricing.when(tier) for tier in row.price.tiers],
        "history": model_pricing.history(row.model, where.now.date().isoformat()),
    }
