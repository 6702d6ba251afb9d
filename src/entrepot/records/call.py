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
from entrepot.routing.metadata import Routing
from entrepot.routing.plan import Plan
from entrepot.upstream.attempt import Opened, Sender
from entrepot.values.caller import Caller
from entrepot.values.cors import CORS_LINES
from entrepot.values.generation import Attempt, Generation
from entrepot.values.http import Http
from entrepot.values.model import Endpoint
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
    """now  on the clock of the call's own times"""
    opened, request, header = call.opened, call.request or _UNASKED, call.http.header
    endpoint = opened.candidate.endpoint if opened is not None else _NOWHERE
    said: Plain | Streamed | _Silence = _SILENCE
    if opened is not None:
        said = opened.plain or opened.stream or _SILENCE
    first_byte = call.first_byte or call.sent
    ended = now if call.first_byte else first_byte
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
        upstream_cost_nano=None if call.caller.kind == "test" else bill.upstream_nano,
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


def _adjusted(opened: Opened, said: Plain | Streamed | _Silence) -> tuple[str, ...]:
    if not said.foreign:
        return opened.notes
    return (*opened.notes, f"events: {said.foreign} of an unknown kind skipped")
