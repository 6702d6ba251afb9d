"""Engines on this machine are found by asking their usual ports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from entrepot.providers import Provider
from entrepot.providers.configured import NOT_FOUND, Configured, configure
from entrepot.providers.local import Found, Get, find_local
from entrepot.settings import ProviderConfig

LISTING = b'{"object":"list","data":[{"id":"llama3.2:3b"},{"id":"qwen3"},{"id":"qwen3"}]}'


def engine(slug: str, *ports: int) -> Configured:
    declared = Provider(slug, slug.title(), f"http://127.0.0.1:{ports[0]}/v1", local_ports=ports)
    return Configured(declared, declared.base_url, {}, NOT_FOUND)


def answers(bodies: dict[int, bytes], asked: list[str]) -> Get:
    async def get(url: str) -> bytes:
        asked.append(url)
        port = int(url.split(":")[2].split("/")[0])
        if port not in bodies:
            raise OSError("refused")
        return bodies[port]

    return get


@asynccontextmanager
async def listening(body: bytes) -> AsyncIterator[int]:
    """A real server on loopback that gives every request the same answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def fetch(url: str) -> bytes:
    """The body behind a URL of loopback, over a real socket."""
    port = int(url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2]


async def test_an_engine_that_listens_is_found_with_its_models_once_each() -> None:
    async with listening(LISTING) as port:
        found = await find_local({"ollama": engine("ollama", port)}, fetch, own_port=1)
    assert found == [Found("ollama", f"http://127.0.0.1:{port}/v1", ("llama3.2:3b", "qwen3"))]


async def test_a_port_where_nobody_listens_finds_nothing() -> None:
    async with listening(LISTING) as port:
        pass
    assert await find_local({"ollama": engine("ollama", port)}, fetch, own_port=1) == []


async def test_an_engine_on_two_ports_counts_once_and_the_others_are_still_asked() -> None:
    asked: list[str] = []
    engines = {"llamacpp": engine("llamacpp", 9931, 8080), "vllm": engine("vllm", 8000)}
    found = await find_local(engines, answers({9931: LISTING, 8080: LISTING, 8000: LISTING}, asked), own_port=1)
    assert [there.slug for there in found] == ["llamacpp", "vllm"]
    assert sorted(asked) == [f"http://127.0.0.1:{port}/v1/models" for port in (8000, 8080, 9931)]


async def test_our_own_port_is_never_asked() -> None:
    asked: list[str] = []
    assert await find_local({"llamacpp": engine("llamacpp", 8080)}, answers({8080: LISTING}, asked), own_port=8080) == []
    assert asked == []


async def test_another_gateway_on_an_engines_port_is_no_engine() -> None:
    listing = b'{"data":[{"id":"openai/gpt-5.1","canonical_slug":"openai/gpt-5.1-20251113","pricing":{"prompt":"0"}}]}'
    assert await find_local({"llamacpp": engine("llamacpp", 8080)}, answers({8080: listing}, []), own_port=8081) == []


async def test_an_engine_that_the_operator_switched_off_or_placed_is_left_alone() -> None:
    asked: list[str] = []
    ready, _ = configure({"ollama": ProviderConfig(enabled=False), "vllm": ProviderConfig(base_url="http://10.0.0.2/v1")}, {})
    chosen = {slug: ready[slug] for slug in ("ollama", "vllm")}
    assert await find_local(chosen, answers({11434: LISTING, 8000: LISTING}, asked), own_port=1) == []
    assert asked == []


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"data":null}', b'{"data":[{"name":"x"}]}', b'{"data":[]}', b"\xff", b"[" * 100_000],
)
async def test_what_is_no_listing_of_models_finds_nothing(body: bytes) -> None:
    assert await find_local({"ollama": engine("ollama", 11434)}, answers({11434: body}, []), own_port=1) == []


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        ([f"model-{number}" for number in range(500)], 200),
        (["x" * 201, "x" * 200, ""], 1),
        (["with\nline", "with\x1bescape", "fine"], 1),
    ],
)
async def test_what_an_engine_may_list_is_bounded(names: list[str], kept: int) -> None:
    body = msgspec.json.encode({"data": [{"id": name} for name in names]})
    (found,) = await find_local({"ollama": engine("ollama", 11434)}, answers({11434: body}, []), own_port=1)
    assert len(found.models) == kept


async def test_an_engine_that_does_not_answer_holds_nothing_up() -> None:
    forever: Callable[[], asyncio.Future[bytes]] = asyncio.get_running_loop().create_future

    async def get(url: str) -> bytes:
        return await forever() if ":8000/" in url else LISTING

    found = await find_local({"vllm": engine("vllm", 8000), "ollama": engine("ollama", 11434)}, get, own_port=1)
    assert [there.slug for there in found] == ["ollama"]
