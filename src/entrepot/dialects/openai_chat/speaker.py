"""One choice of a provider's chat answer, from what it says to the events of its parts: which were begun and which are open."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_chat.finish import normal_finish
from entrepot.dialects.openai_chat.wire import Said, citation_of, text_of
from entrepot.dialects.voice import dumps
from entrepot.values.conversation import NOTHING, Audio, Citation, Foreign, Image, Opaque, Source, source_of
from entrepot.values.event import (
    ArgumentsDelta,
    CitationAdded,
    Event,
    Finish,
    Finished,
    Kind,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    RefusalDelta,
    StateDelta,
    TextDelta,
)


class _Logprobs(msgspec.Struct):
    content: Raw = NOTHING
    refusal: Raw = NOTHING


_decode_logprobs = msgspec.json.Decoder(_Logprobs).decode


class Speaker:
    """Its parts are numbered as they begin. Beside tool calls at most one is open.

    family   whose reasoning it is, where an entry does not say
    _kind    of the open part, whose number is `_open`; "" and -1: none is open
    _text    the part that text was said in last; -1: none yet
    _calls   parts of tool calls, by the vendor's number or id; `_ids` by the id that they go by here
    _detail  of the last entry of `reasoning_details`: number, id, type, and whether hidden state came with it
    _early   state of calls that are yet to come, by their ids
    """

    __slots__ = (
        "_audio",
        "_calls",
        "_choice",
        "_detail",
        "_early",
        "_family",
        "_ids",
        "_kind",
        "_next",
        "_open",
        "_text",
        "finished",
    )

    def __init__(self, choice: int, family: str) -> None:
        self._choice = choice
        self._family = family
        self._next = 0
        self._open = -1
        self._kind: Kind | Literal[""] = ""
        self._text = -1
        self._calls: dict[Any, int] = {}
        self._ids: dict[str, int] = {}
        self._detail: tuple[Any, str, str, bool] = (None, "", "", False)
        self._early: list[tuple[str, Opaque]] = []
        self._audio: dict[str, Any] = {}
        self.finished = False

    def say(self, said: Said, out: list[Event]) -> None:
        if said.reasoning_details:
            self._say_details(said.reasoning_details, out)
        else:
            thought = said.reasoning or said.reasoning_content
            if thought and isinstance(thought, str):
                out.append(ReasoningDelta(self._into("reasoning", out), thought, -1, self._choice))
        content = said.content
        if content:
            self._say_content(content, out)
        if said.refusal and isinstance(said.refusal, str):
            out.append(RefusalDelta(self._into("refusal", out), said.refusal, self._choice))
        if said.tool_calls and isinstance(said.tool_calls, list):
            for position, call in enumerate(said.tool_calls):
                if isinstance(call, dict):
                    self._say_call(call, position, out)
        if said.function_call and isinstance(said.function_call, dict):
            self._say_call({"index": "legacy", "id": "call_legacy", "function": said.function_call}, 0, out)
        if said.annotations or said.images or said.audio:
            self._say_more(said, out)

    def _into(self, kind: Kind, out: list[Event]) -> int:
        """The open part of this kind; the one that was open before ends."""
        if self._kind != kind:
            self._end_open(out)
            self._open, self._kind = self._next, kind
            self._next += 1
            out.append(PartBegan(self._open, kind, self._choice, family=self._family if kind == "reasoning" else ""))
            if kind == "text":
                self._text = self._open
        return self._open

    def _end_open(self, out: list[Event]) -> None:
        if self._open >= 0:
            out.append(PartEnded(self._open, self._choice))
        self._open, self._kind = -1, ""

    def _say_content(self, content: Any, out: list[Event]) -> None:
        if isinstance(content, str):
            out.append(TextDelta(self._into("text", out), content, self._choice))
        elif isinstance(content, list):
            for part in content:
                if isinstance(part, dict):
                    self._say_part(part, out)
        elif isinstance(content, dict):
            out.append(TextDelta(self._into("text", out), dumps(content).decode(), self._choice))

    def _say_part(self, part: dict[str, Any], out: list[Event]) -> None:
        kind = part.get("type")
        if kind == "thinking":
            inner = part.get("thinking")
            pieces = inner if isinstance(inner, list) else [{"text": inner}]
            for piece in pieces:
                if isinstance(piece, dict) and isinstance(piece.get("text"), str) and piece["text"]:
                    out.append(ReasoningDelta(self._into("reasoning", out), piece["text"], -1, self._choice))
        elif kind in ("text", "output_text") and isinstance(part.get("text"), str):
            out.append(TextDelta(self._into("text", out), part["text"], self._choice))
        elif kind == "refusal" and isinstance(part.get("refusal"), str):
            out.append(RefusalDelta(self._into("refusal", out), part["refusal"], self._choice))
        else:
            self._whole(Foreign("openai_chat", text_of(kind), Raw(dumps(part))), out)

    def _whole(self, part: Image | Audio | Foreign, out: list[Event]) -> None:
        self._end_open(out)
        foreign = isinstance(part, Foreign)
        name = part.name if isinstance(part, Foreign) else ""
        out.append(PartBegan(self._next, "foreign" if foreign else "media", self._choice, name=name, part=part))
        out.append(PartEnded(self._next, self._choice))
        self._next += 1

    def _say_call(self, call: dict[str, Any], position: int, out: list[Event]) -> None:
        number = call.get("index")
        key = position if number is None else number
        if number is None and call.get("id") and call["id"] not in self._ids:
            key = call["id"]
        custom = isinstance(call.get("custom"), dict)
        told = call["custom"] if custom else call.get("function")
        told = told if isinstance(told, dict) else {}
        index = self._calls.get(key)
        if index is None:
            index = self._begin_call(key, call, told, custom, out)
        text = told.get("input" if custom else "arguments")
        if text is not None and not isinstance(text, str):
            text = dumps(text).decode()
        if text:
            out.append(ArgumentsDelta(index, text, self._choice))

    def _begin_call(self, key: Any, call: dict[str, Any], told: dict[str, Any], custom: bool, out: list[Event]) -> int:
        self._end_open(out)
        index = self._calls[key] = self._next
        self._next += 1
        call_id = text_of(call.get("id")) or f"call_{self._choice}_{index}"
        self._ids[call_id] = index
        out.append(PartBegan(index, "tool_call", self._choice, id=call_id, name=text_of(told.get("name")), custom=custom))
        for owner, state in self._early:
            if owner == call_id:
                out.append(StateDelta(index, state, self._choice))
        return index

    def _say_details(self, details: Any, out: list[Event]) -> None:
        for detail in details if isinstance(details, list) else ():
            if isinstance(detail, dict):
                self._say_detail(detail, out)

    def _say_detail(self, detail: dict[str, Any], out: list[Event]) -> None:
        kind, name, family = text_of(detail.get("type")), text_of(detail.get("id")), text_of(detail.get("format")) or self._family
        data, signature = text_of(detail.get("data")), text_of(detail.get("signature"))
        if kind == "reasoning.encrypted" and name and not name.startswith("rs_"):
            if data:
                self._say_state_of_call(name, Opaque(family, data), out)
            return
        text, summary = text_of(detail.get("text")), text_of(detail.get("summary"))
        if not (text or summary or data or signature):
            return
        index = self._thought(detail.get("index"), name, family, kind, out)
        if text:
            out.append(ReasoningDelta(index, text, -1, self._choice))
        if summary:
            out.append(ReasoningDelta(index, summary, 0, self._choice))
        if signature:
            out.append(StateDelta(index, Opaque(family, signature), self._choice))
        if data:
            out.append(StateDelta(index, Opaque(family, data, "encrypted"), self._choice))
            self._detail = (*self._detail[:3], True)

    def _thought(self, number: Any, name: str, family: str, kind: str, out: list[Event]) -> int:
        """The part an entry belongs to: the open one when it is more of it, or the state beside its summary."""
        was_number, was_name, was_kind, hidden = self._detail
        same = number == was_number or bool(name and name == was_name)
        beside = kind == "reasoning.encrypted" and was_kind == "reasoning.summary" and not hidden
        if self._kind != "reasoning" or not (same or beside):
            self._end_open(out)
            self._open, self._kind = self._next, "reasoning"
            self._next += 1
            hidden = False
            out.append(PartBegan(self._open, "reasoning", self._choice, id=name, family=family))
        self._detail = (number, name or was_name, kind, hidden)
        return self._open

    def _say_state_of_call(self, call_id: str, state: Opaque, out: list[Event]) -> None:
        index = self._ids.get(call_id, self._text if call_id == "text" else -1)
        if index >= 0:
            out.append(StateDelta(index, state, self._choice))
        else:
            self._early.append((call_id, state))

    def _say_more(self, said: Said, out: list[Event]) -> None:
        for annotation in said.annotations if isinstance(said.annotations, list) else ():
            if isinstance(annotation, dict):
                out.append(CitationAdded(self._any_text(out), _cited(annotation), self._choice))
        for image in said.images if isinstance(said.images, list) else ():
            inner = image.get("image_url") if isinstance(image, dict) else None
            if isinstance(inner, dict) and isinstance(inner.get("url"), str):
                self._whole(Image(source_of(inner["url"])), out)
        if isinstance(said.audio, dict):
            for name in ("id", "data", "transcript"):
                piece = said.audio.get(name)
                if isinstance(piece, str):
                    self._audio[name] = piece if name == "id" else self._audio.get(name, "") + piece

    def _any_text(self, out: list[Event]) -> int:
        return self._text if self._text >= 0 else self._into("text", out)

    def say_logprobs(self, raw: Raw, out: list[Event]) -> None:
        try:
            told = _decode_logprobs(raw)
        except msgspec.DecodeError:
            return
        for tokens in (told.content, told.refusal):
            if bytes(memoryview(tokens)[:1]) == b"[" and len(memoryview(tokens)) > 2:
                out.append(LogprobsDelta(self._open if self._kind == "refusal" else self._any_text(out), tokens, self._choice))

    def finish(self, told: Any, native: Any, out: list[Event]) -> None:
        self._end_open(out)
        if self._audio:
            source = Source(data=self._audio.get("data", ""), media_type="audio/wav")
            self._whole(Audio(source, transcript=self._audio.get("transcript", ""), id=self._audio.get("id", "")), out)
        out += [PartEnded(index, self._choice) for index in self._calls.values()]
        self.finished = True
        if not isinstance(told, str) or not told:
            return
        out.append(Finished(_reason(told, bool(self._calls)), text_of(native) or told, self._choice))


def _reason(told: str, has_calls: bool) -> Finish:
    word = normal_finish(told, has_tool_calls=has_calls)
    return "tool_calls" if word == "function_call" else word  # type: ignore[return-value] # the words of `finish.py`


def _cited(annotation: dict[str, Any]) -> Citation:
    """`index` is the place among the pieces of a stream, and none of the citation's own."""
    raw = Raw(dumps({name: value for name, value in annotation.items() if name != "index"}))
    return citation_of(annotation, raw)
