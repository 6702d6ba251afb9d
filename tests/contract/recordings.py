"""Real recorded traffic, read from `../shared/recordings` where that folder is there. Its README tells the two file forms."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"
FOLDERS = [
    "openai-chat",
    "azure-openai",
    "groq",
    "deepseek",
    "mistral",
    "xai",
    "together",
    "cerebras",
    "openrouter",
    "huggingface",
    "cloudflare",
    "zai",
    "perplexity",
    "ollama",
    "google",
]
WHY_SKIPPED = f"the recordings are not at {ROOT.relative_to(ROOT.parents[2])} beside the checkout"


@dataclass(frozen=True)
class Recording:
    """One answer of a provider to one chat request."""

    name: str
    folder: str
    status: int
    streamed: bool
    body: bytes
    request: dict[str, Any] | None
    content_type: str


def chat_recordings() -> Iterator[Recording]:
    """Every Chat Completions exchange of the folders, in order."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*")):
            if path.suffix == ".yaml":
                yield from _cassette(path, folder)
            elif path.name.endswith(".chunks.txt"):
                lines = [line for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
                if '"choices"' in lines[0]:
                    body = "".join(f"data: {line}\n\n" for line in lines) + "data: [DONE]\n\n"
                    yield Recording(f"{folder}/{path.name}", folder, 200, True, body.encode(), None, "text/event-stream")
            elif path.suffix == ".json":
                body = path.read_bytes()
                told = json.loads(body)
                if "choices" in told:
                    yield Recording(f"{folder}/{path.name}", folder, 200, False, body, None, "application/json")
                elif "error" in told and "reasoning-model" in path.name:
                    yield Recording(f"{folder}/{path.name}", folder, 400, False, body, None, "application/json")


def _cassette(path: Path, folder: str) -> Iterator[Recording]:
    for number, exchange in enumerate(yaml.safe_load(path.read_text(encoding="utf8"))["interactions"]):
        request, response = exchange["request"], exchange["response"]
        if "/chat/completions" not in request["uri"] or "/v2/" in request["uri"]:
            continue
        sent = request.get("parsed_body") or _json(request.get("body"))
        status = response["status"]["code"] if "status" in response else response["status_code"]
        body = _body(response)
        streamed = bool(sent and sent.get("stream")) and not body.lstrip().startswith(b"{")
        kind = "text/event-stream" if streamed else "application/json"
        yield Recording(f"{folder}/{path.name}#{number}", folder, status, streamed, body, sent, kind)


def _body(response: dict[str, Any]) -> bytes:
    if "parsed_body" in response:
        return json.dumps(response["parsed_body"]).encode()
    body = response["body"]["string"] if "body" in response else response["content"]
    raw = body.encode() if isinstance(body, str) else body
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def _json(body: Any) -> dict[str, Any] | None:
    if isinstance(body, dict):
        return body
    try:
        told = json.loads(body)
    except (TypeError, ValueError):
        return None
    return told if isinstance(told, dict) else None
