"""Arguments of a call that come in pieces: each piece names the place it belongs to (Vertex, `streamFunctionCallArguments`).

A place is `$.a.b[0]`; text of one place may come in several pieces, each but the last with `willContinue`.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import Malformed, dumps

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,4})\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_DEEPEST = 64
_WIDEST_GAP = 64
"""How far past the end of a list a piece may stand: a few bytes must not make a list of thousands."""


class _Piece(msgspec.Struct):
    jsonPath: str = "$"
    stringValue: str | None = None
    numberValue: float | int | None = None
    boolValue: bool | None = None
    nullValue: Any = msgspec.UNSET
    willContinue: bool | None = None


_decode = msgspec.json.Decoder(_Piece).decode


class Growing:
    """The arguments so far. `text` gives them as JSON."""

    __slots__ = ("_open", "_root")

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._open: str | None = None

    def take(self, raw: Raw) -> None:
        """raises  Malformed"""
        try:
            piece = _decode(raw)
        except (msgspec.DecodeError, RecursionError):
            raise Malformed("a piece of a call's arguments") from None
        steps = _steps(piece.jsonPath)
        holder: Any = self._root
        for step, following in itertools.pairwise(steps):
            holder = _into(holder, step, [] if isinstance(following, int) else {})
        value = _value(piece)
        last = steps[-1]
        if isinstance(value, str) and self._open == piece.jsonPath:
            value = _into(holder, last, "") + value
        _put(holder, last, value)
        self._open = piece.jsonPath if piece.willContinue else None

    def text(self) -> str:
        return dumps(self._root).decode()


def _steps(path: str) -> list[str | int]:
    found: list[str | int] = []
    rest = path.removeprefix("$")
    while match := _STEP.match(rest):
        rest = rest[match.end() :]
        name, number, single, double = match.groups()
        quoted = single if single is not None else double
        found.append(int(number) if number else name if name is not None else re.sub(r"\\(.)", r"\1", quoted))
    if rest or not 0 < len(found) <= _DEEPEST or isinstance(found[0], int):
        raise Malformed(f"a place in a call's arguments: {path[:40]}")
    return found


def _value(piece: _Piece) -> Any:
    given = (value for value in (piece.stringValue, piece.numberValue, piece.boolValue) if value is not None)
    return next(given, None)


def _into(holder: Any, step: str | int, usual: Any) -> Any:
    """What stands at a step, made when nothing did."""
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.setdefault(step, usual)
    if isinstance(holder, list) and isinstance(step, int):
        if step < len(holder):
            return holder[step]
        _put(holder, step, usual)
        return usual
    raise Malformed("pieces of a call's arguments that do not fit together")


def _put(holder: Any, step: str | int, value: Any) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
    elif isinstance(holder, list) and isinstance(step, int) and step <= len(holder) + _WIDEST_GAP:
        holder.extend([None] * (step + 1 - len(holder)))
        holder[step] = value
    else:
        raise Malformed("pieces of a call's arguments that do not fit together")
