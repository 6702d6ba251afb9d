"""Wiring: settings in, an ASGI application out. The only file that knows every room."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import structlog

from entrepot.api import responses
from entrepot.api.answering import AsgiHttp, answering, patterned
from entrepot.api.dispatch import Api
from entrepot.api.in_process import InProcess
from entrepot.api.openapi import render
from entrepot.api.routes import Check, Desk
from entrepot.api.table import ROUTES, SURFACES, described, patterns
from entrepot.catalog.catalog import Catalog
from entrepot.catalog.priced import Windows
from entrepot.catalog.stock import stock, stock_mark
from entrepot.checks.store import latest
from entrepot.checks.timer import keep_checking
from entrepot.files.attach import Attachments
from entrepot.identity import store as keys_store
from entrepot.identity.installation import installation_secret
from entrepot.identity.keyring import KeyRing
from entrepot.identity.ration import Ration
from entrepot.jobs.checking import calls_to, wanted
from entrepot.jobs.forgetting import Rule, forget
from entrepot.jobs.keeping_up import notice, read_keys, renew
from entrepot.jobs.topping_up import ToppingUp
from entrepot.jobs.watching import watch
from entrepot.ledger.asking import Policy
from entrepot.ledger.holds import Holds
from entrepot.ledger.janitor import Janitor
from entrepot.ledger.place import place_of
from entrepot.ledger.posting import post_usage
from entrepot.ledger.prices import PriceLists
from entrepot.ledger.statement_paper import Letterhead
from entrepot.ledger.terms import Terms
from entrepot.metering import tokens
from entrepot.payments.cashier import Cashier
from entrepot.payments.opening import off, open_cashier, seller_of
from entrepot.pipeline import Pipeline, Rooms
from entrepot.providers.configured import Configured
from entrepot.records.recorder import Recorder
from entrepot.records.responses import ResponseStore
from entrepot.records.statistics import Statistics
from entrepot.routing.plan import Plan
from entrepot.routing.planner import Planner
from entrepot.sandbox.provider import Sandbox
from entrepot.settings import Settings, proxy_environment
from entrepot.storage.database import Refused, StorageAway
from entrepot.storage.engines import open_stores
from entrepot.telemetry.metrics import Metrics
from entrepot.telemetry.worries import Worries
from entrepot.upstream.attempt import Sender
from entrepot.upstream.client import Client
from entrepot.upstream.hedge import Hedge
from entrepot.upstream.sender import Destinations, ProviderSender, SandboxSender, Transport
from entrepot.values.caller import Caller
from entrepot.values.clock import Clock
from entrepot.values.command import Command
from entrepot.values.http import Http
from entrepot.values.model import Endpoint, Model
from entrepot.values.request import Request
from entrepot.web.pages import FrontFacts, Pages
from entrepot.web.shelf import ProviderFact
from entrepot.web.status import Component

_LEAVE_S = 6.0
"""On the way out a database that says nothing is waited for so long."""
_STALE_MS = 600_000
"""An answer made of many sums that is older than half a minute is given for so long while a new one is made."""
log = structlog.get_logger("entrepot")


class App:
    """Use as an async context; call as ASGI. `first_test_key` is a plain key on the very first start, None afterwards.

    transport  takes what is sent to providers, in place of the network
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        command: Command = Command(),
        transport: Transport | None = None,
    ) -> None:
        self.settings = settings
        self._transport = transport
        self._command = command
        self.clock = clock or Clock()
        self._stack = contextlib.AsyncExitStack()
        self.hot: dict[bytes, Callable[[Any], Awaitable[None]]] = {}
        """POST paths whose requests the server hands over without an ASGI layer, and who answers them."""
        self._windows = Windows()
        self._worries = Worries()
        self._topping_up: ToppingUp | None = None

    async def __aenter__(self) -> App:
        """The rooms are opened in the order in which they need each other, and left the other way round."""
        await self._open_store()
        await self._open_books()
        await self._open_offer()
        await self._open_doors()
        for loop in self._loops():
            self._loop(loop)
        tokens.warm()
        return self

    async def __aexit__(self, *problem: Any) -> None:
        """What the database does not take in time stays in the journal, for the next start."""
        self._db.hasten(_LEAVE_S)
        await self._stack.aclose()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        handler = self._answers(scope) if scope["method"] == "POST" else None
        if handler is not None:
            await handler(AsgiHttp(scope, receive, send, self.settings.server.max_body_bytes))
        else:
            await self._api(scope, receive, send)

    def _answers(self, scope: Any) -> Callable[[Any], Awaitable[None]] | None:
        """Who answers a POST that asks for a generation."""
        path = scope["path"]
        exact = self.hot.get(path.encode())
        if exact is not None:
            return exact
        surface = patterned(self._patterns, path, scope["query_string"])
        return answering(self.pipeline, surface, _log_failure) if surface is not None else None

    async def drain(self, seconds: float) -> None:
        """Waits for generations under way, so long and no longer."""
        until = self.clock.monotonic() + seconds
        while self.pipeline.live and self.clock.monotonic() < until:
            await asyncio.sleep(0.05)

    async def _open_store(self) -> None:
        """The database, who may call, and the way to providers."""
        settings = self.settings
        self._stores = self._stack.enter_context(open_stores(settings))
        db = self._db = self._stores.main
        self._secret = installation_secret(db, Path(settings.data_dir))
        keys_store.ensure_workspace(db, self.clock.now_ms())
        self.first_test_key = keys_store.first_test_key(db, self._secret, self.clock.now_ms())
        self.keys = KeyRing(self._stores.watching, self._secret, self.clock.now_ms)
        self._client = await self._stack.enter_async_context(Client(settings.upstream, proxy_environment()))

    async def _open_books(self) -> None:
        """Records and money. What a process that died has left is taken in first."""
        settings, stores, now_ms = self.settings, self._stores, self.clock.now_ms
        durable = settings.storage.synchronous == "full"
        self.recorder = Recorder(self._db, settings.journal_dir, durable=durable, post=post_usage, now_ms=now_ms)
        self.statistics = Statistics(stores.reading, now_ms, behind=stores.behind, stale_ms=_STALE_MS)
        self.terms = Terms(stores.watching)
        self.prices = PriceLists(stores.watching, now_ms())
        self.holds, self._janitor = self._money()
        self._stack.push_async_callback(self._end_leases)
        await self._stack.enter_async_context(self.recorder)
        await self._janitor.sweep()
        self.metrics = Metrics()
        self._cashier = self._payments()

    async def _open_offer(self) -> None:
        """Models, and who serves them."""
        settings, client = self.settings, self._client
        self._stocked = stock_mark(self._db)
        self.providers, self.catalog = await stock(settings, self._db, client)
        sorts, usual = self.terms.sorts.get, settings.routing.sort
        self.planner = Planner(self.catalog, _refusing(self.providers), self.prices.sheet, sorts, usual)
        self.sandbox = Sandbox(settings.sandbox)
        self.attachments = Attachments(settings.files)
        self.destinations = Destinations(
            self._transport or client,
            self.providers,
            self.attachments,
            self._secret,
            settings.upstream.max_line_bytes,
            self.clock.now_ms,
        )

    async def _open_doors(self) -> None:
        """Where generations are asked for, and all other paths."""
        routing = self.settings.routing
        hedge = Hedge(routing.hedge_stream_after_s, routing.hedge_plain_after_s, routing.hedge_at_once)
        self.pipeline = Pipeline(self._rooms(), self.settings.upstream.max_answer_bytes, self.clock, hedge)
        self.metrics.gauge("entrepot_generations_live", "Generations under way.", lambda: len(self.pipeline.live))
        self.responses = await self._stack.enter_async_context(ResponseStore(self._db))
        surfaces = {**SURFACES, **responses.surfaces(self.responses, self.clock.now_ms)}
        self._patterns = patterns(surfaces)
        self.hot = {path.encode(): answering(self.pipeline, surface, _log_failure) for path, surface in surfaces.items()}
        self._api = Api(ROUTES, self._desk(), self._pages())
        self._started_ms = self.clock.now_ms()

    def _money(self) -> tuple[Holds, Janitor]:
        """Holds, leased under the name of the journal that their records go to."""
        settings = self.settings
        policy = Policy(settings.ledger.share_percent, settings.ledger.least_tokens)
        holds = Holds(self._db, self.terms, self.recorder.name, place_of(settings.journal_dir), self.clock.now_ms, policy)
        return holds, Janitor(holds, self.recorder, lambda why: self._worries.tell("leases cannot be kept", why))

    def _payments(self) -> Callable[[], Cashier]:
        opened = open_cashier(self._db, self.settings.payments, self.clock.now_ms)
        if isinstance(opened, Cashier):
            self._topping_up = topping_up = ToppingUp(opened, self._worries.tell)
            self._loop(topping_up.run())
            self._stack.callback(opened.hasten, _LEAVE_S)
            meaning = "Workspaces whose automatic top-up a failure has stopped."
            self.metrics.gauge("entrepot_top_ups_stopped", meaning, lambda: topping_up.stopped)
            return lambda: opened
        if self.settings.payments.stripe_key:
            log.warning("payments are off", why=opened)
        return off(opened)

    def _loop(self, loop: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(loop)
        self._stack.callback(task.cancel)

    def _loops(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What runs beside requests."""
        kept, recorder = self.settings.storage, self.recorder
        yield self.pipeline.watch()
        yield read_keys(self.keys)
        yield notice(self._look, self._worries.tell)
        yield renew(self.statistics)
        yield self._janitor.run()
        yield watch(self.planner, self.statistics, self._stores.reading, self._worries.tell)
        rules: list[Rule] = [
            (kept.retention_days, recorder.delete_before),
            (kept.minutes_days, recorder.delete_minutes_before),
            (kept.hours_days, recorder.delete_hours_before),
            (kept.responses_days, self.responses.delete_before),
        ]
        yield forget(rules, self.clock)
        if every_h := self.settings.checks.every_h:
            yield keep_checking(self._db, every_h, self._to_check, self._calls, self.clock)

    def _to_check(self) -> list[tuple[Model, Endpoint]]:
        return wanted(self.settings.checks.models, self.catalog, self._worries.tell)

    def _calls(self) -> AbstractAsyncContextManager[InProcess]:
        return calls_to(self, self._db, self._secret, self.keys, self.clock)

    async def _end_leases(self) -> None:
        """When all records are in the database. Otherwise whoever takes in our journal does it."""
        with contextlib.suppress(StorageAway, Refused):
            if self.recorder.waiting:
                log.warning("records wait in the journal for the next start", count=self.recorder.waiting)
            else:
                await self._janitor.leave()
        self.holds.close()

    def _rooms(self) -> Rooms:
        return Rooms(
            authenticate=self.keys.authenticate_inference,
            plan=self._plan,
            sender=self._sender,
            suit=self.planner.suit,
            reserve=self.holds.reserve,
            settle=self.recorder.settle,
            observe=self.metrics.observe,
        )

    def _plan(self, request: Request, caller: Caller) -> Plan:
        self.recorder.must_take()  # or a provider would be paid for an answer that may not leave
        return self.planner.plan(request, caller)

    def _sender(self, caller: Caller, http: Http, request: Request) -> Sender:
        if caller.kind == "test":
            return SandboxSender(self.sandbox, self.attachments, http.headers, request.slugs[0])
        return ProviderSender(self.destinations)

    def _desk(self) -> Desk:
        rendered = render(described())
        return Desk(
            catalog=lambda: self.catalog,
            providers=lambda: self.providers,
            authenticate=self.keys.authenticate,
            find=self.recorder.find,
            spent_by_keys=self.recorder.spent_by_keys,
            workspace_usage=self.recorder.workspace_usage_nano,
            checks=self.checks,
            exposition=self.metrics.exposition,
            answered=self.metrics.answered,
            document=lambda: rendered,
            responses=self.responses,
            max_body_bytes=self.settings.server.max_body_bytes,
            now_ms=self.clock.now_ms,
            log_failure=_log_failure,
            store=self._db,
            secret=self._secret,
            statistics=self.statistics,
            changed=self._changed,
            window=self._window,
            prepaid=self.settings.ledger.new_workspaces == "prepaid",
            cashier=self._cashier,
            letterhead=Letterhead(seller_of(self.settings.payments).lines, self.settings.payments.pdf_font),
            chat_keys=Ration(self.settings.server.chat_keys),
        )

    def _changed(self) -> None:
        """Something was changed here: what other processes see within a second is seen at once."""
        self.keys.refresh()
        self.terms.refresh()
        self.prices.refresh(self.clock.now_ms())
        self.holds.hope()

    def _window(self, catalog: Catalog, caller: Caller | None) -> Catalog:
        """At the prices of whoever looks; a visitor sees those of the list for everybody."""
        return self._windows.of(catalog, self.prices.common if caller is None else self.prices.sheet(caller.workspace))

    def _pages(self) -> Pages:
        return Pages(
            self._facts,
            described,
            lambda: self._window(self.catalog, None),
            self._now_s,
            demo=self.settings.is_demo,
            statistics=self.statistics,
            checked=lambda model: latest(self._stores.reading, model),
            components=lambda: [Component(check.name, check.ok, check.detail) for check in self.checks()],
        )

    def _now_s(self) -> float:
        return self.clock.now_ms() / 1000

    def checks(self) -> list[Check]:
        """What must be well for requests to be served."""
        records, away = self.recorder, self.keys.trouble
        store = Check("storage", not away, "The database cannot be asked; the log says why." if away else "", needed=False)
        catalogue = Check("catalogue", bool(self.catalog.models), "" if self.catalog.models else "it has no models")
        waiting = f"{records.waiting} wait for the database" if away or records.trouble else ""
        found = [store, Check("records", not records.refusal, records.refusal or waiting), catalogue]
        if self._topping_up is not None:
            asked_in_vain = "Stripe cannot be asked; the log says why." if self._topping_up.away else ""
            found.append(Check("payments", not asked_in_vain, asked_in_vain, needed=False))
        return found

    def _facts(self) -> FrontFacts:
        providers = tuple(
            ProviderFact(known.provider.name, slug, not known.off_reason, known.off_reason, known.provider)
            for slug, known in self.providers.items()
        )
        ready = sum(endpoint.on for endpoint in self.catalog.all_endpoints())
        most_bytes = self.settings.server.max_body_bytes
        return FrontFacts(len(self.catalog.models), ready, self._started_ms / 1000, providers, self._command, most_bytes)

    async def _look(self) -> None:
        """What has changed in the store. raises StorageAway, Refused, BadSettings"""
        self._worries.tell("records cannot be written into the database", self.recorder.trouble)
        while await asyncio.to_thread(self.keys.refresh):
            pass
        await asyncio.to_thread(self.terms.refresh)
        if await asyncio.to_thread(self.prices.refresh, self.clock.now_ms()):
            self.planner.forget()
        if self._stocked != (mark := await asyncio.to_thread(stock_mark, self._db)):
            await self._restock()
            self._stocked = mark

    async def _restock(self) -> None:
        """Swaps the catalogue whole; requests under way keep the one they began with."""
        providers, self.catalog = await stock(self.settings, self._db, self._client)
        self.providers.update(providers)
        self.planner.restock(self.catalog, _refusing(self.providers))
        self.destinations.forget()


def _refusing(providers: Mapping[str, Configured]) -> dict[str, frozenset[str]]:
    return {slug: configured.provider.refuses for slug, configured in providers.items()}


def _log_failure(error: BaseException) -> None:
    log.error("a request failed inside the gateway", exc_info=error)
