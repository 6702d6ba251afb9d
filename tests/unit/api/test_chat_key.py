"""The chat page gets a test key on the machine the server runs on, and nobody else does."""

from typing import Any

import pytest

from entrepot.api.visitor import Visitor, visitor_of

OWN = {b"host": b"127.0.0.1:8080", b"origin": b"http://127.0.0.1:8080", b"sec-fetch-site": b"same-origin"}


def seen(client: Any = ("127.0.0.1", 5), **changed: str | None) -> Visitor:
    headers = OWN | {name.replace("_", "-").encode(): value.encode() for name, value in changed.items() if value is not None}
    return visitor_of({"client": client, "headers": list(headers.items())})


def test_a_page_of_ours_on_this_machine_is_both() -> None:
    assert seen() == Visitor(own_page=True, near=True)
    assert seen(("::1", 5), host="[::1]:80", origin="http://[::1]:80") == Visitor(True, True)


@pytest.mark.parametrize(
    "told",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ""}, {"sec_fetch_site": "cross-site"}, {"origin": "http://127.0.0.1:9"}],
)  # fmt: skip
def test_a_page_of_another_site_is_not_ours(told: dict[str, str]) -> None:
    assert not seen(**told).own_page


@pytest.mark.parametrize(
    "told", [{"host": "rebound.example"}, {"x_forwarded_for": "203.0.113.5"}, {"forwarded": "for=x"}, {"via": "1.1 p"}]
)
def test_a_name_of_somebody_else_or_a_proxy_is_not_near(told: dict[str, str]) -> None:
    assert not seen(**told).near


@pytest.mark.parametrize("client", [("203.0.113.5", 5), ("", 0), None])
def test_another_machine_is_not_near(client: Any) -> None:
    assert not seen(client).near
