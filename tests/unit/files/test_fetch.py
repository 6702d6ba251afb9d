"""What a request points at is fetched from public places only, within bounds, or refused with the field that named it."""

from collections.abc import Callable

import pytest

from entrepot.errors import InvalidRequest
from entrepot.files.fetch import Fetcher, is_public
from entrepot.settings import Files
from entrepot.testing.upstream import FakeUpstream, Reply

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
PICTURE = Reply(headers={"content-type": "image/png"}, pieces=(PNG,))


def fetcher(*addresses: str, allowed: str = "127.0.0.1", **settings: object) -> Fetcher:
    """Every name has these addresses; one of them may be connected to."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses or [host])

    permits: Callable[[str], bool] = lambda address: address == allowed  # noqa: E731
    return Fetcher(Files(**settings), resolve, permits)  # type: ignore[arg-type]


def url_on(upstream: FakeUpstream, host: str = "127.0.0.1") -> str:
    return upstream.url.replace("127.0.0.1", host).removesuffix("/v1") + "/picture.png"


async def test_a_picture_comes_with_its_type_and_nothing_of_ours_goes_out() -> None:
    async with FakeUpstream([PICTURE]) as upstream:
        got = await fetcher("127.0.0.1").fetch(url_on(upstream, "pictures.test"), "image", "messages[0]")
        assert (got.media_type, got.data) == ("image/png", PNG)
        assert upstream.seen[0].headers["host"].startswith("pictures.test:")
        assert not {"authorization", "cookie"} & set(upstream.seen[0].headers)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",
     "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "not an address"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_known(address: str) -> None:
    assert not is_public(address)
    assert is_public("93.184.216.34") and is_public("2606:2800:220:1::1")


async def test_a_name_with_one_private_address_among_its_addresses_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="public internet") as refused:
        await fetcher("127.0.0.1", "10.0.0.1").fetch("http://a.test/x.png", "image", "messages[2].content[1]")
    assert refused.value.field == "messages[2].content[1]"


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    away = Reply(status=302, headers={"location": "http://127.0.0.2:1/x.png"})
    async with FakeUpstream([away]) as upstream:
        with pytest.raises(InvalidRequest, match="public internet"):
            await fetcher().fetch(url_on(upstream), "image", "f")
        assert len(upstream.seen) == 1


async def test_a_redirect_is_followed_and_an_endless_one_is_not() -> None:
    async with FakeUpstream([Reply(status=301, headers={"location": "/there.png"}), PICTURE]) as upstream:
        assert (await fetcher().fetch(url_on(upstream), "image", "f")).data == PNG
        assert upstream.seen[1].path == "/there.png"
    async with FakeUpstream([Reply(status=301, headers={"location": "/again"})]) as upstream:
        with pytest.raises(InvalidRequest, match="redirected more than"):
            await fetcher().fetch(url_on(upstream), "image", "f")


BAD: dict[str, tuple[Reply, str]] = {
    "no picture": (Reply(headers={"content-type": "text/html"}, pieces=(b"<html>",)), "it is text/html"),
    "not there": (Reply(status=404), "answered 404"),
    "too long": (Reply(headers={"content-type": "image/png"}, pieces=(PNG * 100,)), "more than 1000 bytes"),
    "cut": (Reply(headers={"content-type": "image/png"}, pieces=(PNG,), end="cut"), "cannot be fetched"),
    "never whole": (Reply(headers={"content-type": "image/png"}, pieces=(PNG,), end="stall"), "within 0.3 s"),
    "silent": (Reply(silent=True), "within 0.3 s"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_good_picture_is_refused_with_the_reason(name: str) -> None:
    reply, why = BAD[name]
    async with FakeUpstream([reply]) as upstream:
        with pytest.raises(InvalidRequest, match=why):
            await fetcher(max_file_bytes=1000, fetch_s=0.3).fetch(url_on(upstream), "image", "f")


@pytest.mark.parametrize(
    "url", ["ftp://a.test/x", "http://user:pw@a.test/x", "http:///x", "http://a.test:99999/", "http://a.test/a b"]
)
async def test_only_plain_web_addresses_are_asked(url: str) -> None:
    with pytest.raises(InvalidRequest, match="not an http"):
        await fetcher("127.0.0.1").fetch(url, "image", "f")


async def test_a_gateway_that_fetches_nothing_says_so() -> None:
    with pytest.raises(InvalidRequest, match="fetches nothing"):
        await Fetcher(Files(fetch="off")).fetch("http://a.test/x.png", "image", "f")
