"""The fake upstream keeps to its script."""

import asyncio

import httpx
import pytest

from entrepot.testing import FakeUpstream, Reply
from entrepot.testing.upstream import plain, refusal, streamed


async def ask(upstream: FakeUpstream, **more: object) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{upstream.url}/chat/completions", json={"model": "m"}, **more)


async def test_replies_come_in_order_and_the_last_one_is_repeated():
    async with FakeUpstream([refusal(429, retry_after="2"), plain("hi")]) as upstream:
        first, second, third = [await ask(upstream) for _ in range(3)]
    assert (first.status_code, first.headers["retry-after"]) == (429, "2")
    assert second.json()["choices"][0]["message"]["content"] == "hi"
    assert third.json() == second.json()


async def test_it_remembers_what_it_was_asked():
    async with FakeUpstream() as upstream:
        await ask(upstream, headers={"Authorization": "Bearer secret"})
    (seen,) = upstream.seen
    assert (seen.method, seen.path, seen.json()) == ("POST", "/v1/chat/completions", {"model": "m"})
    assert seen.headers["authorization"] == "Bearer secret"
    assert not seen.left


async def test_a_stream_comes_event_by_event_to_its_end_sign():
    async with FakeUpstream([streamed("Hel", "lo")]) as upstream:
        answer = await ask(upstream)
    events = answer.text.split("\n\n")
    assert answer.headers["content-type"] == "text/event-stream"
    assert '"content":"lo"' in events[2] and events[-2] == "data: [DONE]"


@pytest.mark.parametrize("reply", [streamed("Hel", end="cut"), Reply(pieces=(b'{"a"',), end="cut"), Reply(refused=True)])
async def test_a_cut_answer_is_an_error_of_the_transport(reply: Reply):
    async with FakeUpstream([reply]) as upstream:
        with pytest.raises(httpx.TransportError):
            await ask(upstream)


@pytest.mark.parametrize("reply", [Reply(silent=True), streamed("Hel", end="stall")])
async def test_a_caller_who_leaves_before_the_end_is_noticed(reply: Reply):
    async with FakeUpstream([reply]) as upstream:
        asking = asyncio.ensure_future(ask(upstream))
        await upstream.asked()
        asking.cancel()
        assert (await upstream.disconnected()).left
        await asyncio.wait([asking])
