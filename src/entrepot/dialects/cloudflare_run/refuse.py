"""Errors in the envelope of Cloudflare's API: a number of its own beside the HTTP status, and ours beside them.

The numbers are those of Workers AI's list of errors and, for keys and methods, of the whole API (read 2026-11). What our contract
says of an error (`error_type`, `field`, `remedy_hint`, …) is in `metadata`; `source.pointer` is where it tells of a field.
"""

from __future__ import annotations

import re
from typing import Any

from entrepot.dialects.voice import dumps
from entrepot.errors import GatewayError

_BY_TYPE = {
    "authentication": 10000,
    "payment_required": 3036,
    "permission_denied": 3041,
    "content_policy_violation": 3041,
    "payload_too_large": 3006,
    "timeout": 3007,
    "rate_limit_exceeded": 3040,
    "provider_overloaded": 3040,
}
_NO_SUCH_MODEL, _NO_ENDPOINT, _NO_METHOD, _INCOMPLETE, _INVALID, _LORA, _FAILED = 5007, 3042, 7001, 3003, 5006, 5005, 3000


def code_of(error: GatewayError) -> int:
    told = error.metadata
    kind = str(told["error_type"])
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if error.status == 404:
        return _NO_ENDPOINT
    if error.status == 405:
        return _NO_METHOD
    if error.status >= 500:
        return _FAILED
    if error.field == "model":
        return _NO_SUCH_MODEL
    if error.field == "lora":
        return _LORA
    return _INVALID if error.field else _INCOMPLETE


def envelope(error: GatewayError, generation_id: str = "") -> dict[str, Any]:
    """The error as one value; `id` names the generation when one was begun."""
    said: dict[str, Any] = {"code": code_of(error), "message": error.message, "metadata": error.metadata}
    if error.field:
        said["source"] = {"pointer": _pointer(error.field)}
    told: dict[str, Any] = {"result": None, "success": False, "errors": [said], "messages": []}
    return told | {"id": generation_id} if generation_id else told


def _pointer(field: str) -> str:
    """`messages[0].content` as a JSON pointer."""
    return "/" + re.sub(r"\[(\d+)\]", r".\1", field).replace("/", "~1").replace(".", "/")


def render_error(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    return error.status, dumps(envelope(error, generation_id))
