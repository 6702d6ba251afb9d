"""The catalogue as a customer sees it: at the prices of a sheet."""

from __future__ import annotations

import msgspec

from entrepot.catalog.catalog import Catalog
from entrepot.metering.sheet import Rule, Sheet, below

_MOST_SHEETS = 50
_TOLD = 3
"""Endpoints that a warning names."""


def priced(catalog: Catalog, sheet: Sheet) -> Catalog:
    """An alias has the price of the model it stands for."""
    models = [
        msgspec.structs.replace(model, price=sheet.price(model.alias_target or model.id, model.price, model.id))
        for model in catalog.models.values()
    ]
    endpoints = [
        msgspec.structs.replace(endpoint, price=sheet.price(endpoint.model, endpoint.price, endpoint.id))
        for endpoint in catalog.all_endpoints()
    ]
    return Catalog(models, endpoints)


def warnings_of(catalog: Catalog, model: str, rule: Rule) -> list[str]:
    """What whoever sets a price should know: where less is charged than a provider lists. model  "": every one"""
    endpoints = catalog.endpoints(model) if model else tuple(catalog.all_endpoints())
    paid = [(endpoint, rule.apply(endpoint.price)) for endpoint in endpoints]
    cheaper = [endpoint.id for endpoint, price in paid if below(price, endpoint.price)]
    if rule.factor == "0" or (rule.rates is not None and not any(rate for rate in msgspec.structs.astuple(rule.rates))):
        return ["This is a gift: nothing is charged, and providers are paid all the same."]
    if not cheaper:
        return []
    more = f" and {len(cheaper) - _TOLD} more" if len(cheaper) > _TOLD else ""
    return [f"Less is charged than the provider lists: {', '.join(cheaper[:_TOLD])}{more}."]


class Windows:
    """Catalogues at the prices of some sheets, made when they are looked at."""

    def __init__(self) -> None:
        self._catalog: Catalog | None = None
        self._made: dict[Sheet, Catalog] = {}

    def of(self, catalog: Catalog, sheet: Sheet | None) -> Catalog:
        """sheet  None: at list prices"""
        if sheet is None:
            return catalog
        if self._catalog is not catalog or len(self._made) >= _MOST_SHEETS:
            self._made = {}
            self._catalog = catalog
        found = self._made.get(sheet)
        if found is None:
            found = self._made[sheet] = priced(catalog, sheet)
        return found
