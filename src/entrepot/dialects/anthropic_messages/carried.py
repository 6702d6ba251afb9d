"""Opaque state of other makers, where Messages keeps Claude's own.

A client of this dialect sends back strings that it does not read: the `signature` of a thinking block and the `data` of a
redacted one. Claude's own state stands there as it is. Anyone else's is carried in the form `entrepot.SUM.HEAD.DATA`: DATA to the
byte, HEAD saying whose it is and what it belongs to, SUM vouching for both, so that what was changed on the way is noticed here
rather than by its maker.

State of a call stands in a redacted block before it. State of a text is known when the text is over, and no block may follow it:
clients take the last block for the answer. It stands in a member of the text block, and in a stream, where that is too late, in a
citation of a document that there is not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Literal

import msgspec
from msgspec import Raw

from entrepot.values.conversation import Opaque, Reasoning

_MARK = "entrepot."
MARK = b'"entrepot.'
"""What is in the bytes of every request that brings such state back."""


class Carried(msgspec.Struct, frozen=True, array_like=True):
    """of     the block itself, the call named `name`, or the text before it
    name   the call's id, or the maker's own id of a reasoning item
    cuts   lengths of the text and of each section of a summary, which a thinking block joins
    """

    of: Literal["block", "call", "text"]
    family: str
    kind: Literal["signature", "encrypted"] = "signature"
    name: str = ""
    cuts: tuple[int, ...] = ()
    data: str = ""

    @property
    def state(self) -> Opaque | None:
        return Opaque(self.family, self.data, self.kind) if self.data else None


_decode_head = msgspec.json.Decoder(Carried).decode


def carry(load: Carried) -> str:
    head = msgspec.json.encode(msgspec.structs.replace(load, data=""))
    rest = f"{base64.urlsafe_b64encode(head).decode().rstrip('=')}.{load.data}"
    return f"{_MARK}{_sum(rest)}.{rest}"


def carried(text: str) -> Carried | None:
    """None for what is not of our making. raises ValueError when it was changed"""
    if not text.startswith(_MARK):
        return None
    told, _, rest = text[len(_MARK) :].partition(".")
    head, _, data = rest.partition(".")
    if told != _sum(rest):
        raise ValueError("changed on the way")
    try:
        load = _decode_head(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not of our making") from error
    return msgspec.structs.replace(load, data=data)


def _sum(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=9).hexdigest()


_NOWHERE = 2**31 - 1


def as_citation(load: str) -> dict[str, object]:
    """Load in a citation that no client shows, as the document it names was not given."""
    where = {"document_index": _NOWHERE, "document_title": None, "start_char_index": 0, "end_char_index": 0}
    return {"type": "char_location", "cited_text": "", **where, "file_id": load}


class _Cited(msgspec.Struct):
    file_id: str | None = None


_decode_cited = msgspec.json.Decoder(_Cited).decode


def load_of(citation: Raw) -> Carried | None:
    """What a citation carries; None for a real one. raises ValueError when it was changed"""
    if MARK not in bytes(memoryview(citation)):
        return None
    try:
        return carried(_decode_cited(citation).file_id or "")
    except msgspec.DecodeError:
        return None


_BETWEEN = "\n\n"


def thinking_of(part: Reasoning) -> tuple[str, tuple[int, ...]]:
    """Text and summary as one text, and where to cut it again."""
    if not part.summary:
        return part.text, ()
    pieces = [part.text, *part.summary]
    return _BETWEEN.join([piece for piece in pieces if piece]), tuple([len(piece) for piece in pieces])


def reasoning_of(thinking: str, load: Carried) -> Reasoning:
    """The part that `thinking_of` was given; all is text where the client changed it."""
    text, summary = thinking, list[str]()
    lengths = load.cuts
    shown = [length for length in lengths if length]
    if lengths and len(thinking) == sum(shown) + len(_BETWEEN) * max(len(shown) - 1, 0):
        pieces, at = list[str](), 0
        for length in lengths:
            pieces.append(thinking[at : at + length])
            at += length + len(_BETWEEN) if length else 0
        text, *summary = pieces
    return Reasoning(text, tuple(summary), load.state, load.name, load.family)
