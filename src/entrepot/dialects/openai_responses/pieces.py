"""The items of an answer under way: what each says when it begins, grows and ends, and its whole."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_responses.complete import complete_annotation
from entrepot.dialects.openai_responses.shape import NAME
from entrepot.dialects.voice import dumps, encode
from entrepot.values.conversation import Citation, given


class Stream:
    """The events for the client, numbered. `take` gives what was told since it was last called.

    silent  nobody listens: only the whole is wanted
    """

    __slots__ = ("_told", "number", "silent")

    def __init__(self, *, silent: bool) -> None:
        self._told: list[bytes] = []
        self.number = 0
        self.silent = silent

    def tell(self, name: bytes, members: bytes) -> None:
        self._told.append(b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b}\n\n' % (name, name, self.number, members))
        self.number += 1

    def take(self) -> bytes:
        told = b"".join(self._told)
        self._told.clear()
        return told


class Piece:
    """An item, from its beginning to its end. `place` is its index in the output, `name` its id."""

    __slots__ = ("_at", "_stream", "name", "place")

    def __init__(self, stream: Stream, name: str, place: int) -> None:
        self._stream = stream
        self.name = name
        self.place = place
        self._at = b'"item_id":%b,"output_index":%d' % (dumps(name), place)

    def _added(self, item: dict[str, Any]) -> None:
        if self._stream.silent:
            return
        self._stream.tell(b"response.output_item.added", b'"output_index":%d,"item":%b' % (self.place, dumps(item)))

    def _done(self, item: dict[str, Any]) -> bytes:
        whole = dumps(item)
        if self._stream.silent:
            return whole
        self._stream.tell(b"response.output_item.done", b'"output_index":%d,"item":%b' % (self.place, whole))
        return whole

    def _tell(self, name: bytes, members: bytes) -> None:
        self._stream.tell(name, self._at + b"," + members)


class Whole(Piece):
    """An item that came at once."""

    __slots__ = ()

    def end(self, item: bytes) -> bytes:
        for name in (b"response.output_item.added", b"response.output_item.done"):
            self._stream.tell(name, b'"output_index":%d,"item":%b' % (self.place, item))
        return item


class Speech(Piece):
    """A message: one content part after another."""

    __slots__ = ("_annotations", "_contents", "_logprobs", "_refuses", "_texts", "phase", "told_name")

    def __init__(self, stream: Stream, name: str, place: int, told_name: str, phase: str) -> None:
        """told_name  the id its maker gave it, "" when it gave none"""
        super().__init__(stream, name, place)
        self.told_name = told_name
        self.phase = phase
        self._contents: list[dict[str, Any]] = []
        self._begin_content(refuses=False)
        self._added(self._item("in_progress"))

    def begin_part(self, *, refuses: bool) -> None:
        self._begin_content(refuses=refuses)
        if self._stream.silent:
            return
        self._tell(b"response.content_part.added", self._content_at() + b',"part":' + dumps(self._content()))

    def say(self, text: str) -> None:
        self._texts.append(text)
        if self._stream.silent:
            return
        if self._refuses:
            self._tell(b"response.refusal.delta", b'%b,"delta":%b' % (self._content_at(), dumps(text)))
        else:
            self._tell(b"response.output_text.delta", b'%b,"delta":%b,"logprobs":[]' % (self._content_at(), dumps(text)))

    def cite(self, citation: Citation) -> None:
        told = annotation(citation, sum([len(text) for text in self._texts]))
        at = b'%b,"annotation_index":%d,"annotation":%b' % (self._content_at(), len(self._annotations), dumps(told))
        self._tell(b"response.output_text.annotation.added", at)
        self._annotations.append(told)

    def weigh(self, tokens: Raw) -> None:
        """Token probabilities. They are told beside an empty piece of text."""
        told = msgspec.json.decode(tokens, type=list[Raw])
        self._logprobs += told
        self._tell(b"response.output_text.delta", b'%b,"delta":"","logprobs":%b' % (self._content_at(), dumps(told)))

    def end_part(self) -> None:
        content, at = self._content(), self._content_at()
        self._contents.append(content)
        if self._stream.silent:
            return
        text = dumps("".join(self._texts))
        if self._refuses:
            self._tell(b"response.refusal.done", b'%b,"refusal":%b' % (at, text))
        else:
            self._tell(b"response.output_text.done", b'%b,"text":%b,"logprobs":%b' % (at, text, dumps(self._logprobs)))
        self._tell(b"response.content_part.done", b'%b,"part":%b' % (at, dumps(content)))

    def end(self, *, complete: bool) -> bytes:
        return self._done(self._item("completed" if complete else "incomplete"))

    def _begin_content(self, *, refuses: bool) -> None:
        self._refuses = refuses
        self._texts: list[str] = []
        self._annotations: list[Any] = []
        self._logprobs: list[Raw] = []

    def _content_at(self) -> bytes:
        return b'"content_index":%d' % len(self._contents)

    def _content(self) -> dict[str, Any]:
        text = "".join(self._texts)
        if self._refuses:
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": self._annotations, "logprobs": self._logprobs}

    def _item(self, status: str) -> dict[str, Any]:
        told = {"id": self.name, "type": "message", "status": status, "role": "assistant", "content": self._contents}
        return told | {"phase": self.phase} if self.phase else told


class Call(Piece):
    """A call of a function, or of a custom tool with its free text.

    wrapped  the provider knows functions only, and was given the custom tool as one whose single argument is the text
    """

    __slots__ = ("_custom", "_item", "_texts", "_wrapped", "call_id")

    def __init__(
        self, stream: Stream, name: str, place: int, call_id: str, tool: tuple[str, str], *, custom: bool, wrapped: bool
    ) -> None:
        super().__init__(stream, name, place)
        self.call_id = call_id
        self._custom = custom
        self._wrapped = wrapped
        self._texts: list[str] = []
        namespace, tool_name = tool
        kind, member = ("custom_tool_call", "input") if custom else ("function_call", "arguments")
        self._item = {"id": name, "type": kind, "status": "in_progress", "call_id": call_id, "name": tool_name, member: ""}
        if namespace:
            self._item["namespace"] = namespace
        self._added(self._item)

    def say(self, text: str) -> None:
        self._texts.append(text)
        if not self._wrapped:
            self._tell_piece(text)

    def end(self) -> bytes:
        text = "".join(self._texts)
        if self._wrapped:
            text = _unwrapped(text)
            self._tell_piece(text)
        elif not self._custom and not text:
            text = "{}"
            self._tell_piece(text)
        if self._custom:
            self._tell(b"response.custom_tool_call_input.done", b'"input":%b' % dumps(text))
            return self._done(self._item | {"status": "completed", "input": text})
        told = b'"name":%b,"arguments":%b' % (dumps(self._item["name"]), dumps(text))
        self._tell(b"response.function_call_arguments.done", told)
        return self._done(self._item | {"status": "completed", "arguments": text})

    def _tell_piece(self, text: str) -> None:
        if self._stream.silent:
            return
        name = b"response.custom_tool_call_input.delta" if self._custom else b"response.function_call_arguments.delta"
        self._tell(name, b'"delta":%b' % dumps(text))


def _unwrapped(arguments: str) -> str:
    """The one text in the arguments; the arguments themselves where it is not to be found."""
    try:
        told = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return arguments
    texts = list(told.values()) if isinstance(told, dict) else []
    return texts[0] if len(texts) == 1 and isinstance(texts[0], str) else arguments


class Thought(Piece):
    """Reasoning: sections of a summary, raw text, and the state of it."""

    __slots__ = ("_last", "_sections", "_texts", "_told")

    def __init__(self, stream: Stream, name: str, place: int) -> None:
        super().__init__(stream, name, place)
        self._sections: dict[int, list[str]] = {}
        self._texts: list[str] = []
        self._last = -1
        """The summary section that is open, by its place; -1 when none is"""
        self._added({"id": name, "type": "reasoning", "status": "in_progress", "summary": []})

    def think(self, text: str) -> None:
        """A piece of the raw text."""
        if not self._texts:
            self._tell(b"response.content_part.added", b'"content_index":0,"part":{"type":"reasoning_text","text":""}')
        self._texts.append(text)
        self._tell(b"response.reasoning_text.delta", b'"content_index":0,"delta":%b' % dumps(text))

    def sum_up(self, text: str, section: int) -> None:
        """A piece of a section of the summary."""
        if section not in self._sections:
            self._end_section()
            self._sections[section] = []
            self._last = section
            part = b'"summary_index":%d,"part":{"type":"summary_text","text":""}' % self._place_of(section)
            self._tell(b"response.reasoning_summary_part.added", part)
        self._sections[section].append(text)
        told = b'"summary_index":%d,"delta":%b' % (self._place_of(section), dumps(text))
        self._tell(b"response.reasoning_summary_text.delta", told)

    def end(self, state: str) -> bytes:
        """state  what stands in `encrypted_content`, "" for nothing"""
        self._end_section()
        item: dict[str, Any] = {"id": self.name, "type": "reasoning", "status": "completed"}
        item["summary"] = [{"type": "summary_text", "text": "".join(texts)} for texts in self._sections.values()]
        if self._texts:
            text = "".join(self._texts)
            part = dumps({"type": "reasoning_text", "text": text})
            self._tell(b"response.reasoning_text.done", b'"content_index":0,"text":%b' % dumps(text))
            self._tell(b"response.content_part.done", b'"content_index":0,"part":%b' % part)
            item["content"] = [{"type": "reasoning_text", "text": text}]
        if state:
            item["encrypted_content"] = state
        return self._done(item)

    def _end_section(self) -> None:
        if self._last < 0:
            return
        text = dumps("".join(self._sections[self._last]))
        at = b'"summary_index":%d' % self._place_of(self._last)
        self._tell(b"response.reasoning_summary_text.done", b'%b,"text":%b' % (at, text))
        self._tell(b"response.reasoning_summary_part.done", b'%b,"part":{"type":"summary_text","text":%b}' % (at, text))
        self._last = -1

    def _place_of(self, section: int) -> int:
        """Sections are told in the order in which they began."""
        return list(self._sections).index(section)


def annotation(citation: Citation, length: int) -> Any:
    """A citation in this dialect: its maker's own words where they are of this dialect.

    length  of the text so far, where the citation says no place in it
    """
    if citation.dialect == NAME and given(citation.raw):
        return complete_annotation(msgspec.json.decode(citation.raw), length)
    if citation.url:
        start, end = max(citation.start, 0), citation.end if citation.end >= 0 else length
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title,
            "start_index": start,
            "end_index": max(start, end),
        }
    return {"type": "file_citation", "file_id": "", "filename": citation.title, "index": length}


def picture(name: str, data: str) -> bytes:
    """The item of a picture that was made."""
    return encode({"id": name, "type": "image_generation_call", "status": "completed", "result": data})
