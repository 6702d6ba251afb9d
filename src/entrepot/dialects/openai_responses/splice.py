"""A provider's answer for a client of the same dialect: its bytes are kept, and only the members that must change are spliced.

Names (`id`, `model`), the cost in `usage`, and what the client asked where the provider was asked something else. State of
another maker than OpenAI is sealed, so that it finds its way back. The opening events wait for the first item: a provider that
fails before it can still be replaced.
"""

from __future__ import annotations

from typing import cast

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.openai_responses.complete import complete_item
from entrepot.dialects.openai_responses.create import Said
from entrepot.dialects.openai_responses.echo import response_id
from entrepot.dialects.openai_responses.read import ResponsesReader, read
from entrepot.dialects.openai_responses.refuse import code_of, error_members
from entrepot.dialects.openai_responses.shape import BROKEN, FAMILY, kind_of, name_of, says, tolerantly
from entrepot.dialects.openai_responses.state import sealed
from entrepot.dialects.openai_responses.usage import splice_usage
from entrepot.dialects.openai_responses.write import ResponsesWriter
from entrepot.dialects.sse import EventReader
from entrepot.dialects.voice import ErrorEvent, Fields, Malformed, Voice, decode_fields, encode
from entrepot.errors import GatewayError
from entrepot.values.conversation import Opaque
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    Event,
    Failed,
    Finished,
    PartBegan,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.request import Asked, Request
from entrepot.values.usage import Usage

_OPENING = frozenset({"response.created", "response.in_progress", "response.queued"})
_END = frozenset({"response.completed", "response.incomplete"})
_ARGUMENTS_DONE = "response.function_call_arguments.done"
_decode_items = msgspec.json.Decoder(list[Raw]).decode


class _Noted:
    """What passes by: usage, finish and counts. What has no meaning here passes on to the client, who may know it."""

    foreign = 0

    __slots__ = (
        "_voice", "failure", "finish_reason", "native_finish_reason", "reported_model", "service_tier", "tool_calls",
        "upstream_id", "usage",
    )  # fmt: skip

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.native_finish_reason: str | None = None
        self.service_tier: str | None = None
        self.upstream_id = self.reported_model = ""
        self.tool_calls = 0
        self.failure: bytes | None = None

    def note(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, TextDelta | ReasoningDelta | RefusalDelta | ArgumentsDelta):
                self._voice.count(event.text)
            elif isinstance(event, PartBegan):
                if event.kind == "tool_call":
                    self.tool_calls += 1
                    self._voice.count(event.name)
            elif isinstance(event, UsageSeen):
                self.usage, self.service_tier = event.usage, event.service_tier or self.service_tier
            elif isinstance(event, Finished):
                self.finish_reason, self.native_finish_reason = event.reason, event.native
            elif isinstance(event, Began):
                self.upstream_id, self.reported_model, self.service_tier = event.id, event.model, event.service_tier or None
            elif isinstance(event, Failed):
                self.failure = event.payload


class SplicedResponse(_Noted):
    """A whole response."""

    __slots__ = ("_fields",)

    def __init__(self, body: bytes, voice: Voice, request: Request, hearing: Hearing) -> None:
        """raises  ErrorEvent, Malformed"""
        super().__init__(voice)
        self.note(read(body, hearing))
        if self.failure is not None:
            raise ErrorEvent(self.failure)
        if self.finish_reason is None:
            raise Malformed("it has no end")
        self._fields = _as_ours(_members(body), voice, request, hearing.family)

    def render_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        reported = self._fields.get("usage", Raw())
        return encode(self._fields | {"usage": Raw(splice_usage(reported, usage, prompt_nano, completion_nano))})


class _Head(msgspec.Struct):
    type: str = ""
    sequence_number: int | None = None
    output_index: int = 0
    name: str | None = None
    response: Raw = Raw()
    item: Raw = Raw()


_decode_head = msgspec.json.Decoder(_Head).decode


class SplicedStream(_Noted):
    """Bytes of the provider in, bytes for the client out. The end waits for `end_with`, which tells what it cost."""

    __slots__ = ("_end", "_events", "_family", "_names", "_number", "_opening", "_reader", "_request", "_response", "_writer")

    def __init__(self, voice: Voice, request: Request, hearing: Hearing) -> None:
        super().__init__(voice)
        self._request = request
        self._family = hearing.family
        self._events = EventReader(hearing.max_event_bytes)
        self._reader = ResponsesReader(hearing)
        self._opening: list[bytes] = []
        self._response: Fields = {}
        """The response as it was last told"""
        self._end = _Head()
        self._number = 0
        self._names: dict[int, str] = {}
        """Of the tools called, by the places of their calls: the dialect demands it again at the end of a call's arguments"""
        self._writer: ResponsesWriter | None = None

    @property
    def done(self) -> bool:
        return self._reader.done

    @property
    def complete(self) -> bool:
        return self.finish_reason is not None

    def feed(self, data: bytes) -> bytes:
        """raises  ErrorEvent, Malformed; BrokenStream for an event past the limit"""
        return self._pass(self._events.feed(data))

    def close(self) -> bytes:
        """What an unfinished last event gives. raises as `feed`"""
        return self._pass(self._events.close())

    def feed_whole(self, body: bytes) -> bytes:
        """A plain answer that came where a stream was asked for. raises as `feed`"""
        events = read(body, Hearing(family=self._family))
        self.note(events)
        if self.failure is not None:
            raise ErrorEvent(self.failure)
        self._reader.done = True
        self._writer = ResponsesWriter(self._voice, self._request)
        return self._writer.feed(events)

    def end_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        if self._writer is not None:
            return self._writer.end(usage, prompt_nano, completion_nano)
        reported = self._response.get("usage", Raw())
        self._response["usage"] = Raw(splice_usage(reported, usage, prompt_nano, completion_nano))
        return self._flush() + self._event(self._end, {"response": Raw(encode(self._response))})

    def break_off(self, error: GatewayError) -> bytes:
        if self._writer is not None or not self._response:
            return (self._writer or ResponsesWriter(self._voice, self._request)).error(error)
        members: Fields = decode_fields(b"{" + error_members(error) + b"}")
        told = Raw(encode({"code": code_of(error), "message": error.message}))
        response = self._response | {"status": Raw(b'"failed"'), "error": told}
        out = self._flush() + self._event(_Head("error"), members)
        return out + self._event(_Head("response.failed"), {"response": Raw(encode(response))})

    def _pass(self, payloads: list[bytes]) -> bytes:
        out: list[bytes] = []
        for payload in payloads:
            if self._reader.done:
                break
            heard: list[Event] = []
            self._reader.take(payload, heard)
            self.note(heard)
            if self.failure is not None:
                raise ErrorEvent(self.failure, b"".join(out))
            told = self._told(payload)
            if told:
                out.append(self._flush())
                out.append(told)
        return b"".join(out)

    def _told(self, payload: bytes) -> bytes:
        """One event for the client; nothing for those that wait."""
        if payload.strip() == b"[DONE]":
            return b""
        head = _head(payload)
        if head.sequence_number is not None:
            self._number = head.sequence_number + 1
        if head.type in _OPENING or head.type in _END:
            self._response = _as_ours(_members(head.response), self._voice, self._request, self._family)
            if head.type in _END:
                self._end = head
            else:
                self._opening.append(self._event(head, {"response": Raw(encode(self._response))}))
            return b""
        if head.type == _ARGUMENTS_DONE and head.name is None:
            return self._event(head, _members(payload) | {"name": Raw(encode(self._names.get(head.output_index, "")))})
        if says(head.item):
            self._names[head.output_index] = name_of(head.item)
            ours = _our_item(head.item, self._family)
            if ours is not head.item:
                return self._event(head, _members(payload) | {"item": ours})
        if head.sequence_number is None:
            return self._event(head, _members(payload))
        line = payload if b"\n" not in payload else payload.replace(b"\n", b" ")
        return b"event: %b\ndata: %b\n\n" % (head.type.encode(), line)

    def _event(self, head: _Head, members: Fields) -> bytes:
        """An event anew, with a number where the provider gave it none."""
        number = head.sequence_number
        if number is None:
            number, self._number = self._number, self._number + 1
        told = {"type": Raw(encode(head.type)), "sequence_number": Raw(b"%d" % number)}
        return b"event: %b\ndata: %b\n\n" % (head.type.encode(), encode(told | members | told))

    def _flush(self) -> bytes:
        opening = b"".join(self._opening)
        self._opening.clear()
        return opening


def _head(payload: bytes) -> _Head:
    try:
        return _decode_head(payload)
    except BROKEN:
        return tolerantly(_decode_head, payload)


def _members(raw: bytes | Raw) -> Fields:
    try:
        return decode_fields(raw)
    except BROKEN:
        return tolerantly(decode_fields, raw)


def _as_ours(fields: Fields, voice: Voice, request: Request, family: str) -> Fields:
    """A response object under our names, and with what the client asked where the provider was asked something else.

    OpenAI says null for `user` and `usage`, which its own document does not allow: there they are left out.
    """
    for name in ("user", "usage"):
        if name in fields and not says(fields[name]):
            del fields[name]
    fields["id"] = Raw(encode(response_id(voice.id)))
    fields["model"] = Raw(encode(voice.model))
    said = cast(Asked, request).said
    if isinstance(said, Said):
        _say_what_was_asked(fields, said, request.fields)
    if says(fields.get("output", Raw())):
        items = _decode_items(fields["output"])
        ours = [_our_item(item, family) for item in items]
        if any(item is not told for item, told in zip(ours, items, strict=True)):
            fields["output"] = Raw(encode(ours))
    return fields


def _our_item(item: Raw, family: str) -> Raw:
    """The item as the client gets it: the same object when it need not change."""
    return complete_item(item if family in ("", FAMILY) else _sealed_item(item, family))


def _say_what_was_asked(fields: Fields, said: Said, asked: Fields) -> None:
    create = said.create
    if create.previous_response_id is not None:
        fields["previous_response_id"] = Raw(encode(create.previous_response_id))
    if create.user is not None:
        fields["user"] = Raw(encode(create.user))
    if said.stateless:
        fields["store"] = Raw(encode(create.store is not False))


def _sealed_item(item: Raw, family: str) -> Raw:
    if kind_of(item).type != "reasoning":
        return item
    fields = _members(item)
    state = fields.get("encrypted_content", Raw())
    if not says(state):
        return item
    told = msgspec.json.decode(state, type=str)
    return Raw(encode(fields | {"encrypted_content": Raw(encode(sealed(Opaque(family, told, "encrypted"))))}))
