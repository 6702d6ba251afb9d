"""Amazon's event stream: frames in any pieces, checked to the last byte."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native import frame

from entrepot.dialects.bedrock_converse.frames import FrameReader, read_headers
from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream

TWO = frame("messageStart", {"role": "assistant"}) + frame("messageStop", {"stopReason": "end_turn"})


def test_a_frame_comes_out_once_it_is_whole() -> None:
    reader = FrameReader(1000)
    frames = [found for at in range(len(TWO)) for found in reader.feed(TWO[at : at + 1])]
    assert [found.headers[":event-type"] for found in frames] == ["messageStart", "messageStop"]
    assert frames[0].payload == b'{"role": "assistant"}'
    assert FrameReader(1000).feed(TWO) == frames


@pytest.mark.parametrize("at", range(0, len(TWO), 7))
def test_a_byte_that_changed_on_the_way_is_noticed(at: int) -> None:
    reader = FrameReader(1000)
    with pytest.raises((Malformed, BrokenStream)):
        reader.feed(TWO[:at] + bytes([TWO[at] ^ 1]) + TWO[at + 1 :])
        reader.feed(b"\0" * 2000)


def test_a_frame_past_the_limit_is_refused_before_it_is_kept() -> None:
    lengths = struct.pack(">II", 1001, 0)
    with pytest.raises(BrokenStream, match="more than 1000 bytes"):
        FrameReader(1000).feed(lengths + struct.pack(">I", zlib.crc32(lengths)))


def test_headers_of_every_type_are_passed_over_and_texts_kept() -> None:
    def header(name: bytes, kind: int, value: bytes) -> bytes:
        return bytes([len(name)]) + name + bytes([kind]) + value

    sizes = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
    block = b"".join(header(b"n%d" % kind, kind, b"x" * size) for kind, size in sizes.items())
    block += header(b"bytes", 6, b"\x00\x02ab") + header(b":event-type", 7, b"\x00\x03new")
    assert read_headers(block) == {":event-type": "new"}


@pytest.mark.parametrize("block", [b"\x01a\x0b", b"\x05ab", b"\x01a\x07\x00", b"\x01a\x07\x00\x09x", b"\x01\xff\x07\x00\x00"])
def test_headers_that_cannot_be_read_are_malformed(block: bytes) -> None:
    with pytest.raises(Malformed, match="headers"):
        read_headers(block)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_bytes_are_frames_or_malformed(pieces: list[bytes]) -> None:
    reader = FrameReader(500)
    try:
        for piece in pieces:
            assert all(isinstance(found.payload, bytes) for found in reader.feed(piece))
    except (Malformed, BrokenStream):
        pass
