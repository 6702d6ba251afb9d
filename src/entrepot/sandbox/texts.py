"""A text for a schema's format, pattern or length."""

from __future__ import annotations

import re
from collections.abc import Iterator

WORDS = ("harbour", "cargo", "tide", "ledger", "crane", "quay", "beacon", "anchor")
FORMATS = {
    "date-time": "2025-11-13T12:00:00Z",
    "date": "2025-11-13",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "port@example.com",
    "idn-email": "port@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/port",
    "iri": "https://example.com/",
    "iri-reference": "/port",
    "uuid": "3f2b6a9e-1c4d-4e8f-9a7b-5d6c7e8f9a0b",
    "json-pointer": "/port",
    "relative-json-pointer": "0",
    "uri-template": "/port/{id}",
    "regex": "^port$",
}
_OFTEN_FIT = (*WORDS, *FORMATS.values(), "A1", "1", "a", "0", "abc-123", "ABC123", "+12025550123", "12345", "en-US")
_PIECE = re.compile(r"(\[[^\]]+\]|\\[dwsDWS.\-/+]|\.|[^\\\[\](){}*+?|^$])(\{(\d+)(?:,(\d*))?\}|[*+?])?")


def has_length(text: str, least: int, most: int | None) -> bool:
    return len(text) >= least and (most is None or len(text) <= most)


def stretched(text: str, least: int, most: int | None) -> str:
    """Repeated or cut until its length is right."""
    while len(text) < least:
        text += " " + text
    return text[:most]


def matching(pattern: str, least: int, most: int | None) -> str | None:
    """None: none was found. raises re.error, RecursionError, for a pattern that Python does not read"""
    compiled = re.compile(pattern)
    for text in _tries(pattern, least):
        if compiled.search(text) and has_length(text, least, most):
            return text
    return None


def _tries(pattern: str, least: int) -> Iterator[str]:
    yield from _OFTEN_FIT
    made = _from_pattern(pattern, least)
    if made is not None:
        yield made


def _from_pattern(pattern: str, least: int) -> str | None:
    """A text for a plain sequence of characters, classes and counts; None for anything else."""
    body = pattern.removeprefix("^").removesuffix("$")
    made, at = "", 0
    while at < len(body):
        piece = _PIECE.match(body, at)
        if piece is None:
            return None
        atom, count = piece[1], piece[2]
        times = int(piece[3]) if piece[3] else 0 if count in ("*", "?") else 1
        if count and (count in ("*", "+") or (piece[4] == "")):
            times = max(times, min(least - len(made), 1000)) if piece.end() == len(body) else max(times, 1)
        made += _character(atom) * times
        at = piece.end()
    return made


def _character(atom: str) -> str:
    if atom.startswith("["):
        for sign in "a1A0Zz9_-. @/:+":
            if re.fullmatch(atom, sign):
                return sign
        return atom[1]
    known = {"\\d": "1", "\\w": "a", "\\s": " ", "\\D": "a", "\\W": "-", "\\S": "a", ".": "a"}
    return known.get(atom, atom.removeprefix("\\"))
