"""Opaque state for the sandbox's reasoning, as a maker's encrypted reasoning: it must come back as it went."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from entrepot.errors import InvalidRequest

_SEAL = b"entrepot-sandbox:"


def seal(thought: str) -> str:
    digest = hashlib.blake2b(thought.encode(), digest_size=12).digest()
    return base64.b64encode(_SEAL + digest + _check_of(digest)).decode()


def check_seals(messages: list[Any]) -> None:
    """raises  InvalidRequest, when reasoning of ours came back changed"""
    for number, message in enumerate(messages):
        for place, detail in enumerate(message.get("reasoning_details") or ()):
            if not (isinstance(detail, dict) and detail.get("type") == "reasoning.encrypted"):
                continue
            if isinstance(detail.get("data"), str) and _is_changed(detail["data"]):
                path = f"messages[{number}].reasoning_details[{place}].data"
                raise InvalidRequest(
                    f"`{path}` is not what the sandbox gave: it was changed on the way.",
                    field=path,
                    expected="the data exactly as it came",
                    received="something else",
                    remedy="Send `reasoning_details` back unchanged and in order.",
                )


def _is_changed(data: str) -> bool:
    """What cannot be read was changed too; what never was ours was not."""
    try:
        raw = base64.b64decode(data, validate=True)
    except ValueError:
        return True
    if raw and _SEAL[:8] not in raw:
        return False
    digest, check = raw[len(_SEAL) : len(_SEAL) + 12], raw[len(_SEAL) + 12 :]
    return _check_of(digest) != check


def _check_of(digest: bytes) -> bytes:
    return hashlib.blake2b(digest, digest_size=6).digest()
