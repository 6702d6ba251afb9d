"""Canonical events to a client's stream. A block begins with its first content, so that none is empty, and ends before the next.

`message_start` tells what is known of usage then; the figures that count are those of `message_delta`.
"""

from __future__ import annotations

from collections.abc import Sequence

from entrepot.dialects.anthropic_messages import said
from entrepot.dialects.anthropic_messages.carried import as_citation
from entrepot.dialects.anthropic_messages.failure import error_event
from entrepot.dialects.anthropic_messages.said import json_of
from entrepot.dialects.anthropic_messages.usage import counts, render_usage, tier_of
from entrepot.dialects.anthropic_messages.words import NAME
from entrepot.dialects.anthropic_messages.write import shows_thinking
from entrepot.dialects.sequence import OneAtATime
from entrepot.dialects.voice import Voice, encode
from entrepot.errors import GatewayError
from entrepot.values.conversation import Audio, Foreign, Opaque, Reasoning
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
    Event,
    Finished,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    RefusalDelta,
    StateDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.request import Request
from entrepot.values.usage import Usage

_PING = b'event: ping\ndata: {"type":"ping"}\n\n'
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n'
_BEGIN = b'event: content_block_start\ndata: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
_END = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_BETWEEN = "\n\n"


class _Now:
    """The part that is being told. `block` is the block open for it; -1 while there is none."""

    __slots__ = ("began", "block", "cuts", "free", "mixed", "section", "signed", "states")

    def __init__(self, began: PartBegan) -> None:
        self.began = began
        self.block = -1
        self.states: list[Opaque] = []
        self.signed = False
        self.section = -1
        self.cuts = [0]
        self.mixed = False
        self.free: list[str] = []

    def state(self) -> Opaque | None:
        if not self.states:
            return None
        last = self.states[-1]
        same = [state.data for state in self.states if (state.kind, state.family) == (last.kind, last.family)]
        return Opaque(last.family, "".join(same), last.kind)


class Writer:
    __slots__ = ("_blocks", "_finish", "_now", "_order", "_refused", "_seen", "_shows", "_started", "_tier", "_voice")

    def __init__(self, voice: Voice, request: Request) -> None:
        self._voice = voice
        self._shows = shows_thinking(request)
        self._order = OneAtATime()
        self._now: _Now | None = None
        self._blocks = 0
        self._started = False
        self._refused = False
        self._finish: Finished | None = None
        self._seen = Usage()
        self._tier = ""

    def feed(self, events: Sequence[Event]) -> bytes:
        out: list[bytes] = []
        if not self._started:
            self._start(events, out)
        self._tell(self._order.feed(events), out)
        return b"".join(out)

    def end(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        out = [] if self._started else [self.feed(())]
        self._tell(self._order.close(), out)
        told = render_usage(usage, prompt_nano, completion_nano, tier_of(self._tier))
        ending = said.ending(self._finish, refused=self._refused)
        out.append(
            b'event: message_delta\ndata: {"type":"message_delta","delta":{%b},"usage":%b}\n\n' % (said.one_line(ending), told)
        )
        return b"".join([*out, _STOP])

    def error(self, error: GatewayError) -> bytes:
        return error_event(error, self._voice.id)

    def _tell(self, ordered: Sequence[Event], out: list[bytes]) -> None:
        for place, event in enumerate(ordered):
            now = self._now
            if type(event) is TextDelta and now is not None and now.block >= 0 and not event.choice:
                out.append(_DELTA % (now.block, b"text_delta", b"text", json_of(event.text)))
            elif not getattr(event, "choice", 0):
                self._take(event, ordered, place, out)

    def _start(self, events: Sequence[Event], out: list[bytes]) -> None:
        self._started = True
        for event in events:
            if isinstance(event, Began | UsageSeen):
                self._note(event)
        message = b'%b,"content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"usage":%b}' % (
            said.names(self._voice),
            counts(self._seen, tier_of(self._tier)),
        )
        out.append(b'event: message_start\ndata: {"type":"message_start","message":%b}\n\n' % message)
        out.append(_PING)

    def _note(self, event: Began | UsageSeen) -> None:
        self._tier = event.service_tier or self._tier
        if isinstance(event, UsageSeen):
            self._seen = event.usage

    def _take(self, event: Event, ordered: Sequence[Event], place: int, out: list[bytes]) -> None:
        now = self._now
        if isinstance(event, PartBegan):
            self._begin(event, ordered[place + 1 :], out)
        elif isinstance(event, Finished):
            self._finish = event
        elif isinstance(event, Began | UsageSeen):
            self._note(event)
        elif now is None:
            return
        elif isinstance(event, TextDelta | RefusalDelta):
            self._say(now, event.text, out)
        elif isinstance(event, ReasoningDelta):
            self._think(now, event, out)
        elif isinstance(event, ArgumentsDelta):
            self._argue(now, event.text, out)
        elif isinstance(event, StateDelta):
            now.states.append(event.state)
        elif isinstance(event, CitationAdded):
            self._cite(now, event, out)
        elif isinstance(event, PartEnded):
            self._end(now, out)

    # Blocks

    def _open(self, now: _Now, block: bytes, out: list[bytes]) -> None:
        now.block = self._blocks
        self._blocks += 1
        out.append(_BEGIN % (now.block, block))

    def _whole(self, block: bytes, out: list[bytes]) -> None:
        """A block that has no deltas."""
        out.append(_BEGIN % (self._blocks, block))
        out.append(_END % self._blocks)
        self._blocks += 1

    def _redacted(self, data: str, out: list[bytes]) -> None:
        self._whole(b'{"type":"redacted_thinking","data":%b}' % json_of(data), out)

    def _begin(self, event: PartBegan, ahead: Sequence[Event], out: list[bytes]) -> None:
        now = self._now = _Now(event)
        if event.kind == "tool_call":
            self._begin_call(now, ahead, out)
        elif event.kind == "refusal":
            self._refused = True
        elif isinstance(event.part, Foreign) and event.part.dialect == NAME:
            self._whole(said.one_line(event.part.raw), out)
        elif isinstance(event.part, Audio) and event.part.transcript:
            self._say(now, event.part.transcript, out)

    def _begin_call(self, now: _Now, ahead: Sequence[Event], out: list[bytes]) -> None:
        """State that is already here stands before the call: clients take a last block of thinking for cut short."""
        event = now.began
        name = said.call_id(event.id, self._voice, event.index)
        now.states = [
            told.state for told in ahead if isinstance(told, StateDelta) and not told.choice and told.index == event.index
        ]
        state = now.state()
        if state is not None:
            now.signed = True
            self._redacted(said.state_of_call(state, name), out)
        block = b'{"type":"tool_use","id":%b,"name":%b,"input":{},"caller":{"type":"direct"}}' % (
            encode(name),
            json_of(event.name),
        )
        self._open(now, block, out)

    def _say(self, now: _Now, text: str, out: list[bytes]) -> None:
        if not text:
            return
        if now.block < 0:
            self._open(now, b'{"type":"text","text":"","citations":[]}', out)
        out.append(_DELTA % (now.block, b"text_delta", b"text", json_of(text)))

    def _cite(self, now: _Now, event: CitationAdded, out: list[bytes]) -> None:
        told = said.citation_block(event.citation)
        if told is None:
            return
        if now.block < 0:
            self._open(now, b'{"type":"text","text":"","citations":[]}', out)
        out.append(_DELTA % (now.block, b"citations_delta", b"citation", said.one_line(encode(told))))

    def _think(self, now: _Now, event: ReasoningDelta, out: list[bytes]) -> None:
        if now.block < 0 and (event.text or not self._shows):
            self._open(now, b'{"type":"thinking","thinking":"","signature":""}', out)
        if not event.text or not self._shows:
            return
        text = event.text
        now.mixed = now.mixed or event.section < now.section
        while event.section > now.section:
            now.section += 1
            now.cuts.append(0)
            if now.section == event.section and any(now.cuts):
                text = _BETWEEN + text
        now.cuts[event.section + 1] += len(event.text)
        out.append(_DELTA % (now.block, b"thinking_delta", b"thinking", json_of(text)))

    def _argue(self, now: _Now, text: str, out: list[bytes]) -> None:
        if now.began.custom:
            now.free.append(text)
        elif text:
            out.append(_DELTA % (now.block, b"input_json_delta", b"partial_json", json_of(text)))

    def _end(self, now: _Now, out: list[bytes]) -> None:
        self._now = None
        kind, state = now.began.kind, now.state()
        if kind == "reasoning":
            self._end_thinking(now, state, out)
            return
        if now.began.custom:
            free = said.free_text("".join(now.free))
            out.append(_DELTA % (now.block, b"input_json_delta", b"partial_json", json_of(free)))
        if kind == "text" and state is not None and now.block >= 0:
            citation = encode(as_citation(said.state_of_text(state)))
            out.append(_DELTA % (now.block, b"citations_delta", b"citation", citation))
            state = None
        if now.block >= 0:
            out.append(_END % now.block)
        if state is None or now.signed:
            return
        name = said.call_id(now.began.id, self._voice, now.began.index)
        self._redacted(said.state_of_call(state, name) if kind == "tool_call" else said.state_of_text(state), out)

    def _end_thinking(self, now: _Now, state: Opaque | None, out: list[bytes]) -> None:
        part = Reasoning(state=state, id=now.began.id, family=now.began.family)
        if now.block < 0 and said.shows_text(part, ""):
            self._open(now, b'{"type":"thinking","thinking":"","signature":""}', out)
        if now.block < 0:
            hidden = said.hidden_of(part)
            if hidden is not None:
                self._redacted(hidden, out)
            return
        cuts = tuple(now.cuts) if len(now.cuts) > 1 and not now.mixed else ()
        signature = said.signature_of(part, cuts)
        if signature:
            out.append(_DELTA % (now.block, b"signature_delta", b"signature", json_of(signature)))
        out.append(_END % now.block)
