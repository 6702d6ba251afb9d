"""Through a proxy, and over TLS: who is asked, what is told, and that failures leave nothing open."""

import asyncio
import contextlib
import ssl

import pytest
import trustme

from entrepot.errors import TimedOut, Unreachable
from peers import HELLO, Peer, answers_always, ask, client


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def tunnels(peer, reader, writer):
    """A proxy that opens every way asked for."""
    await peer.request(reader)
    port = peer.heads[-1].split(b" ")[1].decode().rpartition(":")[2]
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))


async def pipe(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


def answers_connect(with_bytes):
    async def script(peer, reader, writer):
        await peer.request(reader)
        writer.write(with_bytes)
        await reader.read()

    return script


async def test_a_provider_is_greeted_over_tls_and_its_connection_kept(server_tls, client_tls):
    async with Peer(answers_always, server_tls) as peer, client(tls=client_tls) as asking:
        assert [await ask(asking, peer.origin("https", "localhost")) for _ in range(3)] == [b"hello"] * 3
        assert peer.connections == 1


@pytest.mark.parametrize("fault", ["another name", "an unknown authority"])
async def test_a_certificate_that_does_not_fit_is_refused(fault, server_tls, client_tls):
    trusting = client_tls if fault == "another name" else ssl.create_default_context()
    host = "127.0.0.1" if fault == "another name" else "localhost"
    async with Peer(answers_always, server_tls) as peer, client(tls=trusting, max_connections=1) as asking:
        for _ in range(2):
            with pytest.raises(Unreachable, match="could not agree on TLS"):
                await ask(asking, peer.origin("https", host))
        assert peer.heads == []


async def test_a_body_over_tls_that_ends_with_the_connection_is_whole(server_tls, client_tls):
    async def ends(peer, reader, writer):
        await peer.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500_000)
        await writer.drain()

    async with Peer(ends, server_tls) as peer, client(tls=client_tls) as asking:
        assert len(await ask(asking, peer.origin("https", "localhost"))) == 500_000


async def test_a_plain_provider_behind_a_proxy_is_asked_for_by_its_whole_address():
    async with Peer(answers_always) as proxy:
        async with client({"http_proxy": f"http://me:pw@127.0.0.1:{proxy.port}"}) as asking:
            origin = proxy.origin(host="far.test")
            assert await ask(asking, origin) == b"hello"
        assert proxy.heads[0].startswith(b"POST http://far.test:%d/chat/completions HTTP/1.1\r\n" % origin.port)
        assert b"\r\nProxy-Authorization: Basic bWU6cHc=\r\n" in proxy.heads[0]


async def test_no_proxy_goes_straight_to_the_provider():
    async with Peer(answers_always) as peer:
        async with client({"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"}) as asking:
            assert await ask(asking, peer.origin()) == b"hello"
        assert peer.heads[0].startswith(b"POST /chat/completions ")


async def test_a_tunnel_is_dug_once_and_stays_open(server_tls, client_tls):
    async with Peer(answers_always, server_tls) as peer, Peer(tunnels) as proxy:
        async with client({"https_proxy": f"http://me:pw@127.0.0.1:{proxy.port}"}, client_tls) as asking:
            assert [await ask(asking, peer.origin("https", "localhost")) for _ in range(3)] == [b"hello"] * 3
        assert proxy.heads[0].startswith(b"CONNECT localhost:%d HTTP/1.1\r\n" % peer.port)
        assert b"Proxy-Authorization: Basic bWU6cHc=\r\n" in proxy.heads[0]
        assert b"Proxy-Authorization" not in b"".join(peer.heads)
        assert (proxy.connections, peer.connections) == (1, 1)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 502 X\r\n\r\n", b"x" * 20_000],
)
async def test_a_proxy_that_opens_no_way_is_unreachable_and_named_without_its_password(answer, client_tls):
    async with Peer(answers_connect(answer)) as proxy:
        environment = {"https_proxy": f"http://me:hidden@127.0.0.1:{proxy.port}"}
        async with client(environment, client_tls, max_connections=1) as asking:
            for _ in range(2):
                with pytest.raises(Unreachable, match=r"The proxy 127\.0\.0\.1 did not open a way to far\.test") as refused:
                    await ask(asking, proxy.origin("https", "far.test"))
        assert "hidden" not in str(refused.value)


async def test_a_proxy_that_says_nothing_times_out_and_is_hung_up_on(client_tls):
    async with Peer(answers_connect(b"")) as proxy:
        async with client({"https_proxy": f"http://127.0.0.1:{proxy.port}"}, client_tls, connect_s=0.1) as asking:
            with pytest.raises(TimedOut):
                await ask(asking, proxy.origin("https", "far.test"))
            await asyncio.wait_for(proxy.seen_end.wait(), 5)


async def test_a_bad_certificate_behind_a_tunnel_frees_its_place_once(server_tls):
    untrusting = ssl.create_default_context()
    async with Peer(answers_always, server_tls) as peer, Peer(tunnels) as proxy:
        environment = {"https_proxy": f"http://127.0.0.1:{proxy.port}"}
        async with client(environment, untrusting, max_connections=1, connect_s=5) as asking:
            for _ in range(3):
                with pytest.raises(Unreachable, match="could not agree on TLS"):
                    await ask(asking, peer.origin("https", "localhost"))


async def test_a_proxy_that_cannot_be_used_says_so_without_its_password():
    async with client({"http_proxy": "socks5://me:hidden@127.0.0.1:1080"}) as asking:
        async with Peer(answers_connect(HELLO)) as peer:
            with pytest.raises(Unreachable, match=r"http://host:port") as refused:
                await ask(asking, peer.origin())
    assert "hidden" not in str(refused.value)
