"""A slow endpoint is overtaken: the first answer wins, the others are cancelled, and nothing of them is left."""

import asyncio
import contextlib
import json
from collections.abc import Mapping

import pytest

from entrepot.dialects.dialect import Hearing, Rendered
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.voice import Voice
from entrepot.errors import InvalidRequest, Unavailable, Unreachable
from entrepot.routing.fit import AS_IT_IS, Fit
from entrepot.routing.plan import Candidate, Plan
from entrepot.testing import builders
from entrepot.testing.upstream import chat_body
from entrepot.upstream.attempt import Course, Opened
from entrepot.upstream.hedge import Hedge
from entrepot.upstream.walk import walk
from entrepot.values.clock import Clock
from entrepot.values.request import Request

NEVER = 3600.0
SOON = Hedge(stream_after_s=0.01, plain_after_s=0.01)


class Slow:
    """An endpoint whose head comes after `head_s`, and its body `body_s` later."""

    def __init__(self, head_s: float = 0.0, *, body_s: float = 0.0, status: int = 200, dumb: bool = False) -> None:
        self.head_s, self.body_s, self.status, self.dumb = head_s, body_s, status, dumb
        self.headers: Mapping[str, str] = {}
        self.asked = self.closed = self.left = False

    async def opened(self) -> "Slow":
        self.asked = True
        try:
            await asyncio.sleep(self.head_s)
        except asyncio.CancelledError:
            self.left = True
            raise
        return self

    async def chunk(self) -> bytes:
        raise AssertionError("it is read whole")

    async def read(self, limit: int) -> bytes:
        await asyncio.sleep(self.body_s)
        return json.dumps(chat_body("hi")).encode()

    def close(self) -> None:
        self.closed = True


class Sender:
    def __init__(self, endpoints: tuple[Slow, ...]) -> None:
        self.endpoints = endpoints

    def name_of(self, candidate: Candidate) -> str:
        return candidate.endpoint.provider.title()

    def hearing_of(self, candidate: Candidate) -> Hearing:
        return Hearing(max_event_bytes=10_000)

    async def attach(self, request: Request, candidate: Candidate) -> None:
        raise AssertionError("nothing in it is to be fetched")

    def render(self, request: Request, candidate: Candidate, fit: Fit) -> Rendered:
        if self.of(candidate).dumb:
            raise InvalidRequest("It has no word for that.")
        return Rendered(b"")

    async def send(self, candidate: Candidate, rendered: Rendered, stream: bool) -> Slow:
        if self.of(candidate).status == 0:
            raise Unreachable("no connection")
        return await self.of(candidate).opened()

    def of(self, candidate: Candidate) -> Slow:
        return self.endpoints[int(candidate.endpoint.provider[1:])]


class Walk:
    """One call. `told` is who was tried and how each attempt ended."""

    def __init__(self, *endpoints: Slow, hedge: Hedge = SOON) -> None:
        self.course = Course(
            parse_request(json.dumps({"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "hi"}]}).encode()),
            Sender(endpoints),
            suit=lambda _: AS_IT_IS,
            voice=lambda candidate, name: Voice("gen-1", candidate.model.id, name, 0, lambda _: None),
            attempts=[],
            clock=Clock(),
            max_answer_bytes=100_000,
        )
        self.plan = Plan(
            tuple(Candidate(builders.model(), builders.endpoint(provider=f"p{number}")) for number in range(len(endpoints))), ()
        )
        self.hedge = hedge

    async def __call__(self) -> Opened:
        async with asyncio.timeout(10):
            return await walk(self.plan, self.course, self.hedge)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(attempt.provider, attempt.error_type) for attempt in self.course.attempts]


def no_task_is_left() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("stuck", [Slow(NEVER), Slow(0, body_s=NEVER)], ids=["no head", "no body"])
async def test_the_next_endpoint_overtakes_one_that_does_not_answer(stuck: Slow) -> None:
    walking = Walk(stuck, Slow())
    assert (await walking()).candidate.endpoint.provider == "p1"
    assert walking.told == [("p0", "cancelled"), ("p1", "")]
    assert "p1 answered first" in walking.course.attempts[0].message
    assert stuck.left or stuck.closed
    assert no_task_is_left()


async def test_the_first_one_may_still_win() -> None:
    second = Slow(NEVER)
    walking = Walk(Slow(0.1), second)
    assert (await walking()).candidate.endpoint.provider == "p0"
    assert walking.told == [("p1", "cancelled"), ("p0", "")]
    assert second.left
    assert no_task_is_left()


async def test_of_two_that_answer_in_one_moment_the_first_in_the_plan_wins_and_the_other_is_closed() -> None:
    endpoints = Slow(0.05), Slow(0.05)
    walking = Walk(*endpoints, hedge=Hedge(plain_after_s=1e-9))
    opened = await walking()
    loser = endpoints[1 - int(opened.candidate.endpoint.provider[1:])]
    assert [how for _, how in walking.told] == ["cancelled", ""]
    assert loser.left or loser.closed
    assert no_task_is_left()


async def test_who_fails_is_followed_at_once_and_who_cannot_be_asked_too() -> None:
    walking = Walk(Slow(status=0), Slow(dumb=True), Slow(0), hedge=Hedge(plain_after_s=NEVER))
    assert (await walking()).candidate.endpoint.provider == "p2"
    assert walking.told == [("p0", "provider_unavailable"), ("p1", "invalid_request"), ("p2", "")]


async def test_when_all_fail_each_is_told_and_none_is_called_cancelled() -> None:
    walking = Walk(Slow(0.05, status=500), Slow(0.1, status=429), Slow(status=0))
    with pytest.raises(Unavailable) as told:
        await walking()
    assert sorted(walking.told) == [("p0", "provider_unavailable"), ("p1", "rate_limit_exceeded"), ("p2", "provider_unavailable")]
    assert told.value.metadata["attempts"] == 3
    assert no_task_is_left()


async def test_no_more_are_asked_at_once_than_may_be() -> None:
    endpoints = Slow(0.1), Slow(NEVER), Slow(NEVER)
    await Walk(*endpoints)()
    assert [endpoint.asked for endpoint in endpoints] == [True, True, False]


@pytest.mark.parametrize(
    ("hedge", "count"),
    [(Hedge(), 2), (Hedge(stream_after_s=0.001), 2), (SOON, 1)],
    ids=["off", "for streams alone", "nobody is next"],
)
async def test_one_is_asked_at_a_time_where_hedging_is_off_or_nobody_is_next(hedge: Hedge, count: int) -> None:
    endpoints = [Slow(0.05), Slow()][:count]
    walking = Walk(*endpoints, hedge=hedge)
    assert (await walking()).candidate.endpoint.provider == "p0"
    assert walking.told == [("p0", "")]


async def test_leaving_the_race_cancels_all_and_leaves_no_task() -> None:
    endpoints = Slow(NEVER), Slow(0, body_s=NEVER)
    walking = asyncio.create_task(Walk(*endpoints)())
    while not endpoints[1].asked:
        await asyncio.sleep(0.005)
    walking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await walking
    assert (endpoints[0].left, endpoints[1].closed, no_task_is_left()) == (True, True, True)
