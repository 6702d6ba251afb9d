"""Recorded traffic of Google's native dialect, from `../shared/recordings` where that folder is there."""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from recordings import ROOT

METHODS = re.compile(r":(generateContent|streamGenerateContent|countTokens)\b")


@dataclass(frozen=True)
class Exchange:
    """One request, where it was kept, and its answer. `sent` is JSON as bytes."""

    name: str
    method: str
    model: str
    status: int
    streamed: bool
    body: bytes
    sent: bytes | None


@functools.cache
def exchanges() -> tuple[Exchange, ...]:
    """Every exchange in Google's dialect, in whatever folder."""
    found: list[Exchange] = []
    for path in sorted(ROOT.glob("*/*")):
        name = f"{path.parent.name}/{path.name}"
        if path.suffix == ".yaml" and METHODS.search(path.read_text(encoding="utf8")):
            found += _cassette(path, name)
        elif path.name.endswith(".chunks.txt"):
            lines = [line for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
            if '"candidates"' in lines[0]:
                body = "".join(f"data: {line}\r\n\r\n" for line in lines).encode()
                found.append(Exchange(name, "streamGenerateContent", "", 200, True, body, None))
        elif path.suffix == ".json" and path.parent.name == "google":
            body = path.read_bytes()
            status = json.loads(body).get("error", {}).get("code", 200)
            found.append(Exchange(name, "generateContent", "", status, False, body, None))
    return tuple(found)


def _cassette(path: Path, name: str) -> Iterator[Exchange]:
    told = yaml.load(path.read_text(encoding="utf8"), Loader=yaml.CSafeLoader)
    for number, exchange in enumerate(told["interactions"]):
        request, response = exchange["request"], exchange["response"]
        method = METHODS.search(request["uri"])
        if method is None:
            continue
        sent = request.get("parsed_body") or request.get("body")
        raw = sent.encode() if isinstance(sent, str) else json.dumps(sent).encode()
        model = request["uri"].rpartition("/")[2].partition(":")[0]
        body = _body(response)
        streamed = method[1] == "streamGenerateContent" and body.startswith(b"data:")
        yield Exchange(f"{name}#{number}", method[1], model, response["status"]["code"], streamed, body, raw)


def _body(response: dict[str, Any]) -> bytes:
    if "parsed_body" in response:
        return json.dumps(response["parsed_body"]).encode()
    body = response["body"]["string"]
    return body.encode() if isinstance(body, str) else body


def answers() -> list[Exchange]:
    """Those with an answer of a model in them."""
    return [exchange for exchange in exchanges() if exchange.status == 200 and exchange.method != "countTokens"]


def requests() -> list[Exchange]:
    return [exchange for exchange in exchanges() if exchange.sent is not None and exchange.method != "countTokens"]


def pieces_of(exchange: Exchange) -> list[dict[str, Any]]:
    """The answer as JSON values, one for each piece."""
    if not exchange.streamed:
        return [json.loads(exchange.body)]
    return [json.loads(line[5:]) for line in exchange.body.decode().splitlines() if line.startswith("data:")]
