"""What is large and of words travels small, to who can read it."""

import asyncio
import gzip

import pytest
from tests.unit.api.desk import FakeDesk, call

from entrepot.api.squeeze import Headers, Squeezer, accepts_gzip
from entrepot.testing.builders import model

WORDS = b"prices by the million tokens " * 100
HTML = [(b"content-type", b"text/html; charset=utf-8"), (b"etag", b'"abc"')]
ASKED = [(b"accept-encoding", b"br, gzip")]


def squeezed(headers: Headers, body: bytes, asked: Headers = ASKED, squeezer: Squeezer | None = None) -> tuple[Headers, bytes]:
    return asyncio.run((squeezer or Squeezer()).squeeze(asked, headers, body))


def test_who_accepts_gzip_gets_it_with_a_weak_tag() -> None:
    headers, body = squeezed(HTML, WORDS)
    told = dict(headers)
    assert gzip.decompress(body) == WORDS
    assert (told[b"content-encoding"], told[b"vary"], told[b"etag"]) == (b"gzip", b"accept-encoding", b'W/"abc"')


def test_who_does_not_gets_it_plain_and_caches_learn_that_it_varies() -> None:
    headers, body = squeezed(HTML, WORDS, [])
    assert (body, dict(headers)[b"vary"], dict(headers)[b"etag"]) == (WORDS, b"accept-encoding", b'"abc"')


@pytest.mark.parametrize("media", [b"text/event-stream", b"font/woff2", b"application/octet-stream"])
def test_streams_and_what_is_packed_already_are_left_alone(media: bytes) -> None:
    assert squeezed([(b"content-type", media)], WORDS) == ([(b"content-type", media)], WORDS)


def test_short_answers_are_left_alone() -> None:
    assert squeezed(HTML, b"short") == (HTML, b"short")


@pytest.mark.parametrize(
    ("told", "accepts"),
    [("gzip", True), ("br;q=1, GZIP;q=0.2", True), ("gzip; q=0", False), ("*", True), ("*, gzip;q=0.000", False), ("br", False), ("", False)],
)  # fmt: skip
def test_what_a_client_accepts_is_read_with_its_weights(told: str, accepts: bool) -> None:
    assert accepts_gzip([(b"accept-encoding", told.encode())]) is accepts


def test_what_has_a_tag_is_squeezed_once_and_the_oldest_is_forgotten() -> None:
    squeezer = Squeezer(most_bytes=len(gzip.compress(WORDS, 6, mtime=0)))
    _, first = squeezed(HTML, WORDS, squeezer=squeezer)
    assert squeezed(HTML, b"another text under the same tag " * 99, squeezer=squeezer)[1] is first
    squeezed([(b"content-type", b"text/css"), (b"etag", b'"other"')], WORDS, squeezer=squeezer)
    assert squeezed(HTML, WORDS, squeezer=squeezer)[1] is not first


def test_a_list_of_the_api_is_squeezed_and_head_tells_the_same_length() -> None:
    api = FakeDesk(*(model(f"openai/model-{number}") for number in range(9))).api()
    plain, small = call(api, "GET", "/api/v1/models"), call(api, "GET", "/api/v1/models", "", ASKED)
    assert gzip.decompress(small.body) == plain.body
    head = call(api, "HEAD", "/api/v1/models", "", ASKED)
    assert head.headers["content-length"] == small.headers["content-length"] == str(len(small.body))
    again = call(api, "GET", "/api/v1/models", "", [*ASKED, (b"if-none-match", small.headers["etag"].encode())])
    assert (again.status, again.body) == (304, b"")
