"""Recorded Messages traffic, read from `../shared/recordings` where that folder is there."""

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from recordings import ROOT, _body, _json

from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.dialect import Hearing
from entrepot.values.event import Event


@dataclass(frozen=True)
class Exchange:
    """One request, where it was recorded, and its answer."""

    name: str
    status: int
    body: bytes
    streamed: bool
    request: dict[str, Any] | None
    counts: bool = False


def exchanges() -> list[Exchange]:
    """Every Messages exchange of every folder, in order."""
    return [found for path in sorted(ROOT.glob("*/*")) for found in _of(path)] if ROOT.is_dir() else []


def _of(path: Path) -> Iterator[Exchange]:
    name = f"{path.parent.name}/{path.name}"
    if path.suffix == ".yaml":
        text = path.read_text(encoding="utf8")
        if "/v1/messages" in text:
            yield from _cassette(name, text)
    elif path.suffix == ".json":
        body = path.read_bytes()
        if json.loads(body).get("type") == "message":
            yield Exchange(name, 200, body, False, None)
    elif path.name.endswith(".chunks.txt"):
        lines = [line for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
        if json.loads(lines[0]).get("type") == "message_start":
            body = "".join(f"event: {json.loads(line)['type']}\ndata: {line}\n\n" for line in lines).encode()
            yield Exchange(name, 200, body, True, None)


def _cassette(name: str, text: str) -> Iterator[Exchange]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for number, interaction in enumerate(yaml.load(text, Loader=loader)["interactions"]):
        request, response = interaction["request"], interaction["response"]
        if "/v1/messages" not in request["uri"]:
            continue
        sent = request.get("parsed_body") or _json(request.get("body"))
        status = response["status"]["code"] if "status" in response else response["status_code"]
        body = _body(response)
        streamed = bool(sent and sent.get("stream")) and not body.lstrip().startswith(b"{")
        yield Exchange(f"{name}#{number}", status, body, streamed, sent, "/count_tokens" in request["uri"])


def pieces(body: bytes, seed: str) -> Iterator[list[bytes]]:
    """The stream whole, byte by byte where it is small, and at three random splits."""
    dice = random.Random(seed)
    yield [body]
    if len(body) < 20_000:
        yield [body[at : at + 1] for at in range(len(body))]
    for _ in range(3):
        places = sorted({dice.randrange(1, len(body)) for _ in range(60)})
        yield [body[a:b] for a, b in itertools.pairwise([0, *places, len(body)])]


def heard(body: bytes, streamed: bool) -> list[Event]:
    assert dialect.read is not None
    return stream_events([body]) if streamed else dialect.read(body, Hearing())


def stream_events(chunks: list[bytes]) -> list[Event]:
    assert dialect.reader is not None
    reader = dialect.reader(Hearing())
    events = [event for chunk in chunks for event in reader.feed(chunk)] + reader.close()
    assert reader.done
    return events


def message_of(stream: bytes) -> dict[str, Any]:
    """A stream's message put together by hand, as the reference says, to compare ours with."""
    message: dict[str, Any] = {}
    texts: dict[int, list[str]] = {}
    for line in stream.decode().splitlines():
        if not line.startswith("data:"):
            continue
        told = json.loads(line[5:])
        if told["type"] == "message_start":
            message = told["message"]
        elif told["type"] == "content_block_start":
            message["content"].append(told["content_block"])
            texts[told["index"]] = []
        elif told["type"] == "content_block_delta":
            _grow(message["content"][told["index"]], told["delta"], texts[told["index"]])
        elif told["type"] == "content_block_stop" and "input" in message["content"][told["index"]]:
            message["content"][told["index"]]["input"] = json.loads("".join(texts[told["index"]]) or "{}")
        elif told["type"] == "message_delta":
            message |= told["delta"]
            message["usage"] |= told["usage"]
    return message


def _grow(block: dict[str, Any], delta: dict[str, Any], texts: list[str]) -> None:
    if delta["type"] == "input_json_delta":
        texts.append(delta["partial_json"])
    elif delta["type"] == "citations_delta":
        block["citations"].append(delta["citation"])
    else:
        name = delta["type"].removesuffix("_delta")
        block[name] += delta[name]
