"""What can go wrong, and what it means to a caller.

GatewayError                     status, error_type, message for the caller, detail for the operator
├── CallerError                  the caller can mend it
│   ├── InvalidRequest 400 · ContextTooLong 400 · Unauthenticated 401 · OutOfCredits 402 · Forbidden 403
│   ├── Refused 403 · NotFound 404 · MethodNotAllowed 405 · TooSlow 408 · Conflict 409 · RateLimited 429
│   └── TooLarge 413 · UrlTooLong 414 · HeadersTooLarge 431
├── UpstreamError                one attempt failed; `try_next` says whether another endpoint may be tried
│   ├── Unreachable · TimedOut · Throttled · CredentialRejected · ProviderBroke · ProviderBusy
│   └── RequestRejected · BrokenStream (after the first byte: no retry, what came is billed)
├── Unavailable 502/503/504      every attempt failed; carries them all, in order
└── Internal 500                 a bug of ours; the message says nothing about the inside

An error is raised where it is understood; each dialect renders its own envelope (`dialects/`). Messages never contain
secrets or prompts.
"""

from __future__ import annotations

from typing import Any, ClassVar


class GatewayError(Exception):
    """The root. `metadata` goes to the caller as it is; `detail` only to the log.

    field      the path in the request that is at fault, as `messages[0].content`
    expected   what would have been accepted
    received   what came, shortened
    remedy     what would mend it, one sentence
    """

    status: int = 500
    error_type: ClassVar[str] = "server"
    source: str = "gateway"
    """Who refused: `gateway` or `provider`."""
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        expected: str | None = None,
        received: str | None = None,
        remedy: str | None = None,
        retry_after_s: float | None = None,
        detail: str = "",
        status: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.expected = expected
        self.received = received
        self.remedy = remedy
        self.retry_after_s = retry_after_s
        self.detail = detail
        self.extra = metadata or {}
        if status is not None:
            self.status = status

    @property
    def metadata(self) -> dict[str, Any]:
        """`error.metadata` of the contract: `error_type` always, the rest where known."""
        known = {
            "error_type": self.error_type,
            "source": self.source,
            "retryable": self.retryable,
            "field": self.field,
            "expected": self.expected,
            "received": self.received,
            "remedy_hint": self.remedy,
            "retry_after_s": self.retry_after_s,
        }
        return {k: v for k, v in known.items() if v is not None} | self.extra


class CallerError(GatewayError):
    status = 400
    error_type = "invalid_request"


class InvalidRequest(CallerError):
    """The request is wrong; `field` says where.

    Mended by: correct `field`; `expected` says what it takes.
    """


class ContextTooLong(CallerError):
    """The prompt is longer than the model's context.

    Mended by: send less, lower `max_tokens`, or take a model with a longer context.
    """

    error_type = "context_length_exceeded"


class Unauthenticated(CallerError):
    """No key, or not a good one; the message tells which.

    Mended by: send a key of this gateway as `Authorization: Bearer sk-ep-...`; an operator makes one.
    """

    status = 401
    error_type = "authentication"


class OutOfCredits(CallerError):
    """There is not enough credit, or a limit is reached.

    Mended by: add credit, have the limit in `limit_source` raised, wait for its window to end, or lower `max_tokens`.
    """

    status = 402
    error_type = "payment_required"


class Forbidden(CallerError):
    """The key may not do this.

    Mended by: use a key that may: management keys manage, all others run models; a budget is raised by whoever set it.
    """

    status = 403
    error_type = "permission_denied"


class Refused(CallerError):
    """Moderation said no.

    Mended by: change what is asked; another model may take it.
    """

    status = 403
    error_type = "content_policy_violation"


class NotFound(CallerError):
    """There is nothing at this path, or no endpoint can serve the request.

    Mended by: look the path up in the reference, the slug at `/models`; `excluded_by` says what to loosen.
    """

    status = 404
    error_type = "not_found"


class MethodNotAllowed(CallerError):
    """The path answers other methods; `Allow` lists them.

    Mended by: use a method that `Allow` lists.
    """

    status = 405
    error_type = "invalid_request"


class TooSlow(CallerError):
    """The client did not send its request in time.

    Mended by: send the request in one go; a proxy in between may be holding it back.
    """

    status = 408
    error_type = "timeout"
    retryable = True


class Conflict(CallerError):
    """The thing is in a state that does not allow it.

    Mended by: read the thing's state first, then decide anew.
    """

    status = 409
    error_type = "conflict"


class TooLarge(CallerError):
    """The body is longer than the gateway takes.

    Mended by: send less, or have `server.max_body_bytes` raised.
    """

    status = 413
    error_type = "payload_too_large"


class UrlTooLong(TooLarge):
    """The URL is longer than the gateway takes.

    Mended by: put into the body what stands in the URL.
    """

    status = 414


class HeadersTooLarge(TooLarge):
    """The head of the request is longer than the gateway takes.

    Mended by: send fewer or shorter headers.
    """

    status = 431


class RateLimited(CallerError):
    """Too many requests; `Retry-After` says when to come again.

    Mended by: wait as long as `Retry-After` says.
    """

    status = 429
    error_type = "rate_limit_exceeded"
    retryable = True


class UpstreamError(GatewayError):
    """One attempt failed. `try_next` says whether the next endpoint may be tried; `status` is what the caller sees
    when it was the last one, `upstream_status` what the provider said (0: it said nothing)."""

    status = 502
    error_type = "provider_unavailable"
    source = "provider"
    retryable = True
    try_next: bool = True

    def __init__(self, message: str, *, upstream_status: int = 0, raw: str = "", **more: Any) -> None:
        super().__init__(message, **more)
        self.upstream_status = upstream_status
        self.raw = raw


class Unreachable(UpstreamError):
    """No connection, or it closed before an answer began.

    Mended by: try again; allow other endpoints with `models` or without `provider.only`; an operator looks at `/status`.
    """


class TimedOut(UpstreamError):
    """The provider did not answer in time.

    Mended by: try again, stream, or ask for less; an operator can raise `upstream.first_byte_s`.
    """

    status = 504
    error_type = "timeout"


class Throttled(UpstreamError):
    """The provider limits its rate.

    Mended by: wait as long as `Retry-After` says, or allow other endpoints.
    """

    status = 429
    error_type = "rate_limit_exceeded"


class CredentialRejected(UpstreamError):
    """The provider refused our credential or our account. Never shown to the caller as if the caller's key were wrong.

    Mended by: an operator mends the provider's key or account; other endpoints may serve meanwhile.
    """

    retryable = False


class ProviderBroke(UpstreamError):
    """5xx, or an answer that is not what the dialect promises.

    Mended by: try again, or allow other endpoints.
    """


class ProviderBusy(UpstreamError):
    """The provider has no capacity.

    Mended by: try again a little later, or allow other endpoints.
    """

    status = 503
    error_type = "provider_overloaded"


class RequestRejected(UpstreamError):
    """The provider says the request itself is wrong. Another endpoint of the same model may know better, so it is tried;
    when all say so the caller sees the provider's own status and message.

    Mended by: the message is the provider's: correct what it names.
    """

    status = 400
    error_type = "invalid_request"
    retryable = False


class BrokenStream(UpstreamError):
    """The answer broke after it began.

    Mended by: ask again; what came until then is billed.
    """

    try_next = False


class Unavailable(GatewayError):
    """Every attempt failed. `attempts` has one entry each, in order: provider, status, error_type, message.

    Mended by: `previous_errors` tells each attempt; try again, or add `models` to fall back on.
    """

    status = 502
    error_type = "provider_unavailable"
    source = "provider"
    retryable = True

    def __init__(self, message: str, *, error_type: str | None = None, **more: Any) -> None:
        super().__init__(message, **more)
        self._error_type = error_type

    @property
    def metadata(self) -> dict[str, Any]:
        told = super().metadata
        return told | {"error_type": self._error_type} if self._error_type else told


class Internal(GatewayError):
    """A bug of the gateway; the operator's log has it.

    Mended by: tell the operator the id in `X-Generation-Id` and the time.
    """
