"""The catalogue as the pages show it: one row for each model, and what it can be found by. Made once for each catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from entrepot.catalog.catalog import Catalog
from entrepot.providers import Provider
from entrepot.records.categories import LABELS as CATEGORIES
from entrepot.values.model import Endpoint, Model
from entrepot.values.price import Price
from entrepot.values.regions import areas_of

POLICIES = {"zdr": "Keeps nothing", "retains": "Keeps it for a time", "trains": "May train on it", "unknown": "Not known"}
REGIONS = {"eu": "European Union", "us": "United States"}
DISTILLABLE = {"true": "Allowed", "false": "Not allowed", "unknown": "Not known"}
KINDS = {
    "reasons": "Reasons",
    "tools": "Calls tools",
    "schemas": "Keeps to JSON schemas",
    "open": "Open weights",
    "free": "Free",
    "cached": "Cheaper from the cache",
    "latest": "A name that moves on",
    "ends": "Its end is announced",
}
"""What a model is like, where the catalogue knows it."""


class Row(msgspec.Struct, frozen=True):
    """price    of the endpoint that would serve the model first; the maker's when none is ready
    target   the id of the model that serves: its own, or what an alias stands for
    words    lower case, for searching
    marks    by the name of a filter, the values under which the model is found
    """

    model: Model
    target: str
    endpoints: tuple[Endpoint, ...]
    price: Price
    words: str
    marks: Mapping[str, frozenset[str]] = {}

    @property
    def ready(self) -> bool:
        return any(endpoint.on for endpoint in self.endpoints)

    @property
    def priced(self) -> bool:
        """Whether tokens have a price. A model of this machine or a free variant has one: nothing."""
        rates = self.price.rates
        return bool(rates.prompt or rates.completion or self.price.source == "local" or self.model.id.endswith(":free"))

    @property
    def free(self) -> bool:
        return self.priced and not (self.price.rates.prompt or self.price.rates.completion)


class ProviderFact(msgspec.Struct, frozen=True):
    """A provider as pages tell of it.

    how    to switch it on
    about  what is declared of it
    """

    name: str
    slug: str
    on: bool
    how: str = ""
    about: Provider | None = None


class Choice(msgspec.Struct, frozen=True):
    value: str
    label: str
    count: int


class Shelf:
    """`choices` has, by the name of a filter, what may be chosen: all categories, since which models they use is measured.

    countries  where a provider has its seat, by its slug
    """

    def __init__(self, catalog: Catalog, provider_names: Mapping[str, str], countries: Mapping[str, str] = {}) -> None:
        self.catalog = catalog
        self.provider_names = provider_names
        self.countries = countries
        self.rows = {model.id: _row(catalog, model, countries) for model in catalog.models.values()}
        models = [row.model for row in self.rows.values()]
        counted = {name: Counter(value for row in self.rows.values() for value in row.marks[name]) for name in FILTERS}
        self.choices = {name: self._choices(name, counts) for name, counts in counted.items()}
        self.ready = sum(row.ready for row in self.rows.values())
        self._names = _names(models)

    def find(self, slug: str) -> Row | None:
        """By id, alias or permanent slug."""
        return self.rows.get(slug) or self.rows.get(self._names.get(slug.lower(), ""))

    def label(self, name: str, value: str) -> str:
        """How a value of a filter is shown."""
        if name == "provider":
            return self.provider_names.get(value, value)
        if name == "region":
            return region_of("" if value == "unknown" else value)
        return _LABELS.get(name, {}).get(value, value)

    def _choices(self, name: str, counts: Counter[str]) -> list[Choice]:
        """What has an order of its own in that; providers, authors, countries and parameters by name; the rest by frequency."""
        if name == "category":
            return [Choice(value, label, 0) for value, label in CATEGORIES.items()]
        told = [Choice(value, self.label(name, value), count) for value, count in counts.items()]
        if name in _LABELS:
            order = list(_LABELS[name])
            return sorted(told, key=lambda choice: order.index(choice.value))
        if name in _BY_NAME:
            return sorted(told, key=lambda choice: choice.label.lower())
        return sorted(told, key=lambda choice: (-choice.count, choice.label))


HERE = {"ready": "Ready", "off": "Switched off", "none": "Not served"}
FILTERS = (
    "here",
    "author",
    "series",
    "provider",
    "input",
    "output",
    "kind",
    "category",
    "parameter",
    "policy",
    "distillable",
    "region",
    "country",
)
_LABELS: dict[str, Mapping[str, str]] = {
    "policy": POLICIES,
    "kind": KINDS,
    "here": HERE,
    "category": CATEGORIES,
    "distillable": DISTILLABLE,
}
_BY_NAME = ("author", "provider", "parameter", "region", "country")


def region_of(region: str) -> str:
    """How a page names it."""
    return REGIONS.get(region, region.upper()) or "Not known"


def _row(catalog: Catalog, model: Model, countries: Mapping[str, str]) -> Row:
    served = catalog.models.get(model.alias_target or "", model)
    endpoints = catalog.endpoints(served.id) or catalog.endpoints(model.id)
    first = next((endpoint for endpoint in endpoints if endpoint.on), None)
    words = " ".join((model.id, model.name, *model.aliases)).lower()
    row = Row(model, served.id, endpoints, first.price if first else served.price, words)
    return msgspec.structs.replace(row, marks=_marks(row, countries))


def _marks(row: Row, countries: Mapping[str, str]) -> dict[str, frozenset[str]]:
    model, endpoints = row.model, row.endpoints
    return {
        "here": frozenset({"ready" if row.ready else "off" if endpoints else "none"}),
        "author": frozenset({model.author}),
        "series": frozenset({model.tokenizer} - {"Other"}),
        "provider": frozenset(endpoint.provider for endpoint in endpoints),
        "input": frozenset(model.input_modalities),
        "output": frozenset(model.output_modalities),
        "kind": frozenset(_kinds(row)),
        "category": frozenset(),
        "parameter": frozenset(model.supported_parameters),
        "policy": frozenset(endpoint.data_policy for endpoint in endpoints),
        "distillable": frozenset({"unknown" if model.distillable is None else str(model.distillable).lower()}),
        "region": frozenset(area for endpoint in endpoints for area in areas_of(endpoint.region) or ("unknown",)),
        "country": frozenset(countries[endpoint.provider] for endpoint in endpoints if countries.get(endpoint.provider)),
    }


def _kinds(row: Row) -> Iterable[str]:
    model = row.model
    told = {
        "reasons": model.reasoning is not None,
        "tools": "tools" in model.supported_parameters,
        "schemas": "structured_outputs" in model.supported_parameters,
        "open": bool(model.hugging_face_id),
        "free": row.free,
        "cached": row.price.rates.cached is not None and row.price.rates.cached < row.price.rates.prompt,
        "latest": model.alias_target is not None,
        "ends": model.expiration_date is not None,
    }
    return (kind for kind, is_so in told.items() if is_so)


def _names(models: Iterable[Model]) -> dict[str, str]:
    names: dict[str, str] = {}
    for model in models:
        for spelling in (model.id, model.canonical_slug, *model.aliases):
            # A variant shares the permanent slug of its model, which stands for the model.
            if ":" not in model.id or spelling == model.id:
                names.setdefault(spelling.lower(), model.id)
    return names
