"""What comes back: answers and pieces of answers as plain dictionaries with a few names on top, and failures."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

_decode = msgspec.json.decode


class AIError(Exception):
    """A call that gave no answer, or an answer that broke off.

    status         the HTTP status; 0 when nothing answered
    code           the kind of failure, stable: the `error_type` of /docs/look-up/errors, or one of `unreachable`, `timeout`,
                   `broken_answer`, `bad_settings`
    field          what in the request is at fault, as `messages[0].content`; `expected` and `received` say how
    remedy         what would mend it, in one sentence
    retryable      trying again may help; `retry_after_s` says when
    generation_id  names the record of the call, where there is one
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str,
        field: str | None = None,
        expected: str | None = None,
        received: str | None = None,
        remedy: str | None = None,
        retryable: bool = False,
        retry_after_s: float | None = None,
        generation_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.field = field
        self.expected = expected
        self.received = received
        self.remedy = remedy
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.generation_id = generation_id

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class Chunk(dict[str, Any]):
    """A piece of an answer: `{"response": ...}`, and in the last one `usage`; an event of Responses where `input` was sent."""

    @property
    def text(self) -> str:
        told = self.get("delta") if self.get("type") == "response.output_text.delta" else self.get("response")
        return told if isinstance(told, str) else ""

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """`{id, name, arguments}` each, whole."""
        return self.get("tool_calls") or []

    @property
    def usage(self) -> dict[str, Any]:
        inner = self.get("response")
        return self.get("usage") or (inner.get("usage") if isinstance(inner, dict) else None) or {}

    @property
    def cost(self) -> Decimal:
        """US dollars, exact; 0 while it is not known."""
        return Decimal(str(self.usage.get("cost", 0)))


class Answer(Chunk):
    """A whole answer: the `result` of Cloudflare's envelope, which is a chat completion too (`answer["choices"]`), or a response
    (`answer["output"]`) where `input` was sent."""

    @property
    def text(self) -> str:
        """The text; in JSON mode `answer["response"]` is the object itself, and this its text."""
        if "output" in self:
            parts = [part for item in self["output"] if item["type"] == "message" for part in item["content"]]
            return "".join([part.get("text", "") for part in parts])
        choices = self.get("choices") or [{}]
        return choices[0].get("message", {}).get("content") or ""

    @property
    def id(self) -> str:
        """Names the record of the call."""
        return str(self.get("id", "")).replace("resp_", "gen-", 1)


def answer_of(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """raises  AIError"""
    told = _object(body)
    if status >= 400 or not isinstance(told.get("result"), dict):
        raise error_of(status, headers, body)
    return Answer(told["result"])


def chunk_of(event: bytes) -> Chunk:
    """raises  AIError, for the event that says that the answer broke off"""
    told = _object(event)
    if told.get("success") is False:
        raise error_of(int(told.get("status", 0)), {}, event)
    if told.get("type") == "error":
        raise AIError(
            str(told.get("message")),
            code=str(told.get("error_type") or told.get("code")),
            field=told.get("param"),
            retryable=True,
        )
    return Chunk(told)


def is_end(event: bytes) -> bool:
    """Cloudflare's end sign."""
    return event == b"[DONE]"


def is_last(chunk: Chunk) -> bool:
    """Responses have no end sign, but an event that is the last."""
    return chunk.get("type") in ("response.completed", "response.incomplete")


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> AIError:
    """What a refusal says, in whichever envelope."""
    told = _object(body)
    said = _first(told)
    metadata = said.get("metadata")
    known: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
    return AIError(
        str(said.get("message") or f"The gateway answered {status}."),
        status=status,
        code=str(known.get("error_type") or "broken_answer"),
        field=known.get("field"),
        expected=known.get("expected"),
        received=known.get("received"),
        remedy=known.get("remedy_hint"),
        retryable=bool(known.get("retryable", status in (408, 429) or status >= 500)),
        retry_after_s=_seconds(headers.get("retry-after")) or known.get("retry_after_s"),
        generation_id=str(told.get("id") or ""),
    )


def _object(body: bytes) -> dict[str, Any]:
    """raises  nothing: what is no JSON object, as a page of a proxy, is an empty one"""
    try:
        told = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _first(told: dict[str, Any]) -> dict[str, Any]:
    errors = told.get("errors")
    said = errors[0] if isinstance(errors, list) and errors else told.get("error")
    return said if isinstance(said, dict) else {}


def _seconds(text: str | None) -> float | None:
    try:
        return max(float(text), 0.0) if text else None
    except ValueError:
        return None
