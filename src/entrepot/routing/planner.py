"""Plans for callers: of the catalogue's endpoints for live keys, of the sandbox for test keys, at the price the caller pays."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from entrepot.catalog.catalog import Catalog, Resolved
from entrepot.dialects.openai_embeddings.wire import NAME as EMBEDDINGS
from entrepot.metering.sheet import Sheet
from entrepot.routing.fit import AS_IT_IS, Fit, fit
from entrepot.routing.memo import PlanMemo
from entrepot.routing.plan import NOTHING_KNOWN, Candidate, Offer, Plan, plan
from entrepot.routing.standing import By, Standings
from entrepot.sandbox import SANDBOX
from entrepot.sandbox.scenario import strip_suffix
from entrepot.values.caller import Caller
from entrepot.values.model import Endpoint, Model
from entrepot.values.request import Request

_MOST_SANDBOXED = 10_000
Refuses = dict[str, frozenset[str]]


class Planner:
    """Of a workspace, `sheet` gives what it pays, None for list prices; `sort` the order of its endpoints, None for the usual."""

    def __init__(
        self,
        catalog: Catalog,
        refuses: Refuses,
        sheet: Callable[[str], Sheet | None],
        sort: Callable[[str], By | None] = lambda _: None,
        usual: str = "price",
    ) -> None:
        """refuses  by provider slug: request fields it answers with an error"""
        self._catalog = catalog
        self._refuses = refuses
        self._sheet = sheet
        self._sort = sort
        self._usual: By = msgspec.convert(usual, By)
        self._standings = NOTHING_KNOWN
        self._plans = PlanMemo()
        self._sandboxed: dict[str, Offer] = {}

    def plan(self, request: Request, caller: Caller) -> Plan:
        """raises  as `routing.plan.plan`"""
        wished, workspace = request.slugs, caller.workspace
        sheet, sort = self._sheet(workspace), self._sort(workspace)
        asked = (caller.kind == "test", wished, sheet, sort)
        return self._plans.plan(request, asked, lambda: self._made(request, wished, caller, sheet, sort or self._usual))

    def suit(self, request: Request, candidate: Candidate) -> Fit:
        """What must change in a request for one endpoint."""
        refused = self._refuses.get(candidate.endpoint.provider)
        suited = fit(request, candidate.endpoint, refused or frozenset())
        return suited if suited.notes or suited.effort or suited.max_tokens or suited.dropped else AS_IT_IS

    def restock(self, catalog: Catalog, refuses: Refuses) -> None:
        self._catalog, self._refuses = catalog, refuses
        self._sandboxed.clear()
        self.forget()

    def stand(self, standings: Standings) -> None:
        """How endpoints did of late, for plans that are made from now on."""
        self._standings = standings
        self.forget()

    def forget(self) -> None:
        """Something that plans are made from has changed."""
        self._plans.clear()

    def _made(self, request: Request, wished: tuple[str, ...], caller: Caller, sheet: Sheet | None, usual: By) -> Plan:
        return plan(request, self._offers(wished, caller), self._refuses, sheet, self._standings, usual)

    def _offers(self, wished: tuple[str, ...], caller: Caller) -> tuple[Offer, ...]:
        if caller.kind == "test":
            return tuple(self._sandbox_offer(slug) for slug in wished)
        resolved = (self._catalog.resolve(slug) for slug in wished)
        return tuple(Offer(found.model, found.endpoints, found.variants) for found in resolved)

    def _sandbox_offer(self, slug: str) -> Offer:
        """The model with the sandbox as its endpoint, at its list price."""
        known = self._sandboxed.get(slug)
        if known is None:
            found = self._catalog.resolve(strip_suffix(slug)[0])
            if len(self._sandboxed) > _MOST_SANDBOXED:
                self._sandboxed.clear()
            known = self._sandboxed[slug] = Offer(found.model, _sandbox_endpoints(found))
        return known


def _sandbox_endpoints(found: Resolved) -> tuple[Endpoint, ...]:
    """One for each thing the model is known to make: text, embeddings."""
    made = [endpoint.dialect == EMBEDDINGS for endpoint in found.endpoints] or [found.model.makes_embeddings]
    return tuple(_sandbox_endpoint(found.model, EMBEDDINGS if embeds else "openai_chat") for embeds in dict.fromkeys(made))


def _sandbox_endpoint(model: Model, speaks: str) -> Endpoint:
    return Endpoint(
        id=f"{model.id}@{SANDBOX}",
        model=model.id,
        provider=SANDBOX,
        upstream_model=model.id,
        price=model.price,
        context_length=model.context_length,
        max_completion_tokens=model.max_completion_tokens,
        supported_parameters=model.supported_parameters,
        reasoning=model.reasoning,
        max_tokens_field="max_completion_tokens",
        data_policy="zdr",
        dialect=speaks,
    )
