"""A provider's plain answer to ours: its bytes are kept, and only the members that must change are spliced."""

from __future__ import annotations

from typing import Any, Literal

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
from entrepot.dialects.openai_chat.usage import WireUsage, read_usage, render_usage, tells_cost, usage_of
from entrepot.values.usage import Usage

_NULL = b"null"


class _Call(msgspec.Struct):
    type: str
    function: _Function | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Message(msgspec.Struct):
    """Only answers whose message fits this can keep its bytes; anything else is normalised as JSON."""

    role: str
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    reasoning: str | None = None
    reasoning_details: list[Raw] | None = None
    reasoning_content: msgspec.UnsetType = msgspec.UNSET


class _Choice(msgspec.Struct):
    message: _Message
    index: int = 0
    finish_reason: str | None = None
    native_finish_reason: str | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    usage: Raw = Raw()
    error: msgspec.UnsetType = msgspec.UNSET


class _UsualMessage(msgspec.Struct):
    """Reasoning, in whatever member, needs a closer look."""

    role: Literal["assistant"]
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    reasoning: msgspec.UnsetType = msgspec.UNSET
    reasoning_content: msgspec.UnsetType = msgspec.UNSET
    reasoning_details: msgspec.UnsetType = msgspec.UNSET


class _UsualChoice(msgspec.Struct, forbid_unknown_fields=True):
    message: Raw
    index: int = 0
    finish_reason: str | None = None
    logprobs: Raw = Raw(b"null")


class _Usual(msgspec.Struct, forbid_unknown_fields=True):
    """What OpenAI itself sends. It is read in two passes and written in one; anything else takes the way of `_Body`."""

    id: str
    choices: list[_UsualChoice]
    usage: WireUsage
    model: str
    created: int
    object: str = ""
    service_tier: str | None = None
    system_fingerprint: str | None = None


class PlainAnswer:
    """What a provider's body says. `render` gives our body once the usage object is known."""

    foreign = 0
    """What has no meaning here passes on in a chat answer."""

    __slots__ = (
        "_choices",
        "_fields",
        "_fingerprint",
        "_voice",
        "finish_reason",
        "native_finish_reason",
        "reported_model",
        "service_tier",
        "tool_calls",
        "upstream_id",
        "usage",
    )

    def __init__(self, body: bytes, voice: Voice, *, excludes_reasoning: bool = False) -> None:
        """raises  ErrorEvent, Malformed"""
        self._voice = voice
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.native_finish_reason: str | None = None
        self.tool_calls = 0
        self._fields: Fields | None = None
        if not self._read_usual(body, excludes_reasoning):
            self._read(body, excludes_reasoning)

    def _read_usual(self, body: bytes, excludes_reasoning: bool) -> bool:
        """False: it is not of the usual kind, and nothing was noted."""
        try:
            told = _decode_usual(body)
            messages = [_decode_usual_message(choice.message) for choice in told.choices]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        self.usage = usage_of(told.usage, excludes_reasoning=excludes_reasoning)
        if self.usage is None or not messages:
            return False
        self._choices = [self._write_choice(choice, message) for choice, message in zip(told.choices, messages, strict=True)]
        self.upstream_id, self.reported_model = told.id, told.model
        self.service_tier = told.service_tier
        self._fingerprint = told.system_fingerprint or ""
        return True

    def _write_choice(self, choice: _UsualChoice, message: _UsualMessage) -> bytes:
        calls = message.tool_calls
        if calls:
            self.tool_calls += len(calls)
        native = choice.finish_reason
        finish = normal_finish(native, has_tool_calls=bool(calls))
        self._note_finish(finish, native)
        return b'{"index":%d,"message":%b,"logprobs":%b,"finish_reason":%b,"native_finish_reason":%b}' % (
            choice.index,
            choice.message,
            choice.logprobs,
            encode(finish),
            encode(native),
        )

    def _read(self, body: bytes, excludes_reasoning: bool) -> None:
        try:
            told = _decode_body(body)
            fields = decode_fields(body)
            self._choices = [
                self._keep(choice, raw) for choice, raw in zip(told.choices, _decode_choices(fields["choices"]), strict=True)
            ]
            self.upstream_id, self.reported_model = told.id or "", told.model or ""
            self.service_tier = told.service_tier
            usage: bytes | Raw = told.usage
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            fields, usage = self._read_tolerantly(body)
        if not self._choices:
            raise Malformed("no choices")
        self._fields = fields
        self.usage = read_usage(usage, excludes_reasoning=excludes_reasoning) if len(bytes(usage)) > 4 else None

    def render_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        return self.render(render_usage(usage, prompt_nano, completion_nano))

    def render(self, usage: bytes) -> bytes:
        if self._fields is None:
            tier = b"" if self.service_tier is None else b'"service_tier":%b,' % encode(normal_tier(self.service_tier))
            return b'%b,"choices":[%b],%b"system_fingerprint":%b,"usage":%b}' % (
                self._voice.opening(b"chat.completion"),
                b",".join(self._choices),
                tier,
                encode(self._fingerprint),
                usage,
            )
        fields = self._voice.names("chat.completion")
        fields["choices"] = Raw(b"[" + b",".join(self._choices) + b"]")
        fingerprint = self._fields.get("system_fingerprint")
        if fingerprint is None or bytes(memoryview(fingerprint)) == _NULL:
            self._fields["system_fingerprint"] = Raw(b'""')
        for name, raw in self._fields.items():
            if name not in fields and not tells_cost(name, bytes(memoryview(raw))):
                fields[name] = raw
        if self.service_tier is not None:
            fields["service_tier"] = Raw(encode(normal_tier(self.service_tier)))
        fields["usage"] = Raw(usage)
        return encode(fields)

    def _keep(self, told: _Choice, fields: Fields) -> bytes:
        """The choice with its message's bytes as they came; falls back to JSON where the message must change."""
        message = told.message
        has_calls = bool(message.tool_calls)
        if (message.reasoning and not message.reasoning_details) or (message.reasoning and not self._voice.shows_reasoning):
            return self._rebuild(loads(encode(fields)))
        for text in (message.reasoning, message.content, message.refusal):
            if text:
                self._voice.count(text)
        for call in message.tool_calls or ():
            self.tool_calls += 1
            if call.function:
                self._voice.count(f"{call.function.name or ''}{call.function.arguments or ''}")
        finish = normal_finish(told.finish_reason, has_tool_calls=has_calls)
        native = told.native_finish_reason or told.finish_reason
        self._note_finish(finish, native)
        kept: Fields = {"index": Raw(b"%d" % told.index)}
        kept |= fields
        if finish != told.finish_reason:
            kept["finish_reason"] = Raw(encode(finish))
        kept["native_finish_reason"] = Raw(encode(native))
        kept.setdefault("logprobs", Raw(_NULL))
        return encode(kept)

    def _read_tolerantly(self, body: bytes) -> tuple[Fields, bytes]:
        """The same from loose JSON, for answers that depart from the dialect."""
        told = loads(body)
        if not isinstance(told, dict):
            raise Malformed("not a JSON object")
        choices = told.pop("choices", None)
        if told.get("error") and not choices:
            raise ErrorEvent(body)
        if not isinstance(choices, list):
            raise Malformed("no choices")
        self._choices = [self._rebuild(choice) for choice in choices if isinstance(choice, dict)]
        self.upstream_id = str(told.get("id") or "")
        model = told.get("model")
        self.reported_model = model if isinstance(model, str) else ""
        tier = told.get("service_tier")
        self.service_tier = tier if isinstance(tier, str) else None
        usage = told.pop("usage", None)
        groq = told.get("x_groq")
        if not usage and isinstance(groq, dict):
            usage = groq.get("usage")
        return {name: Raw(dumps(value)) for name, value in told.items()}, dumps(usage) if usage else b""

    def _rebuild(self, choice: dict[str, Any]) -> bytes:
        if choice.get("error") and not choice.get("message"):
            raise ErrorEvent(dumps({"error": choice["error"]}))
        message = choice.get("message")
        if not isinstance(message, dict):
            message = {"content": None}
        message.setdefault("role", "assistant")
        message.setdefault("content", None)
        normalise_message(message, self._voice)
        calls = message.get("tool_calls") or []
        for call in calls:
            call.pop("index", None)
        self.tool_calls += len(calls)
        told = choice.get("finish_reason")
        finish = normal_finish(told if isinstance(told, str) else None, has_tool_calls=bool(calls))
        native = choice.get("native_finish_reason") or told
        self._note_finish(finish, native)
        choice.setdefault("index", 0)
        choice.setdefault("logprobs", None)
        return dumps(choice | {"message": message, "finish_reason": finish, "native_finish_reason": native})

    def _note_finish(self, finish: str | None, native: str | None) -> None:
        if self.finish_reason is None:
            self.finish_reason, self.native_finish_reason = finish, native


_decode_usual = msgspec.json.Decoder(_Usual).decode
_decode_usual_message = msgspec.json.Decoder(_UsualMessage).decode
_decode_body = msgspec.json.Decoder(_Body).decode
_decode_choices = msgspec.json.Decoder(list[Fields]).decode
