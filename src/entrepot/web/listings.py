"""The pages that list: models, comparisons, providers, authors, apps, rankings. A path and a query become a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from entrepot.web import browser, compare, listings_apps, listings_authors, listings_providers, rankings
from entrepot.web.listings_measured import Measured
from entrepot.web.shelf import ProviderFact, Shelf
from entrepot.web.visit import Pairs, Visit


class Page(msgspec.Struct, frozen=True):
    template: str
    context: dict[str, Any]


class Moved(msgspec.Struct, frozen=True):
    """The page is elsewhere; what stands there has one address."""

    where: str


Answer = Page | Moved


class Listings:
    """`respond` is a plain function of what is asked."""

    def __init__(
        self, shelf: Callable[[], Shelf], measured: Measured, providers: Callable[[], Sequence[ProviderFact]] = tuple
    ) -> None:
        self._providers = providers
        self._shelf = shelf
        self._measured = measured
        self._at: Mapping[str, Callable[[Visit], Answer | None]] = {
            "/models": self._models,
            "/compare": self._compare,
            "/rankings": self._rankings,
            "/providers": self._all_providers,
            "/apps": self._apps,
        }
        self._below: Mapping[str, Callable[[Visit], Answer | None]] = {
            "/models/": self._model,
            "/compare/": self._compare,
            "/providers/": self._provider,
            "/authors/": self._author,
            "/apps/": self._app,
        }

    def respond(self, visit: Visit) -> Answer | None:
        """None: no page of these has this path."""
        page = self._at.get(visit.path) or self._below.get(visit.path[: visit.path.find("/", 1) + 1])
        return page(visit) if page is not None else None

    def _models(self, visit: Visit) -> Answer:
        pairs = visit.pairs
        wish = browser.read(pairs)
        address = browser.address(wish)
        # A form without scripts sends its empty fields too, and others use other names: what is shared has one address.
        if not wish.problems and address != _as_asked("/models", pairs):
            return Moved(address)
        return Page("models.html", browser.context(self._shelf(), wish, self._measured.models()))

    def _compare(self, visit: Visit) -> Answer | None:
        path, pairs = visit.path.removeprefix("/compare"), visit.pairs
        shelf = self._shelf()
        rows = compare.read_path(shelf, path)
        if rows is None:
            return None
        more, unknown = compare.chosen(shelf, [value for name, value in pairs if name == "with"])
        together = [*rows, *more]
        if not unknown and quote("/compare" + path, safe="/:~@") != compare.path_of(together):
            return Moved(compare.path_of(together))
        only = ("only", "differences") in pairs
        return Page("compare.html", compare.context(shelf, together, self._measured, only=only, unknown=unknown))

    def _rankings(self, visit: Visit) -> Answer:
        return Page("rankings.html", rankings.context(self._shelf(), rankings.read(visit.asked), self._measured))

    def _all_providers(self, visit: Visit) -> Answer:
        return Page("providers.html", listings_providers.index(self._shelf(), self._providers(), self._measured))

    def _provider(self, visit: Visit) -> Answer | None:
        fact = listings_providers.find(self._providers(), _below(visit))
        return Page("provider.html", listings_providers.page(self._shelf(), fact, self._measured)) if fact is not None else None

    def _author(self, visit: Visit) -> Answer | None:
        told = listings_authors.page(self._shelf(), _below(visit), self._measured)
        return Page("author.html", told) if told is not None else None

    def _apps(self, visit: Visit) -> Answer:
        query = visit.asked
        if query.get("url"):
            # OpenRouter's address of an app's page.
            return Moved(listings_apps.path_of(query["url"]))
        span, sort = query.get("span", ""), query.get("sort", "")
        known = (span if span in listings_apps.SPANS else "week", sort if sort in listings_apps.SORTS else "popular")
        return Page("apps.html", listings_apps.index(self._measured, *known))

    def _app(self, visit: Visit) -> Answer | None:
        told = listings_apps.page(self._shelf(), _below(visit), self._measured)
        return Page("app.html", told) if told is not None else None

    def _model(self, visit: Visit) -> Answer | None:
        """A model's page is at its slug; other sites have it below `/models`."""
        row = self._shelf().find(_below(visit).rstrip("/"))
        return Moved("/" + row.model.id) if row is not None else None


def _below(visit: Visit) -> str:
    """What a path says behind its first part."""
    return visit.path.split("/", 2)[2]


def _as_asked(path: str, pairs: Pairs) -> str:
    return path + (f"?{urlencode(pairs, safe=browser.PLAIN)}" if pairs else "")
