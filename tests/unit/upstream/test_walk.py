"""Endpoints are tried in order until one begins an answer; nothing that a provider does first keeps the next from being tried."""

import itertools
import json
from collections.abc import Mapping, Sequence

import pytest

from entrepot.dialects.dialect import Hearing, Rendered
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.voice import Voice
from entrepot.errors import BrokenStream, InvalidRequest, ProviderBroke, TimedOut, Unavailable, Unreachable, UpstreamError
from entrepot.routing.fit import AS_IT_IS, Fit
from entrepot.routing.plan import Candidate, Plan
from entrepot.testing import builders
from entrepot.testing.clock import TurnableClock
from entrepot.testing.upstream import chat_body
from entrepot.upstream.attempt import Course, Opened
from entrepot.upstream.walk import walk
from entrepot.values.generation import Attempt
from entrepot.values.request import Request

GOOD = json.dumps(chat_body("hi")).encode()
CUT = BrokenStream("cut")


class Scripted:
    """An answer that gives its pieces, then ends or fails."""

    def __init__(self, status: int, pieces: Sequence[bytes | UpstreamError], headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers or {}
        self.pieces = list(pieces)
        self.closed = False

    async def chunk(self) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, UpstreamError):
            raise piece
        return piece

    async def read(self, limit: int) -> bytes:
        whole = b""
        while piece := await self.chunk():
            whole += piece
        if len(whole) > limit:
            raise ProviderBroke("too long")
        return whole

    def close(self) -> None:
        self.closed = True


class ScriptedSender:
    def __init__(self, script: Sequence[Scripted | UpstreamError]) -> None:
        self.script = list(script)

    def name_of(self, candidate: Candidate) -> str:
        return candidate.endpoint.provider.title()

    def hearing_of(self, candidate: Candidate) -> Hearing:
        return Hearing(max_event_bytes=10_000)

    async def attach(self, request: Request, candidate: Candidate) -> None:
        raise AssertionError("nothing in it is to be fetched")

    def render(self, request: Request, candidate: Candidate, fit: Fit) -> Rendered:
        if candidate.endpoint.upstream_model == "speechless":
            raise InvalidRequest("It has no word for that.", field="messages[0]", remedy="Say something else.")
        return Rendered(b"")

    async def send(self, candidate: Candidate, rendered: Rendered, stream: bool) -> Scripted:
        answer = self.script.pop(0)
        if isinstance(answer, UpstreamError):
            raise answer
        return answer


async def walked(
    script: Sequence[Scripted | UpstreamError], attempts: list[Attempt], *, stream: bool = False, speechless: int = 0
) -> Opened:
    """The first so many endpoints cannot express the request."""
    model = builders.model()
    dumb = [builders.endpoint(provider=f"d{number}", upstream_model="speechless") for number in range(speechless)]
    able = [builders.endpoint(provider=f"p{number}") for number in range(len(script))]
    candidates = tuple(Candidate(model, endpoint) for endpoint in dumb + able)
    body = {"model": model.id, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    course = Course(
        parse_request(json.dumps(body).encode()),
        ScriptedSender(script),
        suit=lambda _: AS_IT_IS,
        voice=lambda candidate, name: Voice("gen-1", candidate.model.id, name, 0, lambda _: None),
        attempts=attempts,
        clock=TurnableClock(),
        max_answer_bytes=100_000,
    )
    return await walk(Plan(candidates, ()), course)


FIRST_FAILS: dict[str, Scripted | UpstreamError] = {
    "unreachable": Unreachable("no connection"),
    "slow": TimedOut("slow"),
    "throttled": Scripted(429, [b"{}"]),
    "our key refused": Scripted(401, [b"{}"]),
    "a refusal cut off": Scripted(503, [b'{"err', CUT]),
    "an endless refusal": Scripted(500, [b"x" * 300_000]),
    "a refusal that stalls": Scripted(429, [TimedOut("stalled")]),
    "no json": Scripted(200, [b"<html>"]),
    "cut": Scripted(200, [GOOD[:20], CUT]),
    "an error in a good answer": Scripted(200, [b'{"error":{"code":502,"message":"x"}}']),
    "empty": Scripted(200, []),
}


@pytest.mark.parametrize("name", FIRST_FAILS)
async def test_whatever_the_first_does_wrong_the_second_answers(name: str) -> None:
    first, attempts = FIRST_FAILS[name], list[Attempt]()
    opened = await walked([first, Scripted(200, [GOOD])], attempts)
    assert opened.candidate.endpoint.provider == "p1"
    assert [bool(attempt.error_type) for attempt in attempts] == [True, False]
    assert not isinstance(first, Scripted) or first.closed


@pytest.mark.parametrize("pieces", [[], [CUT], [b": ping\n\n"], [b'data: {"error":{"message":"x"}}\n\n'], [b"data: {]\n\n"]])
async def test_a_stream_that_fails_before_its_first_word_is_tried_elsewhere(pieces: list[bytes | UpstreamError]) -> None:
    headers = {"content-type": "text/event-stream"}
    event = b'data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    opened = await walked([Scripted(200, pieces, headers), Scripted(200, [event], headers)], [], stream=True)
    assert opened.candidate.endpoint.provider == "p1"
    assert b'"hi"' in opened.first


@pytest.mark.parametrize(
    ("statuses", "status", "error_type"),
    [
        ([429, 429], 429, "rate_limit_exceeded"),
        ([429, 500], 503, "provider_overloaded"),
        ([500, 504], 503, "provider_overloaded"),
        ([401, 429], 503, "provider_overloaded"),
        ([401, 500], 502, "provider_unavailable"),
        ([400, 500], 400, "invalid_request"),
        ([504, 408], 504, "timeout"),
        ([401], 502, "provider_unavailable"),
        ([403, 402], 502, "provider_unavailable"),
        ([413, 400, 429], 400, "invalid_request"),
        ([404], 502, "provider_unavailable"),
    ],
)
async def test_when_all_fail_the_caller_learns_what_he_can_mend(statuses: list[int], status: int, error_type: str) -> None:
    for order in itertools.permutations(statuses):
        attempts: list[Attempt] = []
        with pytest.raises(Unavailable) as told:
            await walked([Scripted(number, [b"{}"]) for number in order], attempts)
        assert (told.value.status, told.value.metadata["error_type"]) == (status, error_type)
        assert [attempt.status for attempt in attempts] == list(order)


async def test_of_mixed_failures_the_one_that_may_pass_is_shown_with_its_own_provider() -> None:
    for order, provider in (((401, 429, 500), "P1"), ((500, 401, 429), "P2")):
        with pytest.raises(Unavailable, match="answered 429") as told:
            await walked([Scripted(number, [b"{}"]) for number in order], [])
        told_of = told.value.metadata
        assert (told_of["provider_name"], told_of["provider_code"], told_of["retryable"]) == (provider, 429, True)
        assert sorted(error["status"] for error in told_of["previous_errors"]) == [401, 500]


async def test_of_a_provider_that_cannot_be_reached_is_told_what_was_awaited_what_came_and_what_helps() -> None:
    away = Unreachable("x did not accept a connection: refused.", expected="a connection to x:443", received="refused")
    with pytest.raises(Unavailable) as told:
        await walked([away], [])
    metadata = told.value.metadata
    assert (metadata["expected"], metadata["received"]) == ("a connection to x:443", "refused")
    assert metadata["remedy_hint"].startswith("Try again")


async def test_what_asking_again_cannot_help_says_so_and_what_the_provider_explains_is_left_to_its_words() -> None:
    for status, remedy in ((401, "only when the operator has mended"), (400, None)):
        with pytest.raises(Unavailable) as told:
            await walked([Scripted(status, [b"{}"])], [])
        assert (remedy or "") in (told.value.remedy or "") and (told.value.remedy is None) == (remedy is None)


async def test_the_shortest_wait_of_all_is_told() -> None:
    script = [Scripted(429, [b"{}"], {"retry-after": wait}) for wait in ("30", "7")]
    with pytest.raises(Unavailable) as told:
        await walked(script, [])
    assert told.value.retry_after_s == 7


async def test_an_endpoint_that_cannot_express_the_request_is_passed_over() -> None:
    attempts = list[Attempt]()
    opened = await walked([Scripted(200, [GOOD])], attempts, speechless=1)
    assert opened.candidate.endpoint.provider == "p0"
    assert [(attempt.provider, attempt.error_type) for attempt in attempts] == [("d0", "invalid_request"), ("p0", "")]


async def test_what_no_endpoint_can_express_is_the_callers_to_mend() -> None:
    with pytest.raises(InvalidRequest, match="no word for that"):
        await walked([], [], speechless=2)
