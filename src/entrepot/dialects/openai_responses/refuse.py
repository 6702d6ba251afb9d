"""Refusals and failures as clients of this dialect expect them.

Over HTTP the envelope is OpenAI's with OpenRouter's additions: `code` is the status as a number, because OpenRouter's SDKs refuse
anything else, and `error_type` stands at the top. Inside a response and its stream `code` is a word of OpenAI's list.
"""

from __future__ import annotations

from typing import Any

from entrepot.dialects.voice import dumps
from entrepot.errors import GatewayError

_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
}
_CODES = {
    "rate_limit_exceeded": "rate_limit_exceeded",
    "context_length_exceeded": "invalid_prompt",
    "invalid_request": "invalid_prompt",
    "content_policy_violation": "image_content_policy_violation",
}


def render_error(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    """Status and body."""
    metadata = error.metadata
    said: dict[str, Any] = {
        "code": error.status,
        "message": error.message,
        "type": type_of(error),
        "param": error.field,
        "metadata": metadata,
    }
    body: dict[str, Any] = {"error": said, "error_type": metadata.get("error_type", error.error_type)}
    if generation_id:
        body["id"] = generation_id
    return error.status, dumps(body)


def type_of(error: GatewayError) -> str:
    """OpenAI's word for what kind of error it is."""
    return _TYPES.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")


def code_of(error: GatewayError) -> str:
    """The word for it inside a response."""
    return _CODES.get(str(error.metadata.get("error_type", error.error_type)), "server_error")


def error_members(error: GatewayError) -> bytes:
    """What an `error` event says, as the members of an object: flat as the specification has it, nested as OpenAI sends it."""
    flat = {"code": code_of(error), "message": error.message, "param": error.field}
    nested = {"type": type_of(error), **flat}
    return dumps({**flat, "error": nested, "error_type": error.metadata.get("error_type", error.error_type)})[1:-1]
