"""The sandbox's answers as Chat Completions bytes, plain or one token to a chunk."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from entrepot.metering.tokens import split_tokens

_FORMAT = "openai-responses-v1"
_encode = msgspec.json.encode


class Choice(msgspec.Struct, frozen=True):
    index: int
    text: str
    reasoning: str
    sealed: str
    calls: tuple[dict[str, Any], ...]
    refusal: str
    finish: str
    reasoning_tokens: int
    completion_tokens: int


class Written(msgspec.Struct, frozen=True):
    """usage  "" as it is, "none" for no usage, "wrong" for parts larger than the whole"""

    model: str
    choices: tuple[Choice, ...]
    prompt_tokens: int
    cached_tokens: int
    usage: str = ""
    top_logprobs: int | None = None

    @property
    def id(self) -> str:
        return "sandbox-" + hashlib.blake2b(_encode(self.choices), digest_size=10).hexdigest()


def plain_body(written: Written) -> bytes:
    body: dict[str, Any] = {
        "id": written.id,
        "object": "chat.completion",
        "created": 0,
        "model": written.model,
        "choices": [
            {
                "index": choice.index,
                "message": _message(choice),
                "logprobs": _logprobs(choice.text, written.top_logprobs),
                "finish_reason": choice.finish,
            }
            for choice in written.choices
        ],
        "system_fingerprint": "fp_sandbox",
        "service_tier": "default",
    }
    if written.usage != "none":
        body["usage"] = usage(written)
    return _encode(body)


def stream_chunks(written: Written) -> list[bytes]:
    """Each an event; the choices of n > 1 take turns."""
    streams = [_deltas(choice, written) for choice in written.choices]
    events = []
    while any(streams):
        for stream in streams:
            events += [_event(written, [stream.pop(0)])] if stream else []
    if written.usage != "none":
        events.append(_event(written, [], usage(written)))
    return [*events, b"data: [DONE]\n\n"]


def usage(written: Written) -> dict[str, Any]:
    completion = sum(choice.completion_tokens for choice in written.choices)
    reasoning = sum(choice.reasoning_tokens for choice in written.choices)
    cached = written.cached_tokens
    if written.usage == "wrong":
        reasoning, cached = completion + 50, written.prompt_tokens + 50
    return {
        "prompt_tokens": written.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": written.prompt_tokens + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _message(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": choice.text if not (choice.calls or choice.refusal) else None}
    message["refusal"] = choice.refusal or None
    if choice.reasoning:
        message["reasoning"] = choice.reasoning
        message["reasoning_details"] = [_thought(choice.reasoning), _seal(choice.sealed)]
    if choice.calls:
        message["tool_calls"] = list(choice.calls)
    return message


def _thought(text: str) -> dict[str, Any]:
    return {"type": "reasoning.summary", "summary": text, "format": _FORMAT, "index": 0}


def _seal(data: str) -> dict[str, Any]:
    return {"type": "reasoning.encrypted", "data": data, "format": _FORMAT, "index": 1, "id": "rs_sandbox"}


def _deltas(choice: Choice, written: Written) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning": piece, "reasoning_details": [_thought(piece)]} for piece in split_tokens(choice.reasoning)]
    if choice.sealed:
        deltas.append({"reasoning_details": [_seal(choice.sealed)]})
    deltas += [{"refusal": piece} for piece in split_tokens(choice.refusal)]
    made: list[dict[str, Any]] = [{"index": choice.index, "delta": delta, "finish_reason": None} for delta in deltas]
    for piece in split_tokens(choice.text):
        part: dict[str, Any] = {"index": choice.index, "delta": {"content": piece}, "finish_reason": None}
        if written.top_logprobs is not None:
            part["logprobs"] = _logprobs(piece, written.top_logprobs)
        made.append(part)
    for number, call in enumerate(choice.calls):
        function = call["function"]
        opening: dict[str, Any] = {
            "index": number,
            "id": call["id"],
            "type": "function",
            "function": {"name": function["name"], "arguments": ""},
        }
        made.append({"index": choice.index, "delta": {"tool_calls": [opening]}, "finish_reason": None})
        for piece in split_tokens(function["arguments"]):
            fragment: dict[str, Any] = {"index": number, "function": {"arguments": piece}}
            made.append({"index": choice.index, "delta": {"tool_calls": [fragment]}, "finish_reason": None})
    made.append({"index": choice.index, "delta": {}, "finish_reason": choice.finish})
    return made


def _event(written: Written, choices: list[dict[str, Any]], told: dict[str, Any] | None = None) -> bytes:
    chunk = {
        "id": written.id,
        "object": "chat.completion.chunk",
        "created": 0,
        "model": written.model,
        "system_fingerprint": "fp_sandbox",
        "choices": choices,
    }
    if told is not None:
        chunk["usage"] = told
    return b"data: " + _encode(chunk) + b"\n\n"


def _logprobs(text: str, top: int | None) -> dict[str, Any] | None:
    """Well-formed, and as made up as the text."""
    if top is None:
        return None
    content = []
    for piece in split_tokens(text):
        weight = -0.01 - (len(piece) % 7) / 10
        one = {"token": piece, "logprob": weight, "bytes": list(piece.encode())}
        others = [
            {"token": piece + "~" * n if n else piece, "logprob": weight - n, "bytes": list(piece.encode())} for n in range(top)
        ]
        content.append(one | {"top_logprobs": others})
    return {"content": content, "refusal": None}
