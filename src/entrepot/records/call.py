"""One generation while it is under way, and the record that is made of it when it is over."""

from __future__ import annotations

import asyncio
import re

from entrepot.dialects.dialect import Plain, Streamed
from entrepot.dialects.surface import Surface
from entrepot.errors import GatewayError
from entrepot.ledger.purses import Hold
from entrepot.metering.bill import Bill
from entrepot.metering.tokens import StreamCounter
from entrepot.records.categories import categories_of
from entrepot.routing.metadata import Routing
from entrepot.routing.plan import Plan
from entrepot.upstream.attempt import Opened, Sender
from entrepot.values.caller import Caller
from entrepot.values.cors import CORS_LINES
from entrepot.values.generation import Attempt, Generation
from entrepot.values.http import Http
from entrepot.values.model import Endpoint
from entrepot.values.naming import another
from entrepot.values.price import Price, Rates
from entrepot.values.request import Asked, Request

_CONTROLS = re.compile(rb"[\x00-\x1f\x7f]")


class Call:
    """What is known of it so far. Times are those of a monotonic clock in seconds, but for `created_ms`.

    started, sent, first_byte  when it came, when a provider was asked first, when an answer had begun; 0: not yet
    counters                   of what each endpoint said, by its id: several may be asked, and one is heard
    watcher                    waits for the client to leave
    """

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
        "sender",
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
        self.sender: Sender | None = None
        self.routing: Routing | None = None
        self.opened: Opened | None = None
        self.attempts: list[Attempt] = []
        self.counters: dict[str, StreamCounter] = {}
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


def record_of(call: Call, bill: Bill, error: GatewayError | None, finish: str | None, now: float) -> Generation:
    """now  on the clock of the call's own times

    The values stand in the order of Generation's members: more than forty of them are found by their place in a tenth of the time
    that they are by name, and every call pays that.
    """
    caller, opened, request, cost = call.caller, call.opened, call.request or _UNASKED, bill.cost
    endpoint, said = _answered_by(opened), _said(opened)
    status, error_type, error_message = _told(error)
    queue_ms, first_byte_ms, generation_ms = _lasted(call, now)
    http_referer, app_title, user_agent, session_id = _came_from(call.http, request)
    media, reported = request.media, said.reported_model
    return Generation(
        call.id,
        call.created_ms,
        caller.key_hash,
        caller.workspace,
        _requested(request),
        endpoint.model,
        endpoint.provider or _last_tried(call.attempts),
        endpoint.id,
        bill.usage,
        cost.total_nano,
        bill.evidence,
        _is_test(call),
        _api_type(call.surface),
        call.surface.dialect.name,
        request.stream,
        call.client_left,
        status,
        error_type,
        error_message,
        finish or said.finish_reason,
        said.native_finish_reason,
        said.upstream_id,
        endpoint.upstream_model,
        said.service_tier,
        cost.prompt_nano,
        cost.completion_nano,
        None if _is_test(call) else bill.upstream_nano,
        cost.cache_discount_nano,
        queue_ms,
        first_byte_ms,
        generation_ms,
        http_referer,
        app_title,
        user_agent,
        request.user[:128],
        session_id,
        _adjusted(opened, said),
        request.unknown,
        tuple(call.attempts),
        _reasons(call.plan),
        media.images + media.video,
        media.audio,
        said.tool_calls,
        _purses(call.hold),
        categories_of(call.http.header(b"x-openrouter-categories")) if http_referer else (),
        ""
        if reported == endpoint.upstream_model or not reported
        else another(reported[:200], endpoint.upstream_model, endpoint.model),
    )


class _Silence:
    """What a call said that never came to say anything."""

    finish_reason: str | None = None
    native_finish_reason: str | None = None
    service_tier: str | None = None
    upstream_id = ""
    reported_model = ""
    tool_calls = 0
    foreign = 0


_SILENCE = _Silence()
_NOWHERE = Endpoint("", "", "", "", Price(Rates()))
_UNASKED = Asked(dialect="", fields={}, size=0)


def _answered_by(opened: Opened | None) -> Endpoint:
    return opened.candidate.endpoint if opened is not None else _NOWHERE


def _said(opened: Opened | None) -> Plain | Streamed | _Silence:
    return (opened.plain or opened.stream or _SILENCE) if opened is not None else _SILENCE


def _told(error: GatewayError | None) -> tuple[int, str, str]:
    """Status, type and message of how it ended."""
    if error is None:
        return 200, "", ""
    return error.status, str(error.metadata.get("error_type", error.error_type)), error.message


def _lasted(call: Call, now: float) -> tuple[float, float, float]:
    """Milliseconds until a provider was asked, from there to the first byte, and from there to the end.

    What never got so far took no time.
    """
    queued = _ms(call.sent - call.started)
    if not call.first_byte:
        return queued, 0.0, 0.0
    return queued, _ms(call.first_byte - call.sent), _ms(now - call.first_byte)


def _ms(seconds: float) -> float:
    """To the microsecond."""
    return round(seconds * 1_000_000) / 1000


def _came_from(http: Http, request: Request | Asked) -> tuple[str, str, str, str]:
    """Referer, title, user agent and session, each no longer than a record keeps."""
    header = http.header
    title = header(b"x-openrouter-title") or header(b"x-title")
    session = request.session_id or header(b"x-session-id")
    return header(b"http-referer")[:512], title[:256], header(b"user-agent")[:256], session[:256]


def _requested(request: Request | Asked) -> str:
    return request.slugs[0] if request.slugs else ""


def _last_tried(attempts: list[Attempt]) -> str:
    return attempts[-1].provider if attempts else ""


def _is_test(call: Call) -> bool:
    return call.caller.kind == "test"


def _api_type(surface: Surface) -> str:
    return "embeddings" if surface.dialect.makes == "embeddings" else "completions"


def _adjusted(opened: Opened | None, said: Plain | Streamed | _Silence) -> tuple[str, ...]:
    if opened is None:
        return ()
    if not said.foreign:
        return opened.notes
    return (*opened.notes, f"events: {said.foreign} of an unknown kind skipped")


def _reasons(plan: Plan | None) -> tuple[str, ...]:
    return plan.reasons if plan is not None else ()


def _purses(hold: Hold | None) -> tuple[str, ...]:
    return hold.names if hold is not None else ()
