"""The site: pages made on the server that work without scripts, and the files they need.

`Pages.respond` is a plain function of a request; what is running comes from `facts`, models from the catalogue, the API from the
OpenAPI document that the routes make. The reader's own address is taken from the Host header when it looks like one.
"""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import jinja2
import markupsafe
import msgspec

from entrepot import __version__
from entrepot.catalog.catalog import Catalog
from entrepot.checks.store import Report
from entrepot.records.statistics import Statistics
from entrepot.values.command import Command
from entrepot.values.times import utc
from entrepot.web import chat, design, model_page, status
from entrepot.web.assets import PREFIX, Assets
from entrepot.web.docs import doc_pages
from entrepot.web.listings import Listings, Moved
from entrepot.web.listings_measured import Measured
from entrepot.web.model_contract import Contract
from entrepot.web.reference import Reference
from entrepot.web.samples import samples
from entrepot.web.shelf import ProviderFact, Shelf
from entrepot.web.visit import PageResponse, Visit, html, json, moved, text

_NEAR = re.compile(r"^http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)")
_SOME_URL = "http://address-of-the-reader.invalid"
_NO_PAGES = ("/api/", "/v1/", "/v1beta/", "/client/")
"""Below these programs ask, and a wrong path is theirs to be told."""


class FrontFacts(msgspec.Struct, frozen=True):
    models: int
    endpoints_on: int
    started_s: float
    providers: tuple[ProviderFact, ...]
    command: Command = Command()
    max_body_bytes: int = 10 * 2**20


Responder = Callable[[Visit], PageResponse | None]
"""None: there is no such page after all."""


class Pages:
    def __init__(
        self,
        facts: Callable[[], FrontFacts],
        openapi: Callable[[], dict[str, Any]],
        catalog: Callable[[], Catalog],
        now_s: Callable[[], float] = time.time,
        *,
        demo: bool = False,
        statistics: Statistics | None = None,
        components: Callable[[], Iterable[status.Component]] = lambda: (),
        checked: Callable[[str], Sequence[Report]] = lambda model: (),
    ) -> None:
        """demo        every page says that what it shows is simulated
        components  parts of the gateway, as they are now
        checked     what checks found of a model's endpoints
        """
        self._facts = facts
        self._catalog = catalog
        self._now_s = now_s
        assets = Assets()
        self._templates = _templates(demo)
        self._prepared = False
        self._docs = doc_pages()
        self._reference = Reference(openapi)
        self._reference_made: dict[str, PageResponse] = {}
        self._kept_shelf: Shelf | None = None
        self._measured, self._components, self._hours = Measured(statistics), components, status.Hours()
        self._listings = Listings(lambda: self._shelf, self._measured, lambda: self._facts().providers)
        self._model_pages = model_page.ModelPages(Contract(openapi, self._reference), self._measured, checked)
        self._at: Mapping[str, Responder] = {
            "/": self._front,
            "/reference": self._reference_page,
            "/docs": self._doc,
            "/docs.md": self._doc,
            "/llms.txt": self._llms,
            "/llms-full.txt": self._llms_full,
            "/status": self._status,
            "/chat": self._chat,
            "/chat/models.json": self._chat_models,
            "/design": self._design,
        }
        self._below: Mapping[str, Responder] = {
            PREFIX: assets.respond,
            "/docs/": self._doc,
            "/reference/": self._reference_page,
        } | dict.fromkeys(_NO_PAGES, _nothing)

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> PageResponse | None:
        """`target` is the path with its query. None: no page has this path."""
        if method not in ("GET", "HEAD"):
            return None
        path, _, query = target.partition("?")
        page = self._at.get(path) or next((page for start, page in self._below.items() if path.startswith(start)), self._listed)
        return page(Visit(path, query, headers))

    def missing(self) -> PageResponse:
        return self._html("missing.html", status=404)

    def _front(self, visit: Visit) -> PageResponse:
        facts = self._facts()
        uptime = _duration(self._now_s() - facts.started_s)
        return self._html("front.html", facts=facts, uptime=uptime, samples=samples(visit.base_url), command=self._command(visit))

    def _command(self, visit: Visit) -> Command:
        """How the reader types commands. Who came from elsewhere is not told where things lie on this machine."""
        return self._facts().command if _NEAR.match(visit.base_url) else Command()

    def _reference_page(self, visit: Visit) -> PageResponse:
        """Made once, since the long ones take a while, and then told with the address that its reader came by."""
        made = self._reference_made.get(visit.path)
        if made is None:
            groups = self._reference.groups(_SOME_URL)
            group = next((one for one in groups if one.path == visit.path), None)
            if group is None and visit.path != "/reference":
                return self.missing()
            made = self._html(
                "reference.html" if group is None else "reference_group.html",
                groups=groups,
                group=group,
                **self._reference.following,
            )
            self._reference_made[visit.path] = made
        return msgspec.structs.replace(made, body=made.body.replace(_SOME_URL.encode(), visit.base_url.encode()))

    def _doc(self, visit: Visit) -> PageResponse:
        path = visit.path
        if path == "/docs/search":
            question = visit.asked.get("q", "").strip()[:200]
            hits = self._docs.search(question)
            return self._html("docs_search.html", question=question, hits=hits, index=self._docs.index, here=path)
        page = self._docs.find(path.removesuffix(".md"))
        if page is None:
            return self.missing()
        if path.endswith(".md"):
            return text(page.markdown, b"text/markdown")
        written = markupsafe.Markup(page.html)  # noqa: S704 - our own Markdown, with raw HTML switched off
        return self._html("doc.html", title=page.title, html=written, index=self._docs.index, here=page.path)

    def _llms(self, visit: Visit) -> PageResponse:
        return text(self._docs.llms(visit.base_url), b"text/plain")

    def _llms_full(self, visit: Visit) -> PageResponse:
        return text(self._docs.whole(), b"text/plain")

    def _status(self, visit: Visit) -> PageResponse:
        names = {provider.slug: provider.name for provider in self._facts().providers}
        return self._html("status.html", **status.context(self._measured, self._hours, self._components, names))

    def _chat(self, visit: Visit) -> PageResponse:
        return self._html("chat.html", samples=samples(visit.base_url), most_bytes=self._facts().max_body_bytes)

    def _chat_models(self, visit: Visit) -> PageResponse:
        return json(chat.choice(self._shelf, self._reference))

    def _design(self, visit: Visit) -> PageResponse:
        return self._html("design.html", **design.CONTEXT)

    def _listed(self, visit: Visit) -> PageResponse | None:
        """A list, or else the page of a model, whose path is its slug."""
        listed = self._listings.respond(visit)
        if listed is None:
            return self._model(visit)
        if isinstance(listed, Moved):
            return moved(listed.where)
        return self._html(listed.template, base_url=visit.base_url, command=self._command(visit), **listed.context)

    def _model(self, visit: Visit) -> PageResponse | None:
        found = model_page.find(self._shelf, visit.path)
        if found is None:
            return None
        row, tab = found
        asked = visit.path.strip("/").removesuffix(f"/{tab}")
        where = model_page.Where(visit.base_url, asked, utc(self._now_s() * 1000))
        if tab in model_page.DOCUMENTS:
            return json(self._model_pages.document(row, tab, where.base_url))
        context = self._model_pages.context(self._shelf, row, tab, visit.asked, where)
        return self._html("model.html", command=self._command(visit), **context)

    @property
    def _shelf(self) -> Shelf:
        """Of the catalogue as it is now: a new one is a new value."""
        catalog = self._catalog()
        if self._kept_shelf is None or self._kept_shelf.catalog is not catalog:
            known = self._facts().providers
            seats = {provider.slug: provider.about.headquarters for provider in known if provider.about is not None}
            self._kept_shelf = Shelf(catalog, {provider.slug: provider.name for provider in known}, seats)
        return self._kept_shelf

    def _html(self, template: str, *, status: int = 200, **context: Any) -> PageResponse:
        page = html(self._templates.get_template(template).render(context), status)
        if not self._prepared:
            self._prepared = True
            threading.Thread(target=self._prepare, name="pages", daemon=True).start()
        return page

    def _prepare(self) -> None:
        """Once somebody has opened a page, what others would wait for at their first view; nothing that asks the store."""
        for name in self._templates.list_templates():
            self._templates.get_template(name)
        for group in self._reference.groups(_SOME_URL):
            self._reference_page(Visit(group.path, "", {}))


def _nothing(visit: Visit) -> None:
    """For paths that are not the site's."""


@functools.cache
def _templates(demo: bool) -> jinja2.Environment:
    """Templates are compiled once in a process."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("entrepot.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    templates.globals |= {"assets": Assets().built, "version": __version__, "demo": demo}
    templates.filters |= {"page_path": lambda slug: "/" + quote(slug, safe="/:~@"), "ticked": _ticked}
    return templates


def _ticked(text: str) -> markupsafe.Markup:
    """What stands between backticks as code, the rest as it is."""
    pieces = text.split("`")
    codes = [markupsafe.Markup("<code>{}</code>").format(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    return markupsafe.Markup("").join(codes)


def _duration(seconds: float) -> str:
    minutes = int(max(seconds, 0)) // 60
    if minutes < 1:
        return "a moment"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 1440 else f"{minutes // 1440} d {minutes % 1440 // 60} h"
