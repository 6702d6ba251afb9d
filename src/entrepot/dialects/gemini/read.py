"""A provider's answer to events, plain and streamed by the same hearer: a plain answer is a stream of one piece.

A stream is server-sent events without names or end sign; a provider that was not asked for `alt=sse` sends one JSON array. A call
comes whole, or in named pieces that are put together first. A signature ends the part it stands on; text that comes only with
one belongs to the text before it, as it does in plain answers.
"""

from __future__ import annotations

import hashlib
import re

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gemini.finish import native_finish, normal_finish
from entrepot.dialects.gemini.frames import Framing
from entrepot.dialects.gemini.grounding import citations_of, logprobs_of
from entrepot.dialects.gemini.partial import Growing
from entrepot.dialects.gemini.told import (
    Blob,
    Call,
    Candidate,
    Part,
    Reference,
    Told,
    decode_feedback,
    decode_members,
    decode_part,
    some,
    told_in,
)
from entrepot.dialects.gemini.usage import tier_of, usage_of
from entrepot.dialects.voice import Malformed, encode
from entrepot.values.conversation import NOTHING, Audio, File, Foreign, Image, Opaque, Source, Video
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
    Event,
    Failed,
    Finished,
    ForeignEvent,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    StateDelta,
    TextDelta,
    UsageSeen,
)

DIALECT = "gemini"
FAMILY = "google-gemini-v1"
MADE_UP = "call_g"
"""How ids begin that stand for calls the provider gave none to; they are left out on the way back."""
_MOST_CHOICES = 64
_FOREIGN = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse", "functionResponse")
_MORE = ("finishMessage", "safetyRatings", "citationMetadata", "groundingMetadata", "urlContextMetadata", "avgLogprobs")


def read(body: bytes, hearing: Hearing) -> list[Event]:
    """raises  Malformed"""
    hearer = Hearer(hearing)
    if not body.lstrip().startswith(b"["):
        return [*hearer.take(body), *hearer.close(whole=True)]
    events = [event for piece in _pieces(body) for event in hearer.take(piece)]
    return [*events, *hearer.close(whole=True)]


def _pieces(body: bytes) -> list[bytes]:
    try:
        return [bytes(memoryview(raw)) for raw in _decode_list(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("not a JSON array") from None


_decode_list = msgspec.json.Decoder(list[Raw]).decode


class _Choice:
    """One candidate while it is told."""

    __slots__ = ("calls", "finished", "growing", "index", "kind", "more", "next", "pieces")

    def __init__(self) -> None:
        self.next = 0
        self.index = -1
        self.kind = ""
        self.pieces: list[str] = []
        self.growing: Growing | None = None
        self.calls = 0
        self.finished = False
        self.more: dict[str, Raw] = {}


class Hearer:
    """Pieces of an answer to events."""

    __slots__ = ("_begun", "_choices", "_family", "_seed")

    def __init__(self, hearing: Hearing) -> None:
        self._family = hearing.family or FAMILY
        self._choices: dict[int, _Choice] = {}
        self._seed = b""
        self._begun = False

    @property
    def finished(self) -> bool:
        return bool(self._choices) and all(choice.finished for choice in self._choices.values())

    def take(self, payload: bytes) -> list[Event]:
        """raises  Malformed"""
        return self.take_told(told_in(payload), payload)

    def take_told(self, told: Told, payload: bytes) -> list[Event]:
        if some(told.error):
            self._begun = True
            return [Failed(payload)]
        events: list[Event] = []
        if not self._seed:
            self._seed = (told.responseId or "").encode() or payload
        if not self._begun and (told.responseId or told.modelVersion or told.candidates):
            self._begun = True
            tier = tier_of(told.usageMetadata) if told.usageMetadata else ""
            events.append(Began(told.responseId or "", told.modelVersion or "", tier))
        for position, candidate in enumerate(told.candidates or ()):
            self._candidate(candidate, candidate.index if candidate.index is not None else position, events)
        if some(told.promptFeedback):
            self._feedback(told.promptFeedback, events)
        if told.usageMetadata is not None:
            usage = usage_of(told.usageMetadata)
            if usage is not None:
                events.append(UsageSeen(usage, tier_of(told.usageMetadata)))
        return events or [ForeignEvent("empty", Raw(payload))]

    def close(self, *, whole: bool = False) -> list[Event]:
        """Ends what is open. In a whole answer a candidate without a reason is one that ended as usual.

        raises  Malformed, for a whole answer that holds none
        """
        if not whole:
            return []
        if not self._begun and not self._choices:
            raise Malformed("no candidates")
        events: list[Event] = []
        for number, choice in self._choices.items():
            if not choice.finished:
                self._finish(choice, number, "", events)
        return events

    def _candidate(self, candidate: Candidate, number: int, events: list[Event]) -> None:
        if not 0 <= number < _MOST_CHOICES:
            raise Malformed(f"candidate {number}")
        choice = self._choices.get(number)
        if choice is None:
            choice = self._choices[number] = _Choice()
        if choice.finished:
            events.append(ForeignEvent("candidate after its end"))
            return
        if candidate.content is not None:
            for raw in candidate.content.parts or ():
                self._part(raw, choice, number, events)
        if some(candidate.groundingMetadata) or some(candidate.citationMetadata) or some(candidate.logprobsResult):
            self._rests_on(candidate, choice, number, events)
        if candidate.finishReason is not None and candidate.finishReason not in ("FINISH_REASON_UNSPECIFIED", 0):
            self._note_more(candidate, choice)
            self._finish(choice, number, native_finish(candidate.finishReason), events)

    def _finish(self, choice: _Choice, number: int, native: str, events: list[Event]) -> None:
        self._end(choice, number, events)
        choice.finished = True
        reason = normal_finish(native, calls=choice.calls > 0)
        more = Raw(encode(choice.more)) if choice.more else NOTHING
        events.append(Finished(reason, native, number, None, more, DIALECT))

    def _feedback(self, raw: Raw, events: list[Event]) -> None:
        """A prompt that was blocked has no candidates."""
        try:
            told = decode_feedback(raw)
        except (msgspec.DecodeError, RecursionError):
            return
        if told.blockReason is not None and not self._choices:
            choice = self._choices[0] = _Choice()
            choice.finished = True
            native = told.blockReason if isinstance(told.blockReason, str) else native_finish(told.blockReason)
            more = Raw(encode({"promptFeedback": raw}))
            events.append(Finished("content_filter", native, 0, None, more, DIALECT))

    def _note_more(self, candidate: Candidate, choice: _Choice) -> None:
        for name in _MORE:
            value = getattr(candidate, name)
            if isinstance(value, str):
                choice.more[name] = Raw(encode(value))
            elif value is not None and some(value):
                choice.more[name] = value

    # Parts

    def _part(self, raw: Raw, choice: _Choice, number: int, events: list[Event]) -> None:
        try:
            part = decode_part(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Malformed(str(error)) from None
        if part.functionCall is not None:
            self._call(part.functionCall, part.thoughtSignature, choice, number, events)
        elif part.inlineData is not None or part.fileData is not None:
            self._media(part, raw, choice, number, events)
        elif part.text is not None:
            self._text(part.text, bool(part.thought), part.thoughtSignature, choice, number, events)
        else:
            self._foreign(raw, part, choice, number, events)

    def _text(self, text: str, thought: bool, signature: str | None, choice: _Choice, number: int, events: list[Event]) -> None:
        kind = "reasoning" if thought else "text"
        if choice.kind != kind:
            if not text and not signature:
                return
            self._end(choice, number, events)
            choice.kind = kind
            index = self._begin(choice)
            if thought:
                events.append(PartBegan(index, "reasoning", number, family=self._family))
            else:
                events.append(PartBegan(index, "text", number))
        if text:
            if thought:
                events.append(ReasoningDelta(choice.index, text, -1, number))
            else:
                choice.pieces.append(text)
                events.append(TextDelta(choice.index, text, number))
        if signature:
            events.append(StateDelta(choice.index, Opaque(self._family, signature), number))
            if thought:
                self._end(choice, number, events)

    def _begin(self, choice: _Choice) -> int:
        choice.index = choice.next
        choice.next += 1
        return choice.index

    def _end(self, choice: _Choice, number: int, events: list[Event]) -> None:
        """Ends the part that is open, with a call's arguments where they came in pieces."""
        if not choice.kind:
            return
        if choice.growing is not None:
            events.append(ArgumentsDelta(choice.index, choice.growing.text(), number))
            choice.growing = None
        events.append(PartEnded(choice.index, number))
        choice.kind = ""
        choice.pieces = []

    def _call(self, call: Call, signature: str | None, choice: _Choice, number: int, events: list[Event]) -> None:
        if choice.growing is not None and not call.name:
            for piece in call.partialArgs or ():
                choice.growing.take(piece)
            if not call.willContinue:
                self._end(choice, number, events)
            return
        if not call.name:
            events.append(ForeignEvent("functionCall"))
            return
        self._end(choice, number, events)
        choice.kind, choice.calls = "tool_call", choice.calls + 1
        index = self._begin(choice)
        events.append(PartBegan(index, "tool_call", number, id=call.id or self._made_up(number, index), name=call.name))
        if signature:
            events.append(StateDelta(index, Opaque(self._family, signature), number))
        if call.willContinue or call.partialArgs:
            choice.growing = Growing()
            for piece in call.partialArgs or ():
                choice.growing.take(piece)
            if call.willContinue:
                return
        elif some(call.args):
            events.append(ArgumentsDelta(index, bytes(memoryview(call.args)).decode(), number))
        self._end(choice, number, events)

    def _made_up(self, number: int, index: int) -> str:
        """An id for a call that came without: another for each answer and call, the same whenever this answer is read."""
        return MADE_UP + hashlib.blake2b(self._seed + b"\0%d\0%d" % (number, index), digest_size=12).hexdigest()

    def _media(self, part: Part, raw: Raw, choice: _Choice, number: int, events: list[Event]) -> None:
        if part.thought:
            self._whole(Foreign(DIALECT, "thought", raw), choice, number, events)
            return
        state = Opaque(self._family, part.thoughtSignature) if part.thoughtSignature else None
        self._whole(_media_of(part.inlineData or part.fileData or Blob(), state), choice, number, events)

    def _foreign(self, raw: Raw, part: Part, choice: _Choice, number: int, events: list[Event]) -> None:
        members = decode_members(raw)
        name = next((name for name in _FOREIGN if name in members), next(iter(members), ""))
        if name == "thoughtSignature" and part.thoughtSignature:
            self._text("", bool(part.thought), part.thoughtSignature, choice, number, events)
        elif name:
            self._whole(Foreign(DIALECT, name, raw), choice, number, events)

    def _whole(self, part: Image | Audio | Video | File | Foreign, choice: _Choice, number: int, events: list[Event]) -> None:
        self._end(choice, number, events)
        index = self._begin(choice)
        if isinstance(part, Foreign):
            events.append(PartBegan(index, "foreign", number, name=part.name, part=part))
        else:
            events.append(PartBegan(index, "media", number, part=part))
        events.append(PartEnded(index, number))

    def _rests_on(self, candidate: Candidate, choice: _Choice, number: int, events: list[Event]) -> None:
        """Citations and token probabilities belong to the text that is open; without one they stay in the end's `raw`."""
        if choice.kind != "text":
            return
        found = citations_of(candidate, choice.pieces)
        events += [CitationAdded(choice.index, citation, number) for citation in found]
        if some(candidate.logprobsResult):
            events.append(LogprobsDelta(choice.index, logprobs_of(candidate.logprobsResult), number))


def _media_of(told: Blob | Reference, state: Opaque | None) -> Image | Audio | Video | File:
    kind = (told.mimeType or "").lower()
    source = Source(data=told.data or "", media_type=kind) if isinstance(told, Blob) else source_at(told.fileUri or "", kind)
    if kind.startswith("image/"):
        return Image(source, state=state)
    if kind.startswith("audio/"):
        return Audio(source, format=audio_format(kind))
    return Video(source) if kind.startswith("video/") else File(source)


def source_at(uri: str, media_type: str) -> Source:
    """Google's own files are names that only it can look up; anything else is an address."""
    own = not re.match(r"(?i)https?://", uri) or "googleapis.com/v1" in uri
    return Source(file_id=uri, media_type=media_type) if own else Source(url=uri, media_type=media_type)


_AUDIO = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "l16": "pcm16", "pcm": "pcm16", "mp4": "m4a", "x-m4a": "m4a"}


def audio_format(media_type: str) -> str:
    """Chat's word for a kind of sound."""
    name = media_type.partition("/")[2].partition(";")[0].strip()
    return _AUDIO.get(name, name)


# Streams


class Reader:
    """A `StreamReader`. Its end sign is that the connection closes after every candidate has finished."""

    __slots__ = ("_framing", "_hearer", "done")

    def __init__(self, hearing: Hearing) -> None:
        self._hearer = Hearer(hearing)
        self._framing = Framing(hearing.max_event_bytes)
        self.done = False

    def feed(self, data: bytes) -> list[Event]:
        return self._hear(self._framing.feed(data))

    def close(self) -> list[Event]:
        events = self._hear(self._framing.close())
        self.done = self._hearer.finished
        return events

    def _hear(self, payloads: list[bytes]) -> list[Event]:
        if len(payloads) == 1:
            return self._hearer.take(payloads[0])
        return [event for payload in payloads for event in self._hearer.take(payload)]
