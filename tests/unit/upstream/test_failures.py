"""What a provider's refusal means."""

import pytest

from entrepot.errors import CredentialRejected, ProviderBroke, ProviderBusy, RequestRejected, Throttled, TimedOut, UpstreamError
from entrepot.upstream.failures import ContentBlocked, ContextTooLongThere, UnknownThere, classify, classify_event, retry_after


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":{"message":"bad","type":"invalid_request_error"}}', RequestRejected),
        (400, b'{"error":{"message":"x","code":"context_length_exceeded"}}', ContextTooLongThere),
        (400, b'{"error":{"message":"This model\'s maximum context length is 8"}}', ContextTooLongThere),
        (400, b'{"error":{"code":"content_filter"}}', ContentBlocked),
        (401, b'{"error":{"message":"Incorrect API key"}}', CredentialRejected),
        (403, b"<html><body>Forbidden</body></html>", CredentialRejected),
        (402, b"{}", CredentialRejected),
        (404, b'{"error":"model not found"}', UnknownThere),
        (429, b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}', Throttled),
        (429, b'{"error":{"type":"insufficient_quota"}}', CredentialRejected),
        (429, b'{"errors":[{"code":3036,"message":"daily"}]}', CredentialRejected),
        (500, b"", ProviderBroke),
        (503, b'[{"error":{"message":"busy"}}]', ProviderBusy),
        (529, b"{}", ProviderBusy),
        (504, b"{}", TimedOut),
        (422, b'{"detail":[{"msg":"field required"}]}', RequestRejected),
    ],
)
def test_status_and_body_give_the_kind(status: int, body: bytes, kind: type[UpstreamError]) -> None:
    error = classify(status, {}, body, "Acme")
    assert type(error) is kind
    assert error.upstream_status == status
    assert error.message.startswith(f"Acme answered {status}: ")


def test_the_providers_words_come_through_without_what_looks_like_a_key() -> None:
    body = b'{"error":{"message":"Incorrect API key provided: sk-proj-abcdefghijklmnop. See docs."}}'
    error = classify(401, {}, body, "Acme")
    assert "abcdefghijklmnop" not in error.message + error.raw
    assert "See docs" in error.message


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, b"", 1.5),
        ({"retry-after": "20"}, b"", 20.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, b"", 60.0),
        ({}, b'{"retryDelay": "34.4s"}', 34.4),
        ({"x-ratelimit-reset-requests": "1m2.5s", "x-ratelimit-reset-tokens": "120ms"}, b"", 0.12),
        ({"x-ratelimit-reset-tokens": "7"}, b"", 7.0),
        ({"retry-after": "soon"}, b"", None),
    ],
)
def test_how_long_to_wait_in_every_form(headers: dict[str, str], body: bytes, seconds: float | None) -> None:
    assert retry_after(headers, body, now=40.0) == seconds


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b'{"error":{"code":429,"message":"x"}}', Throttled),
        (b'{"error":{"code":"server_error","message":"x"}}', ProviderBroke),
        (b'{"error":{"message":"x","status":400,"code":"content_filter"}}', ContentBlocked),
        (b'{"error":"text"}', ProviderBroke),
        (b"not json", ProviderBroke),
    ],
)
def test_errors_inside_a_good_answer(payload: bytes, kind: type[UpstreamError]) -> None:
    assert type(classify_event(payload, "Acme")) is kind
