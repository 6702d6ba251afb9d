"""The catalogue as the pages show it: one row for each model, and what there is to choose from. Made once for each catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from entrepot.catalog.catalog import Catalog
from entrepot.values.model import Endpoint, Model
from entrepot.values.price import Price


class Row(msgspec.Struct, frozen=True):
    """price    of the endpoint that would serve the model first; the maker's when none is ready
    target   the id of the model that serves: its own, or what an alias stands for
    words    lower case, for searching
    """

    model: Model
    target: str
    endpoints: tuple[Endpoint, ...]
    price: Price
    words: str

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


class Choice(msgspec.Struct, frozen=True):
    value: str
    label: str
    count: int


class Shelf:
    """`choices` has, by the name of a filter, what may be chosen, most frequent first."""

    def __init__(self, catalog: Catalog, provider_names: Mapping[str, str]) -> None:
        self.catalog = catalog
        self.provider_names = provider_names
        self.rows = {model.id: _row(catalog, model) for model in catalog.models.values()}
        models = [row.model for row in self.rows.values()]
        serving = Counter(slug for row in self.rows.values() for slug in {endpoint.provider for endpoint in row.endpoints})
        self.choices = {
            "author": _choices((model.author for model in models), by_name=True),
            "provider": [Choice(slug, provider_names.get(slug, slug), count) for slug, count in sorted(serving.items())],
            "input": _choices(kind for model in models for kind in model.input_modalities),
            "output": _choices(kind for model in models for kind in model.output_modalities),
            "parameter": _choices((name for model in models for name in model.supported_parameters), by_name=True),
        }
        self._names = _names(models)

    def find(self, slug: str) -> Row | None:
        """By id, alias or permanent slug."""
        return self.rows.get(slug) or self.rows.get(self._names.get(slug.lower(), ""))


def _row(catalog: Catalog, model: Model) -> Row:
    served = catalog.models.get(model.alias_target or "", model)
    endpoints = catalog.endpoints(served.id) or catalog.endpoints(model.id)
    first = next((endpoint for endpoint in endpoints if endpoint.on), None)
    words = " ".join((model.id, model.name, *model.aliases)).lower()
    return Row(model, served.id, endpoints, first.price if first else served.price, words)


def _choices(values: Iterable[str], *, by_name: bool = False) -> list[Choice]:
    counted = Counter(values).most_common()
    return [Choice(value, value, count) for value, count in (sorted(counted) if by_name else counted)]


def _names(models: Iterable[Model]) -> dict[str, str]:
    names: dict[str, str] = {}
    for model in models:
        for spelling in (model.id, model.canonical_slug, *model.aliases):
            # A variant shares the permanent slug of its model, which stands for the model.
            if ":" not in model.id or spelling == model.id:
                names.setdefault(spelling.lower(), model.id)
    return names
