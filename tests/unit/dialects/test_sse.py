"""Server-sent events are read the same however the bytes arrive."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.dialects.sse import EventReader
from entrepot.errors import BrokenStream

WHOLE = b'data: {"a":1}\n\n: comment\n\nevent: x\ndata: one\ndata: two\n\nid: 7\nretry: 3\ndata:tight\n\ndata: \xe2\x80\xa8\n\n'
EVENTS = [b'{"a":1}', b"one\ntwo", b"tight", b"\xe2\x80\xa8"]


def read(pieces: list[bytes]) -> list[bytes]:
    reader = EventReader(1000)
    found = [event for piece in pieces for event in reader.feed(piece)]
    return found + reader.close()


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@given(cuts=st.lists(st.integers(0, 120), max_size=12))
def test_any_split_line_end_and_mark_give_the_same_events(line_end: bytes, mark: bytes, cuts: list[int]) -> None:
    whole = mark + WHOLE.replace(b"\n", line_end)
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    assert read([whole[a:b] for a, b in itertools.pairwise(edges)]) == EVENTS


def test_byte_by_byte_is_the_same_too() -> None:
    assert read([bytes([byte]) for byte in WHOLE]) == EVENTS


def test_an_event_without_its_closing_blank_line_is_given_at_the_end() -> None:
    assert read([b"data: last"]) == [b"last"]


def test_an_event_past_the_bound_breaks_the_stream() -> None:
    reader = EventReader(1000)
    with pytest.raises(BrokenStream, match="1000 bytes"):
        reader.feed(b"data: " + b"x" * 2000)
