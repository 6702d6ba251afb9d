"""GET /key, /credits and /generation show exact money, and only to whom it belongs."""

import datetime

import msgspec
import pytest
from tests.unit.api.desk import FakeDesk

from entrepot.api.key import windows
from entrepot.errors import BrokenStream
from entrepot.testing import builders

TODAY = builders.NOW_MS // 86_400_000


def test_usage_is_summed_by_utc_day_week_and_month():
    desk = FakeDesk()
    # NOW is a Saturday, the 21st: the Friday is of this week and month, the 1st of this month only.
    desk.spent = {TODAY: 1, TODAY - 1: 10, TODAY - 20: 100, TODAY - 21: 1_000}
    got = desk.get("/api/v1/key", key="live").body
    assert b'"usage":0.000001111,"usage_daily":0.000000001,"usage_weekly":0.000000011,"usage_monthly":0.000000111' in got


def test_windows_begin_on_days_of_the_calendar():
    for day in range(TODAY, TODAY + 800):
        today, week, month = (datetime.date(1970, 1, 1) + datetime.timedelta(days=d) for d in windows(day * 86_400_000))
        assert week.weekday() == 0 and 0 <= (today - week).days < 7
        assert (month.day, month.month) == (1, today.month)


def test_a_key_says_what_kind_it_is():
    told = FakeDesk().get("/api/v1/auth/key", key="mgmt").json()["data"]
    assert (told["is_management_key"], told["is_provisioning_key"], told["is_test_key"]) == (True, True, False)


def test_credits_are_what_the_workspace_spent():
    desk = FakeDesk()
    desk.spent = {TODAY: 2_500_000_000}
    assert desk.get("/api/v1/credits", key="live").json() == {"data": {"total_credits": 0, "total_usage": 2.5}}


def test_a_generation_is_shown_with_its_attempts_and_exact_cost():
    desk = FakeDesk()
    failed = builders.attempt(provider="groq", status=0, error_type=BrokenStream.error_type, message="reset")
    desk.generations["gen-1"] = builders.generation(
        "gen-1", cost_nano=1, attempts=(failed, builders.attempt()), queue_ms=1.5, first_byte_ms=20.25, generation_ms=300.0,
        media_in=2, audio_in=1,
    )  # fmt: skip
    got = desk.get("/api/v1/generation?id=gen-1", key="live")
    told = got.json()["data"]
    assert b'"total_cost":0.000000001,' in got.body
    assert [(row["provider_name"], row["status"]) for row in told["provider_responses"]] == [("groq", None), ("OpenAI", 200)]
    assert (told["latency"], told["generation_time"]) == (21.75, 300.0)
    assert (told["num_media_prompt"], told["num_input_audio_prompt"]) == (2, 1)
    assert told["created_at"] == "2026-11-21T00:00:00.000Z"


def test_another_model_that_the_provider_named_is_told_beside_the_one_it_was_asked_for():
    desk = FakeDesk()
    for name, reported in (("gen-1", "gpt-4o-mini"), ("gen-2", "")):
        desk.generations[name] = builders.generation(name, upstream_model="gpt-5.1", reported_model=reported)
    told = [desk.get(f"/api/v1/generation?id={name}", key="live").json()["data"]["entrepot"] for name in ("gen-1", "gen-2")]
    assert [(row["upstream_model"], row["reported_model"]) for row in told] == [("gpt-5.1", "gpt-4o-mini"), ("gpt-5.1", None)]


@pytest.mark.parametrize("name", ["gen-01J", "resp_01J", "msg_01J"])
def test_a_generation_is_found_by_the_id_that_its_answer_had_in_any_dialect(name: str):
    desk = FakeDesk()
    desk.generations["gen-01J"] = builders.generation("gen-01J")
    assert desk.get(f"/api/v1/generation?id={name}", key="live").json()["data"]["id"] == "gen-01J"


def test_another_workspace_cannot_tell_a_generation_from_none():
    desk = FakeDesk()
    desk.generations["gen-1"] = builders.generation("gen-1")
    desk.callers["other"] = msgspec.structs.replace(builders.caller(), workspace="other")
    here, none = (desk.get(f"/api/v1/generation?id={name}", key="other") for name in ("gen-1", "gen-2"))
    assert here.status == none.status == 404
    assert here.json()["error"]["message"] == none.json()["error"]["message"]


def test_readiness_is_503_with_the_reason():
    desk = FakeDesk()
    assert desk.get("/health/ready").status == 200
    desk.checks = [*desk.checks, msgspec.structs.replace(desk.checks[0], name="records", ok=False, detail="disk full")]
    got = desk.get("/health/ready")
    assert (got.status, got.json()["status"]) == (503, "not ready")
    assert got.json()["checks"][1]["detail"] == "disk full"
