"""Canonical events to a client's response and its stream.

Parts become items one after another. Texts that follow each other are content of one message, unless their maker gave them ids or
phases of their own. State that has no member here stands in a reasoning item of its own behind what it belongs to (`state.py`).
Signed thoughts are summaries, which every client shows, keeps and sends back; the raw thoughts of open models are content.
`encrypted_content` is given whether the client asked to include it or not: without it no later turn could be said elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from entrepot.dialects.openai_responses.complete import complete_item
from entrepot.dialects.openai_responses.create import Said
from entrepot.dialects.openai_responses.echo import echo, frame
from entrepot.dialects.openai_responses.pieces import Call, Piece, Speech, Stream, Thought, Whole, picture
from entrepot.dialects.openai_responses.refuse import code_of, error_members
from entrepot.dialects.openai_responses.shape import NAME
from entrepot.dialects.openai_responses.state import TEXT, joined_name, of_call, sealed
from entrepot.dialects.openai_responses.usage import render_usage
from entrepot.dialects.sequence import OneAtATime
from entrepot.dialects.voice import Voice, encode
from entrepot.errors import GatewayError
from entrepot.values.conversation import Audio, Foreign, Image, Opaque, url_of
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
from entrepot.values.request import Asked, Request
from entrepot.values.usage import Usage

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_SIGNED = ("anthropic", "google")
"""How the families begin whose readable thoughts are what their maker lets be seen of them."""


def write(events: Sequence[Event], voice: Voice, request: Request, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    writer = ResponsesWriter(voice, request, silent=True)
    writer.feed(events)
    return writer.response(usage, prompt_nano, completion_nano)


class ResponsesWriter:
    """A stream for a client. It opens with the first part, so that a failure before it can still be tried elsewhere."""

    __slots__ = (
        "_customs", "_echo", "_error", "_finish", "_items", "_namespaces", "_open", "_opened", "_order", "_signed", "_speech",
        "_states", "_stream", "_tier", "_voice",
    )  # fmt: skip

    def __init__(self, voice: Voice, request: Request, *, silent: bool = False) -> None:
        """silent  only the whole response is wanted"""
        self._voice = voice
        self._echo = echo(request)
        self._customs, self._namespaces = _tools_of(request)
        self._order = OneAtATime()
        self._stream = Stream(silent=silent)
        self._items: list[bytes] = []
        self._speech: Speech | None = None
        """The message that is open: more text may follow"""
        self._open: Piece | None = None
        self._states: list[Opaque] = []
        self._signed = False
        self._finish: Finished | None = None
        self._opened = False
        self._tier = ""
        self._error = b"null"

    def feed(self, events: Sequence[Event]) -> bytes:
        for event in self._order.feed(events):
            handle = _HANDLERS.get(type(event))
            if handle is not None and not getattr(event, "choice", 0):
                handle(self, event)
        return self._stream.take()

    def end(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        response = self.response(usage, prompt_nano, completion_nano)
        self._stream.tell(b"response." + self._status().encode(), b'"response":' + response)
        return self._stream.take()

    def response(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        """The whole response, also as it is told at the end of a stream."""
        self._begin()
        self._close()
        if self._status() == "failed":
            self._error = encode({"code": "server_error", "message": "The provider gave up."})
        return self._frame(self._status(), render_usage(usage, prompt_nano, completion_nano))

    def error(self, error: GatewayError) -> bytes:
        """The failure, and the response as it was when it failed."""
        self._begin()
        self._stream.tell(b"error", error_members(error))
        self._error = encode({"code": code_of(error), "message": error.message})
        self._stream.tell(b"response.failed", b'"response":' + self._frame("failed", b""))
        return self._stream.take()

    # The response

    def _status(self) -> str:
        reason = self._finish.reason if self._finish is not None else "stop"
        return "failed" if reason == "error" else "incomplete" if reason in _INCOMPLETE else "completed"

    def _frame(self, status: str, usage: bytes) -> bytes:
        return frame(
            self._voice,
            self._echo,
            status,
            output=b"[" + b",".join(self._items) + b"]",
            usage=usage,
            tier=self._tier,
            error=self._error,
            reason=_INCOMPLETE.get(self._finish.reason, "") if self._finish is not None else "",
        )

    def _begin(self) -> None:
        if not self._opened and not self._stream.silent:
            self._opened = True
            response = b'"response":' + self._frame("in_progress", b"")
            self._stream.tell(b"response.created", response)
            self._stream.tell(b"response.in_progress", response)

    def _close(self) -> None:
        """No more text follows in the message that is open."""
        if self._speech is not None:
            complete = self._finish is None or self._finish.reason not in _INCOMPLETE
            self._items.append(self._speech.end(complete=complete))
            self._speech = None

    # Events

    def _take_began(self, event: Began) -> None:
        self._tier = event.service_tier

    def _take_usage(self, event: UsageSeen) -> None:
        self._tier = event.service_tier or self._tier

    def _take_finished(self, event: Finished) -> None:
        self._begin()
        self._finish = event
        self._close()

    def _take_part(self, event: PartBegan) -> None:
        self._begin()
        self._states = []
        if event.kind in ("text", "refusal"):
            self._speak(event.id, event.phase, refuses=event.kind == "refusal")
            return
        self._close()
        place = len(self._items)
        if event.kind == "reasoning":
            self._signed = event.family.startswith(_SIGNED)
            self._open = Thought(self._stream, event.id or self._name("rs"), place)
        elif event.kind == "tool_call":
            tool = self._namespaces.get(event.name, ("", event.name))
            wrapped = event.name in self._customs and not event.custom
            custom = event.custom or wrapped
            name = event.item or self._name("ctc" if custom else "fc")
            self._open = Call(self._stream, name, place, event.id, tool, custom=custom, wrapped=wrapped)
        else:
            self._show(event)

    def _speak(self, told_name: str, phase: str, *, refuses: bool) -> Speech:
        """A text: in the message that is open, or in a new one where its maker tells them apart."""
        speech = self._speech
        if speech is None or (told_name and told_name != speech.told_name) or phase != speech.phase:
            self._close()
            name = told_name or self._name("msg")
            speech = self._speech = Speech(self._stream, name, len(self._items), told_name, phase)
        speech.begin_part(refuses=refuses)
        self._open = speech
        return speech

    def _show(self, event: PartBegan) -> None:
        """What came whole: an item of this dialect, a picture, or the words for what no item can hold."""
        part = event.part
        self._open = None
        if isinstance(part, Foreign):
            if part.dialect == NAME:
                self._add_whole(bytes(complete_item(part.raw)))
        elif isinstance(part, Image) and part.source.data:
            self._add_whole(picture(event.id or self._name("ig"), part.source.data))
        elif part is not None:
            words = part.transcript if isinstance(part, Audio) else f"![]({url_of(part.source)})"
            self._speak("", "", refuses=False).say(words)

    def _add_whole(self, item: bytes) -> None:
        self._items.append(Whole(self._stream, "", len(self._items)).end(item))

    def _take_text(self, event: TextDelta | RefusalDelta) -> None:
        if isinstance(self._open, Speech):
            self._open.say(event.text)

    def _take_arguments(self, event: ArgumentsDelta) -> None:
        if isinstance(self._open, Call):
            self._open.say(event.text)

    def _take_thought(self, event: ReasoningDelta) -> None:
        thought = self._open
        if isinstance(thought, Thought):
            if event.section >= 0:
                thought.sum_up(event.text, event.section)
            elif self._signed:
                thought.sum_up(event.text, 0)
            else:
                thought.think(event.text)

    def _take_state(self, event: StateDelta) -> None:
        self._states.append(event.state)

    def _take_citation(self, event: CitationAdded) -> None:
        if isinstance(self._open, Speech):
            self._open.cite(event.citation)

    def _take_logprobs(self, event: LogprobsDelta) -> None:
        if isinstance(self._open, Speech):
            self._open.weigh(event.tokens)

    def _take_end(self, event: PartEnded) -> None:
        piece, state = self._open, self._state()
        self._open = None
        if isinstance(piece, Speech):
            piece.end_part()
            if state is not None:
                self._close()
                self._seal(state, TEXT)
        elif isinstance(piece, Call):
            self._items.append(piece.end())
            if state is not None:
                self._seal(state, of_call(piece.call_id))
        elif isinstance(piece, Thought):
            self._items.append(piece.end(sealed(state) if state is not None else ""))

    def _seal(self, state: Opaque, of: str) -> None:
        thought = Thought(self._stream, self._name("rs"), len(self._items))
        self._items.append(thought.end(sealed(state, of)))

    def _state(self) -> Opaque | None:
        """The pieces of the part's state, joined."""
        if not self._states:
            return None
        last = self._states[-1]
        data = "".join([state.data for state in self._states if (state.family, state.kind) == (last.family, last.kind)])
        return Opaque(last.family, data, last.kind)

    def _name(self, prefix: str) -> str:
        return f"{prefix}_{self._voice.id.removeprefix('gen-')}{len(self._items)}"


def _tools_of(request: Request) -> tuple[frozenset[str], dict[str, tuple[str, str]]]:
    """The client's custom tools, and its tools in namespaces by the joined names under which they were offered."""
    said = request.said if isinstance(request, Asked) else None
    if not isinstance(said, Said) or not said.create.tools:
        return frozenset(), {}
    customs, namespaces = set(), {}
    for tool in said.create.tools:
        for inner in tool.tools or () if tool.type == "namespace" else (tool,):
            name = joined_name(tool.name if inner is not tool else None, inner.name or "")
            if inner is not tool:
                namespaces[name] = (tool.name or "", inner.name or "")
            if inner.type == "custom":
                customs.add(name)
    return frozenset(customs), namespaces


_HANDLERS: dict[type[Event], Callable[[ResponsesWriter, Any], None]] = {
    TextDelta: ResponsesWriter._take_text,
    RefusalDelta: ResponsesWriter._take_text,
    ArgumentsDelta: ResponsesWriter._take_arguments,
    ReasoningDelta: ResponsesWriter._take_thought,
    PartBegan: ResponsesWriter._take_part,
    PartEnded: ResponsesWriter._take_end,
    StateDelta: ResponsesWriter._take_state,
    CitationAdded: ResponsesWriter._take_citation,
    LogprobsDelta: ResponsesWriter._take_logprobs,
    Finished: ResponsesWriter._take_finished,
    Began: ResponsesWriter._take_began,
    UsageSeen: ResponsesWriter._take_usage,
}
