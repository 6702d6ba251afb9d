"""What one connection makes of the bytes of an answer, however they are cut."""

import asyncio
import gzip
import math
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.errors import BrokenStream, ProviderBroke, TimedOut, Unreachable
from entrepot.upstream.connection import Connection, HttpAnswer

PACKED = gzip.compress(b"whole", mtime=0)
OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = (
    OK + b"Transfer-Encoding: chunked\r\n\r\n5;why=because\r\nhello\r\n6\r\n world\r\n0\r\nX-After: 1\r\nX-Kind: trailer\r\n\r\n"
)


class Wire:
    """A transport whose far end answers a request with `pieces`, one per turn of the loop, and may hang up then."""

    def __init__(self, connection, pieces, hangs_up):
        self.connection, self.pieces, self.hangs_up = connection, pieces, hangs_up
        self.closed = self.paused = False
        self.written = b""

    def write(self, data):
        self.written += data
        for piece in self.pieces:
            self.connection._loop.call_soon(self.arrives, piece)
        if self.hangs_up:
            self.connection._loop.call_soon(self.abort)

    def arrives(self, data):
        if not self.closed:
            self.connection.data_received(data)

    def abort(self):
        if not self.closed:
            self.closed = True
            self.connection.connection_lost(None)

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False


def wired(*pieces, hangs_up=False):
    connection = Connection("provider.test", asyncio.get_running_loop(), lambda lost: None)
    connection.connection_made(Wire(connection, pieces, hangs_up))
    return connection


async def answer_of(*pieces, hangs_up=False):
    connection = wired(*pieces, hangs_up=hangs_up)
    await connection.exchange(b"request", 5, 60)
    return HttpAnswer(connection, lambda released: None, 5), connection


async def body_of(*pieces, hangs_up=False):
    answer, _ = await answer_of(*pieces, hangs_up=hangs_up)
    return await answer.read(10_000_000)


def cut(data, places):
    edges = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(edges) if end > start]


@given(st.sampled_from([(HELLO, b"hello"), (CHUNKED, b"hello world")]), st.sets(st.integers(1, 150), max_size=150))
def test_any_split_of_an_answer_gives_the_same_body(sample, places):
    data, body = sample
    assert asyncio.run(body_of(*cut(data, [p for p in places if p < len(data)]))) == body


@given(st.binary(max_size=4000), st.sets(st.integers(1, 4000), max_size=20))
def test_any_compressed_body_in_any_split_is_itself_again(body, places):
    packed = gzip.compress(body)
    data = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    assert asyncio.run(body_of(*cut(data, [p for p in places if p < len(data)]))) == body


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_a_compressed_body_cannot_grow_past_the_limit(pack):
    packed = pack(bytes(30_000_000))
    answer, _ = await answer_of(OK + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(packed), packed)
    with pytest.raises(ProviderBroke):
        await answer.read(2_000_000)


@pytest.mark.parametrize("packed", [PACKED[:-4], PACKED + b"and more", b"not packed"])
async def test_a_compressed_body_that_is_cut_overlong_or_none_is_broken(packed):
    with pytest.raises(BrokenStream):
        await body_of(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


async def test_trailers_do_not_change_the_headers():
    answer, connection = await answer_of(CHUNKED.replace(b"\r\n\r\n5;", b"\r\nX-Kind: header\r\n\r\n5;"))
    assert await answer.read(100) == b"hello world"
    assert answer.headers["x-kind"] == "header"
    assert "x-after" not in answer.headers
    assert connection.keep_alive


async def test_headers_are_readable_after_the_answer_is_closed():
    answer, _ = await answer_of(OK + b"X-One: 1\r\nx-one: 2\r\nContent-Length: 0\r\n\r\n")
    answer.close()
    answer.close()
    assert answer.headers["x-one"] == "2"
    assert await answer.chunk() == b""


async def test_informational_answers_are_passed_over():
    answer, _ = await answer_of(b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n", b"HTTP/1.1 103 Hints\r\n\r\n" + HELLO)
    assert (answer.status, await answer.read(10)) == (200, b"hello")
    assert "x-early" not in answer.headers


async def test_a_body_without_a_length_ends_with_the_connection():
    assert await body_of(OK + b"\r\nhello", b" world", hangs_up=True) == b"hello world"


@pytest.mark.parametrize("data", [HELLO[:-1], CHUNKED[:-20], CHUNKED[:60]])
async def test_a_body_that_ends_too_early_is_a_broken_stream(data):
    with pytest.raises(BrokenStream):
        await body_of(data, hangs_up=True)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 2", OK, OK + b"Content-Le", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_a_connection_closed_before_the_head_was_whole_is_unreachable(data):
    with pytest.raises(Unreachable):
        await answer_of(*([data] if data else []), hangs_up=True)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/2 200\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        OK + b"Content-Length: minus\r\n\r\n",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        OK + b"".join(b"X-%d: 1\r\n" % n for n in range(300)) + b"\r\n",
        OK + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_bad_framing_and_head_bombs_are_the_providers_fault(data):
    with pytest.raises(ProviderBroke):
        await body_of(data)


@pytest.mark.parametrize("start", [OK + b"X: ", b"HTTP/1.1 200 ", b"HTTP/1.1 100 Continue\r\nX: ", CHUNKED[:-2] + b"X-Long: "])
async def test_a_line_without_an_end_is_cut_at_a_bound(start):
    with pytest.raises(ProviderBroke):
        await body_of(start, *[b"a" * 10_000] * 10)


@pytest.mark.parametrize("extra", [b"junk", HELLO, b"\x00"])
async def test_what_follows_a_whole_answer_spoils_the_connection_but_not_the_answer(extra):
    answer, connection = await answer_of(HELLO + extra)
    assert (answer.status, await answer.read(100)) == (200, b"hello")
    assert not (connection.keep_alive and connection.usable)


@pytest.mark.parametrize("line", [b"Connection: close\r\n", b""])
async def test_a_connection_is_kept_only_when_the_provider_keeps_it(line):
    answer, connection = await answer_of(OK + line + b"Content-Length: 2\r\n\r\nhi")
    assert await answer.read(10) == b"hi"
    assert connection.keep_alive == (not line)


async def test_a_longer_body_than_the_limit_is_refused():
    answer, _ = await answer_of(OK + b"Content-Length: 6\r\n\r\n", b"abc", b"def")
    with pytest.raises(ProviderBroke):
        await answer.read(5)


async def test_unread_bytes_stop_the_reading_and_a_read_starts_it_again():
    answer, connection = await answer_of(OK + b"Content-Length: 200000\r\n\r\n", b"a" * 100_000)
    await asyncio.sleep(0)
    assert connection.transport.paused
    assert len(await answer.chunk()) == 100_000
    assert not connection.transport.paused


async def test_pieces_that_lie_unread_are_given_as_one():
    answer, _ = await answer_of(OK + b"Content-Length: 6\r\n\r\n", b"abc", b"def")
    await asyncio.sleep(0)
    assert await answer.chunk() == b"abcdef"
    assert await answer.chunk() == b""


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"HTTP/1.1 ", "did not answer in time"), (OK + b"Content-Length: 9\r\n\r\n", "stopped in the middle")],
)
async def test_a_deadline_that_passed_ends_the_wait(data, told):
    connection = wired(data)
    waiting = asyncio.create_task(connection.exchange(b"request", 5, 60))
    for _ in range(4):
        await asyncio.sleep(0)
    if waiting.done():
        waiting = asyncio.create_task(connection.chunk(5))
        await asyncio.sleep(0)
    connection.check_time(math.nextafter(connection.deadline, 0))
    assert connection.error is None
    connection.check_time(connection.deadline)
    with pytest.raises(TimedOut, match=told):
        await waiting
    assert connection.transport.closed


async def test_the_total_time_also_ends_an_answer_nobody_reads():
    answer, connection = await answer_of(OK + b"Content-Length: 9\r\n\r\nabc")
    connection.check_time(connection.total_deadline)
    assert await answer.chunk() == b"abc"
    with pytest.raises(TimedOut, match="took too long"):
        await answer.chunk()


async def test_nothing_is_written_to_a_connection_that_is_already_closing():
    connection = wired(HELLO)
    connection.transport.abort()
    with pytest.raises(Unreachable, match=r"provider\.test"):
        await connection.exchange(b"request", 5, 60)
    assert connection.transport.written == b""
