"""The client against providers that hang up, stall, flood or are away: on real sockets."""

import asyncio
import contextlib
import socket

import pytest

from entrepot.errors import BrokenStream, ProviderBusy, TimedOut, Unreachable
from entrepot.upstream.client import Origin, render_head
from peers import HELLO, Peer, answers_always, ask, client, post


async def stalls(peer, reader, writer):
    await peer.request(reader)
    await reader.read()


async def test_one_connection_serves_one_request_after_another():
    async with Peer(answers_always) as peer, client() as asking:
        assert [await ask(asking, peer.origin()) for _ in range(5)] == [b"hello"] * 5
        assert peer.connections == 1
        assert b"Content-Length: 2\r\n" in peer.heads[0]


async def test_a_get_says_nothing_of_a_length():
    async with Peer(answers_always) as peer, client() as asking:
        answer = await asking.send(peer.origin(), render_head("GET", peer.origin(), "/models", {}), b"")
        answer.close()
        assert peer.heads[0].startswith(b"GET /models HTTP/1.1\r\n")
        assert b"content-length" not in peer.heads[0].lower()


async def test_a_connection_the_provider_closed_while_idle_is_not_used_again():
    async def once(peer, reader, writer):
        await peer.request(reader)
        writer.write(HELLO)

    async with Peer(once) as peer, client() as asking:
        for _ in range(3):
            assert await ask(asking, peer.origin()) == b"hello"
            await asyncio.sleep(0.05)
        assert peer.connections == 3


async def test_a_request_that_was_sent_is_never_sent_again():
    async def second_dies(peer, reader, writer):
        await peer.request(reader)
        writer.write(HELLO)
        await peer.request(reader)

    async with Peer(second_dies) as peer, client() as asking:
        await ask(asking, peer.origin())
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1 closed the connection before it answered"):
            await ask(asking, peer.origin())
        assert (peer.connections, len(peer.heads)) == (1, 2)


async def test_an_answer_left_unread_costs_its_connection():
    async def long(peer, reader, writer):
        await peer.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        await reader.read()

    async with Peer(long) as peer, client() as asking:
        answer = await asking.send(peer.origin(), post(peer.origin()), b"{}")
        answer.close()
        assert await asyncio.wait_for(peer.seen_end.wait(), 5)


async def test_a_refused_connection_names_the_host_and_the_reason():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        origin = Origin("http", "127.0.0.1", taken.getsockname()[1])
        async with client() as asking:
            with pytest.raises(Unreachable, match=r"^127\.0\.0\.1 did not accept a connection: .*refused") as told:
                await asking.send(origin, post(origin, Authorization="Bearer secret"), b"{}")
    assert told.value.expected == f"a connection to 127.0.0.1:{origin.port}" and "refused" in str(told.value.received)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70 + ".test"])
async def test_a_name_that_cannot_be_looked_up_is_unreachable(host):
    async with client() as asking:
        with pytest.raises(Unreachable) as told:
            await asking.send(Origin("http", host, 80), b"GET / HTTP/1.1\r\n", b"")
    assert told.value.expected and told.value.received


async def test_a_provider_that_never_answers_times_out_and_is_hung_up_on():
    async with Peer(stalls) as peer, client(first_byte_s=0.05) as asking:
        with pytest.raises(TimedOut, match="did not answer in time"):
            await ask(asking, peer.origin())
        assert await asyncio.wait_for(peer.seen_end.wait(), 5)


async def test_a_stall_inside_an_answer_times_out_after_what_came():
    async def half(peer, reader, writer):
        await peer.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        await reader.read()

    async with Peer(half) as peer, client(between_bytes_s=0.05) as asking:
        answer = await asking.send(peer.origin(), post(peer.origin()), b"{}")
        assert await answer.chunk() == b"abc"
        with pytest.raises(TimedOut, match="stopped in the middle"):
            await answer.chunk()
        answer.close()


async def test_a_reset_inside_an_answer_is_a_broken_stream():
    async def resets(peer, reader, writer):
        await peer.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()

    async with Peer(resets) as peer, client() as asking:
        answer = await asking.send(peer.origin(), post(peer.origin()), b"{}")
        assert await answer.chunk() == b"abc"
        with pytest.raises(BrokenStream):
            await answer.chunk()
        answer.close()


@pytest.mark.parametrize("moment", ["before the head", "inside the body"])
async def test_leaving_closes_the_connection_at_once(moment):
    started = asyncio.Event()

    async def waits(peer, reader, writer):
        await peer.request(reader)
        if moment == "inside the body":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        started.set()
        await reader.read()

    async with Peer(waits) as peer, client() as asking:
        leaving = asyncio.create_task(ask(asking, peer.origin()))
        await started.wait()
        await asyncio.sleep(0.02)
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        assert await asyncio.wait_for(peer.seen_end.wait(), 1)
        assert leaving.cancelled()


async def test_a_full_pool_makes_others_wait_and_then_says_busy():
    async with Peer(stalls) as peer, client(max_connections=1, connect_s=0.1) as asking:
        first = asyncio.create_task(ask(asking, peer.origin()))
        await asyncio.sleep(0.02)
        with pytest.raises(ProviderBusy):
            await ask(asking, peer.origin())
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert peer.connections == 1


async def test_those_who_wait_for_a_place_get_it_in_turn():
    async with Peer(answers_always) as peer, client(max_connections=2) as asking:
        assert await asyncio.gather(*(ask(asking, peer.origin()) for _ in range(50))) == [b"hello"] * 50
        assert peer.connections <= 2


async def test_failed_connections_give_their_places_back():
    async with client(max_connections=1, connect_s=1) as asking:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            origin = Origin("http", "127.0.0.1", taken.getsockname()[1])
            for _ in range(3):
                with pytest.raises(Unreachable):
                    await ask(asking, origin)


async def test_an_idle_connection_is_closed_after_its_time():
    async with Peer(answers_always) as peer, client(idle_s=0.05) as asking:
        await ask(asking, peer.origin())
        assert await asyncio.wait_for(peer.seen_end.wait(), 5)


async def test_only_so_many_idle_connections_are_kept():
    async with Peer(answers_always) as peer, client(max_idle=1) as asking:
        answers = [await asking.send(peer.origin(), post(peer.origin()), b"{}") for _ in range(3)]
        for answer in answers:
            await answer.read(10)
            answer.close()
        await ask(asking, peer.origin())
        assert peer.connections == 3
        assert await asyncio.wait_for(peer.seen_end.wait(), 5)


async def test_a_provider_is_read_no_faster_than_its_answer_is():
    sent = 0

    async def floods(peer, reader, writer):
        nonlocal sent
        await peer.request(reader)
        writer.transport.set_write_buffer_limits(high=1024)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    async with Peer(floods) as peer, client() as asking:
        answer = await asking.send(peer.origin(), post(peer.origin()), b"{}")
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 20_000_000  # what two kernels' buffers take
        got = 0
        while got < before:
            got += len(await answer.chunk())
        answer.close()
        assert got >= before
