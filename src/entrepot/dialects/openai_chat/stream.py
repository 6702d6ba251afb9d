"""A provider's stream to ours, event by event: bytes stay bytes where they can.

Most chunks of a stream differ only in their choices, so what stands before `"choices"` is rewritten once and then replaced as a
block. A chunk that needs more (finish, usage, reasoning under another name, content in parts) goes through its members or, where
it departs from the dialect, through loose JSON.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_chat.finish import normal_finish, normal_tier
from entrepot.dialects.openai_chat.shape import (
    ErrorEvent,
    Fields,
    Malformed,
    Voice,
    decode_fields,
    dumps,
    encode,
    loads,
    normalise_message,
)
from entrepot.dialects.openai_chat.usage import read_usage, render_usage, tells_cost
from entrepot.dialects.openai_chat.wire import text_of
from entrepot.dialects.sse import EventReader
from entrepot.errors import GatewayError
from entrepot.values.usage import Usage

DONE = b"data: [DONE]\n\n"


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct):
    index: int
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    reasoning: msgspec.UnsetType | None = msgspec.UNSET
    reasoning_content: msgspec.UnsetType | None = msgspec.UNSET


class _Choice(msgspec.Struct):
    delta: _Delta
    finish_reason: None = None


class _Chunk(msgspec.Struct):
    """A chunk whose bytes can be kept: nothing in it but text and tool calls under their usual names."""

    choices: list[_Choice]
    usage: None = None
    error: msgspec.UnsetType = msgspec.UNSET
    x_groq: msgspec.UnsetType = msgspec.UNSET


class StreamedAnswer:
    """Fed with bytes of the provider, gives bytes for the client; knows usage and finish when it is over."""

    foreign = 0
    """What has no meaning here passes on in a chat answer."""

    __slots__ = (
        "_calls",
        "_events",
        "_excludes_reasoning",
        "_finished",
        "_opening",
        "_prefix_in",
        "_prefix_out",
        "_usage_raw",
        "_voice",
        "done",
        "finish_reason",
        "native_finish_reason",
        "reported_model",
        "service_tier",
        "upstream_id",
    )

    def __init__(self, voice: Voice, *, max_event_bytes: int, excludes_reasoning: bool = False) -> None:
        self._voice = voice
        self._events = EventReader(max_event_bytes)
        self._excludes_reasoning = excludes_reasoning
        self._prefix_in = b"\x00"
        self._prefix_out = b""
        self._usage_raw: bytes | None = None
        self._calls: set[tuple[int, int]] = set()
        self._finished: set[int] = set()
        self._opening: set[int] = set()
        self.done = False
        self.finish_reason: str | None = None
        self.native_finish_reason: str | None = None
        self.service_tier: str | None = None
        self.upstream_id = self.reported_model = ""

    @property
    def usage(self) -> Usage | None:
        return read_usage(self._usage_raw, excludes_reasoning=self._excludes_reasoning) if self._usage_raw else None

    @property
    def complete(self) -> bool:
        """It has its end sign: [DONE], or a finish reason for those who do not send it."""
        return self.done or bool(self._finished)

    @property
    def tool_calls(self) -> int:
        return len(self._calls)

    def feed(self, data: bytes) -> bytes:
        """raises  ErrorEvent, Malformed; BrokenStream for an event past the limit"""
        return self._render(self._events.feed(data))

    def feed_whole(self, body: bytes) -> bytes:
        """A plain answer that came where a stream was asked for. raises as `feed`"""
        return self.feed(as_stream(body, self._voice))

    def close(self) -> bytes:
        """What an unfinished last event gives. raises as `feed`"""
        return self._render(self._events.close())

    def end(self, usage: bytes) -> bytes:
        """The usage chunk and the end sign."""
        fields = self._voice.names("chat.completion.chunk")
        fields["choices"] = Raw(b"[]")
        fields["usage"] = Raw(usage)
        return b"data: " + encode(fields) + b"\n\n" + DONE

    def end_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        return self.end(render_usage(usage, prompt_nano, completion_nano))

    def break_off(self, error: GatewayError) -> bytes:
        return error_chunk(self._voice, error)

    def _render(self, payloads: list[bytes]) -> bytes:
        if len(payloads) == 1:
            return self._event(payloads[0])
        return b"".join([self._event(payload) for payload in payloads])

    def _event(self, payload: bytes) -> bytes:
        if self.done:
            return b""
        try:
            chunk = _decode_chunk(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._departing(payload)
        self._note(chunk)
        before = self._prefix_in
        if payload.startswith(before):
            return self._prefix_out + payload[len(before) :] + b"\n\n"
        if not chunk.choices:
            return self._by_members(payload)
        return self._learn(payload)

    def _note(self, chunk: _Chunk) -> None:
        """Counts the text of a plain chunk."""
        for number, choice in enumerate(chunk.choices):
            delta = choice.delta
            if delta.content:
                self._voice.count(delta.content)
            elif delta.refusal:
                self._voice.count(delta.refusal)
            if delta.tool_calls:
                for call in delta.tool_calls:
                    self._calls.add((number, call.index))
                    if call.function:
                        self._voice.count(f"{call.function.name or ''}{call.function.arguments or ''}")

    def _learn(self, payload: bytes) -> bytes:
        """Takes what stands before the choices as the block to replace from now on, when id and model are in it."""
        at = payload.find(b'"choices"')
        head = payload[:at].rstrip().rstrip(b",") + b"}"
        try:
            fields = decode_fields(head)
        except msgspec.DecodeError:
            return self._by_members(payload)
        if "id" not in fields or "model" not in fields or b'"choices"' in head:
            return self._by_members(payload)
        self._take_names(fields)
        self._prefix_in = payload[:at]
        self._prefix_out = b"data: " + encode(self._ours(fields))[:-1] + b","
        return self._prefix_out + payload[at:] + b"\n\n"

    def _by_members(self, payload: bytes) -> bytes:
        fields = decode_fields(payload)
        self._take_names(fields)
        return b"data: " + encode(self._ours(fields)) + b"\n\n"

    def _ours(self, fields: Fields) -> Fields:
        kept = self._voice.names("chat.completion.chunk")
        for name, raw in fields.items():
            if name in kept or (name in ("system_fingerprint", "usage") and bytes(memoryview(raw)) == b"null"):
                continue
            kept[name] = raw
        kept.pop("obfuscation", None)
        return kept

    def _take_names(self, fields: Fields) -> None:
        if not self.upstream_id and "id" in fields:
            self.upstream_id = text_of(loads(fields["id"]))
            self.reported_model = text_of(loads(fields.get("model", b"null")))
        if "service_tier" in fields:
            tier = loads(fields["service_tier"])
            if isinstance(tier, str):
                self.service_tier = tier
                fields["service_tier"] = Raw(encode(normal_tier(tier)))

    def _departing(self, payload: bytes) -> bytes:
        """A chunk that carries more than text: end sign, error, finish, usage, reasoning, or a vendor's own way."""
        if payload.strip() == b"[DONE]":
            self.done = True
            return b""
        told = loads(payload)
        if not isinstance(told, dict):
            raise Malformed("an event that is not a JSON object")
        if told.get("error"):
            raise ErrorEvent(payload)
        self._take_usage(told)
        choices = told.get("choices")
        if not isinstance(choices, list) or not choices:
            return b"" if "choices" in told else self._foreign(told)
        told["choices"] = [self._choice(choice, number) for number, choice in enumerate(choices) if isinstance(choice, dict)]
        return b"data: " + self._rebuild(told) + b"\n\n"

    def _foreign(self, told: dict[str, Any]) -> bytes:
        """An object without choices: a vendor's event of its own. An error in flat form ends the stream, others are left out."""
        if told.get("object") == "error" or "detail" in told or "statusCode" in told:
            raise ErrorEvent(dumps({"error": told}))
        return b""

    def _take_usage(self, told: dict[str, Any]) -> None:
        usage = told.pop("usage", None)
        if "meta" in told and tells_cost("meta", dumps(told["meta"])):
            del told["meta"]
        groq = told.get("x_groq")
        if not usage and isinstance(groq, dict):
            usage = groq.get("usage")
        if isinstance(usage, dict):
            self._usage_raw = dumps(usage)

    def _choice(self, choice: dict[str, Any], number: int) -> dict[str, Any]:
        index = choice.get("index", number)
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.pop("message", None) or {}
        calls = [call for call in delta.get("tool_calls") or () if isinstance(call, dict)]
        normalise_message(delta, self._voice)
        for position, call in enumerate(calls):
            self._calls.add((index, call.get("index", position)))
        native = choice.get("native_finish_reason") or choice.get("finish_reason")
        finish = normal_finish(choice.get("finish_reason"), has_tool_calls=any(of == index for of, _ in self._calls))
        if finish is not None:
            self._finished.add(index)
            if self.finish_reason is None:
                self.finish_reason, self.native_finish_reason = finish, native
        return choice | {"index": index, "delta": delta, "finish_reason": finish, "native_finish_reason": native}

    def _rebuild(self, told: dict[str, Any]) -> bytes:
        for name in ("obfuscation", "id", "object", "created", "model", "provider"):
            value = told.pop(name, None)
            if name == "id" and isinstance(value, str) and not self.upstream_id:
                self.upstream_id = value
            elif name == "model" and isinstance(value, str) and not self.reported_model:
                self.reported_model = value
        if told.get("system_fingerprint", "") is None:
            del told["system_fingerprint"]
        if isinstance(told.get("service_tier"), str):
            self.service_tier = told["service_tier"]
            told["service_tier"] = normal_tier(told["service_tier"])
        names = encode(self._voice.names("chat.completion.chunk"))
        return names[:-1] + b"," + dumps(told)[1:]


_decode_chunk = msgspec.json.Decoder(_Chunk).decode


def error_chunk(voice: Voice, error: GatewayError) -> bytes:
    """The last chunk of a stream that broke: the contract's error beside a choice that finished with one (1.10)."""
    fields = voice.names("chat.completion.chunk")
    said = {"code": error.status, "message": error.message, "metadata": error.metadata}
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": "error"}
    return b"data: " + encode({**fields, "error": said, "choices": [choice]}) + b"\n\n"


def as_stream(answer: bytes, voice: Voice) -> bytes:
    """A plain answer given where a stream was asked for, as one chunk for each choice."""
    told = loads(answer)
    choices = told.get("choices") if isinstance(told, dict) else None
    if not isinstance(choices, list):
        raise ErrorEvent(answer)
    events = []
    for number, choice in enumerate(choices):
        if not isinstance(choice, dict):
            continue
        given = choice.get("message")
        message: dict[str, Any] = given if isinstance(given, dict) else {}
        for position, call in enumerate(message.get("tool_calls") or ()):
            call.setdefault("index", position)
        chunk = {"index": choice.get("index", number), "delta": message, "finish_reason": choice.get("finish_reason") or "stop"}
        events.append(b"data: " + dumps({"id": told.get("id"), "model": told.get("model"), "choices": [chunk]}) + b"\n\n")
    if told.get("usage"):
        events.append(b"data: " + dumps({"choices": [], "usage": told["usage"]}) + b"\n\n")
    return b"".join([*events, DONE])
