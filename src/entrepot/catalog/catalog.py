"""The catalogue at one moment: from a slug to a model and its endpoints, at a cost that does not grow with their number."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec

from entrepot.errors import InvalidRequest
from entrepot.values.model import Endpoint, Model

ROUTING_VARIANTS = ("nitro", "floor", "exacto")
_NEAR = 0.62
"""A name less alike than that was not meant."""
_REMEMBERED = 10_000
_LONGEST_SLUG = 256
"""No slug is longer, so that neither time nor memory grows with what a caller writes."""


class Resolved(msgspec.Struct, frozen=True):
    """endpoints  all that could serve the model, cheapest first, those that are off too
    variants   routing suffixes that were on the slug"""

    model: Model
    endpoints: tuple[Endpoint, ...]
    variants: tuple[str, ...] = ()


class Catalog:
    """Immutable. `resolve` looks a slug up exactly, as an alias, without its author, and then without routing suffixes."""

    def __init__(self, models: Iterable[Model], endpoints: Iterable[Endpoint]) -> None:
        self.models = {model.id: model for model in models}
        by_model: dict[str, list[Endpoint]] = {}
        for endpoint in endpoints:
            by_model.setdefault(endpoint.model, []).append(endpoint)
        self._endpoints = {
            model: tuple(
                sorted(
                    found, key=lambda e: (e.price.rates.prompt + e.price.rates.completion, e.provider != model.partition("/")[0])
                )
            )
            for model, found in by_model.items()
        }
        self._names = _names(self.models)
        self._resolved: dict[str, Resolved] = {}
        self._near: dict[str, list[str]] = {}

    def endpoints(self, model: str) -> tuple[Endpoint, ...]:
        return self._endpoints.get(model, ())

    def all_endpoints(self) -> Iterable[Endpoint]:
        for found in self._endpoints.values():
            yield from found

    def resolve(self, slug: str) -> Resolved:
        """raises  InvalidRequest, naming the nearest slugs"""
        known = self._resolved.get(slug)
        if known is None:
            known = self._look_up(slug)
            if len(self._resolved) >= _REMEMBERED:
                self._resolved.clear()
            self._resolved[slug] = known
        return known

    def _look_up(self, slug: str) -> Resolved:
        if len(slug) > _LONGEST_SLUG:
            raise self._unknown(slug)
        model, variants = self._model(slug), []
        base = slug
        while model is None and ":" in base:
            base, _, suffix = base.rpartition(":")
            if suffix == "online":
                raise InvalidRequest(
                    "The variant `:online` is not offered here.", field="model", received=slug[:100], remedy=f"Ask for `{base}`."
                )
            if suffix not in ROUTING_VARIANTS:
                break
            variants.append(suffix)
            model = self._model(base)
        if model is None:
            raise self._unknown(slug)
        served = self.models.get(model.alias_target or "", model)
        return Resolved(served, self.endpoints(served.id) or self.endpoints(model.id), tuple(variants))

    def _model(self, slug: str) -> Model | None:
        found = self.models.get(slug)
        if found is None:
            lower = slug.lower()
            found = self.models.get(self._names.get(slug) or self._names.get(lower) or lower)
        return found

    def nearest(self, slug: str) -> list[str]:
        """At most five ids that look like it; remembered, because a client set up wrongly asks again and again."""
        wished = slug[:100].lower()
        known = self._near.get(wished)
        if known is None:
            names = dict.fromkeys([*self.models, *self._names])
            found = difflib.get_close_matches(wished, list(names), n=10, cutoff=_NEAR)
            known = list(dict.fromkeys(self._names.get(name, name) for name in found))[:5]
            if len(self._near) >= _REMEMBERED:
                self._near.clear()
            self._near[wished] = known
        return known

    def _unknown(self, slug: str) -> InvalidRequest:
        near = self.nearest(slug)
        return InvalidRequest(
            f"`{slug[:100]}` is not a model of this catalogue." + (f" Did you mean {', '.join(near)}?" if near else ""),
            field="model",
            expected=", ".join(near) or "a slug of GET /api/v1/models",
            received=slug[:100],
            remedy=f"Ask for `{near[0]}`." if near else "`entrepot models list` or GET /api/v1/models shows what there is.",
            metadata={
                "availability": {
                    "code": "model_not_found",
                    "retryable": False,
                    "requested_models": [slug[:100]],
                    "docs_url": "/docs/look-up/errors#model_not_found",
                }
            },
        )


def _names(models: dict[str, Model]) -> dict[str, str]:
    """Other spellings to ids: aliases, permanent slugs, and slugs without their author where only one model has them."""
    names: dict[str, str] = {}
    bare: dict[str, set[str]] = {}
    for model in sorted(models.values(), key=lambda model: not model.pinned):
        if model.id != model.id.lower():
            names[model.id.lower()] = model.id
        for alias in model.aliases:
            # Pinned snapshots come first: no other model can take a spelling of theirs.
            names.setdefault(alias, model.id)
        bare.setdefault(model.id.partition("/")[2], set()).add(model.id)
    for model in sorted(models.values(), key=lambda model: ":" in model.id):
        # A free variant shares the permanent slug of its model, which stands for the model.
        if model.canonical_slug not in models:
            names.setdefault(model.canonical_slug, model.id)
    for slug, owners in bare.items():
        if len(owners) == 1 and slug not in models:
            names.setdefault(slug, next(iter(owners)))
    return names
