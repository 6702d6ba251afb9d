"""A provider's answer in Responses to events.

One reader serves streams and plain bodies: a plain body is a stream whose items come whole. Items are told apart by their
`output_index`, for they may overlap; what a stream left out of its deltas is taken from its `done` events, so that servers which
send only those are read too. Encrypted reasoning is taken when its item is done: `added` has another text for the same thought.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.openai_responses.parts import Parts, Told
from entrepot.dialects.openai_responses.shape import (
    BROKEN,
    FAMILY,
    Halves,
    Response,
    decode_response,
    says,
    tolerantly,
)
from entrepot.dialects.openai_responses.usage import read_usage
from entrepot.dialects.sse import EventReader
from entrepot.dialects.voice import Malformed, encode, loads
from entrepot.values.event import Began, Event, Failed, Finish, Finished, ForeignEvent, UsageSeen

_decode_told = msgspec.json.Decoder(Told).decode


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    try:
        told = decode_response(body)
    except BROKEN:
        told = tolerantly(decode_response, body)
    if says(told.error) and (told.status == "failed" or told.output is None):
        return [Failed(body)]
    if told.output is None or (told.object is not None and told.object != "response"):
        raise Malformed("no output")
    return ResponsesReader(hearing).whole(told)


class ResponsesReader:
    """Fed with bytes of the provider, gives events."""

    __slots__ = ("_events", "_halves", "_parts", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._events = EventReader(hearing.max_event_bytes)
        self._halves = Halves()
        self._parts = Parts(hearing.family or FAMILY)
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        """raises  Malformed; BrokenStream for an event past the limit"""
        out: list[Event] = []
        for payload in self._events.feed(data):
            self.take(payload, out)
        return out

    def close(self) -> list[Event]:
        """What an unfinished last event gives. raises as `feed`"""
        out: list[Event] = []
        for payload in self._events.close():
            self.take(payload, out)
        return out

    def whole(self, told: Response) -> list[Event]:
        """A response that came at once."""
        out: list[Event] = []
        self._end(told, out)
        return out

    def take(self, payload: bytes, out: list[Event]) -> None:
        """One event's data."""
        if self.done:
            return
        try:
            told = _decode_told(payload)
        except BROKEN:
            if payload.strip() == b"[DONE]":
                return
            told = self._tolerant(payload)
        of_part = _OF_PARTS.get(told.type)
        if of_part is not None:
            of_part(self._parts, told, out)
        elif told.type in _OF_ANSWERS:
            _OF_ANSWERS[told.type](self, told, out)
        elif not told.type and not says(told.error):
            raise Malformed("an event without a type")
        elif not told.type:
            self._failed(told, out)
        elif not told.type.startswith(_PASSED_OVER):
            out.append(ForeignEvent(told.type, Raw(payload)))

    def _tolerant(self, payload: bytes) -> Told:
        """An event with half surrogates in it, or of a kind unknown here whose members have other types."""
        try:
            return tolerantly(_decode_told, payload, self._halves)
        except Malformed:
            told = loads(payload)
            name = told.get("type") if isinstance(told, dict) else None
            if not isinstance(name, str) or name in _OF_PARTS or name in _OF_ANSWERS:
                raise
            return Told(type=name)

    # The answer as a whole

    def _begin(self, told: Response, out: list[Event]) -> None:
        if not self._parts.began:
            self._parts.began = True
            out.append(Began(told.id or "", told.model or "", told.service_tier or ""))

    def _created(self, told: Told, out: list[Event]) -> None:
        self._begin(_response(told.response), out)

    def _completed(self, told: Told, out: list[Event]) -> None:
        self._end(_response(told.response), out)

    def _end(self, told: Response, out: list[Event]) -> None:
        """The last event, or the only thing there is. Items are read from it when none came before."""
        self._begin(told, out)
        if self._parts.none:
            for position, item in enumerate(told.output or ()):
                self._parts.item(position, item, out)
        self._parts.close(out)
        self.done = told.status not in _UNDER_WAY
        usage = read_usage(told.usage, self._parts.searches)
        if usage is not None:
            out.append(UsageSeen(usage, told.service_tier or ""))
        if told.status in _FAILED:
            out.append(
                Failed(b'{"error":%b}' % (bytes(told.error) if says(told.error) else b'{"message":"%b"}' % told.status.encode()))
            )
        elif self.done:
            out.append(self._finish(told))

    def _finish(self, told: Response) -> Finished:
        reason = told.incomplete_details.reason if told.incomplete_details else None
        if told.status == "incomplete" or reason:
            finish: Finish = "content_filter" if reason == "content_filter" else "length"
            return Finished(finish, reason or "incomplete")
        return Finished("tool_calls" if self._parts.calls else "stop", told.status or "completed")

    def _failed(self, told: Told, out: list[Event]) -> None:
        """`error` events, nested as OpenAI sends them or flat as its specification has them, and `response.failed`."""
        self.done = True
        if says(told.response):
            failed = _response(told.response)
            usage = read_usage(failed.usage, self._parts.searches)
            if usage is not None:
                out.append(UsageSeen(usage, failed.service_tier or ""))
            told.error = failed.error
        flat = {"code": told.code, "message": told.message, "param": told.param}
        out.append(Failed(_failure(told.error, flat)))


def _failure(error: Raw, otherwise: Any) -> bytes:
    """The JSON of a failure: what the provider said of it, or what is known besides."""
    return b'{"error":%b}' % (bytes(error) if says(error) else encode(otherwise))


def _response(raw: Raw) -> Response:
    if not says(raw):
        raise Malformed("an event without its response")
    try:
        return decode_response(raw)
    except BROKEN:
        return tolerantly(decode_response, raw)


_FAILED = frozenset({"failed", "cancelled"})
_UNDER_WAY = frozenset({"queued", "in_progress"})
_OF_PARTS: dict[str, Callable[[Parts, Told, list[Event]], None]] = {
    "response.output_text.delta": Parts.text,
    "response.function_call_arguments.delta": Parts.arguments,
    "response.reasoning_summary_text.delta": Parts.summary,
    "response.output_item.added": Parts.item_added,
    "response.output_item.done": Parts.item_done,
    "response.content_part.added": Parts.part_added,
    "response.output_text.done": Parts.text_done,
    "response.output_text.annotation.added": Parts.annotation,
    "response.refusal.delta": Parts.refusal,
    "response.refusal.done": Parts.refusal_done,
    "response.function_call_arguments.done": Parts.arguments_done,
    "response.custom_tool_call_input.delta": Parts.arguments,
    "response.custom_tool_call_input.done": Parts.arguments_done,
    "response.reasoning_text.delta": Parts.thought,
    "response.reasoning_summary_text.done": Parts.summary_done,
    "response.reasoning_summary_part.done": Parts.summary_done,
}
_OF_ANSWERS: dict[str, Callable[[ResponsesReader, Told, list[Event]], None]] = {
    "response.created": ResponsesReader._created,
    "response.queued": ResponsesReader._created,
    "response.in_progress": ResponsesReader._created,
    "response.completed": ResponsesReader._completed,
    "response.incomplete": ResponsesReader._completed,
    "response.failed": ResponsesReader._failed,
    "error": ResponsesReader._failed,
}
_PASSED_OVER = (
    "keepalive", "ping", "response.content_part.done", "response.reasoning_text.done", "response.reasoning_summary_part.added",
    "response.web_search_call.", "response.file_search_call.", "response.code_interpreter_call",
    "response.image_generation_call.", "response.mcp_call", "response.mcp_list_tools.", "response.shell_call",
    "response.apply_patch_call", "response.compaction.", "response.audio.",
)  # fmt: skip
"""They say nothing that another event does not say: the provider's own tools are told whole when they are done."""
