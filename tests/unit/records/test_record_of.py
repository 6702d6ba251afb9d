"""The record of a call says of each thing what happened, whatever became of the call."""

from types import SimpleNamespace
from typing import Any

import pytest

from entrepot.api.chat import SURFACES
from entrepot.errors import Throttled
from entrepot.ledger.purses import Hold
from entrepot.metering.bill import FREE, Bill
from entrepot.metering.cost import Cost
from entrepot.records.call import Call, record_of
from entrepot.routing.plan import Candidate, Plan
from entrepot.testing import builders
from entrepot.testing.builders import KEY_HASH, NOW_MS
from entrepot.upstream.attempt import Opened
from entrepot.values.caller import KeyKind
from entrepot.values.generation import Generation
from entrepot.values.media import media_of
from entrepot.values.request import Asked

BILL = Bill(builders.usage(7, 8), Cost(total_nano=11, prompt_nano=12, completion_nano=13, cache_discount_nano=14), "counted", 15)
HEADERS = {
    b"http-referer": "https://app.example",
    b"x-title": "An app",
    b"user-agent": "sdk/1" + "x" * 300,
    b"x-session-id": "from a header",
}
REQUEST = Asked(
    dialect="openai_chat",
    fields={},
    size=2,
    slugs=("asked/first", "asked/second"),
    unknown=("odd",),
    stream=True,
    media=media_of(["image", "audio", "video"]),
    user="u" * 200,
)


class Client:
    def header(self, name: bytes) -> str:
        return HEADERS.get(name, "")


def call_of(kind: KeyKind = "live") -> Call:
    """It came at 1 s, and a provider was asked at 1.5 s."""
    caller = builders.caller(kind, workspace="acme")
    call = Call(caller, Client(), SURFACES["/v1/chat/completions"], "gen-1", NOW_MS, started=1.0)
    call.sent = 1.5
    return call


def answered(foreign: int = 0, reported_model: str = "theirs", **more: Any) -> Call:
    """And it had begun to answer at 1.75 s."""
    said = SimpleNamespace(
        finish_reason="stop",
        native_finish_reason="end_turn",
        service_tier="flex",
        upstream_id="up-1",
        tool_calls=3,
        foreign=foreign,
        reported_model=reported_model,
    )
    endpoint = builders.endpoint("made/model", "maker", upstream_model="theirs")
    call = call_of(**more)
    call.request = REQUEST
    call.opened = Opened(Candidate(builders.model(), endpoint), None, ("seed: dropped",), stream=said)
    call.first_byte = 1.75
    call.attempts = [builders.attempt(provider="maker")]
    call.plan = Plan((), ("maker kept",))
    call.hold = Hold((), ("workspace/acme",), 99)
    return call


def test_every_member_is_what_its_name_says() -> None:
    assert record_of(answered(), BILL, None, None, now=3.0) == Generation(
        id="gen-1",
        created_ms=NOW_MS,
        key_hash=KEY_HASH,
        workspace="acme",
        requested="asked/first",
        model="made/model",
        provider="maker",
        endpoint="made/model@maker",
        usage=BILL.usage,
        cost_nano=11,
        evidence="counted",
        test=False,
        api_type="completions",
        dialect="openai_chat",
        streamed=True,
        cancelled=False,
        status=200,
        finish_reason="stop",
        native_finish_reason="end_turn",
        upstream_id="up-1",
        upstream_model="theirs",
        service_tier="flex",
        prompt_cost_nano=12,
        completion_cost_nano=13,
        upstream_cost_nano=15,
        cache_discount_nano=14,
        queue_ms=500.0,
        first_byte_ms=250.0,
        generation_ms=1250.0,
        http_referer="https://app.example",
        app_title="An app",
        user_agent="sdk/1" + "x" * 251,
        external_user="u" * 128,
        session_id="from a header",
        adjusted=("seed: dropped",),
        unknown_fields=("odd",),
        attempts=(builders.attempt(provider="maker"),),
        plan=("maker kept",),
        media_in=2,
        audio_in=1,
        tool_calls=3,
        held=("workspace/acme",),
    )


def test_a_call_that_nobody_answered_names_who_was_tried_last() -> None:
    call = call_of()
    call.attempts = [builders.attempt(provider=name) for name in ("first", "last")]
    record = record_of(call, FREE, Throttled("Too many."), "error", now=9.0)
    assert (record.provider, record.model, record.endpoint, record.requested) == ("last", "", "", "")
    assert (record.status, record.error_message, record.finish_reason) == (Throttled("").status, "Too many.", "error")
    assert (record.queue_ms, record.first_byte_ms, record.generation_ms) == (500.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("reported", "told"),
    [
        ("theirs", ""),
        ("", ""),
        ("theirs-2026-01-31", ""),
        ("made/model", ""),
        ("other-mini", "other-mini"),
        ("x" * 999, "x" * 200),
    ],
)
def test_another_model_that_the_provider_names_is_kept_and_no_other_name_is(reported: str, told: str) -> None:
    assert record_of(answered(reported_model=reported), BILL, None, None, now=3.0).reported_model == told


def test_with_a_test_key_nothing_is_paid_to_a_provider() -> None:
    record = record_of(answered(kind="test"), BILL, None, None, now=3.0)
    assert (record.test, record.upstream_cost_nano, record.cost_nano) == (True, None, 11)


@pytest.mark.parametrize(
    ("foreign", "notes"), [(0, ("seed: dropped",)), (2, ("seed: dropped", "events: 2 of an unknown kind skipped"))]
)
def test_events_of_an_unknown_kind_are_told_among_what_was_adjusted(foreign: int, notes: tuple[str, ...]) -> None:
    assert record_of(answered(foreign), BILL, None, None, now=3.0).adjusted == notes
