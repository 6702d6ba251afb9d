"""Refusals in unusual forms, and those that a broken or hostile provider could send."""

import json

import pytest

from entrepot.errors import CredentialRejected, ProviderBroke, ProviderBusy, RequestRejected, Throttled, TimedOut, UpstreamError
from entrepot.upstream.failures import ContentBlocked, ContextTooLongThere, UnknownThere, classify, classify_event, retry_after

ODD = {
    "empty": (b"", "no message"),
    "html": (b"<html><head><title>502</title></head>\n<body>Bad  gateway</body></html>", "502 Bad gateway"),
    "google's array": (b'[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]', "busy"),
    "a string": (b'{"error":"model not loaded"}', "model not loaded"),
    "xai": (b'{"code":"internal","error":"try later"}', "try later"),
    "flat": (b'{"object":"error","message":"flat","type":"x","code":1}', "flat"),
    "validation": (b'{"detail":[{"loc":["body"],"msg":"field required"}]}', "field required"),
    "cloudflare": (b'{"success":false,"errors":[{"code":3040,"message":"no capacity"}]}', "no capacity"),
    "a code alone": (b'{"error":{"code":"oops"}}', "oops"),
    "an empty object": (b"{}", "{}"),
    "an empty list": (b"[]", "[]"),
    "a number": (b"7", "7"),
}


@pytest.mark.parametrize(("body", "words"), ODD.values(), ids=list(ODD))
def test_the_message_is_found_in_a_body_of_any_form(body: bytes, words: str) -> None:
    assert classify(500, {}, body, "Acme").message == f"Acme answered 500: {words}"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"code":"x","error":"Incorrect API key provided: xy"}', CredentialRejected),
        (400, b'{"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}]}}', CredentialRejected),
        (400, b'{"type":"error","error":{"message":"Your credit balance is too low"}}', CredentialRejected),
        (400, b'{"errors":[{"code":5007,"message":"No such model"}]}', UnknownThere),
        (400, b'{"error":{"code":"model_not_found"}}', UnknownThere),
        (403, b'{"error":{"code":403,"metadata":{"reasons":["x"],"flagged_input":"y"}}}', ContentBlocked),
        (403, b'{"code":"x","error":"Content violates usage guidelines"}', ContentBlocked),
        (412, b'{"error":"account suspended"}', CredentialRejected),
        (424, b"{}", ProviderBroke),
        (429, b'{"errors":[{"code":3040,"message":"Capacity"}]}', ProviderBusy),
        (500, b'{"error":"worker 3036 died"}', ProviderBroke),
        (524, b"", TimedOut),
        (302, b"", ProviderBroke),
        (418, b"", RequestRejected),
    ],
)
def test_signs_in_the_body_refine_the_status(status: int, body: bytes, kind: type[UpstreamError]) -> None:
    assert type(classify(status, {}, body, "Acme")) is kind


def test_what_the_model_wrote_is_no_sign() -> None:
    said = {"message": "bad call", "code": "tool_use_failed", "failed_generation": 'a "content_filter" of insufficient_quota'}
    assert type(classify(400, {}, json.dumps({"error": said}).encode(), "Groq")) is RequestRejected


def test_a_sign_behind_a_long_message_counts() -> None:
    body = json.dumps({"error": {"message": "m" * 900, "code": "context_length_exceeded"}}).encode()
    assert type(classify(400, {}, body, "Acme")) is ContextTooLongThere


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "rate_limit_exceeded"}, Throttled),
        ({"type": "overloaded_error"}, ProviderBusy),
        ({"code": "context_length_exceeded"}, ContextTooLongThere),
        ({"code": "insufficient_quota"}, CredentialRejected),
        ({"code": "tool_use_failed", "status_code": 400}, RequestRejected),
        ({"code": "502"}, ProviderBroke),
        ({"code": 99}, ProviderBroke),
        ({"code": True}, ProviderBroke),
    ],
)
def test_an_error_inside_a_good_answer_is_known_by_its_status_else_by_its_words(error: dict[str, object], kind: type) -> None:
    assert type(classify_event(json.dumps({"error": error}).encode(), "Acme")) is kind


@pytest.mark.parametrize(
    "key",
    ["sk-or-v1-0123456789ab", "fw_3ZcanaryCanary12345678", "AKIAIOSFODNN7CANARY1", "Bearer canary.canary", "c" * 40],
)
def test_no_key_comes_through_and_the_raw_text_is_short(key: str) -> None:
    error = classify(401, {}, json.dumps({"error": {"message": f"bad key {key} " + "x " * 9000}}).encode(), "Acme")
    assert key not in error.message + error.raw
    assert len(error.raw) <= 600


def test_half_a_surrogate_pair_does_not_keep_the_error_from_being_sent() -> None:
    assert classify(400, {}, b'{"error":{"message":"a\\ud800b"}}', "Acme").message.encode() == b"Acme answered 400: a?b"


def test_a_provider_that_forbids_another_try_is_believed() -> None:
    assert classify(429, {"x-should-retry": "false"}, b"{}", "Acme").retryable is False
    assert classify(429, {}, b"{}", "Acme").retryable is True


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "3m", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-tokens": "1ms"}, 180.0),
        ({"x-ratelimit-reset": "1000000005000"}, 5.0),
        ({"retry-after": "Sun, 09 Sep 2001 01:46:30 GMT"}, 0.0),
        ({"x-ratelimit-reset-tokens": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Thu, 99 Jan 99999 00:00:00 GMT"}, None),
        ({"retry-after": "Thu, 01 Jan 99999999999999 00:00:00 GMT"}, None),
        ({"x-ratelimit-reset-tokens": "9" * 400 + "s"}, None),
    ],
)
def test_waits_are_sane_whatever_the_headers_say(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, b"", now=1_000_000_000.0) == seconds


@pytest.mark.parametrize("delay", ["1.2.3s", "." * 9 + "s", "9" * 400 + "s", "-4s", "soon"])
def test_a_delay_that_is_no_number_is_no_delay(delay: str) -> None:
    assert retry_after({}, b'{"retryDelay": "%s"}' % delay.encode()) is None


@pytest.mark.parametrize("status", [400, 429])
def test_only_the_beginning_of_a_long_body_is_looked_at(status: int) -> None:
    late = json.dumps({"error": {"message": "m" * 9000, "code": "context_length_exceeded", "retryDelay": "4s"}}).encode()
    error = classify(status, {}, late, "Acme")
    assert type(error) in (RequestRejected, Throttled)
    assert error.retry_after_s is None
