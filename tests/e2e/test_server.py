"""What the server does with clients that break bounds, dawdle or leave, and how it ends."""

import asyncio
import json
import signal
import sqlite3
import threading
import time
from typing import Any

import httpx
import pytest

from entrepot.testing.gateway import Gateway, ServerProcess

CHAT = "/api/v1/chat/completions"


def question(**more: Any) -> dict[str, Any]:
    return {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "hello"}], **more}


async def ask(gateway: Gateway, body: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=10) as client:
        return await client.post(gateway.url + CHAT, content=body, headers={"Authorization": f"Bearer {gateway.test_key}"})


async def exchange(url: str, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Writes the pieces on one connection, then reads until the server closes it."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def error_of(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    error = json.loads(body)["error"]
    assert int(head.split()[1]) == error["code"]
    return error["code"], error["metadata"]["error_type"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", (400, "invalid_request")),
        (b"GET / HTTP/1.1\r\nbroken header\r\n\r\n", (400, "invalid_request")),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", (400, "invalid_request")),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", (414, "payload_too_large")),
        (b"GET /" + b"a" * 20_000, (414, "payload_too_large")),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n", (431, "payload_too_large")),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 1_000_000, (431, "payload_too_large")),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(8_000)) + b"\r\n", (431, "payload_too_large")),
    ],
    ids=["tls", "no colon", "bad length", "long url", "endless url", "long header", "endless header", "header bomb"],
)
async def test_what_is_not_a_good_head_is_refused_in_json_and_closed(sent: bytes, expected: tuple[int, str]):
    async with Gateway() as gateway:
        assert error_of(await exchange(gateway.url, sent)) == expected
        alive = await exchange(gateway.url, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert alive.startswith(b"HTTP/1.1 200 ")


async def test_a_body_in_the_same_piece_as_the_head_does_not_count_as_head():
    async with Gateway(server={"max_header_bytes": 2_000}) as gateway:
        body = json.dumps(question(user="x" * 100, metadata={"k": "v" * 400}, stop=["s" * 50] * 4) | {"padding": "p" * 30_000})
        answer = await ask(gateway, body)
    assert answer.status_code == 200


@pytest.mark.parametrize("first", [b"", b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["new", "kept alive"])
async def test_a_head_that_does_not_come_to_an_end_is_refused_in_time(first: bytes):
    async with Gateway(server={"head_timeout_s": 0.3}) as gateway:
        answer = await exchange(gateway.url, first, b"GET / HTTP/1.1\r\nX: ", b"y", b"y", pause_s=0.05)
    assert error_of(answer[answer.rindex(b"HTTP/1.1 ") :]) == (408, "timeout")


async def test_a_body_that_stops_coming_is_refused_in_time():
    head = b"POST " + CHAT.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nAuthorization: Bearer %s\r\n\r\n"
    async with Gateway(server={"head_timeout_s": 0.3}) as gateway:
        answer = await exchange(gateway.url, head % gateway.test_key.encode(), b'{"model":', pause_s=0.05)
        assert error_of(answer) == (408, "timeout")
        async with asyncio.timeout(5):
            while gateway.app.pipeline.live:
                await asyncio.sleep(0.01)


async def test_a_body_that_takes_its_time_but_comes_is_answered():
    body = json.dumps(question()).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    async with Gateway(server={"head_timeout_s": 0.3}) as gateway:
        pieces = [body[start : start + 10] for start in range(0, len(body), 10)]
        head += f"Authorization: Bearer {gateway.test_key}\r\n\r\n"
        answer = await exchange(gateway.url, head.encode(), *pieces, pause_s=0.12)
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_connection_that_says_nothing_is_closed_without_a_word():
    async with Gateway(server={"head_timeout_s": 0.2}) as gateway:
        assert await exchange(gateway.url) == b""


async def test_an_idle_connection_is_closed():
    async with Gateway(server={"keep_alive_s": 1}) as gateway:
        answer = await exchange(gateway.url, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_many_requests_on_one_connection_are_answered_in_order():
    request = b"GET /api/v1/models/count HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with Gateway() as gateway:
        answer = await exchange(gateway.url, request * 20 + last)
    assert answer.count(b'{"data":{"count":') == 20
    assert answer.endswith(b'{"status":"live"}')


async def test_a_body_over_the_bound_is_413_and_says_how_much_may_come():
    async with Gateway(server={"max_body_bytes": 1_000}) as gateway:
        answer = await ask(gateway, json.dumps(question(user="x" * 5_000)))
    assert answer.status_code == 413
    assert "1000 bytes" in answer.json()["error"]["metadata"]["expected"]


def stream(server: ServerProcess, seen: list[str], first: threading.Event) -> None:
    """Reads one stream to its end, whatever that is."""
    headers = {"Authorization": f"Bearer {server.test_key}"}
    try:
        with httpx.stream("POST", server.url + CHAT, json=question(stream=True), headers=headers, timeout=30) as answer:
            for line in answer.iter_lines():
                seen.append(line)
                if '"content":"' in line and '"content":""' not in line:
                    first.set()
    except httpx.TransportError as error:
        seen.append(type(error).__name__)
    first.set()


def begin_stream(server: ServerProcess) -> tuple[list[str], threading.Thread]:
    seen: list[str] = []
    first = threading.Event()
    reader = threading.Thread(target=stream, args=(server, seen, first))
    reader.start()
    assert first.wait(20)
    return seen, reader


def test_on_sigterm_running_generations_finish_and_new_ones_are_not_accepted():
    with ServerProcess(environment={"ENTREPOT_SANDBOX_TOKENS_PER_S": "50"}) as server:
        seen, reader = begin_stream(server)
        server.process.send_signal(signal.SIGTERM)
        refused = False
        while reader.is_alive() and not refused:
            try:
                httpx.get(server.url + "/health/live", timeout=5)
            except httpx.TransportError:
                refused = True
        reader.join(20)
        assert server.process.wait(10) == 0
    assert refused
    assert "data: [DONE]" in seen


def test_a_second_signal_stops_at_once_and_what_was_produced_is_in_the_records():
    with ServerProcess(environment={"ENTREPOT_SANDBOX_TOKENS_PER_S": "2"}) as server:
        seen, reader = begin_stream(server)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        reader.join(20)
        assert "data: [DONE]" not in seen
        with sqlite3.connect(server.data_dir / "entrepot.db") as db:
            ((count, tokens),) = db.execute("SELECT count(*), sum(completion_tokens) FROM generations")
        db.close()
    assert count == 1
    assert tokens > 0


def test_a_drain_ends_when_its_time_is_up():
    environment = {"ENTREPOT_SANDBOX_TOKENS_PER_S": "1", "ENTREPOT_SERVER_DRAIN_S": "0.5"}
    with ServerProcess(environment=environment) as server:
        seen, reader = begin_stream(server)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
        reader.join(20)
    assert "data: [DONE]" not in seen
