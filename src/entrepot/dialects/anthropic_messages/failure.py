"""How Messages tells a failure: its envelope, and the word for each status (API reference, read 2026-11)."""

from __future__ import annotations

import json
from typing import Any

from entrepot.errors import GatewayError

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    414: "request_too_large",
    429: "rate_limit_error",
    431: "request_too_large",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_OVERLOADED = 529
"""What Anthropic answers where others answer 503, and what its clients retry as such."""


def render_error(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    return _OVERLOADED if error.status == 503 else error.status, envelope(error, generation_id)


def envelope(error: GatewayError, generation_id: str = "") -> bytes:
    """`details` are what the caller can act on; the remedy is part of the message, which is all that most clients show."""
    usual = "invalid_request_error" if error.status < 500 else "api_error"
    message = error.message if error.remedy is None else f"{error.message} {error.remedy}"
    told: dict[str, Any] = {"type": _TYPES.get(error.status, usual), "message": message}
    told |= {"error_type": error.metadata["error_type"], "details": error.metadata}
    body = {"type": "error", "error": told, "request_id": generation_id or None}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def error_event(error: GatewayError, generation_id: str) -> bytes:
    return b"event: error\ndata: " + envelope(error, generation_id) + b"\n\n"
