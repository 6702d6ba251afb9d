"""The words of the checks: a case is what is asked and how the answer is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from entrepot.values.usage import Usage

Body = dict[str, Any]
"""A chat request without `model` and `provider`. It streams unless `stream` says otherwise."""


class ToolCall(msgspec.Struct, frozen=True):
    name: str
    arguments: str


class Reply(msgspec.Struct, frozen=True):
    """What an endpoint answered.

    usage       None when it reported none
    counted     tokens of text and reasoning that came, by our own count
    first_ms    until the first piece of text, reasoning or a call came; the end of an answer that is not streamed
    whole_ms    until the end
    error       why there is no answer; "" when there is one
    """

    text: str = ""
    finish_reason: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    counted: int = 0
    first_ms: float = 0.0
    whole_ms: float = 0.0
    error: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """`value` is what was measured, where there is a figure; `why` says what was wrong."""

    passed: bool
    why: str = ""
    value: float | None = None


Judge = Callable[[Sequence[Reply]], Verdict]


class Case(msgspec.Struct, frozen=True):
    """Asked in order, judged together.

    example  replies that an honest, able endpoint might give: the suite's own tests judge them
    """

    check: str
    bodies: tuple[Body, ...]
    judge: Judge
    example: tuple[Reply, ...]


class Subject(msgspec.Struct, frozen=True):
    """What of an endpoint the suite must know to ask fairly.

    exact_tokens  our own tokenizer is the model's, so that counts must agree
    """

    parameters: frozenset[str]
    context_length: int
    reasons: bool
    exact_tokens: bool

    def takes(self, parameter: str) -> bool:
        """An endpoint that declares nothing is asked everything."""
        return not self.parameters or parameter in self.parameters


PASSED = Verdict(True)


def failed(why: str, value: float | None = None) -> Verdict:
    return Verdict(False, why, value)
