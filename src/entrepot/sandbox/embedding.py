"""The sandbox's embeddings: unit vectors made of the words of a text, the same for the same input, without a model.

Texts that share words point in a similar direction, so that a search over them finds something. A shorter vector is the beginning
of the longer one at length one again, as models have it that can shorten theirs.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import re
import sys
from array import array
from typing import Any

import msgspec

from entrepot.errors import ContextTooLong, InvalidRequest
from entrepot.metering.tokens import count_prompt
from entrepot.sandbox.scenario import Scenario
from entrepot.values.model import Model

_USUAL_LENGTH = 1536
"""For models of which the catalogue does not know it."""
_PLACES = 16
_AT_ONCE = 16
_GRAIN = [(byte - 127.5) / 1275 for byte in range(256)]
"""What a byte of the text's digest adds to each number: enough that no two texts are the same."""
_WORD = re.compile(r"\w+")


async def embeddings(told: dict[str, Any], model: Model, scenario: Scenario) -> bytes:
    """An `/embeddings` body to its answer. raises InvalidRequest, ContextTooLong"""
    items = _items(told["input"])
    length = _length(told.get("dimensions"), model)
    counts = [count_prompt([item]) for item in items]
    _check_context(counts, model)
    data = []
    for place, item in enumerate(items):
        if place % _AT_ONCE == 0:
            # Vectors take time to make: others have their turn in between.
            await asyncio.sleep(0)
        numbers = vector(item, model, length)
        embedding = packed(numbers) if told.get("encoding_format") == "base64" else numbers.tolist()
        data.append(msgspec.json.encode({"object": "embedding", "index": place, "embedding": embedding}))
    usage = (
        b"" if scenario.name == "no-usage" else b',"usage":{"prompt_tokens":%d,"total_tokens":%d}' % (sum(counts), sum(counts))
    )
    return b'{"object":"list","data":[%b],"model":%b%b}' % (b",".join(data), msgspec.json.encode(model.id), usage)


def _items(given: Any) -> list[Any]:
    return [given] if isinstance(given, str) or isinstance(given[0], int) else given


def _length(wished: int | None, model: Model) -> int:
    usual = model.dimensions or _USUAL_LENGTH
    if wished is None:
        return usual
    known = model.supported_parameters
    if "encoding_format" in known and "dimensions" not in known:
        raise _not_so_long(f"{model.id} does not take `dimensions`: its vectors have {usual} numbers.", "nothing", wished)
    if wished > usual:
        raise _not_so_long(f"{model.id} makes vectors of at most {usual} numbers.", f"at most {usual}", wished)
    return wished


def _not_so_long(message: str, expected: str, received: int) -> InvalidRequest:
    return InvalidRequest(
        message, field="dimensions", expected=expected, received=str(received), remedy="Leave `dimensions` out or lower it."
    )


def _check_context(counts: list[int], model: Model) -> None:
    most = model.context_length
    for place, count in enumerate(counts):
        if most and count > most:
            raise ContextTooLong(
                f"`input[{place}]` has {count:,} tokens, and {model.id} reads {most:,}.",
                field=f"input[{place}]",
                expected=f"at most {most} tokens",
                received=str(count),
                remedy="Cut the text into pieces and embed each.",
            )


def vector(item: Any, model: Model, length: int) -> array[float]:
    """32 bit floats, of length one within what those can say."""
    whole = item if isinstance(item, str) else json.dumps(item, sort_keys=True)
    words = _WORD.findall(whole.lower())
    size = max(model.dimensions or _USUAL_LENGTH, length)
    grain = hashlib.shake_256(f"{model.id}\n{whole}".encode(errors="replace")).digest(size)
    numbers = [_GRAIN[byte] for byte in grain]
    for word in words:
        marks = hashlib.shake_256(f"{model.id}\n{word}".encode(errors="replace")).digest(_PLACES * 2)
        for at in range(0, _PLACES * 2, 2):
            mark = marks[at] << 8 | marks[at + 1]
            numbers[(mark >> 1) % size] += 1.0 if mark & 1 else -1.0
    kept = numbers[:length]
    norm = math.hypot(*kept)
    return array("f", [number / norm for number in kept])


def packed(numbers: array[float]) -> str:
    """Base64, little endian."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
