"""The parts of an answer while they are told: items and their content, by their places in the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_responses.shape import (
    BROKEN,
    CALLED_BY_CLIENT,
    NAME,
    Content,
    Item,
    decode_item,
    kind_of,
    says,
    tolerantly,
)
from entrepot.dialects.openai_responses.state import joined_name
from entrepot.dialects.voice import Malformed, encode
from entrepot.values.conversation import Citation, Foreign, Image, Opaque, Source
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
    Event,
    ForeignEvent,
    Kind,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    RefusalDelta,
    StateDelta,
    TextDelta,
)


class Told(msgspec.Struct):
    """Any event of the stream: the members that have a meaning here."""

    type: str = ""
    delta: str | None = None
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    text: str | None = None
    arguments: str | None = None
    input: str | None = None
    refusal: str | None = None
    logprobs: list[Raw] | None = None
    item: Raw = Raw()
    part: Content | None = None
    annotation: Raw = Raw()
    response: Raw = Raw()
    error: Raw = Raw()
    code: Any = None
    message: Any = None
    param: Any = None


class _Open(msgspec.Struct):
    """A part under way: what of it was told."""

    index: int
    length: int = 0
    sections: dict[int, int] = {}
    citations: int = 0
    logprobs: bool = False
    ended: bool = False


_WHOLE = -1
"""The place of a part that is an item of its own, beside the content indexes of a message."""


class Parts:
    """Each method takes one event and adds what it says to `out`.

    calls     a tool was called; `searches` counts the web searches of the provider
    """

    __slots__ = ("_count", "_family", "_messages", "_open", "began", "calls", "searches")

    def __init__(self, family: str) -> None:
        self._family = family
        self._open: dict[tuple[int, int], _Open] = {}
        self._messages: dict[int, Item] = {}
        self._count = 0
        self.began = False
        self.calls = False
        self.searches = 0

    @property
    def none(self) -> bool:
        return not self._count and not self._messages

    def close(self, out: list[Event]) -> None:
        """Everything that is still open ends."""
        for piece in self._open.values():
            self._close(piece, out)

    # Items

    def item_added(self, told: Told, out: list[Event]) -> None:
        position, kind = told.output_index, _kind(told.item)
        if kind == "message":
            self._messages[position] = _decoded(told.item)
        elif kind in _ARGUMENTS or kind == "reasoning":
            self._part_of(position, _decoded(told.item), out)

    def item_done(self, told: Told, out: list[Event]) -> None:
        self.item(told.output_index, told.item, out)

    def item(self, position: int, raw: Raw, out: list[Event]) -> None:
        kind = _kind(raw)
        if kind == "message":
            self._message(position, _decoded(raw), out)
        elif kind == "reasoning":
            self._reasoning(position, _decoded(raw), out)
        elif kind in _ARGUMENTS:
            item = _decoded(raw)
            piece = self._part_of(position, item, out)
            self._rest(piece, item.input if item.type == "custom_tool_call" else item.arguments, ArgumentsDelta, out)
            self._close(piece, out)
        elif (position, _WHOLE) not in self._open:
            self._foreign(position, kind, raw, out)

    def _part_of(self, position: int, item: Item, out: list[Event]) -> _Open:
        """The call or the reasoning that an item is; begun when it was not."""
        piece = self._open.get((position, _WHOLE))
        if piece is None:
            index = self._next(out)
            if item.type == "reasoning":
                family = item.format or self._family
                out.append(PartBegan(index, "reasoning", id=item.id or "", family=family))
            else:
                self.calls = True
                call_id, custom = item.call_id or item.id or "", item.type == "custom_tool_call"
                name = joined_name(item.namespace, item.name or "")
                out.append(PartBegan(index, "tool_call", id=call_id, name=name, item=item.id or "", custom=custom))
            piece = self._open[position, _WHOLE] = _Open(index)
        return piece

    def _message(self, position: int, item: Item, out: list[Event]) -> None:
        self._messages[position] = item
        content = [Content("output_text", item.content)] if isinstance(item.content, str) else item.content or []
        for place, part in enumerate(content):
            piece = self._begin_text(position, place, part.type, out)
            if piece is None:
                continue
            if part.type == "refusal":
                self._rest(piece, part.refusal, RefusalDelta, out)
            else:
                self._rest(piece, part.text, TextDelta, out)
                self._side(piece, part, out)
            self._close(piece, out)

    def _side(self, piece: _Open, part: Content, out: list[Event]) -> None:
        """Annotations and probabilities that were not told before."""
        for annotation in (part.annotations or [])[piece.citations :]:
            self._cite(piece, annotation, out)
        if part.logprobs and not piece.logprobs:
            out.append(LogprobsDelta(piece.index, Raw(encode(part.logprobs))))

    def _reasoning(self, position: int, item: Item, out: list[Event]) -> None:
        piece = self._part_of(position, item, out)
        for section, part in enumerate(item.summary or ()):
            self._rest_of_section(piece, section, part.text, out)
        texts = item.content if isinstance(item.content, list) else []
        self._rest(piece, "".join([part.text or "" for part in texts]), ReasoningDelta, out)
        if item.encrypted_content:
            out.append(StateDelta(piece.index, Opaque(item.format or self._family, item.encrypted_content, "encrypted")))
        self._close(piece, out)

    def _foreign(self, position: int, kind: str, raw: Raw, out: list[Event]) -> None:
        """What the provider did by itself, or asks of a client that knows how."""
        index = self._next(out)
        self._open[position, _WHOLE] = _Open(index, ended=True)
        self.calls = self.calls or kind in CALLED_BY_CLIENT
        self.searches += kind == "web_search_call"
        picture = _decoded(raw) if kind == "image_generation_call" else None
        if picture is not None and picture.result:
            shown = Image(Source(data=picture.result, media_type=f"image/{picture.output_format or 'png'}"))
            out.append(PartBegan(index, "media", id=picture.id or "", part=shown))
        else:
            out.append(PartBegan(index, "foreign", name=kind, part=Foreign(NAME, kind, Raw(bytes(raw)))))
        out.append(PartEnded(index))

    # Parts of messages

    def part_added(self, told: Told, out: list[Event]) -> None:
        if told.part is not None:
            self._begin_text(told.output_index, told.content_index, told.part.type, out)

    def _begin_text(self, position: int, place: int, kind: str, out: list[Event]) -> _Open | None:
        """None for what is no part of a message here: reasoning text, and kinds unknown."""
        piece = self._open.get((position, place))
        if piece is None:
            said: Kind | None = _TEXTS.get(kind)
            if said is None:
                if kind != "reasoning_text":
                    out.append(ForeignEvent(f"content_part.{kind}"))
                return None
            message = self._messages.get(position)
            index = self._next(out)
            out.append(
                PartBegan(index, said, id=(message.id if message else "") or "", phase=(message.phase if message else "") or "")
            )
            piece = self._open[position, place] = _Open(index)
        return piece

    def text(self, told: Told, out: list[Event]) -> None:
        piece = self._open.get((told.output_index, told.content_index))
        if piece is None:
            piece = self._begin_text(told.output_index, told.content_index, "output_text", out)
            assert piece is not None
        if told.delta:
            piece.length += len(told.delta)
            out.append(TextDelta(piece.index, told.delta))
        if told.logprobs:
            piece.logprobs = True
            out.append(LogprobsDelta(piece.index, Raw(encode(told.logprobs))))

    def text_done(self, told: Told, out: list[Event]) -> None:
        piece = self._begin_text(told.output_index, told.content_index, "output_text", out)
        if piece is not None:
            self._rest(piece, told.text, TextDelta, out)

    def refusal(self, told: Told, out: list[Event]) -> None:
        piece = self._begin_text(told.output_index, told.content_index, "refusal", out)
        if piece is not None and told.delta:
            piece.length += len(told.delta)
            out.append(RefusalDelta(piece.index, told.delta))

    def refusal_done(self, told: Told, out: list[Event]) -> None:
        piece = self._begin_text(told.output_index, told.content_index, "refusal", out)
        if piece is not None:
            self._rest(piece, told.refusal, RefusalDelta, out)

    def annotation(self, told: Told, out: list[Event]) -> None:
        piece = self._begin_text(told.output_index, told.content_index, "output_text", out)
        if piece is not None and says(told.annotation):
            self._cite(piece, told.annotation, out)

    def _cite(self, piece: _Open, annotation: Raw, out: list[Event]) -> None:
        piece.citations += 1
        out.append(CitationAdded(piece.index, citation(annotation)))

    # Calls and reasoning

    def arguments(self, told: Told, out: list[Event]) -> None:
        piece = self._part_of(told.output_index, Item("function_call"), out)
        if told.delta:
            piece.length += len(told.delta)
            out.append(ArgumentsDelta(piece.index, told.delta))

    def arguments_done(self, told: Told, out: list[Event]) -> None:
        piece = self._part_of(told.output_index, Item("function_call"), out)
        self._rest(piece, told.input if told.arguments is None else told.arguments, ArgumentsDelta, out)

    def thought(self, told: Told, out: list[Event]) -> None:
        piece = self._part_of(told.output_index, Item("reasoning"), out)
        if told.delta:
            piece.length += len(told.delta)
            out.append(ReasoningDelta(piece.index, told.delta))

    def summary(self, told: Told, out: list[Event]) -> None:
        piece = self._part_of(told.output_index, Item("reasoning"), out)
        if told.delta:
            section = told.summary_index
            piece.sections[section] = piece.sections.get(section, 0) + len(told.delta)
            out.append(ReasoningDelta(piece.index, told.delta, section))

    def summary_done(self, told: Told, out: list[Event]) -> None:
        piece = self._part_of(told.output_index, Item("reasoning"), out)
        text = told.text if told.part is None else told.part.text
        self._rest_of_section(piece, told.summary_index, text, out)

    # What is common to them

    def _next(self, out: list[Event]) -> int:
        if not self.began:
            self.began = True
            out.append(Began())
        self._count += 1
        return self._count - 1

    def _rest(self, piece: _Open, text: str | None, delta: Callable[[int, str], Event], out: list[Event]) -> None:
        """What of the whole did not come in deltas."""
        if text is not None and len(text) > piece.length and not piece.ended:
            out.append(delta(piece.index, text[piece.length :]))
            piece.length = len(text)

    def _rest_of_section(self, piece: _Open, section: int, text: str | None, out: list[Event]) -> None:
        told = piece.sections.get(section, 0)
        if text is not None and (len(text) > told or section not in piece.sections):
            out.append(ReasoningDelta(piece.index, text[told:], section))
            piece.sections[section] = len(text)

    def _close(self, piece: _Open, out: list[Event]) -> None:
        if not piece.ended:
            piece.ended = True
            out.append(PartEnded(piece.index))


class _Annotation(msgspec.Struct):
    type: str = ""
    url: str | None = None
    title: str | None = None
    filename: str | None = None
    start_index: int | None = None
    end_index: int | None = None


_decode_annotation = msgspec.json.Decoder(_Annotation).decode


def citation(raw: Raw) -> Citation:
    """An annotation of any kind; what it says in this dialect is kept beside what others can say."""
    try:
        told = _decode_annotation(raw)
    except msgspec.DecodeError:
        told = _Annotation()
    return Citation(
        url=told.url or "",
        title=told.title or told.filename or "",
        start=-1 if told.start_index is None else told.start_index,
        end=-1 if told.end_index is None else told.end_index,
        raw=Raw(bytes(raw)),
        dialect=NAME,
    )


def _kind(raw: Raw) -> str:
    if not says(raw):
        raise Malformed("an item that is not there")
    try:
        return kind_of(raw).type
    except BROKEN:
        return tolerantly(kind_of, raw).type


def _decoded(raw: Raw) -> Item:
    try:
        return decode_item(raw)
    except BROKEN:
        return tolerantly(decode_item, raw)


_ARGUMENTS = frozenset({"function_call", "custom_tool_call"})
_TEXTS: dict[str, Kind] = {"output_text": "text", "text": "text", "refusal": "refusal"}
