"""Parts of messages to blocks, for a provider. `Blocks` keeps note of what was left out and of what needs a header."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.carried import thinking_of
from entrepot.dialects.anthropic_messages.words import FAMILY, NAME
from entrepot.dialects.turns import left_out, safe_id, takes_back, turns
from entrepot.dialects.unsaid import arguments_of, cannot
from entrepot.values.conversation import (
    Audio,
    Cache,
    Citation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    ToolResult,
    given,
    leading_system,
)

Object = dict[str, Any]
FILES_BETA = "files-api-2025-04-14"
_MOST_MARKS = 4
_TTLS = {"": None, "5m": "5m", "1h": "1h", "30m": "1h", "24h": "1h"}


class Blocks:
    def __init__(self, family: str, notes: list[str], *, native: bool = False) -> None:
        """native  the conversation came in this dialect: its system messages may stand where they stood"""
        self._family = family or FAMILY
        self._notes = notes
        self._native = native
        self._marked: list[Object] = []
        self._prefix = 0
        """how many of the marks stand before the messages"""
        self.betas: set[str] = set()

    def messages(self, messages: Sequence[Message]) -> tuple[list[Object | Raw], list[Object]]:
        """The system prompt, and the turns."""
        leading, rest = leading_system(messages)
        system = [block for message in leading for block in self._system(message)]
        self._prefix = len(self._marked)
        told = self._turns(rest)
        if not told and system:
            self._notes.append("messages: the system prompt is sent as the user's, who says nothing")
            return [], [{"role": "user", "content": system}]
        _strip_last(told)
        return system, told

    def _system(self, message: Message) -> list[Object | Raw]:
        for part in message.parts:
            if not isinstance(part, Text) and not (isinstance(part, Foreign) and part.dialect == NAME):
                raise cannot("messages", "text in the system prompt", type(part).__name__.lower(), "Send it in a user's message.")
        return [block for part in message.parts if (block := self.block(part)) is not None]

    def _turns(self, messages: Sequence[Message]) -> list[Object]:
        told: list[Object] = []
        together: list[Message] = []
        for message in messages:
            if message.role in ("system", "developer"):
                if self._native:
                    told += [self._turn(turn.role, turn.parts) for turn in turns(together)]
                    together = []
                    told.append({"role": "system", "content": self._system(message)})
                    continue
                message = self._as_user(message)
            together.append(message)
        told += [self._turn(turn.role, turn.parts) for turn in turns(together)]
        return [turn for turn in told if turn["content"]]

    def _as_user(self, message: Message) -> Message:
        """Not every model knows system messages in mid-conversation: the user says them, marked as what they are."""
        self._notes.append("messages: a later system message is sent in the user's turn")
        said = [Text(f"<system>\n{part.text}\n</system>", cache=part.cache) for part in message.parts if isinstance(part, Text)]
        return Message("user", tuple(said))

    def _turn(self, role: str, parts: Iterable[Part]) -> Object:
        return {"role": role, "content": [block for part in parts if (block := self.block(part)) is not None]}

    def few_marks(self) -> None:
        """A request has four cache marks at most: the first ones of messages are left out, then those of tools and system."""
        over = len(self._marked) - _MOST_MARKS
        if over > 0:
            self._notes.append(f"cache_control: {over} of more than four marks left out")
            for block in (self._marked[self._prefix :] + self._marked[: self._prefix])[:over]:
                block.pop("cache_control", None)

    def mark(self, block: Object, cache: Cache | None) -> Object:
        if cache is not None:
            ttl = _TTLS.get(cache.ttl)
            block["cache_control"] = {"type": "ephemeral", "ttl": ttl} if ttl else {"type": "ephemeral"}
            self._marked.append(block)
        return block

    # Parts

    def block(self, part: Part) -> Object | Raw | None:
        """None for what is left out."""
        if isinstance(part, Text):
            return self._text(part)
        if isinstance(part, ToolCall):
            return self._call(part)
        if isinstance(part, ToolResult):
            return self._result(part)
        if isinstance(part, Reasoning):
            return self._thinking(part)
        if isinstance(part, Refusal):
            return {"type": "text", "text": part.text} if part.text.strip() else None
        if isinstance(part, Image):
            return self._image(part)
        if isinstance(part, File):
            return self._document(part)
        if isinstance(part, Foreign):
            if part.dialect == NAME:
                return part.raw
            self._notes.append(f"{part.name}: left out, only its maker knows it")
            return None
        if isinstance(part, Audio) and part.transcript:
            return {"type": "text", "text": part.transcript}
        word = type(part).__name__.lower()
        raise cannot("messages", "text, pictures and documents", word, "Ask a model that takes it, or send it as text.")

    def _text(self, part: Text) -> Object | None:
        self._leave(part.state)
        if not part.text.strip():
            return None
        block: Object = {"type": "text", "text": part.text}
        if not part.citations:
            return self.mark(block, part.cache)
        cited = [citation.raw for citation in part.citations if _is_own(citation)]
        if cited:
            block["citations"] = cited
        if len(cited) < len(part.citations):
            self._notes.append("annotations: citations of another maker left out")
        return self.mark(block, part.cache)

    def _leave(self, state: Opaque | None) -> None:
        """This dialect has no place for state of a text or a call."""
        if state is not None:
            self._notes.append(left_out(state, self._family))

    def _call(self, part: ToolCall) -> Object:
        self._leave(part.state)
        arguments = Raw(msgspec.json.encode({"input": part.arguments})) if part.custom else arguments_of(part, self._notes)
        return self.mark({"type": "tool_use", "id": safe_id(part.id), "name": part.name, "input": arguments}, part.cache)

    def _result(self, part: ToolResult) -> Object:
        block: Object = {"type": "tool_result", "tool_use_id": safe_id(part.call_id)}
        if len(part.parts) == 1 and isinstance(part.parts[0], Text) and part.parts[0].cache is None:
            block["content"] = part.parts[0].text
        elif content := [told for inner in part.parts if (told := self.block(inner)) is not None]:
            block["content"] = content
        if part.is_error:
            block["is_error"] = True
        return self.mark(block, part.cache)

    def _thinking(self, part: Reasoning) -> Object | None:
        state = part.state
        if state is None:
            if part.text and part.family and part.family == self._family != FAMILY:
                return {"type": "thinking", "thinking": part.text, "signature": ""}
            self._notes.append("reasoning: text that nobody signed left out")
            return None
        if not takes_back(state, self._family):
            self._leave(state)
            return None
        if state.kind == "encrypted":
            return {"type": "redacted_thinking", "data": state.data}
        return {"type": "thinking", "thinking": thinking_of(part)[0], "signature": state.data}

    def _image(self, part: Image) -> Object:
        if part.detail not in ("", "auto"):
            self._notes.append(f"image_url.detail: {part.detail} left out, Messages has no word for it")
        return self.mark({"type": "image", "source": self._source(part.source, "messages[].content[].image_url.url")}, part.cache)

    def _source(self, source: Source, path: str) -> Object:
        if source.data:
            return {"type": "base64", "media_type": source.media_type, "data": source.data}
        if source.file_id:
            self.betas.add(FILES_BETA)
            return {"type": "file", "file_id": source.file_id}
        if not source.url:
            raise cannot(path, "an address or the bytes", "neither", "Give an http(s) address or a data URL.")
        return {"type": "url", "url": source.url}

    def _document(self, part: File) -> Object:
        block: Object = {"type": "document", "source": self._held(part)}
        if part.name:
            block["title"] = part.name
        if part.context:
            block["context"] = part.context
        if part.citable:
            block["citations"] = {"enabled": True}
        return self.mark(block, part.cache)

    def _held(self, part: File) -> Object:
        source = part.source
        if part.text:
            return {"type": "text", "media_type": "text/plain", "data": part.text}
        if source.data and source.media_type != "application/pdf":
            return {"type": "text", "media_type": "text/plain", "data": _decoded(source)}
        return self._source(source, "messages[].content[].file")


def _decoded(source: Source) -> str:
    """The text of a document that came as bytes. raises InvalidRequest, for what is no text"""
    textual = source.media_type.startswith("text/") or source.media_type in _TEXTUAL
    try:
        return base64.b64decode(source.data).decode() if textual else _refuse(source)
    except (binascii.Error, UnicodeDecodeError):
        return _refuse(source)


_TEXTUAL = ("application/json", "application/xml", "application/yaml", "application/x-yaml", "application/javascript")


def _refuse(source: Source) -> str:
    kinds = "a PDF, or text in UTF-8"
    raise cannot("messages[].content[].file", kinds, source.media_type or "bytes without a media type", "Send its text.")


def _is_own(citation: Citation) -> bool:
    """One that Anthropic made: it checks them. Those we wrote for a client carry an empty index."""
    return citation.dialect == NAME and given(citation.raw) and b'"encrypted_index":""' not in bytes(memoryview(citation.raw))


def _strip_last(told: list[Object]) -> None:
    """What the assistant is to go on from must not end in white space."""
    if not told or told[-1]["role"] != "assistant" or not isinstance(told[-1]["content"][-1], dict):
        return
    last = told[-1]["content"][-1]
    if last["type"] == "text":
        last["text"] = last["text"].rstrip()
