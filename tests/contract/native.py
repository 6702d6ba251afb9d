"""Recorded answers in the dialects that only providers speak, and how to hear them in any pieces."""

import importlib
import itertools
import json
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import yaml
from recordings import ROOT, WHY_SKIPPED, Recording, _body, _json

from entrepot.dialects.dialect import Dialect, Hearing
from entrepot.values.event import Event, PartBegan, PartEnded

__all__ = ["PLACES", "ROOT", "WHY_SKIPPED", "dialect", "frame", "heard", "native_recordings", "pieces_of", "strays_in"]

PLACES = {
    "cohere": ("cohere", "/v2/chat"),
    "ollama": ("ollama", "/api/chat"),
    "bedrock_converse": ("bedrock", "/converse"),
}


def native_recordings(name: str) -> Iterator[Recording]:
    """Every exchange of a dialect, in order."""
    folder, place = PLACES[name]
    for path in sorted((ROOT / folder).glob("*.yaml")):
        for number, exchange in enumerate(yaml.safe_load(path.read_text(encoding="utf8"))["interactions"]):
            request, response = exchange["request"], exchange["response"]
            if place not in request["uri"]:
                continue
            sent = request.get("parsed_body") or _json(request.get("body"))
            status = response["status"]["code"] if "status" in response else response["status_code"]
            streamed = "converse-stream" in request["uri"] or bool(sent and sent.get("stream"))
            yield Recording(f"{folder}/{path.name}#{number}", folder, status, streamed, _body(response), sent, request["uri"])


def dialect(name: str) -> Dialect:
    spoken: Dialect = importlib.import_module(f"entrepot.dialects.{name}.dialect").dialect
    return spoken


def heard(name: str, pieces: list[bytes], hearing: Hearing | None = None) -> list[Event]:
    """The events of a stream that came in these pieces."""
    make = dialect(name).reader
    assert make
    reader = make(hearing or Hearing(family=dialect(name).family))
    events = [event for piece in pieces for event in reader.feed(piece)]
    events += reader.close()
    assert reader.done
    return events


def strays_in(events: list[Event]) -> list[Event]:
    """Those that are about a part which has not begun, or has ended before."""
    is_open: set[tuple[int, int]] = set()
    strays: list[Event] = []
    for event in events:
        place = (getattr(event, "choice", 0), getattr(event, "index", -1))
        if isinstance(event, PartBegan):
            is_open.add(place)
        elif place[1] >= 0 and place not in is_open:
            strays.append(event)
        if isinstance(event, PartEnded):
            is_open.discard(place)
    return strays


def pieces_of(body: bytes, seed: int) -> list[bytes]:
    """The body cut at random places."""
    rng = random.Random(seed)
    cuts = sorted({rng.randrange(len(body)) for _ in range(rng.randrange(1, 80))} | {0, len(body)})
    return [body[a:b] for a, b in itertools.pairwise(cuts)]


def frame(kind: str, payload: dict[str, Any], *, message: str = "event") -> bytes:
    """One frame of Amazon's event stream, written from its description."""
    name = ":exception-type" if message == "exception" else ":event-type"
    headers = {name: kind, ":content-type": "application/json", ":message-type": message}
    block = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    text = json.dumps(payload).encode()
    lengths = struct.pack(">II", 16 + len(block) + len(text), len(block))
    body = lengths + struct.pack(">I", zlib.crc32(lengths)) + block + text
    return body + struct.pack(">I", zlib.crc32(body))
