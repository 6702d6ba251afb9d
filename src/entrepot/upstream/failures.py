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

from entrepot.dialects.translated import shown
from entrepot.dialects.voice import ErrorEvent, Malformed
from entrepot.errors import (
    BrokenStream,
    CredentialRejected,
    ProviderBroke,
    ProviderBusy,
    RequestRejected,
    Throttled,
    TimedOut,
    UpstreamError,
)

_RAW = 600
_SIGNS = 4000
_SECRET = re.compile(
    r"(?i)\b(?:sk|gsk|xai|hf|pplx|csk|key|AIza|fw|tgp|nvapi|ghp)[-_][\w-]{6,}|\bAKIA[A-Z0-9]{12,}|\bBearer\s+[^\s\"]+|[\w-]{32,}"
)
_CONTEXT = re.compile(
    r"(?i)context_length_exceeded|exceed_context_size|maximum context length|prompt is too long|input token count|context window"
    r"|input is too long|too many tokens: "
)
_MONEY = re.compile(
    r"(?i)insufficient_quota|credit_balance|spend_limit|usage_limit_exceeded|insufficient balance|out of credits|\b3036\b"
    r"|credit balance is too low|exceeded_current_quota"
)
_BLOCKED = re.compile(r"(?i)content_filter|ResponsibleAI|content_policy|flagged_input|violates usage guidelines")
_CREDENTIAL = re.compile(r"(?i)API_KEY_INVALID|invalid_api_key|incorrect api key|ExpiredToken")
_THROTTLED = re.compile(r"(?i)rate_limit_(?:exceeded|error)|RESOURCE_EXHAUSTED|too_many_requests")
_BUSY = re.compile(r"(?i)overloaded|insufficient_system_resource|UNAVAILABLE\b")
_UNKNOWN = re.compile(r"(?i)model_not_found|DeploymentNotFound|\b5007\b|model identifier is invalid")
_DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,9})?)(ms|h|m|s)")
_LONGEST_WAIT_S = 86400.0


class ContextTooLongThere(RequestRejected):
    """The prompt is longer than the provider takes.

    Mended by: send less, or take an endpoint with a longer context.
    """

    error_type = "context_length_exceeded"


class ContentBlocked(RequestRejected):
    """The provider's content filter said no.

    Mended by: change what is asked, or ask another model.
    """

    error_type = "content_policy_violation"


class UnknownThere(UpstreamError):
    """The provider does not have the model, though the catalogue says so.

    Mended by: an operator corrects the endpoint's `upstream_model`; other endpoints may serve meanwhile.
    """

    status = 502
    retryable = False


def classify(status: int, headers: Mapping[str, str], body: bytes, provider: str) -> UpstreamError:
    """The error an answer with a bad status means."""
    told, text = _words(body), body[:_SIGNS].decode("utf-8", "replace")
    kind = _kind(status, _signs(text))
    error = kind(
        f"{provider} answered {status}: {redact(told)[:300] or 'no message'}",
        upstream_status=status,
        raw=redact(text)[:_RAW],
        retry_after_s=retry_after(headers, body) if status in (429, 503, 529, 498) else None,
        status=status if kind is RequestRejected and status in (400, 404, 409, 413, 422) else None,
    )
    if headers.get("x-should-retry") == "false":
        error.retryable = False
    return error


def classify_event(payload: bytes, provider: str) -> UpstreamError:
    """The error that came inside an answer with a good status."""
    told, text = _words(payload), payload[:_SIGNS].decode("utf-8", "replace")
    status = _status_inside(payload)
    kind = _kind(status, _signs(text)) if status else _kind_by_words(_signs(text))
    return kind(f"{provider} failed: {redact(told)[:300] or 'no message'}", upstream_status=status, raw=redact(text)[:_RAW])


def failure_of(problem: UpstreamError | ErrorEvent | Malformed, provider: str, speaks: str) -> UpstreamError:
    """What broke an answer that had begun. `speaks`: the provider's dialect."""
    if isinstance(problem, ErrorEvent):
        return classify_event(problem.payload, provider)
    if isinstance(problem, Malformed):
        return BrokenStream(f"{provider} sent something that is not {shown(speaks)}: {problem}.")
    return problem


def _signs(text: str) -> str:
    """Where to look for signs: the start of the body, without the model's own words that Groq sends back."""
    return re.sub(r'"failed_generation"\s*:\s*"(?:[^"\\]|\\.)*"?', "", text)


_BY_STATUS: dict[int, type[UpstreamError]] = {
    404: UnknownThere,
    408: TimedOut,
    412: CredentialRejected,  # Fireworks: the account is suspended
    424: ProviderBroke,
    429: Throttled,
    498: ProviderBusy,
    503: ProviderBusy,
    504: TimedOut,
    524: TimedOut,
    529: ProviderBusy,
}


def _kind(status: int, signs: str) -> type[UpstreamError]:
    if status == 402 or (status in (400, 403, 429) and _MONEY.search(signs)):
        return CredentialRejected
    if status in (400, 413, 422) and _CONTEXT.search(signs):
        return ContextTooLongThere
    if status in (400, 403) and _BLOCKED.search(signs):
        return ContentBlocked
    if status == 400 and _UNKNOWN.search(signs):
        return UnknownThere
    if status in (401, 403) or (status == 400 and _CREDENTIAL.search(signs)):
        return CredentialRejected
    if status == 429 and re.search(r"\b3040\b", signs):
        return ProviderBusy  # Cloudflare has no capacity; it is not our rate
    return _BY_STATUS.get(status, RequestRejected if 400 <= status < 500 else ProviderBroke)


def _kind_by_words(signs: str) -> type[UpstreamError]:
    """Where no status is told, the words are all there is."""
    for sign, kind in (
        (_BLOCKED, ContentBlocked),
        (_CONTEXT, ContextTooLongThere),
        (_MONEY, CredentialRejected),
        (_CREDENTIAL, CredentialRejected),
        (_THROTTLED, Throttled),
        (_BUSY, ProviderBusy),
    ):
        if sign.search(signs):
            return kind
    return ProviderBroke


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
    return (
        str(told).encode("utf-8", "replace").decode("utf-8")
    )  # JSON can spell half of a surrogate pair, which cannot be sent on


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
    """Its beginning, without anything that looks like a credential. A provider's long body must not hold up everybody else."""
    return _SECRET.sub("[redacted]", text[:_SIGNS])


def retry_after(headers: Mapping[str, str], body: bytes = b"", now: float | None = None) -> float | None:
    """Seconds to wait: `retry-after-ms`, `retry-after` (seconds or a date), Google's `retryDelay`, then reset headers."""
    moment = time.time() if now is None else now
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after")
    if said is not None:
        seconds = _number(said)
        if seconds is None:
            seconds = _until(said, moment)
        if seconds is not None:
            return seconds
    delay = re.search(rb'"retryDelay"\s*:\s*"(\d{1,7}(?:\.\d{1,9})?)s"', body[:_SIGNS])
    if delay:
        return float(delay[1])
    return _until_reset(headers, moment)


def _until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """The latest reset among the limits that are used up; the earliest of all when no header says which is."""
    waits = {
        name: wait for name, value in headers.items() if "ratelimit-reset" in name and (wait := _reset(value, now)) is not None
    }
    used_up = [wait for name, wait in waits.items() if headers.get(name.replace("reset", "remaining")) == "0"]
    return max(used_up) if used_up else min(waits.values(), default=None)


def _until(date: str, now: float) -> float | None:
    """Seconds until an HTTP date."""
    parsed = email.utils.parsedate_tz(date)
    try:
        return min(max(email.utils.mktime_tz(parsed) - now, 0.0), _LONGEST_WAIT_S) if parsed else None
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < 10**7 else None


def _reset(text: str, now: float) -> float | None:
    """`1h2m3.5s`, `120ms`, bare seconds, or a moment in Unix milliseconds (OpenRouter)."""
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text.strip():
        scale = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
        return min(sum(float(number) * scale[unit] for number, unit in parts), _LONGEST_WAIT_S)
    if re.fullmatch(r"\d{13}", text):
        return min(max(int(text) / 1000 - now, 0.0), _LONGEST_WAIT_S)
    seconds = _number(text)
    return seconds if seconds is not None and seconds < _LONGEST_WAIT_S else None
