"""The story of one generation, from request to record. Read this first.

    caller   = who shows the key
    request  = what is asked, in canonical form
    plan     = which endpoints may serve it, in order, with reasons
    hold     = its highest cost, set aside where a limit or credit binds the caller
    opened   = the first answer that begins well (before its first byte, a failure moves on to the next endpoint)
    usage    = what the provider reports, or what we counted
    cost     = usage at the endpoint's price
    settle   = the hold ends at the cost, and the record is committed before the last byte leaves

A client that hangs up is a normal way out: its task is cancelled, the upstream call with it, and what was produced is settled.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from entrepot.dialects.dialect import Dialect, Plain, Streamed
from entrepot.dialects.translated import shown
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import BrokenStream, GatewayError, InvalidRequest, UpstreamError
from entrepot.ledger.purses import Hold, chargeable, release, settle
from entrepot.metering.cost import Cost, Unpriced, cost_of
from entrepot.metering.tokens import StreamCounter, count_prompt
from entrepot.routing.fit import Fit
from entrepot.routing.metadata import Routing, wished
from entrepot.routing.plan import Candidate, Plan
from entrepot.upstream.attempt import Course, Opened, Sender
from entrepot.upstream.failures import classify_event
from entrepot.upstream.hedge import NO_HEDGE, Hedge
from entrepot.upstream.walk import walk
from entrepot.values.caller import Caller
from entrepot.values.clock import Clock
from entrepot.values.cors import CORS_LINES
from entrepot.values.generation import Attempt, Evidence, Generation
from entrepot.values.ids import GenerationIds
from entrepot.values.model import Endpoint
from entrepot.values.money import YOCTO_PER_NANO, half_even
from entrepot.values.price import Price, Rates
from entrepot.values.request import Asked, Request
from entrepot.values.usage import Usage


class Bill(msgspec.Struct, frozen=True):
    """What was used, what is charged for it, and what that rests on."""

    usage: Usage
    cost: Cost
    evidence: Evidence


_FREE = Bill(Usage(), Cost(0, 0, 0, 0), "waived")
_WATCH_AFTER_S = 0.25
"""A call younger than this is not watched for its client leaving: most are over by then, and watching costs a task."""


class Http(Protocol):
    """The client's side of one request."""

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that answers this request."""
        ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def header(self, name: bytes) -> str:
        """The value of a header, "" without it. `name` in lower case."""
        ...

    @property
    def authorization(self) -> str | None: ...

    async def body(self) -> bytes: ...

    async def whole(self, status: int, headers: bytes, body: bytes) -> None:
        """A whole answer. `headers` are whole lines without the length, each with its CR LF."""
        ...

    async def begin(self, headers: bytes, first: bytes) -> None: ...

    async def piece(self, data: bytes) -> None: ...

    async def end(self, data: bytes) -> None: ...

    async def gone(self) -> None:
        """Returns when the client has hung up."""
        ...


class Surface(msgspec.Struct, frozen=True):
    """What a client speaks to: a dialect, and how its requests are read.

    parse      client bytes to a request. raises InvalidRequest
    prepare    completes a request with what is kept here, as an earlier answer that it refers to. raises GatewayError
    keep       given the request, who asked, the generation's id and what leaves last (the whole body, or the end of the
               stream), before it leaves
    stream     media type of its streams
    id_header  under which its SDKs look for the id of an answer, beside `x-generation-id`
    passes     headers of the client that a provider of the same dialect gets
    """

    dialect: Dialect
    parse: Callable[[bytes], Request]
    prepare: Callable[[Request, Caller], Awaitable[Request]] | None = None
    keep: Callable[[Request, Caller, str, bytes], Awaitable[None]] | None = None
    stream: bytes = b"text/event-stream; charset=utf-8"
    id_header: bytes = b"x-request-id"
    passes: tuple[bytes, ...] = ()


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
    reserve: Callable[[Request, Caller, Plan], Awaitable[Hold | None]]
    sender: Callable[[Caller, Http, Request], Sender]
    suit: Callable[[Request, Candidate], Fit]
    settle: Callable[[Generation], Awaitable[None]]
    observe: Callable[[Generation], None]


class Call:
    """One generation while it is under way: what is known of it so far."""

    __slots__ = (
        "attempts",
        "caller",
        "client_left",
        "counters",
        "created_ms",
        "first_byte",
        "hold",
        "http",
        "id",
        "opened",
        "plan",
        "request",
        "routing",
        "sent",
        "started",
        "surface",
        "watcher",
    )

    def __init__(self, caller: Caller, http: Http, surface: Surface, generation_id: str, created_ms: int, started: float) -> None:
        self.caller = caller
        self.http = http
        self.surface = surface
        self.created_ms = created_ms
        self.id = generation_id
        self.started = started
        self.sent = started
        self.first_byte = 0.0
        self.request: Request | None = None
        self.plan: Plan | None = None
        self.hold: Hold | None = None
        self.routing: Routing | None = None
        self.opened: Opened | None = None
        self.attempts: list[Attempt] = []
        self.counters: dict[str, StreamCounter] = {}
        """Of what each endpoint said, by its id: several may be asked, and one is heard."""
        self.client_left = False
        self.watcher: asyncio.Task[None] | None = None

    def head(self, content_type: bytes) -> bytes:
        """Header lines of the answer."""
        own = self.id.encode()
        lines = b"content-type: %b\r\nx-generation-id: %b\r\n%b: %b\r\n%b" % (
            content_type,
            own,
            self.surface.id_header,
            own,
            CORS_LINES,
        )
        if self.opened is not None and self.opened.notes:
            told = "; ".join(self.opened.notes).encode("ascii", "replace")
            lines += b"x-entrepot-adjusted: %b\r\n" % _CONTROLS.sub(b" ", told)
        return lines


_CONTROLS = re.compile(rb"[\x00-\x1f\x7f]")


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
        request = call.request = call.surface.parse(await call.http.body())
        if not request.slugs:
            raise _no_model()
        if call.surface.prepare is not None:
            request = call.request = await call.surface.prepare(request, call.caller)
        for name in call.surface.passes:
            if isinstance(request, Asked) and (said := call.http.header(name)):
                request.passed = request.passed | {name.decode(): said}
        call.plan = self._rooms.plan(request, call.caller)
        call.hold = await self._rooms.reserve(request, call.caller, call.plan)
        sender = self._rooms.sender(call.caller, call.http, request)
        if wished(call.http.header):
            call.routing = Routing(request.slugs, call.plan, call.attempts, sender.name_of)
        call.sent = self._clock.monotonic()
        course = Course(
            request,
            sender,
            suit=lambda candidate: _covered(self._rooms.suit(request, candidate), call.hold),
            voice=lambda candidate, provider: _voice(call, request, candidate, provider),
            attempts=call.attempts,
            clock=self._clock,
            max_answer_bytes=self._max_answer_bytes,
        )
        opened = call.opened = await walk(call.plan, course, self._hedge)
        call.first_byte = self._clock.monotonic()
        try:
            if opened.stream is not None:
                await self._stream(call, opened)
            else:
                await self._whole(call, opened)
        finally:
            opened.answer.close()

    async def _whole(self, call: Call, opened: Opened) -> None:
        plain = opened.plain
        assert plain is not None
        bill = self._meter(call, opened, plain.usage)
        body = plain.render_with(bill.usage, bill.cost.prompt_nano, bill.cost.completion_nano)
        await self._settle(call, bill)
        await self._keep(call, body)
        if call.routing is not None:
            body = call.routing.in_body(body, opened.candidate)
        await call.http.whole(200, call.head(b"application/json"), body)

    async def _stream(self, call: Call, opened: Opened) -> None:
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
            await self._break(call, opened, problem)
            return
        bill = self._meter(call, opened, stream.usage)
        await self._settle(call, bill)
        last = stream.end_with(bill.usage, bill.cost.prompt_nano, bill.cost.completion_nano)
        await self._keep(call, last)
        if call.routing is not None:
            last = call.routing.in_stream(last, opened.candidate)
        await http.end(last)

    async def _keep(self, call: Call, last: bytes) -> None:
        keep = call.surface.keep
        if keep is not None and call.request is not None:
            await keep(call.request, call.caller, call.id, last)

    async def _break(self, call: Call, opened: Opened, problem: UpstreamError | ErrorEvent | Malformed) -> None:
        """A failure after the first byte: told in the stream, and what came is what is billed."""
        error, stream = _as_error(problem, opened), opened.stream
        assert stream is not None
        await self._settle(call, self._meter(call, opened, stream.usage), error=error, finish="error")
        before = problem.before if isinstance(problem, ErrorEvent) else b""
        await call.http.end(before + stream.break_off(error))

    async def _refuse(self, call: Call, error: GatewayError) -> None:
        await self._settle(call, _FREE, error=error)
        headers = call.head(b"application/json")
        status, headers, body = refusal(error, headers, call.surface.dialect, call.id)
        if call.routing is not None and status != 500:
            body = call.routing.in_body(body, None)
        await call.http.whole(status, headers, body)

    async def _abandon(self, call: Call) -> None:
        """The client left, or we are being stopped: what was produced is settled."""
        opened = call.opened
        reported = opened.stream.usage if opened is not None and opened.stream is not None else None
        await self._settle(call, _FREE if opened is None else self._meter(call, opened, reported))

    def _meter(self, call: Call, opened: Opened, reported: Usage | None) -> Bill:
        """What is charged, at which the hold ends."""
        bill = self._measure(call, opened, reported)
        return bill if call.hold is None else msgspec.structs.replace(bill, cost=_charged(bill.cost, call.hold))

    def _measure(self, call: Call, opened: Opened, reported: Usage | None) -> Bill:
        """What it costs. Nothing produced and no finish is free."""
        evidence: Evidence = "reported"
        usage = reported
        if usage is None:
            completion = _said_by(call, opened)
            said = opened.stream or opened.plain
            if not completion and (said is None or said.finish_reason is None):
                return _FREE
            usage, evidence = Usage(prompt_tokens=_count(call.request), completion_tokens=completion), "counted"
        elif opened.stream is not None and not opened.stream.complete and usage.completion_tokens < _said_by(call, opened):
            # Messages tells what went in when it begins and what came out when it ends: here it did not end.
            usage, evidence = msgspec.structs.replace(usage, completion_tokens=_said_by(call, opened)), "counted"
        price = opened.candidate.endpoint.price
        images = call.request.images if price.rates.image and call.request else 0
        hour = _utc_hhmm(call.created_ms) if price.tiers else None
        try:
            return Bill(usage, cost_of(usage, price, images=images, at_utc_hhmm=hour), evidence)
        except Unpriced:
            plain = msgspec.structs.replace(usage, audio_tokens=0, completion_audio_tokens=0, completion_image_tokens=0)
            return Bill(usage, cost_of(plain, price, images=images, at_utc_hhmm=hour), "estimated")

    async def _settle(self, call: Call, bill: Bill, *, error: GatewayError | None = None, finish: str | None = None) -> None:
        generation = self._record(call, bill, error, finish)
        await self._rooms.settle(generation)
        self._rooms.observe(generation)

    def _record(self, call: Call, bill: Bill, error: GatewayError | None, finish: str | None) -> Generation:
        opened, request, header = call.opened, call.request or _UNASKED, call.http.header
        endpoint = opened.candidate.endpoint if opened is not None else _NOWHERE
        said: Plain | Streamed | _Silence = _SILENCE
        if opened is not None:
            said = opened.plain or opened.stream or _SILENCE
        first_byte = call.first_byte or call.sent
        ended = self._clock.monotonic() if call.first_byte else first_byte
        status, error_type, message = _told(error)
        usage, cost = bill.usage, bill.cost
        return Generation(
            id=call.id,
            created_ms=call.created_ms,
            key_hash=call.caller.key_hash,
            workspace=call.caller.workspace,
            requested=next(iter(request.slugs), ""),
            model=endpoint.model,
            provider=endpoint.provider or _last_tried(call),
            endpoint=endpoint.id,
            usage=usage,
            cost_nano=cost.total_nano,
            evidence=bill.evidence,
            test=call.caller.kind == "test",
            api_type="embeddings" if call.surface.dialect.makes == "embeddings" else "completions",
            dialect=call.surface.dialect.name,
            streamed=request.stream,
            cancelled=call.client_left,
            status=status,
            error_type=error_type,
            error_message=message,
            finish_reason=finish or said.finish_reason,
            native_finish_reason=said.native_finish_reason,
            upstream_id=said.upstream_id,
            upstream_model=endpoint.upstream_model,
            service_tier=said.service_tier,
            prompt_cost_nano=cost.prompt_nano,
            completion_cost_nano=cost.completion_nano,
            upstream_cost_nano=None
            if usage.upstream_cost_yocto is None
            else half_even(usage.upstream_cost_yocto, YOCTO_PER_NANO),
            cache_discount_nano=cost.cache_discount_nano,
            queue_ms=round((call.sent - call.started) * 1000, 3),
            first_byte_ms=round((first_byte - call.sent) * 1000, 3),
            generation_ms=round((ended - first_byte) * 1000, 3),
            http_referer=header(b"http-referer")[:512],
            app_title=(header(b"x-openrouter-title") or header(b"x-title"))[:256],
            user_agent=header(b"user-agent")[:256],
            external_user=request.user[:128],
            session_id=(request.session_id or header(b"x-session-id"))[:256],
            adjusted=_adjusted(opened, said) if opened is not None else (),
            unknown_fields=request.unknown,
            attempts=tuple(call.attempts),
            plan=call.plan.reasons if call.plan is not None else (),
            tool_calls=said.tool_calls,
            held=call.hold.names if call.hold is not None else (),
        )


class _Silence:
    """What a call said that never came to say anything."""

    finish_reason: str | None = None
    native_finish_reason: str | None = None
    service_tier: str | None = None
    upstream_id = ""
    tool_calls = 0
    foreign = 0


_SILENCE = _Silence()
_NOWHERE = Endpoint("", "", "", "", Price(Rates()))
_UNASKED = Asked(dialect="", fields={}, size=0)


def _told(error: GatewayError | None) -> tuple[int, str, str]:
    """Status, type and message of how it ended."""
    if error is None:
        return 200, "", ""
    return error.status, str(error.metadata.get("error_type", error.error_type)), error.message


def _last_tried(call: Call) -> str:
    return call.attempts[-1].provider if call.attempts else ""


def _covered(suited: Fit, hold: Hold | None) -> Fit:
    """The answer is made no longer than what was held for it covers."""
    if hold is None or hold.cap is None or (suited.max_tokens is not None and suited.max_tokens <= hold.cap):
        return suited
    note = f"max_tokens: set to {hold.cap}, which is what the credit or limit covers"
    return msgspec.structs.replace(suited, max_tokens=hold.cap, notes=(*suited.notes, note))


def _charged(cost: Cost, hold: Hold) -> Cost:
    """Ends the hold. Beyond what was held only what is free is charged."""
    total = chargeable(hold, cost.total_nano)
    settle(hold, total)
    if total == cost.total_nano:
        return cost
    prompt = min(cost.prompt_nano, total)
    return Cost(total, prompt, total - prompt, cost.cache_discount_nano)


async def _cancel_when_gone(call: Call) -> None:
    await call.http.gone()
    call.client_left = True
    if call.http.task is not None:
        call.http.task.cancel()


def _no_model() -> InvalidRequest:
    return InvalidRequest(
        "`model` is required.",
        field="model",
        expected="a slug such as openai/gpt-5.1",
        received="nothing",
        remedy="Send `model`, or a list of `models`; GET /api/v1/models lists them.",
    )


def refusal(error: GatewayError, headers: bytes, dialect: Dialect, generation_id: str = "") -> tuple[int, bytes, bytes]:
    """Status, header lines and body of a refusal in the client's own dialect."""
    assert dialect.render_error is not None
    status, body = dialect.render_error(error, generation_id)
    if error.retry_after_s is not None:
        headers += b"retry-after: %d\r\n" % max(1, round(error.retry_after_s))
    return status, headers, body


def _adjusted(opened: Opened, said: Plain | Streamed | _Silence) -> tuple[str, ...]:
    if not said.foreign:
        return opened.notes
    return (*opened.notes, f"events: {said.foreign} of an unknown kind skipped")


def _said_by(call: Call, opened: Opened) -> int:
    """Tokens, as we count them."""
    return call.counters[opened.candidate.endpoint.id].total()


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


def _count(request: Request | None) -> int:
    return count_prompt(*request.countable()) if request else 0


def _utc_hhmm(now_ms: int) -> int:
    minutes = now_ms // 60_000 % 1440
    return minutes // 60 * 100 + minutes % 60


def _as_error(problem: UpstreamError | ErrorEvent | Malformed, opened: Opened) -> GatewayError:
    provider = opened.candidate.endpoint.provider
    if isinstance(problem, ErrorEvent):
        return classify_event(problem.payload, provider)
    if isinstance(problem, Malformed):
        speaks = shown(opened.candidate.endpoint.dialect)
        return BrokenStream(f"{provider} sent something that is not {speaks}: {problem}.")
    return problem
