"""Routing is told at the end of any JSON answer, and in the last event of any stream of them."""

import json
from typing import Any

import pytest

from entrepot.routing.metadata import Routing, wished
from entrepot.routing.plan import Candidate, Plan
from entrepot.testing import builders
from entrepot.values.generation import Attempt

CANDIDATE = Candidate(builders.model("acme/one", aliases=("one",)), builders.endpoint("acme/one", provider="acme"))


def routing(*slugs: str) -> Routing:
    attempts = [Attempt("acme/one@acme", "acme", "one", 200)]
    return Routing(slugs or ("acme/one",), Plan((CANDIDATE,), ("kept", "dropped")), attempts, lambda _: "Acme")


@pytest.mark.parametrize("body", [b'{"id":"x"}', b'{"a":{"b":[1,"}"]}}\n'])
def test_a_body_keeps_its_bytes_and_gains_a_member(body: bytes) -> None:
    told: Any = json.loads(routing().in_body(body, CANDIDATE))
    assert told.pop("openrouter_metadata")["endpoints"] == {
        "total": 2,
        "available": [{"provider": "Acme", "model": "acme/one", "selected": True}],
    }
    assert told == json.loads(body)


@pytest.mark.parametrize(
    ("stream", "last"),
    [
        (b'data: {"a":1}\n\ndata: {"usage":{}}\n\ndata: [DONE]\n\n', 1),
        (b'event: message_delta\ndata: {"a":1}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n', 1),
        (b'data: {"a":1}', 0),
    ],
)
def test_of_a_stream_only_the_last_event_changes(stream: bytes, last: int) -> None:
    events = [line for line in routing().in_stream(stream, CANDIDATE).split(b"\n") if line.startswith(b"data: {")]
    assert [number for number, line in enumerate(events) if b"openrouter_metadata" in line] == [last]
    assert all(json.loads(line.removeprefix(b"data: ")) for line in events)


def test_a_stream_of_something_else_stays_as_it_is() -> None:
    assert routing().in_stream(b"data: [DONE]\n\n", CANDIDATE) == b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("slugs", "strategy"),
    [
        (("acme/one",), "direct"),
        (("acme/one:nitro", "acme/two"), "direct"),
        (("one", "acme/two"), "alias"),
        (("~acme/one-latest",), "latest"),
        (("acme/two", "acme/one"), "fallback"),
    ],
)
def test_how_the_model_was_found_is_said(slugs: tuple[str, ...], strategy: str) -> None:
    assert routing(*slugs).told(CANDIDATE).strategy == strategy


@pytest.mark.parametrize(
    ("said", "wants"), [("enabled", True), (" ENABLED", True), ("disabled", False), ("1", False), ("", False)]
)
def test_only_the_word_enabled_asks_for_it(said: str, wants: bool) -> None:
    for name in (b"x-openrouter-metadata", b"x-openrouter-experimental-metadata"):
        assert wished(lambda asked, name=name: said if asked == name else "") is wants
