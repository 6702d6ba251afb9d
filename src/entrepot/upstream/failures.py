"""What a provider's refusal means: status, headers and body to one of our errors. Trust the status before the text.

Facts: provider-by-provider error forms and waiting headers, read 2026-11. Bodies may be HTML, empty, a JSON array (Google), a
string `error` (Ollama, xAI), flat (AI/ML API, Mistral) or Cloudflare's `errors`: they are read in stages.
"""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from entrepot.errors import (
    CredentialRejected,
    ProviderBroke,
    ProviderBusy,
    RequestRejected,
    Throttled,
    TimedOut,
    UpstreamError,
)

_RAW = 600
_SECRET = re.compile(r"(?i)\b(sk|gsk|xai|hf|pplx|csk|key|AIza)[-_][\w-]{6,}|\bBearer\s+\S+|[\w-]{32,}")
_CONTEXT = re.compile(
    r"(?i)context_length_exceeded|exceed_context_size|maximum context length|prompt is too long|input token count|context window"
)
_MONEY = re.compile(
    r"(?i)insufficient_quota|credit_balance|spend_limit|usage_limit_exceeded|insufficient balance|out of credits|\b3036\b"
)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


class ContextTooLongThere(RequestRejected):
    """The prompt is longer than the provider takes."""

    error_type = "context_length_exceeded"


class ContentBlocked(RequestRejected):
    """The provider's content filter said no."""

    error_type = "content_policy_violation"


class UnknownThere(UpstreamError):
    """The provider does not have the model, though the catalogue says so."""

    status = 502
    retryable = False


def classify(status: int, headers: Mapping[str, str], body: bytes, provider: str) -> UpstreamError:
    """The error an answer with a bad status means."""
    told, raw = _words(body), redact(body.decode("utf-8", "replace"))[:_RAW]
    kind = _kind(status, told, raw)
    return kind(
        f"{provider} answered {status}: {redact(told)[:300] or 'no message'}",
        upstream_status=status,
        raw=raw,
        retry_after_s=retry_after(headers, body) if status in (429, 503, 529, 498) else None,
        status=status if kind is RequestRejected and status in (400, 404, 409, 413, 422) else None,
    )


def classify_event(payload: bytes, provider: str) -> UpstreamError:
    """The error that came inside an answer with a good status."""
    told, raw = _words(payload), redact(payload.decode("utf-8", "replace"))[:_RAW]
    status = _status_inside(payload)
    kind = _kind(status, told, raw) if status else ProviderBroke
    if kind is ProviderBroke and re.search("content_filter|ResponsibleAI", raw):
        kind = ContentBlocked
    return kind(f"{provider} failed: {redact(told)[:300] or 'no message'}", upstream_status=status, raw=raw)


def _kind(status: int, told: str, raw: str) -> type[UpstreamError]:
    if _MONEY.search(raw) or status == 402:
        return CredentialRejected
    if status in (400, 413, 422) and _CONTEXT.search(raw):
        return ContextTooLongThere
    if status in (400, 403) and re.search(r"content_filter|ResponsibleAI|content_policy", raw):
        return ContentBlocked
    if status in (401, 403) or re.search(r"API_KEY_INVALID|invalid_api_key", raw):
        return CredentialRejected
    if status == 404:
        return UnknownThere
    return {
        429: Throttled,
        498: ProviderBusy,
        503: ProviderBusy,
        529: ProviderBusy,
        408: TimedOut,
        504: TimedOut,
        524: TimedOut,
    }.get(status, RequestRejected if 400 <= status < 500 else ProviderBroke)


def _words(body: bytes) -> str:
    """The message in a body of any form; the start of the body when there is none."""
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        text = re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace"))
        return " ".join(text.split())[:300]
    if isinstance(told, list) and told:
        told = told[0]
    if isinstance(told, dict):
        inner = told.get("error") or told.get("errors") or told.get("detail") or told
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            told = inner.get("message") or inner.get("msg") or inner.get("code") or json.dumps(inner)
        else:
            told = inner
    return str(told)


def _status_inside(payload: bytes) -> int:
    try:
        told: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return 0
    error = told.get("error") if isinstance(told, dict) else None
    for place in (error, told):
        if isinstance(place, dict):
            for name in ("code", "status", "status_code", "statusCode"):
                value = place.get(name)
                if isinstance(value, str) and value.isdigit():
                    value = int(value)
                if isinstance(value, int) and 400 <= value < 600:
                    return value
    return 0


def redact(text: str) -> str:
    """Without anything that looks like a credential."""
    return _SECRET.sub("[redacted]", text)


def retry_after(headers: Mapping[str, str], body: bytes = b"", now: float | None = None) -> float | None:
    """Seconds to wait: `retry-after-ms`, `retry-after` (seconds or a date), Google's `retryDelay`, then reset headers."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after")
    if said is not None:
        seconds = _number(said)
        if seconds is None:
            parsed = email.utils.parsedate_tz(said)
            seconds = email.utils.mktime_tz(parsed) - (time.time() if now is None else now) if parsed else None
        if seconds is not None:
            return max(seconds, 0.0)
    delay = re.search(rb'"retryDelay"\s*:\s*"([\d.]+)s"', body)
    if delay:
        return float(delay[1])
    waits = [wait for name, value in headers.items() if "ratelimit-reset" in name and (wait := _duration(value)) is not None]
    return min(waits) if waits else None


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < 10**7 else None


def _duration(text: str) -> float | None:
    """`1h2m3.5s`, `120ms` or bare seconds."""
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text.strip():
        scale = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
        return sum(float(number) * scale[unit] for number, unit in parts)
    seconds = _number(text)
    return seconds if seconds is not None and seconds < 86400 else None
