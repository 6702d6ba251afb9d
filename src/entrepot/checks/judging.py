"""Judges: each looks at replies and says whether they are what was asked for, and what is wrong when not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from entrepot.checks.case import PASSED, Judge, Reply, Verdict, failed
from entrepot.metering.tokens import count_text
from entrepot.values.usage import Usage

_SHOWN = 60
_LONG, _FASTEST = 60, 20_000
"""So many tokens are not written at once, and not so many a second by any machine there is (2026)."""
_FENCE = re.compile(r"^```\w*\n(.*)\n```$", re.S)
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def says(pattern: str, wanted: str) -> Judge:
    """The text, without the space around it, is of this form as a whole."""
    form = re.compile(pattern, re.S)

    def judge(replies: Sequence[Reply]) -> Verdict:
        text = replies[0].text.strip()
        return PASSED if form.fullmatch(text) else failed(f"wanted {wanted}, came {_short(text)}")

    return judge


def contains(word: str) -> Judge:
    def judge(replies: Sequence[Reply]) -> Verdict:
        text = replies[0].text
        return PASSED if word.lower() in text.lower() else failed(f"wanted {word}, came {_short(text)}")

    return judge


def is_json(schema: dict[str, Any], *, fenced: bool = False) -> Judge:
    """The text is JSON that keeps to `schema`. fenced  a code fence around it is let pass"""

    def judge(replies: Sequence[Reply]) -> Verdict:
        text = replies[0].text.strip()
        inside = _FENCE.match(text) if fenced else None
        try:
            value = msgspec.json.decode(inside[1] if inside else text)
        except msgspec.DecodeError:
            return failed(f"not JSON: {_short(text)}")
        wrong = misfit(value, schema)
        return failed(wrong) if wrong else PASSED

    return judge


def misfit(value: Any, schema: dict[str, Any], path: str = "the answer") -> str:
    """What of a value does not keep to a schema, "" when all does. For the words that the suite's own schemas use."""
    if "enum" in schema:
        return "" if value in schema["enum"] else f"{path} is {_short(str(value))}, not one of {', '.join(schema['enum'])}"
    kind = schema["type"]
    right = isinstance(value, _TYPES[kind]) and not (kind in ("integer", "number") and isinstance(value, bool))
    if not right:
        return f"{path} is no {kind}"
    if kind == "array":
        return next((wrong for at, each in enumerate(value) if (wrong := misfit(each, schema["items"], f"{path}[{at}]"))), "")
    if kind != "object":
        return ""
    known: dict[str, Any] = schema["properties"]
    missing, strange = [name for name in schema["required"] if name not in value], [name for name in value if name not in known]
    if missing or strange:
        return f"{path} lacks {missing[0]}" if missing else f"{path} has {_short(strange[0])}, which the schema forbids"
    return next((wrong for name, inner in value.items() if (wrong := misfit(inner, known[name], name))), "")


def calls(name: str, arguments: dict[str, Any]) -> Judge:
    """One call of that tool with just these arguments; texts are compared without case."""

    def judge(replies: Sequence[Reply]) -> Verdict:
        made = replies[0].tool_calls
        if len(made) != 1:
            return failed(f"wanted one call of {name}, came {len(made)}")
        if made[0].name != name:
            return failed(f"wanted a call of {name}, came one of {_short(made[0].name)}")
        try:
            came = msgspec.json.decode(made[0].arguments)
        except msgspec.DecodeError:
            return failed(f"the arguments are not JSON: {_short(made[0].arguments)}")
        if not isinstance(came, dict) or _folded(came) != _folded(arguments):
            return failed(f"wanted the arguments {_short(str(arguments))}, came {_short(made[0].arguments)}")
        return PASSED if replies[0].finish_reason == "tool_calls" else failed(f"the finish is {replies[0].finish_reason}")

    return judge


def no_call(replies: Sequence[Reply]) -> Verdict:
    made = replies[0].tool_calls
    return failed(f"{_short(made[0].name)} was called where no tool was needed") if made else PASSED


def stops_before(stop: str, begins: str) -> Judge:
    """The text ends where the stop sequence would have come, and not sooner."""

    def judge(replies: Sequence[Reply]) -> Verdict:
        reply = replies[0]
        if stop in reply.text:
            return failed(f"the text goes on through the stop sequence {stop!r}")
        if begins not in reply.text:
            return failed(f"the text ended before it came to the stop sequence: {_short(reply.text)}")
        return PASSED if reply.finish_reason == "stop" else failed(f"the finish is {reply.finish_reason}, not stop")

    return judge


def no_longer_than(most: int, slack: float, least: int = 0) -> Judge:
    """slack  factor that our own count may lie above, for tokenizers that are not ours
    least  tokens that must have come before an answer is cut, by our own count
    """

    def judge(replies: Sequence[Reply]) -> Verdict:
        reply = replies[0]
        if reply.counted > most * slack + 1:
            return failed(f"max_tokens was {most}, and about {reply.counted} tokens came", float(reply.counted))
        if reply.usage is not None and reply.usage.completion_tokens > most:
            return failed(f"max_tokens was {most}, and {reply.usage.completion_tokens} tokens were charged")
        if reply.finish_reason != "length":
            return failed(f"the answer was cut off, and its finish is {reply.finish_reason or 'missing'}, not length")
        if reply.counted < least:
            return failed(f"max_tokens was {most}, and the answer was cut after {reply.counted}", float(reply.counted))
        return Verdict(True, value=float(reply.counted))

    return judge


class Measure(msgspec.Struct, frozen=True):
    """How well our own count fits an endpoint's.

    least, most  factors between which a whole count lies
    overhead     tokens that a provider may add to a prompt whatever its length
    apart        part by which growth may differ from ours: what is always added cannot hide in it
    reasons      the model may think, and thinking may be charged without being shown
    """

    least: float
    most: float
    overhead: int
    apart: float
    reasons: bool


def counts_honestly(prompts: Sequence[int], measure: Measure) -> Judge:
    """What is reported agrees with our own count, for what went in and what came out, as a whole and in how it grows.

    prompts   tokens of each body, by our own count
    """

    def judge(replies: Sequence[Reply]) -> Verdict:
        if any(reply.usage is None for reply in replies):
            return failed("no usage is reported")
        usages = [reply.usage for reply in replies if reply.usage]
        went_in = [(usage.prompt_tokens, ours) for usage, ours in zip(usages, prompts, strict=True)]
        for told, ours in went_in:
            if not ours * measure.least <= told <= ours * measure.most + measure.overhead:
                return failed(f"{told} prompt tokens are reported where {ours} went in")
        came_out = [pair for reply in replies if reply.usage and (pair := _written(reply, reply.usage, measure.reasons))]
        for told, ours in came_out:
            if not ours * measure.least - 4 <= told <= ours * measure.most + 12:
                return failed(f"{told} completion tokens are reported where {ours} came out")
        if not measure.reasons and any(usage.reasoning_tokens for usage in usages):
            return failed("reasoning tokens are charged, and the model does not reason")
        return _grows_honestly(_growth(went_in), _growth(came_out), measure.apart)

    return judge


def _growth(counts: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """By how much the last count is above the first: as reported, and ours."""
    return (counts[-1][0] - counts[0][0], counts[-1][1] - counts[0][1]) if counts else (0, 0)


def _grows_honestly(went_in: tuple[int, int], came_out: tuple[int, int], apart: float) -> Verdict:
    part = _part(*went_in)
    if _apart(*went_in, apart):
        return failed(f"{went_in[0]} more prompt tokens are reported where {went_in[1]} more went in", part)
    if _apart(*came_out, apart):
        return failed(f"{came_out[0]} more completion tokens are reported where {came_out[1]} more came out", part)
    return Verdict(True, value=part)


_GRAIN = 3
"""Tokens by which counts of the same text differ where it was cut in another way."""


def _apart(told: int, ours: int, part: float) -> bool:
    return abs(told - ours) > abs(ours) * part + _GRAIN


def _part(told: int, ours: int) -> float:
    return round(told / max(ours, 1), 4)


def _written(reply: Reply, usage: Usage, reasons: bool) -> tuple[int, int] | None:
    """Completion tokens as reported and by our own count; None where thinking that nobody sees may be among them."""
    text = count_text(reply.text)
    if usage.reasoning_tokens:
        return usage.completion_tokens - usage.reasoning_tokens, text
    if reasons and reply.counted <= text:
        return None
    return usage.completion_tokens, reply.counted


def same_twice(replies: Sequence[Reply]) -> Verdict:
    first, second = (reply.text for reply in replies)
    return PASSED if first == second else failed(f"the same seed gave {_short(first)} and {_short(second)}")


def milliseconds_to_first(replies: Sequence[Reply]) -> Verdict:
    return Verdict(True, value=round(replies[0].first_ms, 1))


def tokens_per_second(replies: Sequence[Reply]) -> Verdict:
    """Of what was written after the first piece. A long answer that comes all at once is no stream, whatever it calls itself."""
    reply = replies[0]
    seconds = (reply.whole_ms - reply.first_ms) / 1000
    if reply.counted >= _LONG and reply.counted >= seconds * _FASTEST:
        return failed(f"{reply.counted} tokens came at once after {reply.first_ms / 1000:.1f} s: they are not streamed")
    return Verdict(True, value=round(reply.counted / seconds, 1) if seconds > 0 else None)


def _folded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _folded(inner) for name, inner in value.items()}
    return value.strip().casefold() if isinstance(value, str) else value


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…")
