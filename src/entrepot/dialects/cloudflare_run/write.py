"""Canonical events to Cloudflare's answers, plain and streamed.

A plain `result` is what Cloudflare gives for its own models (`response`, `tool_calls`, `usage`) and what it gives for those of
others (a chat completion) in one object, so that either kind of client finds its members. A stream has Cloudflare's own members
alone: a client that reads both would see every piece twice. What they have no word for (reasoning, citations, pictures) stands
beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.cloudflare_run.refuse import envelope
from entrepot.dialects.gather import Gatherer, events_of, gather
from entrepot.dialects.openai_chat.usage import render_usage
from entrepot.dialects.openai_chat.write import write as write_chat
from entrepot.dialects.voice import Voice, decode_fields, dumps, loads
from entrepot.errors import GatewayError
from entrepot.values.conversation import Text, ToolCall
from entrepot.values.event import Event, Finished, PartBegan, PartEnded, ReasoningDelta, RefusalDelta, TextDelta
from entrepot.values.request import Request
from entrepot.values.usage import Usage

_DONE = b"data: [DONE]\n\n"
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
_BESIDE = ("reasoning_details", "annotations", "images", "audio", "refusal")


def write(events: Sequence[Event], voice: Voice, request: Request, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    chat = decode_fields(write_chat(events, voice, request, usage, prompt_nano, completion_nano))
    choices = gather(events).choices
    calls = [part for part in choices[0].parts if isinstance(part, ToolCall)] if choices else []
    result: dict[str, Any] = {"response": _response(_text_of(chat["choices"]), request, bool(calls))}
    if calls:
        result["tool_calls"] = [_call(call, number) for number, call in enumerate(calls)]
    return dumps({"result": result | chat, "success": True, "errors": [], "messages": []})


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message = _Message()


def _text_of(choices: Raw) -> str:
    """What the chat answer says, which may be repaired JSON."""
    told = msgspec.json.decode(choices, type=list[_Choice], strict=False)
    return (told[0].message.content if told else None) or ""


def _response(text: str, request: Request, calls: bool) -> str | Raw | None:
    """The text; the object itself where JSON was asked for and it is some; null where there are calls alone."""
    if not text and calls:
        return None
    return _object_in(text) or text if "response_format" in request.fields else text


def _call(call: ToolCall, number: int) -> dict[str, Any]:
    """`arguments` as an object where they are one, to the byte; else as the text that came."""
    arguments = call.arguments or "{}"
    return {"index": number, "id": call.id, "name": call.name, "arguments": _object_in(arguments) or arguments}


def _object_in(text: str) -> Raw | None:
    """The JSON object that the text is, as it is written; None for any other text."""
    try:
        _decode_object(text)
        return Raw(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


class RunStreamWriter:
    """Text leaves as it comes, a call when it is whole. What else there was leaves with the usage."""

    def __init__(self, voice: Voice, request: Request) -> None:
        self._voice = voice
        self._request = request
        self._gathered = Gatherer()
        self._calls = 0
        self._open: dict[int, bool] = {}

    def feed(self, events: Sequence[Event]) -> bytes:
        events = [event for event in events if getattr(event, "choice", 0) == 0]
        self._gathered.feed(events)
        return b"".join([self._piece(event) for event in events])

    def end(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        choices = self._gathered.whole().choices
        finish = choices[0].finish if choices else None
        last = {"response": "", "finish_reason": finish.reason if finish else None, **self._beside()}
        last |= {"usage": Raw(render_usage(usage, prompt_nano, completion_nano)), **self._names()}
        return _event(last) + _DONE

    def error(self, error: GatewayError) -> bytes:
        """No end sign follows: a client that knows no errors in a stream must not take it for whole."""
        return _event({"response": "", "finish_reason": "error", "status": error.status, **envelope(error, self._voice.id)})

    def _names(self) -> dict[str, Any]:
        return {"id": self._voice.id, "model": self._voice.model, "provider": self._voice.provider}

    def _piece(self, event: Event) -> bytes:
        if isinstance(event, TextDelta):
            return b'data: {"response":%b}\n\n' % dumps(event.text)
        if isinstance(event, ReasoningDelta):
            return _event({"response": "", "reasoning": event.text})
        if isinstance(event, RefusalDelta):
            return _event({"response": "", "refusal": event.text})
        if isinstance(event, PartBegan) and event.kind == "tool_call":
            self._open[event.index] = True
        elif isinstance(event, PartEnded) and self._open.pop(event.index, False):
            return self._whole_call(event.index)
        elif isinstance(event, Finished):
            left, self._open = sorted(self._open), {}
            return b"".join([self._whole_call(index) for index in left])
        return b""

    def _whole_call(self, index: int) -> bytes:
        call = self._gathered.part(index)
        assert isinstance(call, ToolCall)
        self._calls += 1
        return _event({"response": "", "tool_calls": [_call(call, self._calls - 1)]})

    def _beside(self) -> dict[str, Any]:
        """What a chat answer would have beside text and calls, under its names there."""
        choices = self._gathered.whole().choices
        parts = choices[0].parts if choices else ()
        if all(isinstance(part, Text | ToolCall) and not part.state and not getattr(part, "citations", ()) for part in parts):
            return {}
        told: list[Event] = [*events_of(parts), Finished("stop")]
        message = loads(write_chat(told, self._voice, self._request, Usage(), 0, 0))["choices"][0]["message"]
        return {name: message[name] for name in _BESIDE if message.get(name) is not None}


def _event(told: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % dumps(told)
