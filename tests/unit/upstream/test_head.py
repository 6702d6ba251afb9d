"""Request heads, origins and the choice of a proxy: plain functions."""

import pytest

from entrepot.upstream.client import Origin, parse_origin, render_head
from entrepot.upstream.proxy import parse_proxy, proxy_for


def test_a_base_url_becomes_an_origin_with_its_path():
    assert parse_origin("https://api.example.com/v1/") == Origin("https", "api.example.com", 443, "/v1")
    assert parse_origin("http://[::1]:8000/v1").authority == "[::1]:8000"
    assert parse_origin("https://api.example.com:443").authority == "api.example.com"


@pytest.mark.parametrize("address", ["ftp://example.com", "example.com/v1", "https://", "http://host:99999/v1"])
def test_what_is_no_http_address_is_refused(address):
    with pytest.raises(ValueError):
        parse_origin(address)


def test_a_head_is_rendered_without_length_and_closing_line():
    head = render_head("POST", parse_origin("https://example.com/v1"), "/chat/completions", {"Authorization": "Bearer key"})
    assert head == (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: example.com\r\nAccept-Encoding: identity\r\nAuthorization: Bearer key\r\n"
    )


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "snow \u2603"])
def test_a_header_value_of_more_than_one_line_is_refused_without_being_told(value):
    with pytest.raises(ValueError) as refused:
        render_head("POST", parse_origin("https://example.com"), "/x", {"Authorization": "secret-" + value})
    assert "Authorization" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("path", ["/a b", "/a\r\nHost: evil", "/\u2603"])
def test_a_path_cannot_carry_a_second_line(path):
    with pytest.raises(ValueError):
        render_head("GET", parse_origin("https://example.com"), path, {})


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("example.com", "example.com", True),
        ("example.com", "api.example.com", True),
        (".example.com", "api.example.com", True),
        ("example.com", "badexample.com", False),
        ("example.com:443", "example.com", True),
        (" other.org , EXAMPLE.com ", "api.Example.com", True),
        ("*", "anything.org", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("", "example.com", False),
        (",", "example.com", False),
    ],
)
def test_no_proxy_exempts_a_name_and_all_below_it(no_proxy, host, direct):
    proxy = proxy_for("https", host, {"https_proxy": "http://proxy:3128", "no_proxy": no_proxy})
    assert (proxy is None) == direct


def test_each_scheme_has_its_own_proxy_and_all_proxy_stands_in():
    environment = {"HTTPS_PROXY": "http://secure:1", "ALL_PROXY": "rest:2"}
    assert proxy_for("https", "example.com", environment) == parse_proxy("http://secure:1")
    assert proxy_for("http", "example.com", environment) == parse_proxy("http://rest:2")
    assert proxy_for("http", "example.com", {"https_proxy": "http://secure:1"}) is None


def test_a_proxys_credentials_become_basic_authorization():
    assert parse_proxy("http://me:p%40ss@proxy:3128").authorization == b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n"


def test_a_proxy_that_is_not_http_is_refused_without_telling_its_password():
    with pytest.raises(ValueError) as refused:
        parse_proxy("socks5://me:hidden@proxy:1080")
    assert "hidden" not in str(refused.value)
