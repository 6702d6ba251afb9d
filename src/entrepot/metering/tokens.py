"""Token counts of our own, for what a provider does not report, by the o200k vocabulary that bpe-openai carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from entrepot.metering.vocabulary import cl100k, o200k

_MESSAGE_OVERHEAD = 3
"""Tokens that frame each message, and the answer, in OpenAI's chat format (its cookbook, read 2026-11)."""
_IMAGE_TOKENS = 765
"""A 1024 px image at high detail: 85 + 4 tiles of 170."""
_FOLD_AT = 8192
_AT_ONCE = 1 << 16
_LONGEST = 4
"""Bytes of a character, so that no more tokens than this share one."""


def warm() -> None:
    """Loads the vocabulary, so that no request waits for it."""
    count_text("warm")


def count_text(text: str) -> int:
    """A long text is counted slice by slice: other threads wait while the vocabulary counts, and that must not be long."""
    if len(text) > _AT_ONCE:
        return sum(_count_slice(piece) for piece in _slices(text))
    return _count_slice(text)


def _slices(text: str) -> Iterator[str]:
    """Cut before spaces, where a token hardly ever crosses."""
    start = 0
    while len(text) - start > _AT_ONCE:
        cut = text.rfind(" ", start + 1, start + _AT_ONCE)
        cut = cut if cut > 0 else start + _AT_ONCE
        yield text[start:cut]
        start = cut
    yield text[start:]


def _count_slice(text: str) -> int:
    try:
        return o200k().count(text)
    except UnicodeEncodeError:
        return o200k().count(_whole_characters(text))


def count_prompt(messages: Any, tools: Any = None) -> int:
    """About what OpenAI counts for these messages and tools, given as decoded JSON of any shape.

    Texts and lists of tokens in place of messages are inputs of embeddings: nothing frames them.
    """
    told = messages if isinstance(messages, list) else []
    if told and not any(isinstance(message, dict) for message in told):
        return sum(len(item) if isinstance(item, list) else count_input(str(item)) for item in told)
    total = _MESSAGE_OVERHEAD
    for message in told:
        total += _MESSAGE_OVERHEAD + _count(message)
    return total + (_count(tools) if tools else 0)


def count_input(text: str) -> int:
    """Tokens of a text to embed."""
    try:
        return cl100k().count(text)
    except UnicodeEncodeError:
        return cl100k().count(_whole_characters(text))


def _count(value: Any) -> int:
    """Tokens of the text inside; pictures and sound at a flat figure, keys of structures not at all for messages."""
    if isinstance(value, str):
        return count_text(value)
    if isinstance(value, list):
        return sum(_count(item) for item in value)
    if not isinstance(value, dict):
        return 1 if value is not None else 0
    kind = value.get("type")
    if kind in ("image_url", "input_audio", "video_url", "input_video", "file"):
        return _IMAGE_TOKENS
    return sum(
        _count(item) + (1 if name not in ("role", "type", "content") else 0) for name, item in value.items() if name != "type"
    )


def prompt_bound(body_bytes: int, images: int = 0) -> int:
    """More tokens than a prompt of this many bytes can have: no token is shorter than a byte."""
    return body_bytes + images * _IMAGE_TOKENS * 2


class StreamCounter:
    """Counts text that comes in pieces, in bounded memory: whole folds of it are counted and let go."""

    __slots__ = ("_counted", "_held", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._held = 0
        self._counted = 0

    def feed(self, piece: str) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > _FOLD_AT:
            self._fold()

    def total(self) -> int:
        return self._counted + (count_text("".join(self._pieces)) if self._pieces else 0)

    def _fold(self) -> None:
        """Counts up to the last space, where a token never crosses, and keeps the rest."""
        text = "".join(self._pieces)
        cut = text.rfind(" ")
        if cut <= 0:
            cut = len(text)
        self._counted += count_text(text[:cut])
        self._pieces = [text[cut:]] if cut < len(text) else []
        self._held = len(text) - cut


def cut_tokens(text: str, most: int) -> tuple[str, int, bool]:
    """The text up to a number of tokens, how many it has then, and whether anything was cut. Never half a character."""
    if not text:
        return "", 0, False
    tokens = _encode(text)
    if len(tokens) <= most:
        return text, len(tokens), False
    return _prefix(tokens, most), most, True


def split_tokens(text: str) -> list[str]:
    """The text in pieces of one token each, or of a few where a character spans several."""
    pieces: list[str] = []
    held: list[int] = []
    for token in _encode(text) if text else ():
        held.append(token)
        try:
            pieces.append(o200k().decode(held))
        except ValueError:
            continue
        held = []
    return pieces


def _prefix(tokens: list[int], most: int) -> str:
    """Their text, but for a character that the last of them leaves unfinished."""
    for end in range(most, max(most - _LONGEST, 0), -1):
        try:
            return o200k().decode(tokens[:end])
        except ValueError:
            continue
    return ""


def _encode(text: str) -> list[int]:
    try:
        return o200k().encode(text)
    except UnicodeEncodeError:
        return o200k().encode(_whole_characters(text))


def _whole_characters(text: str) -> str:
    """Two halves of a surrogate pair as their character, a lone one as the sign for what cannot be read."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
