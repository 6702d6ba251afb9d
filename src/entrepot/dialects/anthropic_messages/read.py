"""A provider's Messages answer to events: plain, and streamed.

Facts from recordings, read 2026-11: a call without arguments streams none, or one empty piece; hidden thinking comes whole at its
block's start; payloads are padded with spaces; `ping` comes anywhere.
"""

from __future__ import annotations

from msgspec import Raw

from entrepot.dialects.anthropic_messages.growing import Blocks
from entrepot.dialects.anthropic_messages.told import REFUSED, Message, Told, event_in, message_in
from entrepot.dialects.anthropic_messages.usage import WireUsage, told_tier, usage_of
from entrepot.dialects.anthropic_messages.words import FAMILY
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.sse import EventReader
from entrepot.dialects.voice import Malformed
from entrepot.values.conversation import given
from entrepot.values.event import Began, Event, Failed, ForeignEvent, UsageSeen


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    told = message_in(body)
    if given(told.error) and told.content is None:
        return [Failed(body)]
    if told.content is None:
        raise Malformed("no content")
    blocks = Blocks(hearing.family or FAMILY)
    usage = told.usage or WireUsage()
    events: list[Event] = [Began(told.id, told.model, told_tier(usage))]
    try:
        for number, raw in enumerate(told.content):
            events += blocks.begin(number, raw)
            events += blocks.end(number)
    except REFUSED as error:
        raise Malformed(str(error)) from None
    if usage.said:
        events.append(UsageSeen(usage_of(usage), told_tier(usage)))
    if told.stop_reason:
        events.append(blocks.finish(told))
    return events


class Reader:
    """A stream of Messages to events."""

    __slots__ = ("_blocks", "_events", "_told_usage", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._events = EventReader(hearing.max_event_bytes)
        self._blocks = Blocks(hearing.family or FAMILY)
        self._told_usage = WireUsage()
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        """raises  Malformed; BrokenStream for an event past the limit"""
        return self._take(self._events.feed(data))

    def close(self) -> list[Event]:
        """What an unfinished last event gives."""
        return self._take(self._events.close())

    def _take(self, payloads: list[bytes]) -> list[Event]:
        events: list[Event] = []
        try:
            for payload in payloads:
                if not self.done:
                    self._event(payload, events)
        except REFUSED as error:
            raise Malformed(str(error)) from None
        return events

    def _event(self, payload: bytes, events: list[Event]) -> None:
        told = event_in(payload)
        kind, delta = told.type, told.delta
        if kind == "content_block_delta" and delta is not None:
            events += self._blocks.grow(told.index, delta) if delta.type in _GROWTH else [ForeignEvent(delta.type, Raw(payload))]
        elif kind == "content_block_start":
            events += self._blocks.begin(told.index, told.content_block)
        elif kind == "content_block_stop":
            events += self._blocks.end(told.index)
        elif kind == "message_delta":
            self._finish(told, events)
        elif kind == "message_start":
            self._begin(told.message or Message(), events)
        elif kind == "message_stop":
            self.done = True
        elif kind == "error":
            events.append(Failed(payload))
        elif kind != "ping":
            events.append(ForeignEvent(kind, Raw(payload)))

    def _begin(self, message: Message, events: list[Event]) -> None:
        events.append(Began(message.id, message.model, told_tier(message.usage or self._told_usage)))
        for number, raw in enumerate(message.content or ()):
            events += self._blocks.begin(number, raw)
        self._use(message.usage, events)

    def _finish(self, told: Told, events: list[Event]) -> None:
        self._use(told.usage, events)
        if told.delta is not None and told.delta.stop_reason:
            events += self._blocks.end_all()
            events.append(self._blocks.finish(told.delta))

    def _use(self, usage: WireUsage | None, events: list[Event]) -> None:
        if usage is not None and usage.said:
            self._told_usage = usage.after(self._told_usage)
            events.append(UsageSeen(usage_of(self._told_usage), told_tier(self._told_usage)))


_GROWTH = frozenset(
    {"text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta", "compaction_delta"}
)
