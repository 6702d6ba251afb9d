"""What we write for Messages clients fits the published schema: whole messages, every event, every error."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from recordings import ROOT
from test_anthropic_messages_requests import SPECIFICATION, validator

sys.path.append(str(Path(__file__).parents[1] / "unit" / "dialects" / "anthropic_messages"))
from messages_answers import CALLS, FOREIGN, NATIVE, answer, plain, streamed

from entrepot.dialects.anthropic_messages.failure import render_error
from entrepot.errors import GatewayError, InvalidRequest, OutOfCredits, ProviderBusy, RateLimited, Unauthenticated
from entrepot.values.event import Finished

pytestmark = pytest.mark.skipif(not SPECIFICATION.is_file(), reason=f"the published schema is not beside {ROOT.name}")
EVENTS = {
    "message_start": "MessageStartEvent",
    "message_delta": "MessageDeltaEvent",
    "message_stop": "MessageStopEvent",
    "content_block_start": "ContentBlockStartEvent",
    "content_block_delta": "ContentBlockDeltaEvent",
    "content_block_stop": "ContentBlockStopEvent",
    "ping": "Ping",
}


def faults(told: Any, name: str) -> list[str]:
    return [error.message for error in validator(name).iter_errors(told)]


@pytest.mark.parametrize("parts", [NATIVE, FOREIGN], ids=["claude", "others"])
@pytest.mark.parametrize("finish", [CALLS, Finished("length"), Finished("content_filter")], ids=lambda finish: finish.reason)
def test_messages_fit(parts, finish):
    assert faults(json.loads(plain(answer(parts, finish))), "Message") == []


@pytest.mark.parametrize("parts", [NATIVE, FOREIGN], ids=["claude", "others"])
def test_every_event_fits_and_they_come_in_a_legal_order(parts):
    events = [json.loads(line[6:]) for line in streamed(answer(parts, CALLS)).decode().splitlines() if line.startswith("data: ")]
    assert [fault for event in events for fault in faults(event, EVENTS[event["type"]])] == []
    order = [event["type"] for event in events if event["type"] != "ping"]
    assert (order[0], order[-2:]) == ("message_start", ["message_delta", "message_stop"])
    open_now, next_index = None, 0
    for event in events[1:-2]:
        if event["type"] == "content_block_start":
            assert open_now is None and event["index"] == next_index
            open_now, next_index = next_index, next_index + 1
        elif event["type"].startswith("content_block"):
            assert event["index"] == open_now
            open_now = None if event["type"] == "content_block_stop" else open_now
    assert open_now is None


@pytest.mark.parametrize("error", [InvalidRequest, Unauthenticated, OutOfCredits, RateLimited, ProviderBusy, GatewayError])
def test_errors_fit(error):
    _, body = render_error(error("It went wrong."), "")
    assert faults(json.loads(body), "ErrorResponse") == []
