"""The pages that list: models, comparisons, providers, authors, apps, rankings. A path and a query become a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from entrepot.web import browser, compare, listings_apps, listings_authors, listings_providers, rankings
from entrepot.web.listings_measured import Measured
from entrepot.web.shelf import ProviderFact, Shelf

_MOST_FIELDS = 100


class Page(msgspec.Struct, frozen=True):
    template: str
    context: dict[str, Any]
    status: int = 200


class Moved(msgspec.Struct, frozen=True):
    """The page is elsewhere; what stands there has one address."""

    where: str


Answer = Page | Moved
Pairs = list[tuple[str, str]]


class Listings:
    """`respond` is a plain function of a path and a query."""

    def __init__(
        self, shelf: Callable[[], Shelf], measured: Measured, providers: Callable[[], Sequence[ProviderFact]] = tuple
    ) -> None:
        self._providers = providers
        self._shelf = shelf
        self._measured = measured

    def respond(self, path: str, query: str) -> Answer | None:
        """None: no page of these has this path."""
        pairs = read_pairs(query)
        if path == "/models":
            return self._models(pairs)
        if path.startswith("/models/"):
            return self._model(path.removeprefix("/models/"))
        if path == "/compare" or path.startswith("/compare/"):
            return self._compare(path.removeprefix("/compare"), pairs)
        query_of = dict(reversed(pairs))
        if path == "/rankings":
            return Page("rankings.html", rankings.context(self._shelf(), rankings.read(query_of), self._measured))
        if path == "/providers":
            return Page("providers.html", listings_providers.index(self._shelf(), self._providers(), self._measured))
        if path.startswith("/providers/"):
            return self._provider(path.removeprefix("/providers/"))
        if path.startswith("/authors/"):
            return self._author(path.removeprefix("/authors/"))
        if path == "/apps":
            return self._apps(query_of)
        if path.startswith("/apps/"):
            return self._app(path.removeprefix("/apps/"))
        return None

    def _models(self, pairs: Pairs) -> Answer:
        wish = browser.read(pairs)
        address = browser.address(wish)
        # A form without scripts sends its empty fields too, and others use other names: what is shared has one address.
        if not wish.problems and address != _as_asked("/models", pairs):
            return Moved(address)
        return Page("models.html", browser.context(self._shelf(), wish, self._measured.models()))

    def _compare(self, path: str, pairs: Pairs) -> Answer | None:
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

    def _provider(self, slug: str) -> Answer | None:
        fact = listings_providers.find(self._providers(), slug)
        return Page("provider.html", listings_providers.page(self._shelf(), fact, self._measured)) if fact is not None else None

    def _author(self, author: str) -> Answer | None:
        told = listings_authors.page(self._shelf(), author, self._measured)
        return Page("author.html", told) if told is not None else None

    def _apps(self, query: Mapping[str, str]) -> Answer:
        if query.get("url"):
            # OpenRouter's address of an app's page.
            return Moved(listings_apps.path_of(query["url"]))
        span, sort = query.get("span", ""), query.get("sort", "")
        known = (span if span in listings_apps.SPANS else "week", sort if sort in listings_apps.SORTS else "popular")
        return Page("apps.html", listings_apps.index(self._measured, *known))

    def _app(self, place: str) -> Answer | None:
        told = listings_apps.page(self._shelf(), place, self._measured)
        return Page("app.html", told) if told is not None else None

    def _model(self, slug: str) -> Answer | None:
        """A model's page is at its slug; other sites have it below `/models`."""
        row = self._shelf().find(slug.rstrip("/"))
        return Moved("/" + row.model.id) if row is not None else None


def _as_asked(path: str, pairs: Pairs) -> str:
    return path + (f"?{urlencode(pairs, safe=browser.PLAIN)}" if pairs else "")


def read_pairs(query: str) -> Pairs:
    """Nothing of a query that cannot be read."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []
