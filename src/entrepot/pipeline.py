"""The story of one generation, from request to record. Read this first.

    caller   = who shows the key
    request  = what is asked, in canonical form
    plan     = which endpoints may serve it, in order, with reasons
    hold     = its highest cost, set aside where a limit or credit binds the caller
    opened   = the first answer that begins well (before its first byte, a failure moves on to the next endpoint)
    bill     = what was used, as the provider reports or we counted, and its cost
    settle   = the hold ends at the cost, and the record is committed before the last byte leaves

A client that hangs up is a normal way out: its task is cancelled, the upstream call with it, and what was produced is settled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from entrepot.dialects.surface import Surface, refusal
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import BrokenStream, GatewayError, UpstreamError
from entrepot.ledger.purses import Hold, chargeable, release, settle
from entrepot.metering.bill import FREE, Bill, bill_of
from entrepot.metering.cost import within
from entrepot.metering.tokens import StreamCounter
from entrepot.records.call import Call, record_of
from entrepot.routing.fit import Fit, shortened
from entrepot.routing.metadata import Routing, wished
from entrepot.routing.plan import Candidate, Plan, check_named
from entrepot.upstream.attempt import Course, Opened, Sender
from entrepot.upstream.failures import failure_of
from entrepot.upstream.hedge import NO_HEDGE, Hedge
from entrepot.upstream.walk import walk
from entrepot.values.caller import Caller
from entrepot.values.clock import Clock
from entrepot.values.generation import Generation
from entrepot.values.http import Http
from entrepot.values.ids import GenerationIds
from entrepot.values.request import Asked, Request

_WATCH_AFTER_S = 0.25
"""A call younger than this is not watched for its client leaving: most are over by then, and watching costs a task."""


class Rooms(msgspec.Struct, frozen=True):
    """What the pipeline needs from the rooms it passes through, handed in by `app.py`.

    authenticate  Authorization header to caller, on the inference paths. raises Unauthenticated, Forbidden
    plan          the endpoints for a request, in order; the sandbox for test keys. raises InvalidRequest, NotFound
    reserve       holds the highest cost of a call; None for who is bound by nothing. raises OutOfCredits, Forbidden, StorageAway
    sender        for one call: where its attempts go
    suit          what must change in a request for a candidate
    settle        commits one record; returns when it is durable
    observe       told each finished generation, for metrics
    """

    authenticate: Callable[[str | None], Caller]
    plan: Callable[[Request, Caller], Plan]
    reserve: Callable[[Request, Caller, Plan, int], Awaitable[Hold | None]]
    sender: Callable[[Caller, Http, Request], Sender]
    suit: Callable[[Request, Candidate], Fit]
    settle: Callable[[Generation], Awaitable[None]]
    observe: Callable[[Generation], None]


class Pipeline:
    """Runs generations. `live` are those under way; `watch` must be run beside them."""

    def __init__(self, rooms: Rooms, max_answer_bytes: int, clock: Clock, hedge: Hedge = NO_HEDGE) -> None:
        self._rooms = rooms
        self._hedge = hedge
        self._max_answer_bytes = max_answer_bytes
        self._clock = clock
        self._ids = GenerationIds()
        self.live: set[Call] = set()

    async def generate(self, http: Http, surface: Surface) -> None:
        """Answers one request, with a record of it whatever happens. raises GatewayError when the key is not good."""
        started = self._clock.monotonic()
        caller = self._rooms.authenticate(http.authorization)
        now_ms = self._clock.now_ms()
        call = Call(caller, http, surface, self._ids.make(now_ms), now_ms, started)
        self.live.add(call)
        try:
            await self._serve(call)
        except GatewayError as error:
            await self._refuse(call, error)
        except asyncio.CancelledError:
            await self._abandon(call)
            if not call.client_left:
                raise
        finally:
            if call.hold is not None:
                release(call.hold)
            self.live.discard(call)
            if call.watcher is not None:
                call.watcher.cancel()

    async def watch(self) -> None:
        """Notices clients that hang up: each call that lasts gets a task that waits for it. Runs until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_AFTER_S)
            long_ago = self._clock.monotonic() - _WATCH_AFTER_S
            for call in self.live:
                # Until the body is whole, reading it is what notices; two readers would take it from each other.
                if call.watcher is None and call.request is not None and call.started < long_ago:
                    call.watcher = asyncio.create_task(_cancel_when_gone(call))

    async def _serve(self, call: Call) -> None:
        request = await self._read(call)
        call.plan = self._rooms.plan(request, call.caller)
        call.hold = await self._rooms.reserve(request, call.caller, call.plan, call.created_ms)
        opened = call.opened = await self._ask(call, request, call.plan)
        call.first_byte = self._clock.monotonic()
        try:
            if opened.stream is not None:
                await self._stream(call, request, opened)
            else:
                await self._whole(call, request, opened)
        finally:
            opened.answer.close()

    async def _read(self, call: Call) -> Request:
        surface = call.surface
        request = call.request = surface.parse(await call.http.body())
        check_named(request)
        if surface.prepare is not None:
            request = call.request = await surface.prepare(request, call.caller)
        for name in surface.passes:
            if isinstance(request, Asked) and (said := call.http.header(name)):
                request.passed = request.passed | {name.decode(): said}
        return request

    async def _ask(self, call: Call, request: Request, plan: Plan) -> Opened:
        sender = call.sender = self._rooms.sender(call.caller, call.http, request)
        if wished(call.http.header):
            call.routing = Routing(request.slugs, plan, call.attempts, sender.name_of)
        call.sent = self._clock.monotonic()
        cap = call.hold.cap if call.hold is not None else None
        course = Course(
            request,
            sender,
            suit=lambda candidate: shortened(self._rooms.suit(request, candidate), cap),
            voice=lambda candidate, provider: _voice(call, request, candidate, provider),
            attempts=call.attempts,
            clock=self._clock,
            max_answer_bytes=self._max_answer_bytes,
        )
        return await walk(plan, course, self._hedge)

    async def _whole(self, call: Call, request: Request, opened: Opened) -> None:
        plain = opened.plain
        assert plain is not None
        bill = _meter(call, request, opened)
        body = plain.render_with(bill.usage, bill.cost.prompt_nano, bill.cost.completion_nano)
        await self._settle(call, bill)
        await _keep(call, request, body)
        if call.routing is not None:
            body = call.routing.in_body(body, opened.candidate)
        await call.http.whole(200, call.head(b"application/json"), body)

    async def _stream(self, call: Call, request: Request, opened: Opened) -> None:
        """Passes the stream on as it comes. The finish is committed before the usage chunk and the end sign leave."""
        http, answer, stream = call.http, opened.answer, opened.stream
        assert stream is not None
        await http.begin(call.head(call.surface.stream) + b"cache-control: no-cache\r\n", opened.first)
        try:
            while not stream.done:
                data = await answer.chunk()
                out = stream.feed(data) if data else stream.close()
                if out:
                    await http.piece(out)
                if not data:
                    break
            if not stream.complete:
                raise BrokenStream("The provider's stream ended before its end sign.")
        except (UpstreamError, ErrorEvent, Malformed) as problem:
            await self._break(call, request, opened, problem)
            return
        bill = _meter(call, request, opened)
        await self._settle(call, bill)
        last = stream.end_with(bill.usage, bill.cost.prompt_nano, bill.cost.completion_nano)
        await _keep(call, request, last)
        if call.routing is not None:
            last = call.routing.in_stream(last, opened.candidate)
        await http.end(last)

    async def _break(self, call: Call, request: Request, opened: Opened, problem: UpstreamError | ErrorEvent | Malformed) -> None:
        """A failure after the first byte: told in the stream, and what came is what is billed."""
        stream, sender = opened.stream, call.sender
        assert stream is not None and sender is not None
        error = failure_of(problem, sender.name_of(opened.candidate), opened.candidate.endpoint.dialect)
        await self._settle(call, _meter(call, request, opened), error=error, finish="error")
        before = problem.before if isinstance(problem, ErrorEvent) else b""
        await call.http.end(before + stream.break_off(error))

    async def _refuse(self, call: Call, error: GatewayError) -> None:
        await self._settle(call, FREE, error=error)
        status, headers, body = refusal(error, call.head(b"application/json"), call.surface.dialect, call.id)
        if call.routing is not None and status != 500:
            body = call.routing.in_body(body, None)
        await call.http.whole(status, headers, body)

    async def _abandon(self, call: Call) -> None:
        """The client left, or we are being stopped: what was produced is settled."""
        if call.opened is None or call.request is None:
            await self._settle(call, FREE)
        else:
            await self._settle(call, _meter(call, call.request, call.opened))

    async def _settle(self, call: Call, bill: Bill, *, error: GatewayError | None = None, finish: str | None = None) -> None:
        generation = record_of(call, bill, error, finish, self._clock.monotonic())
        await self._rooms.settle(generation)
        self._rooms.observe(generation)


def _meter(call: Call, request: Request, opened: Opened) -> Bill:
    """What is charged, at which the hold ends: beyond what was held only what is free."""
    bill = bill_of(opened, call.counters[opened.candidate.endpoint.id], request, call.created_ms)
    if call.hold is None:
        return bill
    total = chargeable(call.hold, bill.cost.total_nano)
    settle(call.hold, total)
    return bill if total == bill.cost.total_nano else msgspec.structs.replace(bill, cost=within(bill.cost, total))


async def _keep(call: Call, request: Request, last: bytes) -> None:
    if call.surface.keep is not None:
        await call.surface.keep(request, call.caller, call.id, last)


def _voice(call: Call, request: Request, candidate: Candidate, provider: str) -> Voice:
    counter = call.counters[candidate.endpoint.id] = StreamCounter()
    return Voice(
        id=call.id,
        model=candidate.model.id,
        provider=provider,
        created=call.created_ms // 1000,
        count=counter.feed,
        shows_reasoning=request.wishes_reasoning_text,
    )


async def _cancel_when_gone(call: Call) -> None:
    await call.http.gone()
    call.client_left = True
    if call.http.task is not None:
        call.http.task.cancel()
