"""Canonical events to a `text_completion`, plain and streamed. What was thought stands beside the text as `reasoning`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from msgspec import Raw

from entrepot.dialects.gather import Answered, gather
from entrepot.dialects.openai_chat.stream import DONE
from entrepot.dialects.openai_chat.usage import render_usage
from entrepot.dialects.openai_completions.parse import Completion
from entrepot.dialects.voice import Voice, dumps
from entrepot.errors import GatewayError
from entrepot.values.conversation import Reasoning, Refusal, Text, given
from entrepot.values.event import (
    Began,
    Event,
    Finished,
    LogprobsDelta,
    PartBegan,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
)
from entrepot.values.request import Request
from entrepot.values.usage import Usage

Object = dict[str, Any]
_KIND = "text_completion"


class _Likely(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_Likely] = []


_decode_tokens = msgspec.json.Decoder(list[_Token]).decode


def write(events: Sequence[Event], voice: Voice, request: Request, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    told, asked = gather(events), cast(Completion, request)
    body: Object = dict(voice.names(_KIND))
    body["choices"] = [_choice(number, answered, asked) for number, answered in enumerate(told.choices)]
    body["system_fingerprint"] = told.began.fingerprint
    body["usage"] = Raw(render_usage(usage, prompt_nano, completion_nano))
    return dumps(body)


def _choice(number: int, answered: Answered, asked: Completion) -> Object:
    finish = answered.finish
    tokens = [raw for raw in answered.logprobs if given(raw)]
    choice: Object = {
        "text": asked.prompt + "".join(part.text for part in answered.parts if isinstance(part, Text | Refusal)),
        "index": number,
        "logprobs": _logprobs(tokens[0], 0)[0] if tokens else None,
        "finish_reason": _finish(finish) if finish else None,
        "native_finish_reason": (finish.native or finish.reason) if finish else None,
    }
    thoughts = [part.text or "\n\n".join(part.summary) for part in answered.parts if isinstance(part, Reasoning)]
    return choice | {"reasoning": "".join(thoughts)} if any(thoughts) else choice


def _finish(finish: Finished) -> str:
    """Nothing can be called here, so an answer that ends with calls has just stopped."""
    return "stop" if finish.reason == "tool_calls" else finish.reason


def _logprobs(raw: Raw, offset: int) -> tuple[Object | None, int]:
    """Chat's list of tokens in the four lists of a completion, and where its text ends. None for what is no such list."""
    try:
        tokens = _decode_tokens(raw)
    except msgspec.DecodeError:
        return None, offset
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.token)
    told = {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{likely.token: likely.logprob for likely in token.top_logprobs} for token in tokens],
        "text_offset": offsets,
    }
    return told, offset


class CompletionStreamWriter:
    """`_begun` has the choices whose prompt was echoed, `_offsets` how far the text of each has come."""

    __slots__ = ("_began", "_begun", "_offsets", "_prompt", "_voice")

    def __init__(self, voice: Voice, request: Request) -> None:
        self._voice = voice
        self._prompt = cast(Completion, request).prompt
        self._began = Began()
        self._begun: set[int] = set()
        self._offsets: dict[int, int] = {}

    def feed(self, events: Sequence[Event]) -> bytes:
        out: list[bytes] = []
        place = 0
        while place < len(events):
            event = events[place]
            after = events[place + 1] if place + 1 < len(events) else None
            place += 1
            if isinstance(event, TextDelta | RefusalDelta):
                # The probabilities of a piece follow it; clients expect both in one chunk.
                if isinstance(after, LogprobsDelta) and after.choice == event.choice:
                    place += 1
                    out.append(self._chunk(event.choice, event.text, after.tokens))
                else:
                    out.append(self._chunk(event.choice, event.text))
            else:
                out.append(self._other(event))
        return b"".join(out)

    def end(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        told = Raw(render_usage(usage, prompt_nano, completion_nano))
        body = {**self._voice.names(_KIND), "choices": [], "system_fingerprint": self._began.fingerprint, "usage": told}
        return b"data: " + dumps(body) + b"\n\n" + DONE

    def error(self, error: GatewayError) -> bytes:
        said = {"code": error.status, "message": error.message, "metadata": error.metadata}
        choice = {"text": "", "index": 0, "logprobs": None, "finish_reason": "error", "native_finish_reason": "error"}
        return b"data: " + dumps({**self._voice.names(_KIND), "error": said, "choices": [choice]}) + b"\n\n"

    def _other(self, event: Event) -> bytes:
        if isinstance(event, Began):
            self._began = event
        elif isinstance(event, PartBegan) and self._prompt and event.choice not in self._begun:
            return self._chunk(event.choice, "")
        elif isinstance(event, ReasoningDelta):
            return self._chunk(event.choice, "", reasoning=event.text)
        elif isinstance(event, LogprobsDelta):
            return self._chunk(event.choice, "", event.tokens)
        elif isinstance(event, Finished):
            return self._chunk(event.choice, "", finish=event)
        return b""

    def _chunk(
        self, choice: int, text: str, tokens: Raw | None = None, *, finish: Finished | None = None, reasoning: str = ""
    ) -> bytes:
        if choice not in self._begun:
            self._begun.add(choice)
            text = self._prompt + text
        told: Object | None = None
        if tokens is not None:
            told, self._offsets[choice] = _logprobs(tokens, self._offsets.get(choice, 0))
        made: Object = {
            "text": text,
            "index": choice,
            "logprobs": told,
            "finish_reason": _finish(finish) if finish else None,
            "native_finish_reason": (finish.native or finish.reason) if finish else None,
        }
        if reasoning:
            made["reasoning"] = reasoning
        return b"data: " + dumps({**self._voice.names(_KIND), "choices": [made]}) + b"\n\n"
