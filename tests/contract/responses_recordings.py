"""Recorded Responses traffic: what `recordings` reads of chat, for this dialect."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml
from msgspec import Raw
from recordings import ROOT, Recording
from recordings import _body as body_of
from recordings import _json as json_of


def responses_recordings() -> Iterator[Recording]:
    """Every Responses exchange of every folder, in order. `request` is None where only the answer was kept."""
    for path in sorted(ROOT.glob("*/*")):
        if path.suffix == ".yaml":
            text = path.read_text(encoding="utf8")
            if "/responses" in text:
                yield from _cassette(f"{path.parent.name}/{path.name}", path.parent.name, text)
        elif path.name.endswith(".chunks.txt"):
            lines = [line for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
            if '"response.created"' in lines[0]:
                for number, answer in enumerate(_answers(lines)):
                    body = "".join(f"event: {json.loads(line)['type']}\ndata: {line}\n\n" for line in answer)
                    yield _recording(path, 200, True, body.encode(), number)
        elif path.suffix == ".json":
            body_bytes = path.read_bytes()
            told = json.loads(body_bytes)
            if told.get("object") == "response":
                yield _recording(path, 200, False, body_bytes)
            elif path.parent.name == "openai-responses" and "error" in told:
                yield _recording(path, 400, False, body_bytes)


def _answers(lines: list[str]) -> Iterator[list[str]]:
    """One file can hold the streams of several turns, one after another."""
    starts = [place for place, line in enumerate(lines) if '"type":"response.created"' in line]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        yield lines[start:end]


def _recording(path: Any, status: int, streamed: bool, body: bytes, number: int = 0) -> Recording:
    kind = "text/event-stream" if streamed else "application/json"
    return Recording(f"{path.parent.name}/{path.name}#{number}", path.parent.name, status, streamed, body, None, kind)


def _cassette(name: str, folder: str, text: str) -> Iterator[Recording]:
    for number, exchange in enumerate(yaml.load(text, Loader=yaml.CSafeLoader)["interactions"]):
        request, response = exchange["request"], exchange["response"]
        place = request["uri"].partition("?")[0]
        if "/responses" not in place or place.endswith("/input_tokens"):
            continue
        sent = request.get("parsed_body") or json_of(request.get("body"))
        body = body_of(response)
        streamed = not body.lstrip().startswith(b"{")
        kind = "text/event-stream" if streamed else "application/json"
        status = response["status"]["code"] if "status" in response else response["status_code"]
        yield Recording(f"{name}#{number}", folder, status, streamed, body, sent, kind)


def comparable(value: Any) -> Any:
    """A value of ours with raw JSON as what it says, so that two of them can be compared."""
    if isinstance(value, Raw):
        text = bytes(value)
        return json.loads(text) if text else None
    if isinstance(value, msgspec.Struct):
        members = {name: comparable(getattr(value, name)) for name in value.__struct_fields__}
        return {"is": type(value).__name__, **members}
    if isinstance(value, list | tuple):
        return [comparable(item) for item in value]
    return {name: comparable(item) for name, item in value.items()} if isinstance(value, dict) else value
