"""A provider's chat answer, whole or streamed, to canonical events. One way for both: a message is a delta that says everything.

Vendors depart in known ways (see `shape.py`, `usage.py`): content as a list with thinking parts or as an object, arguments as an
object, reasoning under three names, calls without ids or numbers, usage in `x_groq`, errors in a good answer.
"""

from __future__ import annotations

from msgspec import Raw

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.openai_chat.finish import normal_tier
from entrepot.dialects.openai_chat.speaker import Speaker
from entrepot.dialects.openai_chat.usage import read_usage
from entrepot.dialects.openai_chat.wire import Choice, Chunk, chunk_in, groq_usage, text_of
from entrepot.dialects.sse import EventReader
from entrepot.dialects.voice import Malformed, dumps, loads
from entrepot.providers import Quirk
from entrepot.values.conversation import given
from entrepot.values.event import Began, Event, Failed, ForeignEvent, UsageSeen


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    reading = _Reading(hearing)
    events = reading.take(body, whole=True)
    if not reading.began and not any(isinstance(event, Failed) for event in events):
        raise Malformed("no choices")
    return events


class ChatStreamReader:
    __slots__ = ("_events", "_reading", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._events = EventReader(hearing.max_event_bytes)
        self._reading = _Reading(hearing)
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        return self._read(self._events.feed(data))

    def close(self) -> list[Event]:
        return self._read(self._events.close())

    def _read(self, payloads: list[bytes]) -> list[Event]:
        events: list[Event] = []
        for payload in payloads:
            if self.done:
                break
            if payload.strip() == b"[DONE]":
                self.done = True
            else:
                events += self._reading.take(payload)
        return events


class _Reading:
    """What was read of one answer so far."""

    __slots__ = ("_choices", "_excludes_reasoning", "_family", "began")

    def __init__(self, hearing: Hearing) -> None:
        self._family = hearing.family or "unknown"
        self._excludes_reasoning = Quirk.COMPLETION_EXCLUDES_REASONING in hearing.quirks
        self._choices: dict[int, Speaker] = {}
        self.began = False

    def take(self, payload: bytes, *, whole: bool = False) -> list[Event]:
        """raises  Malformed"""
        chunk = chunk_in(payload)
        if chunk.error and not (whole and chunk.choices):
            return [Failed(payload)]
        if chunk.choices is None:
            return _foreign(payload)
        out: list[Event] = []
        if not self.began and (chunk.choices or chunk.id):
            self.began = True
            out.append(Began(text_of(chunk.id), text_of(chunk.model), _tier(chunk), text_of(chunk.system_fingerprint)))
        for number, choice in enumerate(chunk.choices):
            self._hear(choice, number, out, whole)
        self._hear_usage(chunk, out)
        return out

    def _hear(self, choice: Choice, number: int, out: list[Event], whole: bool) -> None:
        said = choice.delta or choice.message
        if choice.error and said is None:
            out.append(Failed(dumps({"error": choice.error})))
            return
        index = choice.index if isinstance(choice.index, int) else number
        speaker = self._choices.get(index)
        if speaker is None:
            speaker = self._choices[index] = Speaker(index, self._family)
        if speaker.finished:
            return
        if said is not None:
            speaker.say(said, out)
        if given(choice.logprobs):
            speaker.say_logprobs(choice.logprobs, out)
        native = choice.finish_reason
        if (isinstance(native, str) and native) or whole:
            speaker.finish(native, choice.native_finish_reason, out)

    def _hear_usage(self, chunk: Chunk, out: list[Event]) -> None:
        raw = chunk.usage
        if not given(raw) or len(memoryview(raw)) <= 4:
            if not given(chunk.x_groq):
                return
            raw = groq_usage(chunk.x_groq)
        usage = read_usage(raw, excludes_reasoning=self._excludes_reasoning)
        if usage is not None:
            out.append(UsageSeen(usage, _tier(chunk)))


def _foreign(payload: bytes) -> list[Event]:
    """An object without choices: an error in flat form, or a vendor's event of its own."""
    told = loads(payload)
    if told.get("object") == "error" or "detail" in told or "statusCode" in told:
        return [Failed(dumps({"error": told}))]
    return [ForeignEvent(text_of(told.get("object") or told.get("type")), Raw(payload))]


def _tier(chunk: Chunk) -> str:
    return normal_tier(chunk.service_tier) if isinstance(chunk.service_tier, str) else ""
