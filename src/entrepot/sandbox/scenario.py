"""Outcomes that can be asked of the sandbox, and how they are asked for.

By a suffix of the model (`openai/gpt-5.1:sandbox-rate-limit`), by the header `X-Entrepot-Sandbox: rate-limit; retry_after=3`,
or by words in the last user message (`[sandbox: rate-limit retry_after=3]`). The suffix wins over the header, which wins
over the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot import errors
from entrepot.errors import GatewayError, InvalidRequest

_WORDS = re.compile(r"\[sandbox:\s*([a-z0-9-]+)((?:[\s;,]+[a-z_]+=[\w.-]+)*)\s*\]", re.IGNORECASE)
_OPTION = re.compile(r"([a-z_]+)\s*=\s*([\w.-]+)", re.IGNORECASE)
SUFFIX = ":sandbox-"
HEADER = "x-entrepot-sandbox"


def _failing(base: type[GatewayError]) -> type[GatewayError]:
    return type("Simulated" + base.__name__, (base,), {"source": "provider"})


BEFORE: dict[str, tuple[int, type[GatewayError], str]] = {
    "bad-request": (400, errors.InvalidRequest, "the provider says the request is wrong"),
    "unauthorized": (401, errors.Unauthenticated, "the key is refused"),
    "no-credits": (402, errors.OutOfCredits, "there is no credit left"),
    "forbidden": (403, errors.Forbidden, "moderation or permission says no"),
    "not-found": (404, errors.NotFound, "the model is not there"),
    "request-timeout": (408, errors.TimedOut, "the request took too long to arrive"),
    "too-large": (413, errors.TooLarge, "the request is too large"),
    "rate-limit": (429, errors.RateLimited, "too many requests; `retry_after` seconds, 1 unless given"),
    "server-error": (500, errors.ProviderBroke, "something broke at the provider"),
    "bad-gateway": (502, errors.ProviderBroke, "the provider answered nonsense"),
    "unavailable": (503, errors.ProviderBusy, "no capacity"),
    "overloaded": (529, errors.ProviderBusy, "the provider is overloaded"),
}
"""Failures before the first byte: status, error, what it stands for."""

DURING: dict[str, str] = {
    "slow-first-byte": "the first byte comes after `seconds`, 5 unless given",
    "no-first-byte": "nothing ever comes; a timeout or the client ends it",
    "stall": "the stream stops half-way and stays open",
    "break": "the connection breaks half-way",
    "error-chunk": "an error arrives inside the stream half-way",
    "malformed-json": "the answer, or a chunk half-way, is not JSON",
    "malformed-arguments": "tool arguments are not valid JSON",
    "refusal": "the model refuses, in `refusal`",
    "content-filter": "the answer ends with finish_reason content_filter",
    "length": "the answer ends early with finish_reason length",
    "no-usage": "no usage is reported, so tokens are counted",
    "wrong-usage": "usage is reported with parts larger than the whole",
    "empty": "an empty answer",
    "long": "a long answer; `tokens`, 2000 unless given",
    "unicode": "text that is hard to handle: emoji, joined and right-to-left characters",
    "fast": "the usual answer without any waiting",
}
"""Outcomes of an answer that begins."""


class Scenario(msgspec.Struct, frozen=True):
    name: str = ""
    options: dict[str, str] = {}

    def number(self, name: str, default: float, most: float) -> float:
        """raises  InvalidRequest"""
        text = self.options.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= most:
            raise InvalidRequest(
                f"The sandbox option `{name}` must be a number from 0 to {most:g}.",
                field=name,
                expected=f"0 to {most:g}",
                received=text,
            )
        return value

    def fail_before(self) -> None:
        """raises  the error this scenario stands for, when it is one before the first byte"""
        if self.name not in BEFORE:
            return
        status, kind, why = BEFORE[self.name]
        wait = self.number("retry_after", 1, 3600) if self.name in ("rate-limit", "unavailable", "overloaded") else None
        raise _failing(kind)(
            f"Simulated by the sandbox: {why.partition(';')[0]}.",
            status=status,
            retry_after_s=wait,
            remedy="This failure was asked for; leave the request for it out to get an answer.",
            metadata={"provider_name": "Sandbox", "sandbox": self.name},
        )


def strip_suffix(slug: str) -> tuple[str, str]:
    """`author/slug:sandbox-NAME` to the slug and the name, "" when there is none."""
    base, mark, name = slug.partition(SUFFIX)
    return base, name if mark else ""


def scenario_of(slug: str, headers: Mapping[str, str], messages: list[Any]) -> Scenario:
    """What is asked for, or the usual. raises InvalidRequest, for a name that is not one"""
    _, name = strip_suffix(slug)
    options = dict(_OPTION.findall(headers.get(HEADER, "")))
    asked = name or _OPTION.sub("", headers.get(HEADER, "")).strip(" ;,")
    said = _WORDS.search(_last_user_text(messages))
    if not asked and said:
        asked, options = said[1], dict(_OPTION.findall(said[2])) | options
    asked = asked.lower()
    if asked and asked not in BEFORE and asked not in DURING:
        raise InvalidRequest(
            f"The sandbox knows no outcome `{asked[:60]}`.",
            field="model" if name else HEADER,
            expected=", ".join([*BEFORE, *DURING]),
            received=asked[:60],
            remedy="Ask for one of those; /docs/do/test-mode tells what each does.",
        )
    return Scenario(asked, options)


def _last_user_text(messages: list[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return text_of(message.get("content"))
    return ""


def text_of(content: Any) -> str:
    """The text in a message's content, whatever its form."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return ""
