"""Events to whole parts, and whole parts to events: for writers that need the whole, and readers that have it at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw

from entrepot.values.conversation import (
    NOTHING,
    Citation,
    Foreign,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
    Event,
    Finished,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    RefusalDelta,
    StateDelta,
    TextDelta,
    UsageSeen,
)

_WORDS = (TextDelta, ArgumentsDelta, RefusalDelta)
"""Made once: a union written in place would be made anew for each event."""


class Answered(msgspec.Struct, frozen=True):
    """One choice of an answer, whole. `logprobs` are per part of `parts`, `began` tells what each part said of itself."""

    parts: tuple[Part, ...]
    began: tuple[PartBegan, ...]
    finish: Finished | None = None
    logprobs: tuple[Raw, ...] = ()


class Gathered(msgspec.Struct, frozen=True):
    """A whole answer: `choices` in the order of their numbers."""

    began: Began
    choices: tuple[Answered, ...]
    seen: UsageSeen | None = None


_GROWS = frozenset({TextDelta, ReasoningDelta, ArgumentsDelta, RefusalDelta, StateDelta, CitationAdded, LogprobsDelta})


class Gatherer:
    """Takes events as they come; `part` gives one part so far, `whole` everything."""

    __slots__ = ("_began", "_choices", "_finished", "_seen")

    def __init__(self) -> None:
        self._began = Began()
        self._choices: dict[int, dict[int, _Growing]] = {}
        self._finished: dict[int, Finished] = {}
        self._seen: UsageSeen | None = None

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            kind = type(event)
            if kind in _GROWS:
                self._choices[event.choice][event.index].take(event)  # type: ignore[attr-defined] # all of these have both
            elif isinstance(event, PartBegan):
                self._choices.setdefault(event.choice, {})[event.index] = _Growing(event)
            elif isinstance(event, Finished):
                self._choices.setdefault(event.choice, {})
                self._finished[event.choice] = event
            elif isinstance(event, UsageSeen):
                self._seen = event
            elif isinstance(event, Began):
                self._began = event

    def part(self, index: int, choice: int = 0) -> Part:
        return self._choices[choice][index].part()

    def whole(self) -> Gathered:
        choices = []
        for number in sorted(self._choices):
            growing = [self._choices[number][index] for index in sorted(self._choices[number])]
            choices.append(
                Answered(
                    parts=tuple([piece.part() for piece in growing]),
                    began=tuple([piece.began for piece in growing]),
                    finish=self._finished.get(number),
                    logprobs=tuple([piece.logprobs() for piece in growing]),
                )
            )
        return Gathered(self._began, tuple(choices), self._seen)


def gather(events: Iterable[Event]) -> Gathered:
    gatherer = Gatherer()
    gatherer.feed(events)
    return gatherer.whole()


class _Growing:
    """One part while its deltas come. What few parts have is made when it comes."""

    __slots__ = ("_citations", "_logprobs", "_sections", "_states", "_texts", "began")

    def __init__(self, began: PartBegan) -> None:
        self.began = began
        self._texts: list[str] = []
        self._sections: dict[int, list[str]] | None = None
        self._states: list[Opaque] | None = None
        self._citations: list[Citation] | None = None
        self._logprobs: list[Raw] | None = None

    def take(self, event: Event) -> None:
        kind = type(event)
        if kind is TextDelta or kind is ArgumentsDelta or kind is RefusalDelta:
            self._texts.append(event.text)  # type: ignore[attr-defined] # all of these have it
        elif isinstance(event, ReasoningDelta):
            self._think(event)
        elif isinstance(event, StateDelta):
            self._states = self._states or []
            self._states.append(event.state)
        elif isinstance(event, CitationAdded):
            self._citations = self._citations or []
            self._citations.append(event.citation)
        elif isinstance(event, LogprobsDelta):
            self._logprobs = self._logprobs or []
            self._logprobs.append(event.tokens)

    def _think(self, event: ReasoningDelta) -> None:
        if event.section < 0:
            self._texts.append(event.text)
            return
        self._sections = self._sections or {}
        self._sections.setdefault(event.section, []).append(event.text)

    def logprobs(self) -> Raw:
        if not self._logprobs:
            return NOTHING
        lists = [bytes(memoryview(tokens)).strip()[1:-1] for tokens in self._logprobs]
        return Raw(b"[" + b",".join([inner for inner in lists if inner.strip()]) + b"]")

    def part(self) -> Part:
        began, text, state = self.began, "".join(self._texts), self._state()
        if began.part is not None:
            return began.part
        if began.kind == "text":
            return Text(text, citations=tuple(self._citations or ()), state=state)
        if began.kind == "tool_call":
            return ToolCall(began.id, began.name, text, custom=began.custom, state=state, item=began.item)
        if began.kind == "refusal":
            return Refusal(text)
        sections = self._sections or {}
        summary = tuple(["".join(sections[number]) for number in sorted(sections)])
        return Reasoning(text, summary, state, began.id, began.family)

    def _state(self) -> Opaque | None:
        if not self._states:
            return None
        last = self._states[-1]
        if len(self._states) == 1:
            return last
        pieces = [state.data for state in self._states if (state.kind, state.family) == (last.kind, last.family)]
        return Opaque(last.family, "".join(pieces), last.kind)


def events_of(parts: Sequence[Part], choice: int = 0, *, start: int = 0) -> list[Event]:
    """The events that say these parts, each whole, numbered from `start`."""
    events: list[Event] = []
    for index, part in enumerate(parts, start):
        events += _events_of(part, index, choice)
        events.append(PartEnded(index, choice))
    return events


def _events_of(part: Part, index: int, choice: int) -> list[Event]:
    if isinstance(part, Text):
        events: list[Event] = [PartBegan(index, "text", choice)]
        if part.text:
            events.append(TextDelta(index, part.text, choice))
        events += [CitationAdded(index, citation, choice) for citation in part.citations]
    elif isinstance(part, ToolCall):
        events = [PartBegan(index, "tool_call", choice, id=part.id, name=part.name, item=part.item, custom=part.custom)]
        if part.arguments:
            events.append(ArgumentsDelta(index, part.arguments, choice))
    elif isinstance(part, Reasoning):
        events = [PartBegan(index, "reasoning", choice, id=part.id, family=part.family)]
        if part.text:
            events.append(ReasoningDelta(index, part.text, -1, choice))
        events += [ReasoningDelta(index, text, section, choice) for section, text in enumerate(part.summary)]
    elif isinstance(part, Refusal):
        return [PartBegan(index, "refusal", choice), RefusalDelta(index, part.text, choice)]
    elif isinstance(part, ToolResult):
        raise TypeError("an answer has no tool results")
    elif isinstance(part, Foreign):
        return [PartBegan(index, "foreign", choice, name=part.name, part=part)]
    else:
        return [PartBegan(index, "media", choice, part=part)]
    if part.state is not None:
        events.append(StateDelta(index, part.state, choice))
    return events
